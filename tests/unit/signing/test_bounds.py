"""Rule G9: what a file claims about itself is held to its length before it is believed."""

import io
import time
import zlib

import pytest

from signing.bounds import check_bounds
from signing.evidence import NO_EVIDENCE
from tests.lab.pdfs import codes, judge, limits, plain, signed_twice, update


def xref_stream(entries: str, data: bytes = b"\x00" * 6) -> bytes:
    """Return a file that is little more than a cross-reference stream."""
    packed = zlib.compress(data)
    head = b"%PDF-1.7\n"
    fixed = f"/Type /XRef /Length {len(packed)} /Filter /FlateDecode /Root 2 0 R"
    body = f"1 0 obj\n<< {fixed} {entries} >>\n".encode()
    return head + body + b"stream\n" + packed + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


CLAIMS = {
    "size-of-millions": xref_stream("/Size 500000000 /W [1 2 1]"),
    "widths-of-nothing": xref_stream("/Size 100 /W [0 0 0]"),
    "widths-of-kilobytes": xref_stream("/Size 100 /W [1 4096 1]"),
    "negative-width": xref_stream("/Size 100 /W [1 -1 1]"),
    "no-list-of-widths": xref_stream("/Size 100 /W 3"),
    "index-of-millions": xref_stream("/Size 100 /W [1 2 1] /Index [0 900000000]"),
}


@pytest.mark.parametrize("data", [pytest.param(data, id=f"G9-{name}") for name, data in CLAIMS.items()])
def test_a_small_file_with_large_claims_costs_nothing(data):
    """It is refused for its claim, at once."""
    allowed = limits()
    start = time.process_time()
    report = judge(data, trust=None, evidence=NO_EVIDENCE, limits=allowed)
    assert codes(report)["integrity"] == {"limit.objects"}
    assert time.process_time() - start < 0.2


def test_a_chain_of_revisions_is_cut():
    """More revisions than allowed refuse before they are read, wherever the chain leads."""
    pdf = plain()
    for _ in range(2 * limits().revisions + 1):
        pdf = update(pdf, {5: b"<< /Producer (again) >>"})
    assert codes(judge(pdf))["integrity"] == {"limit.revisions"}


def test_a_chain_that_bites_its_tail_ends():
    """A loop of cross-references refuses, and takes no time here."""
    pdf = update(plain(), {5: b"<< >>"})
    start = pdf.rindex(b"startxref\n") + len(b"startxref\n")
    own = int(pdf[start : pdf.index(b"\n", start)])
    previous = pdf.rindex(b"/Prev ")
    looped = pdf[:previous] + b"/Prev %d" % own + pdf[pdf.index(b" ", previous + 6) :]
    assert codes(judge(looped))["integrity"] == {"pdf.loop"}


@pytest.mark.parametrize("make", [plain, signed_twice])
def test_honest_files_pass(make):
    """What real files claim is within bounds."""
    data = make()
    assert check_bounds(io.BytesIO(data), len(data), limits()) is None
