"""Every way a revocation source can fail (faults.md 16, 17): real servers, real processes, a real database.

Each test looks at what is left behind: decision, waiting row, reason, evidence.
"""

import asyncio
import hashlib
import json
import secrets
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.schemas import NEWEST, WRITTEN, Schemas
from axis.desk import freshness
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.freshness import EvidenceDesk
from axis.desk.keeping import expire, resume
from axis.desk.office import Office
from axis.desk.trustlist import TrustDesk
from axis.gate.answers import InspectRequest
from axis.gate.inspect import Grounds, inspect_packet
from axis.gate.pool import GatePool
from axis.reports import GateReport, Outcome
from axis.sandbox.directory import demo_agency
from axis.sandbox.identity import Part
from axis.sandbox.profiles import AUTHORITIES
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.store.revocation import read_proofs
from axis.store.trust import Trusts, import_trust
from axis.store.versions import import_directory, lock_directory
from axis.traffic import Incoming
from axis.violations import Code
from signing import fetch
from signing.evidence import evidence_of
from signing.fetch import Fetcher
from signing.trust import parse_trust
from tests.lab.authority import all_crls, lab_authority
from tests.lab.documents import a_recipe
from tests.lab.judging import lab_directory_in_force
from tests.lab.pdfs import a_crl, an_ocsp, authority_key, other_authority, pyca_certificate
from tests.lab.sources import LABELS, Said, Sources

SCHEMAS = Schemas(
    ids={version.name: number for number, version in enumerate(WRITTEN.values(), 1)},
    writers={n: (name, NEWEST[name].parsed) for n, name in enumerate(WRITTEN, 1)},
)
pytestmark = pytest.mark.asyncio(loop_scope="module")

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
CONNECTION = demo_agency("H37").connection
WAITS = str(Code.REVOCATION_UNAVAILABLE)


def now():
    """This moment, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def good_crl(label):
    """What an authority publishes now."""
    return lambda _: Said(body=dict(zip(AUTHORITIES, all_crls(), strict=True))[label])


def good_ocsp(label):
    """What its responder says now."""

    def answer(question):
        serial = ocsp.load_der_ocsp_request(question).serial_number
        der = certificate_of(serial)
        return Said(body=an_ocsp(der, since=now() - MINUTE, until=now() + HOUR, issuer=label))

    return answer


@cache
def _certificates(known):
    del known
    found = {}
    for path in (lab_authority().folder / "certs").glob("*.crt"):
        der = path.read_bytes()
        found[pyca_certificate(der).serial_number] = der
    return found


def certificate_of(serial):
    """Find a certificate that the lab issued."""
    return _certificates(len(lab_authority().record.identities))[serial]


class Court:
    """One worker's judging, whole but for Kafka, over sources that misbehave as told."""

    def __init__(self, pool, folder, gate, sources, trust):
        self.pool, self.sources, self.sent, self.folder = pool, sources, [], folder
        self.ledger = Ledger(pool)
        self.ahead = timedelta(0)
        self.content = ContentStore(folder)
        self.trust = TrustDesk(Trusts(pool), trust)
        self.fetcher = Fetcher(lambda: self.trust.current, now=self.now)
        self.evidence = EvidenceDesk(
            self.ledger,
            self.crl_urls,
            fetch_crl=self.fetcher.fetch_crl,
            fetch_need=self.fetcher.fetch_need,
            now=self.now,
            refresh_seconds=30,
        )

        async def publish(messages):
            self.sent.extend(messages)

        self.publish = publish
        self.office = Office(
            memory=self.ledger,
            content=self.content,
            policy=load_policy(),
            trust=self.trust,
            schemas=SCHEMAS,
            courier=Courier(publish, self.ledger.forget_outgoing, step="test"),
            now=self.now,
            judge=gate,
            evidence=self.evidence,
            backlog_limit=10,
        )
        self.desk = Desk(self.office)

    def crl_urls(self):
        """Where the list in force says that lists are published."""
        return self.trust.current.crl_urls()

    def now(self):
        """The clock, which a test may put ahead."""
        return datetime.now(UTC) + self.ahead

    async def take(self, packet):
        """Take a packet as a door does; return its id."""
        taken = await self.desk.take(
            connection=CONNECTION,
            sha256=self.content.put(packet),
            size=len(packet),
            door="rest",
            envelope=None,
        )
        return taken.packet_id

    async def judge(self):
        """Bring what is on the road to admission."""
        rows = await self.pool.fetch("DELETE FROM outbox WHERE topic = 'axis.submission.v1' RETURNING value")
        batch = [
            Incoming(topic="axis.submission.v1", partition=0, offset=n, key=b"k", value=row["value"])
            for n, row in enumerate(rows)
        ]
        await self.desk.admit(batch)
        for late in tuple(self.office.slow_lane):
            await late

    async def send(self, packet):
        """Take and judge; return the packet's id."""
        packet_id = await self.take(packet)
        await self.judge()
        return packet_id

    async def asked(self):
        """Wait until nobody is asked any more."""
        await asyncio.gather(*self.evidence._asking.values(), return_exceptions=True)

    async def left(self, packet_id):
        """Return what is left behind: state, waiting code, verdict, codes of the refusal."""
        row = await self.pool.fetchrow(
            """SELECT i.state, p.code, d.verdict, d.violations FROM intake i
                 LEFT JOIN parked p USING (packet_id) LEFT JOIN decision d USING (packet_id)
                WHERE packet_id = $1""",
            packet_id,
        )
        refused = sorted({one["code"] for one in json.loads(row["violations"] or "[]")})
        return row["state"], row["code"], row["verdict"], refused


