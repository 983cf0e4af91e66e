"""Revocation data in the document: it counts where it is asked for, and only as far as it verifies."""

import io
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from asn1crypto import crl as asn1_crl
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore

from axis.reports import Outcome
from axis.sandbox.longterm import with_long_term_data
from axis.sandbox.profiles import AUTHORITIES
from signing.embedded import MOST_PIECES, embedded_evidence
from signing.evidence import NO_EVIDENCE
from tests.lab.authority import lab_authority
from tests.lab.pdfs import codes, judge, other_authority, person, signed_twice
from tests.lab.services import a_crl, authority_key, pyca_certificate

HOUR = timedelta(hours=1)


@cache
def now():
    """The moment of the run, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@cache
def long_term():
    """A good document that brings the lists of now along."""
    return with_long_term_data(signed_twice(), lab_authority())


def bringing(*, people):
    """The same with another list of the issuer of persons."""
    output = io.BytesIO(signed_twice())
    writer = IncrementalPdfFileWriter(output)
    lists = [lab_authority().crl(label) for label in AUTHORITIES if label != "people-ca"]
    DocumentSecurityStore.supply_dss_in_writer(
        writer, None, crls=[asn1_crl.CertificateList.load(der) for der in (*lists, people)]
    )
    writer.write_in_place()
    return output.getvalue()


def judged(pdf, *, own=True):
    return judge(pdf, evidence=NO_EVIDENCE, at=datetime.now(UTC), own_evidence=own)


def test_a_document_with_its_own_lists_is_verified_without_a_network():
    """PAdES B-LT: integrity stands behind the added data, and trust rests on it by digest."""
    report = judged(long_term())
    assert codes(report) == {"integrity": set(), "content": set(), "trust": set()}
    assert report.trust.outcome is Outcome.ACCEPTED
    assert len(report.evidence) == len(AUTHORITIES)


def test_the_axis_does_not_ask_a_document_for_it():
    """Unless it is asked for, the sender's choice of lists counts for nothing: it waits."""
    assert judged(long_term(), own=False).trust.outcome is Outcome.WAITING


@pytest.mark.parametrize(
    "make",
    [
        lambda: a_crl(since=now() - 3 * HOUR, until=now() - HOUR),
        lambda: a_crl(since=now(), until=now() + HOUR, key=authority_key("people-ca", other_authority())),
        lambda: lab_authority().crl("service-ca"),
    ],
    ids=["stale", "other-key", "other-issuer"],
)
def test_what_it_brings_along_is_believed_no_further_than_it_verifies(make):
    """Stale, of another key or issuer: no evidence at all, so it waits."""
    assert judged(bringing(people=make())).trust.outcome is Outcome.WAITING


def test_a_document_may_bring_its_own_refusal():
    """A list that names the signer refuses, whoever brought it."""
    serial = pyca_certificate(lab_authority().certificate(person().label)).serial_number
    revoked = a_crl({serial: now() - 48 * HOUR}, since=now(), until=now() + HOUR)
    assert "signature.certificate-revoked" in codes(judged(bringing(people=revoked)))["trust"]


@pytest.mark.parametrize(
    "store",
    [
        lambda _: generic.NullObject(),
        lambda _: generic.ArrayObject([]),
        lambda _: generic.DictionaryObject({generic.NameObject("/CRLs"): generic.NumberObject(7)}),
        lambda _: generic.DictionaryObject(
            {generic.NameObject("/CRLs"): generic.ArrayObject([generic.NumberObject(7)])}
        ),
        lambda writer: generic.DictionaryObject(
            {
                generic.NameObject("/OCSPs"): generic.ArrayObject(
                    [writer.add_object(generic.StreamObject(stream_data=b"junk"))] * 500
                )
            }
        ),
    ],
    ids=["null", "array", "number", "no-stream", "many"],
)
def test_a_hostile_store_is_no_evidence(store):
    """It may be anything; nothing raises, and a long list ends."""
    output = io.BytesIO(signed_twice())
    writer = IncrementalPdfFileWriter(output)
    writer.root["/DSS"] = store(writer)
    writer.update_root()
    writer.write_in_place()
    found = embedded_evidence(PdfFileReader(io.BytesIO(output.getvalue())))
    assert found.crls == ()
    assert len(found.ocsps) <= MOST_PIECES
    assert judged(output.getvalue()).trust.outcome is not Outcome.ACCEPTED
