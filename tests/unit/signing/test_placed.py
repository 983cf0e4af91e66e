"""What is known of a signature's place is what pyHanko's own object knows."""

import io

import pytest
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.fields import find_fields
from signing.integrity import judge_integrity
from signing.placed import PlacedSignature
from signing.reading import open_pdf
from tests.attacks.building import by_seal, certified, form, letter
from tests.attacks.references import by_stream
from tests.lab.pdfs import (
    limits,
    person,
    sign,
    signed_by_hand,
    signed_twice,
    with_document_timestamp,
    with_dss,
)

FILES = {
    "by hand": signed_by_hand,
    "twice": signed_twice,
    "long-term data": with_dss,
    "document time-stamp": lambda: with_document_timestamp(signed_by_hand()),
    "certified": lambda: certified("2"),
    "form": lambda: by_seal(form()),
    "streams": lambda: sign(by_stream(letter(), {}, {30: b"<< /A (b) >>"}), person()),
}


@pytest.mark.parametrize("name", FILES)
def test_it_is_pyhankos_own_without_the_cms(name):
    """Revision, coverage, permissions and locks."""
    pdf = open_pdf(io.BytesIO(FILES[name]()), limits())
    judged, _ = judge_integrity(pdf, limits())
    fields = {field.name: field for field in find_fields(pdf.reader, limits())[0]}
    assert judged
    for signature in judged:
        field = fields[signature.found.name].field
        ours = PlacedSignature(pdf.reader, field, signature.contents)
        theirs = EmbeddedPdfSignature(pdf.reader, field, signature.found.name)
        assert ours.signed_revision == theirs.signed_revision
        assert ours.evaluate_signature_coverage() is theirs.evaluate_signature_coverage()
        assert ours.docmdp_level is theirs.docmdp_level
        assert repr(ours.fieldmdp) == repr(theirs.fieldmdp)
        assert ours.pkcs7_content == theirs.pkcs7_content


def test_a_field_without_a_signature_is_none():
    """Whatever is wrong with it is raised, as by the original."""
    pdf = open_pdf(io.BytesIO(signed_by_hand()), limits())
    (found,) = find_fields(pdf.reader, limits())[0]
    del found.field["/V"]
    with pytest.raises(KeyError):
        PlacedSignature(pdf.reader, found.field, b"")
