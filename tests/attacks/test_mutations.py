"""Flip, insert, cut and append bytes anywhere in a signed file: never accepted as anything but the original.

What may change is decided here, and only this: what no signature can cover.
That is the newest signature's own value, where it still verifies and says the
same (`sameness`), an end of line behind the file, and in a file with
long-term data behind its last signature the bytes of that data.
"""

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from axis.reports import Outcome, PdfReport
from signing.evidence import NO_EVIDENCE
from tests.attacks.building import form, letter, one, two
from tests.attacks.references import by_stream
from tests.attacks.sameness import same, without_values
from tests.attacks.showing import picture
from tests.lab.pdfs import judge, person, seal, sign, with_document_timestamp, with_dss

EXAMPLES = 12
"""For each document and each way to change it."""


def streamed() -> bytes:
    """A letter with object streams and a cross-reference stream, signed and sealed."""
    return sign(sign(by_stream(letter(), {}, {30: b"<< /A (b) >>"}), person()), seal())


DOCUMENTS = {
    "one-signature": one,
    "two-signatures": two,
    "with-a-field": form,
    "xref-stream": streamed,
    "archive": lambda: with_document_timestamp(with_dss()),
}
WHERE = st.floats(0, 1, exclude_max=True)
"""A place in a file, as a part of its length."""


def judged(pdf: bytes) -> PdfReport:
    return judge(pdf, trust=None, evidence=NO_EVIDENCE)


def is_accepted(report: PdfReport) -> bool:
    return report.integrity.outcome is report.content.outcome is Outcome.ACCEPTED


def place(pdf: bytes, where: float) -> int:
    return int(where * len(pdf))


def flipped(pdf: bytes, where: float, junk: bytes) -> bytes:
    at = place(pdf, where)
    mask = (junk[0] if junk else 0) or 1
    return pdf[:at] + bytes([pdf[at] ^ mask]) + pdf[at + 1 :]


def inserted(pdf: bytes, where: float, junk: bytes) -> bytes:
    at = place(pdf, where)
    return pdf[:at] + (junk or b" ") + pdf[at:]


def replaced(pdf: bytes, where: float, junk: bytes) -> bytes:
    at = place(pdf, where)
    return pdf[:at] + junk + pdf[at + len(junk) :]


def removed(pdf: bytes, where: float, junk: bytes) -> bytes:
    at = place(pdf, where)
    return pdf[:at] + pdf[at + 1 + len(junk) :]


def cut(pdf: bytes, where: float, junk: bytes) -> bytes:
    return pdf[: place(pdf, where)] + junk


def appended(pdf: bytes, where: float, junk: bytes) -> bytes:
    del where
    return pdf + (junk or b"%")


def repeated(pdf: bytes, where: float, junk: bytes) -> bytes:
    at = place(pdf, where)
    return pdf[:at] + pdf[at : at + 40 * (1 + len(junk))] + pdf[at:]


WAYS = (flipped, inserted, replaced, removed, cut, appended, repeated)
JUNK = st.one_of(
    st.binary(max_size=40),
    st.sampled_from([b"\n", b"\r\n", b"0", b" ", b"%%EOF\n", b"null", b"/V null", b"endobj\n", b"<<>>"]),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", DOCUMENTS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=WHERE, junk=JUNK)
def test_whatever_is_accepted_is_the_original(
    name: str, way: Callable[[bytes, float, bytes], bytes], where: float, junk: bytes
):
    """A changed file is refused, or it is the same document in all that a signature covers."""
    original = DOCUMENTS[name]()
    changed = way(original, where, junk)
    assert not is_accepted(judged(changed)) or same(original, changed)


@settings(max_examples=60, deadline=None)
@given(where=WHERE, junk=JUNK, way=st.sampled_from(WAYS))
def test_long_term_data_may_change_and_nothing_else(where: float, junk: bytes, way):
    """Behind the last signature stands data that is signed by nothing: it cannot change what is shown."""
    original = with_dss()
    changed = way(original, where, junk)
    if is_accepted(judged(changed)):
        until = judged(original).signatures[-1].covers_until
        assert without_values(changed[:until]) == without_values(original[:until])
        assert picture(changed) == picture(original)


@settings(max_examples=60, deadline=None)
@given(where=WHERE, junk=st.binary(min_size=1, max_size=20))
def test_another_value_that_verifies_says_the_same(where: float, junk: bytes):
    """Part of a signature's value is signed by nothing; no change of it changes who signed, what or when."""
    original = one()
    start = original.rindex(b"/Contents <") + len(b"/Contents <")
    end = original.index(b"00" * 64, start)
    at = start + int(where * (end - start))
    digits = junk.hex().encode()[: end - at]
    changed = original[:at] + digits + original[at + len(digits) :]
    report = judge(changed)
    if is_accepted(report) and report.trust.outcome is Outcome.ACCEPTED:
        assert report.signatures == judge(original).signatures


def test_the_digits_of_a_value_may_be_written_large():
    """The one change that is always accepted: the same value in capital digits. It is another file, the same document."""
    original = one()
    start = original.rindex(b"/Contents <") + len(b"/Contents <")
    end = original.index(b">", start)
    changed = original[:start] + original[start:end].upper() + original[end:]
    assert changed != original
    assert judge(changed) == judge(original)


def test_the_padding_behind_a_value_is_zeros_and_nothing_else():
    """No digit of the padding may change: it would be a place to keep something unsigned."""
    original = one()
    end = original.index(b">", original.rindex(b"/Contents <"))
    for back in (1, 2, 100, 4001):
        at = end - back
        assert original[at : at + 1] == b"0"
        report = judged(original[:at] + b"1" + original[at + 1 :])
        assert [str(reason.code) for reason in report.integrity.reasons] == ["signature.cms-structure"]


def test_a_file_is_judged_by_its_bytes_alone():
    """Two readings of one file are equal, wherever the stream stood."""
    pdf = io.BytesIO(two())
    pdf.seek(77)
    assert judge(pdf.getvalue()) == judge(two())