@pytest.fixture
def sources():
    """Sources that are well."""
    all_crls()  # made once: that takes longer than judging waits
    server = Sources()
    for label in LABELS:
        server.lists[label], server.responders[label] = good_crl(label), good_ocsp(label)
    yield server
    server.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(tmp_path_factory):
    """One judging process for the whole module; each question brings its own list and evidence."""
    pool = GatePool(1, load_policy(), None, scratch=tmp_path_factory.mktemp("gate"))
    await pool.start()
    yield pool
    await pool.close()


@pytest_asyncio.fixture(loop_scope="module")
async def court(pg_url, tmp_path, gate, sources, monkeypatch):
    """A court under the lab's trust list, whose addresses are those of `sources`."""
    monkeypatch.setattr(freshness, "REST_SECONDS", 0.0)
    monkeypatch.setattr(fetch, "CRL_SECONDS", 4.0)
    monkeypatch.setattr(fetch, "OCSP_SECONDS", 4.0)
    pool = await open_pool(pg_url, size=4, application="test")
    listed = sources.trusted(json.loads(lab_authority().trust_file.read_bytes()), LABELS)
    body = msgspec.json.encode(listed)
    trust = parse_trust(body)
    async with pool.acquire() as conn, conn.transaction():
        await lock_directory(conn)
        await import_directory(conn, lab_directory_in_force(), source={"files": []}, at=now())
        await import_trust(
            conn, digest=trust.digest, body=body, name="lab", source="test", by="test", at=now()
        )
    made = Court(pool, tmp_path, gate, sources, trust)
    yield made
    await made.fetcher.close()
    await pool.close()


def packet_of(person=None, **changes):
    """Return a good packet; another person may sign it."""
    recipe = a_recipe(**changes)
    if person is not None:
        recipe.person = person
        signer = msgspec.structs.replace(
            recipe.envelope.signer, full_name=person.full_name, position=person.position
        )
        recipe.envelope = msgspec.structs.replace(recipe.envelope, signer=signer)
    return recipe.make()


def serial(label):
    return pyca_certificate(lab_authority().certificate(label)).serial_number


def crl(**change):
    """A list of the people's authority, changed."""
    values = {"since": now() - MINUTE, "until": now() + HOUR}
    return lambda _: Said(body=a_crl(**{**values, **change}))


def answers(**change):
    """An answer of its responder, changed."""

    def answer(question):
        der = certificate_of(ocsp.load_der_ocsp_request(question).serial_number)
        values = {"since": now() - MINUTE, "until": now() + HOUR}
        return Said(body=an_ocsp(der, **{**values, **change}))

    return answer


