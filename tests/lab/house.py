"""One office of the desk on a real PostgreSQL and content store; the gate's answer is a script."""

from collections import deque
from datetime import UTC, date, datetime

import pytest

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.schemas import NEWEST, WRITTEN, Schemas
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.office import Office
from axis.desk.trustlist import Held
from axis.edxml.status import build_status
from axis.envelope import Envelope, Organ, ResponseFor, SignerInfo, StatusPacket
from axis.reports import FileKind, FileReport, GateReport, Outcome, Part, PdfReport, SignatureReport
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.traffic import Incoming
from signing.evidence import NO_EVIDENCE
from signing.trust import TrustList

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
GOOD = Part(outcome=Outcome.ACCEPTED)
SCHEMAS = Schemas(
    ids={version.name: number for number, version in enumerate(WRITTEN.values(), 1)},
    writers={n: (name, NEWEST[name].parsed) for n, name in enumerate(WRITTEN, 1)},
)
ENVELOPE = Envelope(
    sender=Organ(code="000.00.00.G22"),
    recipients=(Organ(code="H37"), Organ(code="H37.02")),
    document_id="G22,2026/11/20,1/QĐ-VPCP",
    number="1",
    notation="QĐ-VPCP",
    place="Hà Nội",
    issued_on=date(2026, 11, 20),
    type_group=2,
    type_detail=2,
    type_name="Quyết định",
    subject="s",
    signer=SignerInfo(full_name="Nguyễn Văn Thử"),
)


def signature(name):
    """A signature that verified."""
    return SignatureReport(
        field=name,
        subfilter="ETSI.CAdES.detached",
        timestamp=False,
        certificate_sha256=name,
        timestamped_at=NOON,
    )


def report(trust=GOOD, integrity=GOOD, envelope=ENVELOPE):
    """What the gate says of a good packet, with one part changed."""
    pdf = PdfReport(
        signatures=(signature("person"), signature("seal")), integrity=integrity, content=GOOD, trust=trust
    )
    file = FileReport(content_id="c", name="a.pdf", kind=FileKind.PDF, size=1, sha256="0", pdf=pdf)
    return GateReport(envelope=envelope, files=(file,), splice_offset=1)


class Gate:
    """Gives the next answer of a script; the last one repeats."""

    def __init__(self):
        self.answers = deque([report()])
        self.asked = 0

    async def judge(self, path, *, sha256, at, evidence, trust):
        """Answer as the script says."""
        self.asked += 1
        return self.answers[0] if len(self.answers) == 1 else self.answers.popleft()


class NoEvidence:
    """A source that is away."""

    async def current(self):
        """Nothing at hand."""
        return NO_EVIDENCE

    async def obtain(self, needs):
        """Nothing to be had."""
        return False


class House:
    """One office on real parts, its clock in hand."""

    def __init__(self, pool, folder):
        self.pool, self.gate, self.sent = pool, Gate(), []
        self.ledger = Ledger(pool)
        self.at = NOON

        async def publish(messages):
            self.sent.extend(messages)

        self.publish = publish
        self.content = ContentStore(folder)
        self.office = Office(
            memory=self.ledger,
            content=self.content,
            policy=load_policy(),
            trust=Held(TrustList(version="t1", digest="t1")),
            schemas=SCHEMAS,
            courier=Courier(publish, self.ledger.forget_outgoing, step="test"),
            now=lambda: self.at,
            judge=self.gate,
            evidence=NoEvidence(),
            backlog_limit=10,
        )
        self.desk = Desk(self.office)
        self.offset = 0

    async def take(self, data=b"<packet/>", envelope=ENVELOPE, connection="vpcp"):
        """Take a packet as a door does."""
        return await self.desk.take(
            connection=connection,
            sha256=self.content.put(data),
            size=len(data),
            door="rest",
            envelope=envelope,
        )

    async def carry(self):
        """Bring every outbox row to its agent, as Kafka does; return the topics."""
        topics = []
        while rows := await self.pool.fetch("DELETE FROM outbox RETURNING id, topic, key, value"):
            for row in sorted(rows, key=lambda row: row["id"]):
                topics.append(row["topic"])
                await self.bring(row["topic"], row["value"], row["key"])
        return topics

    async def bring(self, topic, value, key=b"k"):
        """Bring one record to its agent."""
        self.offset += 1
        move = {"submission": self.desk.admit, "accepted": self.desk.route, "ack": self.desk.acknowledge}
        record = Incoming(topic=topic, partition=0, offset=self.offset, key=key, value=value)
        await move[topic.split(".")[1]]([record])
        return record

    async def events(self):
        """Kinds of all events, in order."""
        return [row["kind"] for row in await self.pool.fetch("SELECT kind FROM event ORDER BY seq")]

    async def state(self, packet):
        """State of an intake."""
        return await self.pool.fetchval("SELECT state FROM intake WHERE packet_id = $1", packet)

    async def answer(self, code, *, agency="H37", description="", connection="dms"):
        """Answer the document as a recipient's system does; return the ack id."""
        packet = StatusPacket(
            sender=Organ(code=agency),
            response_for=ResponseFor(organ_code="G22", document_id=ENVELOPE.document_id),
            code=code,
            description=description,
            reported_at=self.at,
        )
        return await self.desk.take_status(
            connection=connection,
            data=build_status(packet),
            organ_code="G22",
            document_id=ENVELOPE.document_id,
        )


@pytest.fixture
async def house(pg_url, tmp_path):
    """A house with a directory of three agencies, one signer, one seal."""
    pool = await open_pool(pg_url, size=4)
    await pool.execute(
        """INSERT INTO agency (code, code102, name, level, connection, valid_from)
           VALUES ('H37', '', 'Lạng Sơn', 'province', 'dms', '2020-01-01'),
                  ('H37.02', '', 'Sở', 'province', 'dms', '2020-01-01'),
                  ('G22', '000.00.00.G22', 'VPCP', 'central', 'vpcp', '2020-01-01')"""
    )
    await pool.execute("INSERT INTO seal VALUES ('seal', 'G22')")
    mandates = [
        {"competence": "", "kinds": ["*"], "valid_from": "2026-01-01T00:00:00Z", "valid_until": None}
    ]
    await pool.execute(
        "INSERT INTO signer VALUES ('person', 'G22', 'Nguyễn Văn Thử', 'Chủ nhiệm', $1)", mandates
    )
    await pool.execute("INSERT INTO directory_version VALUES (1, now(), 'x', '{}')")
    yield House(pool, tmp_path)
    await pool.close()
