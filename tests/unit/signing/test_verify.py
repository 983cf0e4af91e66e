"""Rules G1 to G11: good documents pass, and each attack is refused by its own name."""

import gc
import io
from datetime import UTC, datetime

import msgspec
import pytest
from pyhanko.pdf_utils import generic

from axis.reports import Outcome
from axis.sandbox.identity import Part
from signing import mapped, reading
from signing.trust import TrustList
from signing.verify import verify_pdf
from signing.versions import Reader
from tests.lab.broken import flipped, packed, page_replaced
from tests.lab.pdfs import (
    a_cms,
    codes,
    fresh_evidence,
    judge,
    lab_evidence,
    limits,
    newest,
    person,
    plain,
    seal,
    sign,
    sign_by_hand,
    signed_by_hand,
    signed_twice,
    trust,
    with_document_timestamp,
    with_dss,
)
from tests.lab.services import a_document_token

GOOD = {
    "one-signature": lambda: sign(plain(), person()),
    "person-then-seal": signed_twice,
    "made-by-hand": signed_by_hand,
    "pkcs7-detached": lambda: signed_by_hand(subfilter="adbe.pkcs7.detached"),
    "with-long-term-data": with_dss,
    "with-document-timestamp": lambda: with_document_timestamp(signed_twice()),
    "with-data-and-timestamp": lambda: with_document_timestamp(with_dss()),
    "sealed-after-a-timestamp": lambda: sign(with_document_timestamp(sign(plain(), person())), seal()),
    "end-of-line-behind": lambda: signed_twice() + b"\r\n",
    "long-hash": lambda: signed_by_hand(digest="sha512"),
    "timestamp-of-type-sig": lambda: sign_by_hand(
        signed_by_hand(), a_document_token, name="Stamp", subfilter="ETSI.RFC3161"
    ),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in GOOD.items()])
def test_a_good_document_is_accepted_in_every_part(make):
    """Signing as PAdES says, once or twice, with or without long-term data, is accepted."""
    report = judge(make())
    assert codes(report) == {"integrity": set(), "content": set(), "trust": set()}
    assert {report.integrity.outcome, report.content.outcome, report.trust.outcome} == {Outcome.ACCEPTED}
    assert {(s.indication, s.subindication) for s in report.signatures} == {("TOTAL-PASSED", "")}
    assert all(s.intact and s.valid and s.timestamped_at for s in report.signatures)


def _held():
    """Readers and dictionaries of documents that are in memory now."""
    kinds = (Reader, generic.DictionaryObject, generic.ArrayObject)
    return {id(one) for one in gc.get_objects() if isinstance(one, kinds)}


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in GOOD.items()])
def test_a_judged_document_leaves_memory_at_once(make):
    """Nobody has to look for circles: reader and objects are gone when the report is there."""
    pdf = make()
    judge(pdf)  # what is kept for all documents is made by now
    gc.collect()
    gc.disable()
    try:
        before = _held()
        report = judge(pdf)
        behind = _held() - before
    finally:
        gc.enable()
    assert report.signatures
    assert not behind


def test_signatures_are_reported_in_order_of_signing_and_without_identity_numbers():
    """The report names the common name alone, and says how far each signature reaches."""
    pdf = signed_twice()
    first, second = judge(pdf).signatures
    assert (first.field, second.field) == ("PersonSignature", "AgencySeal")
    assert first.subject == person().full_name
    assert first.covers_until < second.covers_until == len(pdf)
    assert "TEST-" not in repr((first, second))


def test_a_large_file_is_judged_from_disk(tmp_path, monkeypatch):
    """What is too large to be held in memory is mapped, with the same result."""
    monkeypatch.setattr(reading, "HELD_BYTES", 0)
    monkeypatch.setattr(mapped, "VIEWED_BYTES", 64)
    for number, pdf in enumerate(
        (signed_twice(), sign(packed(script=True), person()), page_replaced(signed_by_hand()))
    ):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(pdf)
        given = {
            "trust": trust(),
            "evidence": lab_evidence(),
            "limits": limits(),
            "allow_claimed_time": False,
        }
        at = datetime.now(UTC)
        with path.open("rb") as file:
            report = verify_pdf(file, at=at, **given)
        assert report == judge(pdf, at=at)


LIMITS = {
    "bytes": ({"pdf_bytes": 100}, "limit.size"),
    "signatures": ({"signatures": 1}, "limit.signatures"),
    "revisions": ({"revisions": 2}, "limit.revisions"),
    "objects": ({"objects": 5}, "limit.objects"),
    "pages": ({"pages": 0}, "limit.pages"),
}


@pytest.mark.parametrize(
    ("change", "code"), [pytest.param(*case, id=f"G9-{n}") for n, case in LIMITS.items()]
)
def test_each_cap_refuses_with_its_own_code(change, code):
    """A document over a limit is refused for that limit."""
    report = judge(signed_twice(), limits=msgspec.structs.replace(limits(), **change))
    assert code in codes(report)["integrity"]


def test_g9_pages_are_counted_whatever_the_file_claims():
    """G9-pages-claimed: a small /Count does not hide many pages."""
    pages = b"<< /Type /Pages /Kids [3 0 R 8 0 R] /Count 1 >>"
    pdf = signed_by_hand(pdf=plain(n2=pages, n8=newest(plain(), 3)))
    report = judge(pdf, limits=msgspec.structs.replace(limits(), pages=1))
    assert "limit.pages" in codes(report)["integrity"]


def test_all_that_is_wrong_is_told():
    """One broken rule does not hide another, in other parts or the same."""
    pdf = sign_by_hand(
        plain("/OpenAction << /S /JavaScript /JS (x) >>"),
        a_cms(person(Part.WEAK), leave_out=()),
        subfilter="ETSI.CAdES.detached",
    )
    found = codes(judge(flipped(page_replaced(pdf), 20)))
    assert found["integrity"] == {
        "signature.algorithm-weak",
        "signature.digest-mismatch",
        "signature.changed-after",
    }
    assert found["content"] == {"content.javascript"}
    assert "signature.timestamp-missing" in found["trust"]


def test_without_a_trust_list_trust_is_not_judged():
    """Nothing is trusted by default, and nothing refused for it."""
    report = judge(signed_twice(), trust=None)
    assert report.trust.outcome is Outcome.NOT_JUDGED
    assert codes(report)["trust"] == {"waiting.trust-not-given"}


def test_an_empty_trust_list_refuses():
    """G6: no anchor means no trust, never the operating system's."""
    report = judge(signed_twice(), trust=TrustList(version="empty"))
    assert codes(report)["trust"] == {"trust.list-empty"}


def test_the_same_bytes_give_the_same_report():
    """Judging reads no clock and keeps nothing between documents."""
    pdf, evidence, at = signed_twice(), fresh_evidence(), judge(signed_twice()).signatures[1].timestamped_at
    given = {
        "trust": trust(),
        "evidence": evidence,
        "at": at,
        "limits": limits(),
        "allow_claimed_time": False,
    }
    first = verify_pdf(io.BytesIO(pdf), **given)
    judge(signed_by_hand(spoil=True))
    assert verify_pdf(io.BytesIO(pdf), **given) == first
