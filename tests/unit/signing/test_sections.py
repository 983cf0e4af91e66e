"""Cross-references as Acrobat and PDFBox write them: what a number means, revision by revision."""

import io

from pyhanko.pdf_utils import xref

from signing import sections
from signing.reading import open_pdf
from tests.attacks.building import append_table, letter
from tests.lab.pdfs import limits, update


def opened(pdf):
    return open_pdf(io.BytesIO(pdf), limits())


def given_back(pdf, number, following=0):
    return append_table(pdf, {}, entries=lambda _: [(number, 0, following, b"f")])


def test_the_stand_ins_are_in_their_place():
    """The pinned version's own functions are behind them."""
    assert xref._check_xref_consistency is sections.check_consistency
    assert xref._check_freed_refs is sections.check_freed
    assert xref.XRefSectionData.process_entries is sections.process_entries


def test_a_number_given_back_means_nothing_from_then_on():
    """With or without the generation that comes next, whatever stood there before."""
    for following in (0, 1):
        reader = opened(given_back(letter(n20=b"(x)"), 20, following)).reader
        assert reader.place((20, 0), 0) is not None
        assert reader.place((20, 0), 1) is None


def test_a_number_given_back_twice_or_never_used_frees_nothing_else():
    """Neighbours stay where they are."""
    reader = opened(given_back(given_back(letter(n20=b"(x)", n21=b"(y)"), 20), 15)).reader
    assert reader.place((21, 0), 2) == reader.place((21, 0), 0)
    assert reader.place((20, 0), 2) is None


def test_what_was_given_back_for_good_does_not_come_again():
    """Readers differ on that: refused as before."""
    pdf = update(given_back(letter(n20=b"(x)"), 20), {20: b"(y)"})
    assert str(opened(pdf).code) == "pdf.cross-references"