def saying(said):
    return lambda _: said


GONE = "gone"
SITUATIONS = {
    "gone": (GONE, GONE),
    "error": (saying(Said(500)), saying(Said(503))),
    "redirect": (saying(Said(302)), saying(Said(307))),
    "html": (saying(Said(body=b"<html>maintenance</html>")),) * 2,
    "empty": (saying(Said()),) * 2,
    "hanging": (saying(Said(hang=True)),) * 2,
    "dripping": (saying(Said(body=b"0" * 4000, drip=True)),) * 2,
    "cut": (saying(Said(body=b"0" * 4000, cut=True)),) * 2,
    "stale": (
        crl(since=now() - 3 * HOUR, until=now() - HOUR),
        answers(since=now() - 3 * HOUR, until=now() - HOUR),
    ),
    "future": (
        crl(since=now() + 2 * HOUR, until=now() + 3 * HOUR),
        answers(since=now() + 2 * HOUR, until=now() + 3 * HOUR),
    ),
    "other-key": (
        lambda _: Said(
            body=a_crl(since=now(), until=now() + HOUR, key=authority_key("people-ca", other_authority()))
        ),
        lambda question: Said(
            body=an_ocsp(
                certificate_of(ocsp.load_der_ocsp_request(question).serial_number),
                since=now(),
                until=now() + HOUR,
                authority=other_authority(),
            )
        ),
    ),
    "other-issuer": (good_crl("service-ca"), saying(Said(body=lab_authority().crl("people-ca")))),
    "unknown": (saying(Said(404)), answers(status=ocsp.OCSPCertStatus.UNKNOWN)),
    "of-someone-else": (
        saying(Said(404)),
        lambda _: Said(
            body=an_ocsp(
                lab_authority().certificate("people-ca"), since=now(), until=now() + HOUR, issuer="root"
            )
        ),
    ),
}
"""What the source of the signers says instead of a list, and instead of an answer."""


@pytest.mark.parametrize("name", SITUATIONS)
async def test_a_source_that_fails_makes_the_document_wait_until_it_is_back(court, sources, name):
    """G11: never revoked, never valid; it waits by name, with a deadline, and is taken up again by itself."""
    if name == GONE:
        sources.gone()
    else:
        sources.lists["people-ca"], sources.responders["people-ca"] = SITUATIONS[name]
    since = time.monotonic()
    packet_id = await court.send(packet_of())
    assert time.monotonic() - since < 15, "a source that fails held judging up"
    assert await court.left(packet_id) == ("waiting", WAITS, None, [])
    parked = await court.pool.fetchrow("SELECT * FROM parked")
    assert timedelta(hours=23) < parked["deadline"] - parked["since"] <= timedelta(hours=24)
    # With what the keeper and the worker need on top, back within 60 s of the source's return.
    assert max(court.office.policy.retry_seconds) <= 45
    assert parked["next_try_at"] - parked["since"] <= timedelta(seconds=46)
    assert await court.pool.fetchval("SELECT count(*) FROM decision") == 0
    assert await court.pool.fetchval("SELECT count(*) FROM event") == 0
    assert await court.pool.fetchval("SELECT count(*) FROM evidence") == 0

    await court.asked()
    if name == GONE:
        sources.up()
    sources.lists["people-ca"], sources.responders["people-ca"] = (
        good_crl("people-ca"),
        good_ocsp("people-ca"),
    )
    court.ahead = timedelta(seconds=46)
    assert await resume(court.office) == 1
    await court.judge()
    assert await court.left(packet_id) == ("answered", None, "accepted", [])
    await proves(court, packet_id)


