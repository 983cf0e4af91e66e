"""One worker's judging over revocation sources that misbehave as told: real servers and database."""

import asyncio
import hashlib
import json
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
import pytest_asyncio
from cryptography.x509 import ocsp

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.schemas import NEWEST, WRITTEN, Schemas
from axis.desk import freshness
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.freshness import EvidenceDesk
from axis.desk.office import Office
from axis.desk.trustlist import TrustDesk
from axis.gate.answers import InspectRequest
from axis.gate.inspect import Grounds, inspect_packet
from axis.gate.pool import GatePool
from axis.reports import GateReport
from axis.sandbox.directory import demo_agency
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
from tests.lab.services import a_crl, an_ocsp, pyca_certificate
from tests.lab.sources import LABELS, Said, Sources

SCHEMAS = Schemas(
    ids={version.name: number for number, version in enumerate(WRITTEN.values(), 1)},
    writers={n: (name, NEWEST[name].parsed) for n, name in enumerate(WRITTEN, 1)},
)

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


def fresh_person():
    """Issue a person whom a test may revoke."""
    return lab_authority().issue_person(demo_agency("H37"), f"Nông Thử {secrets.token_hex(3)}", "Chủ tịch")


async def register(court, person):
    """Put a person into the directory."""
    async with court.pool.acquire() as conn, conn.transaction():
        await lock_directory(conn)
        await import_directory(conn, lab_directory_in_force(), source={"files": []}, at=now())
