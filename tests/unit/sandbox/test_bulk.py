"""Documents made to be costly are what they say, and good."""

import io

from axis.reports import Outcome
from axis.sandbox.bulk import many_objects, signed_often, with_evidence
from axis.sandbox.directory import demo_agency
from signing.reading import OpenedPdf, open_pdf
from tests.lab.authority import lab_authority
from tests.lab.pdfs import judge, limits


def opened(pdf: bytes) -> OpenedPdf:
    """The file, read strictly."""
    pdf_opened = open_pdf(io.BytesIO(pdf), limits())
    assert isinstance(pdf_opened, OpenedPdf)
    return pdf_opened


def test_many_objects_are_as_many():
    """About the number asked for, all of them readable."""
    reader = opened(many_objects(628)).reader
    references = reader.xrefs.explicit_refs_in_revision(0)
    assert 620 <= len(references) <= 628
    assert all(reader.get_object(reference) is not None for reference in references)


def test_each_signature_is_a_revision_and_all_are_good():
    """Revocation data behind them too."""
    pdf = signed_often(lab_authority(), demo_agency("G22"), many_objects(9), 3)
    whole = with_evidence(pdf, [lab_authority().certificate("people-ca")], [lab_authority().crl("people-ca")])
    assert opened(whole).reader.total_revisions == 5
    report = judge(whole)
    assert len(report.signatures) == 3
    assert (report.integrity.outcome, report.content.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
