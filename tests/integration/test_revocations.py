"""Who is revoked, and lists under load and in change: real servers, real processes, a real database."""

import json
import sys
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from axis.desk.keeping import resume
from axis.reports import Outcome
from axis.sandbox.directory import demo_agency
from axis.sandbox.identity import Part
from axis.store.trust import import_trust
from signing.evidence import evidence_of
from signing.trust import parse_trust
from tests.lab.authority import all_crls, lab_authority
from tests.lab.court import (
    HOUR,
    MINUTE,
    answers,
    court,
    fresh_person,
    gate,
    now,
    packet_of,
    proves,
    register,
    saying,
    serial,
    sources,
)
from tests.lab.services import a_crl, authority_key, pyca_certificate
from tests.lab.sources import LABELS, Said

__all__ = ["court", "gate", "sources"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("since", "verdict", "codes"),
    [
        (lambda signed: signed - MINUTE, "refused", ["signature.certificate-revoked"]),
        (lambda signed: signed + timedelta(seconds=1), "accepted", []),
    ],
    ids=["before-signing", "after-signing"],
)
async def test_revoked_between_taking_and_judging(court, since, verdict, codes):
    """Fault 17: what counts is the proven signing time, and the evidence of it is kept."""
    person = fresh_person()
    await register(court, person)
    packet_id = await court.take(packet_of(person))
    lab_authority().revoke(person, since(now()))
    all_crls()
    await court.judge()
    assert await court.left(packet_id) == ("answered", None, verdict, codes)
    await proves(court, packet_id)


async def test_revoked_before_signing_is_refused_under_its_name(court):
    """The decision names the list that says so."""
    packet_id = await court.send(packet_of(lab_authority().person(demo_agency("H37"), Part.REVOKED)))
    assert await court.left(packet_id) == ("answered", None, "refused", ["signature.certificate-revoked"])
    await proves(court, packet_id)


async def test_a_responder_alone_that_says_revoked_is_believed(court, sources):
    """No list at hand: the verified word of the responder refuses."""
    sources.lists["people-ca"] = saying(Said(500))
    sources.responders["people-ca"] = answers(status=ocsp.OCSPCertStatus.REVOKED, revoked_at=now() - HOUR)
    packet_id = await court.send(packet_of())
    assert await court.left(packet_id) == ("answered", None, "refused", ["signature.certificate-revoked"])
    await proves(court, packet_id)


async def test_a_revoked_time_stamp_service_proves_no_time(court, sources):
    """A token of a key that was lost is none, whenever it was made."""
    lost = {serial("tsa"): now() - HOUR}
    sources.lists["service-ca"] = lambda _: Said(
        body=a_crl(
            lost,
            since=now() - MINUTE,
            until=now() + HOUR,
            issuer="service-ca",
            reason=x509.ReasonFlags.key_compromise,
        )
    )
    packet_id = await court.send(packet_of())
    state, _, verdict, codes = await court.left(packet_id)
    assert (state, verdict) == ("answered", "refused")
    assert "signature.certificate-revoked" in codes
    await proves(court, packet_id)


async def test_two_lists_imported_while_documents_wait(court, sources):
    """Fault 18: what waits is judged under the list in force when it is taken up again."""
    sources.gone()
    packet_id = await court.send(packet_of())
    sources.up()
    body = msgspec.json.encode(
        {**sources.trusted(json.loads(lab_authority().trust_file.read_bytes()), LABELS), "version": "hai"}
    )
    second = parse_trust(body)
    async with court.pool.acquire() as conn, conn.transaction():
        await import_trust(
            conn, digest=second.digest, body=body, name="hai", source="test", by="test", at=now()
        )
    assert await court.trust.look()
    court.ahead = timedelta(seconds=46)
    await resume(court.office)
    await court.judge()
    assert (await court.left(packet_id))[2] == "accepted"
    assert await court.pool.fetchval("SELECT trust_version FROM decision") == second.digest
    await proves(court, packet_id)


async def test_a_batch_under_way_keeps_its_list(court, monkeypatch):
    """Fault 18: a list imported in the middle of a batch counts from the next one on."""
    first = court.trust.current
    other = msgspec.structs.replace(first, version="giữa chừng", digest="f" * 64)
    judge = court.office.judge.judge

    async def swapping(path, **asked):
        court.trust._current = other
        return await judge(path, **asked)

    monkeypatch.setattr(court.office.judge, "judge", swapping)
    packets = [await court.take(packet_of()) for _ in range(3)]
    await court.judge()
    assert [(await court.left(one))[2] for one in packets] == ["accepted"] * 3
    rows = await court.pool.fetch("SELECT DISTINCT trust_version FROM decision")
    assert [row[0] for row in rows] == [first.digest]


ENTRIES = 100_000


def huge_crl():
    """A list of the people's authority as long as a national one."""
    issuer = pyca_certificate(lab_authority().certificate("people-ca"))
    entries = [
        x509.RevokedCertificateBuilder().serial_number(n).revocation_date(now() - HOUR).build()
        for n in range(1 << 100, (1 << 100) + ENTRIES)
    ]
    builder = x509.CertificateRevocationListBuilder(issuer.subject, now() - MINUTE, now() + HOUR, [], entries)
    return builder.sign(authority_key("people-ca"), hashes.SHA256()).public_bytes(Encoding.DER)


async def test_a_list_of_a_hundred_thousand_entries_costs_nothing_per_document(
    court, sources, gate, tmp_path
):
    """Each process reads, verifies and indexes it once a publication; the next document does not see it."""
    small = evidence_of([lab_authority().crl(label) for label in LABELS], [])
    others = [lab_authority().crl(label) for label in LABELS if label != "people-ca"]
    der = huge_crl()
    large = evidence_of([der, *others], [])
    path = tmp_path / "p.edxml"
    path.write_bytes(packet_of())
    trust = court.trust.current

    async def cost(evidence):
        judged = await gate.examine(path, at=datetime.now(UTC), evidence=evidence, trust=trust)
        assert judged.report.files[0].pdf.trust.outcome is Outcome.ACCEPTED
        return judged.cpu_seconds * 1000

    await cost(small)
    least = min([await cost(small) for _ in range(9)])
    first = await cost(large)
    after = min([await cost(large) for _ in range(9)])
    sys.stderr.write(
        f"\n  CRL of {ENTRIES} entries, {len(der) / 1e6:.1f} MB: first document {first:.0f} ms CPU, "
        f"each other {after:.1f}; with {len(small.crls)} small lists {least:.1f}\n"
    )
    assert after < least * 1.5 + 1
    assert first < 2000

    sources.lists["people-ca"] = saying(Said(body=der))
    await court.evidence._freshen()
    packet_id = await court.send(packet_of())
    assert (await court.left(packet_id))[2] == "accepted"