async def proves(court, packet_id):
    """Hold a decision to its evidence: named in the sealed event, kept once, enough to judge again."""
    event = json.loads(
        await court.pool.fetchval(
            "SELECT body FROM event WHERE packet_id = $1 AND kind LIKE 'Submission%'", packet_id
        )
    )
    row = await court.pool.fetchrow("SELECT * FROM decision WHERE packet_id = $1", packet_id)
    named = event["facts"]["evidence"] if "facts" in event else event["evidence"]
    assert named, "a decision about trust rests on something"
    async with court.pool.acquire() as conn:
        proofs = await read_proofs(conn, named)
        body = await Trusts(conn).trust_body(row["trust_version"])
    assert [proof.sha256 for proof in proofs] == named
    assert all(hashlib.sha256(proof.der).hexdigest() == proof.sha256 for proof in proofs)
    # Years later, with nothing but what is kept: the same verdict on the same grounds.
    kept = evidence_of(
        [p.der for p in proofs if p.kind == "crl"], [p.der for p in proofs if p.kind == "ocsp"]
    )
    grounds = Grounds(
        policy=court.office.policy, trust=parse_trust(body), evidence=kept, scratch=court.folder
    )
    sha256 = await court.pool.fetchval("SELECT sha256 FROM intake WHERE packet_id = $1", packet_id)
    with court.content.open(sha256) as stream:
        again = inspect_packet(stream, InspectRequest(at=row["decided_at"]), grounds).report
    assert again == msgspec.json.decode(row["report"], type=GateReport)


async def test_at_the_deadline_it_ends_as_not_judged_in_time(court, sources):
    """W4: a source that never comes back costs the sender an answer, and no document id."""
    sources.gone()
    packet_id = await court.send(packet_of())
    court.ahead = timedelta(hours=25)
    assert await expire(court.office) == 1
    assert await court.left(packet_id) == ("answered", None, "expired", ["waiting.not-judged-in-time"])
    assert await court.pool.fetchval("SELECT count(*) FROM document") == 0


async def test_a_good_responder_stands_in_for_a_list_that_is_away(court, sources):
    """OCSP and CRL stand in for each other, and the decision names the responses."""
    for label in LABELS:
        sources.lists[label] = saying(Said(500))
    packet_id = await court.send(packet_of())
    assert await court.left(packet_id) == ("answered", None, "accepted", [])
    assert await court.pool.fetchval("SELECT array_agg(DISTINCT kind) FROM evidence") == ["ocsp"]
    await proves(court, packet_id)


async def test_a_wrong_answer_never_takes_the_place_of_a_good_one(court, sources):
    """What is held counts while it holds, whatever the source says meanwhile."""
    await court.send(packet_of())
    held = await court.pool.fetch("SELECT source, sha256 FROM revocation ORDER BY source")
    older = crl(since=now() - 2 * HOUR, until=now() + 5 * HOUR)
    for wrong in (*(SITUATIONS[name][0] for name in ("html", "stale", "other-key", "other-issuer")), older):
        sources.lists["people-ca"] = wrong
        court.ahead += timedelta(seconds=31)
        await court.evidence._freshen()
    assert any(path.endswith("/crl/people-ca") for path in sources.asked[-3:])
    now_held = await court.pool.fetch("SELECT source, sha256 FROM revocation ORDER BY source")
    of_people = sources.crl_url("people-ca")
    assert dict(held)[of_people] == dict(now_held)[of_people]
    assert (await court.left(await court.send(packet_of())))[2] == "accepted"


def fresh_person():
    """Issue a person whom a test may revoke."""
    return lab_authority().issue_person(demo_agency("H37"), f"Nông Thử {secrets.token_hex(3)}", "Chủ tịch")


async def register(court, person):
    """Put a person into the directory."""
    async with court.pool.acquire() as conn, conn.transaction():
        await lock_directory(conn)
        await import_directory(conn, lab_directory_in_force(), source={"files": []}, at=now())


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


async def test_a_source_that_hangs_holds_up_nobody_else(court, sources):
    """One signer's source hangs; a document that needs nothing of it is judged meanwhile."""
    sources.lists["people-ca"] = sources.responders["people-ca"] = saying(Said(hang=True))
    waiting = asyncio.create_task(court.send(packet_of()))
    await asyncio.sleep(0.1)
    since = time.monotonic()
    await court.evidence.current()
    assert time.monotonic() - since < 0.4
    assert (await court.left(await waiting))[0] == "waiting"


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
