"""Whatever one changes in a signed PDF, it is refused and nothing is raised."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from axis.reports import Outcome
from signing.evidence import NO_EVIDENCE
from tests.lab.pdfs import judge, signed_by_hand, signed_twice


def judged(pdf: bytes):
    return judge(pdf, trust=None, evidence=NO_EVIDENCE)


def gaps(pdf: bytes) -> list[tuple[int, int]]:
    """Return where the values of the signatures stand."""
    return [(each, pdf.index(b">", each)) for each in _positions(pdf, b"/Contents <")]


def _positions(pdf: bytes, what: bytes):
    start = 0
    while (start := pdf.find(what, start)) >= 0:
        yield start + len(what)
        start += 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_covered_byte_counts(data):
    """One changed byte outside the newest signature's value refuses the integrity."""
    pdf = signed_twice()
    start, end = gaps(pdf)[-1]
    place = data.draw(st.integers(0, len(pdf) - 1).filter(lambda p: not start <= p < end))
    value = data.draw(st.integers(0, 255).filter(lambda v: v != pdf[place]))
    report = judged(pdf[:place] + bytes([value]) + pdf[place + 1 :])
    assert report.integrity.outcome is not Outcome.ACCEPTED


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 1 << 20))
def test_any_cut_is_refused(length):
    """A file cut anywhere is not accepted, and raises nothing."""
    pdf = signed_by_hand()
    cut = pdf[: length % len(pdf)]
    assert judged(cut).integrity.outcome is Outcome.REFUSED


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.integers(0, 1 << 20), st.integers(0, 64))
@example(b"", 0, 0)
def test_any_junk_is_refused(junk, place, length):
    """Bytes put in, or in the place of others, never make an accepted file of one that is none."""
    pdf = signed_by_hand()
    place %= len(pdf)
    changed = pdf[:place] + junk + pdf[place + length :]
    if changed == pdf:
        return
    start, end = gaps(pdf)[0]
    if start <= place and place + max(length, len(junk)) <= end and len(junk) == length:
        return  # inside the value: parts of a CMS are not signed
    assert judged(changed).integrity.outcome is Outcome.REFUSED


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000))
def test_no_bytes_at_all_raise(data):
    """Arbitrary bytes are refused by a report."""
    for head in (b"", b"%PDF-1.7\n"):
        assert judged(head + data).integrity.outcome is Outcome.REFUSED


@pytest.mark.parametrize("step", range(8))
def test_a_changed_value_of_the_signature_raises_nothing(step):
    """Bits of the CMS itself: refused, or of no consequence to what was signed; never an exception."""
    pdf = signed_by_hand()
    start, _ = gaps(pdf)[0]
    for place in range(start + step, start + 3200, 41):
        digit = b"0" if pdf[place : place + 1] != b"0" else b"f"
        changed = pdf[:place] + digit + pdf[place + 1 :]
        report = judged(changed)
        if report.integrity.outcome is Outcome.ACCEPTED:
            assert all(s.intact and s.valid for s in report.signatures)
