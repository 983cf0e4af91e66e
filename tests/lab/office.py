"""A real database and content store without broker and judges: the test is both, move by move."""

from datetime import UTC, datetime, timedelta

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.codec import Accepted, encode_accepted
from axis.contract.schemas import NEWEST, Schemas
from axis.desk.acknowledging import acknowledge
from axis.desk.courier import Courier
from axis.desk.office import Office
from axis.desk.routing import route
from axis.desk.sealing import seal_once
from axis.desk.trustlist import Held
from axis.document import Decision, Verdict, Versions
from axis.evidence.events import Kind, make_event
from axis.records import Parking, Ruling, Settled
from axis.store.bell import Bell
from axis.store.ledger import Ledger
from axis.topics import ACCEPTED, ACK
from axis.traffic import Incoming
from signing.trust import TrustList

CHANNEL = "axis_mailbox"
SCHEMAS = Schemas(
    ids={"submission.v1": 7, "accepted.v1": 8, "ack.v1": 9},
    writers={n: (name, NEWEST[name].parsed) for n, name in ((7, "submission"), (8, "accepted"), (9, "ack"))},
)


class Quarters:
    """An office whose broker is the list `published` and whose judges are the test."""

    def __init__(self, pool, url, root):
        self.pool = pool
        self.content = ContentStore(root)
        self.ledger = Ledger(pool)
        self.published = []
        self.ahead = timedelta()
        self.courier = Courier(self._publish, self.ledger.forget_outgoing, step="take")
        self.office = Office(
            memory=self.ledger,
            content=self.content,
            policy=load_policy(),
            trust=Held(TrustList(version="t1", digest="t1")),
            schemas=SCHEMAS,
            courier=self.courier,
            now=self.now,
            backlog_limit=1000,
        )
        self.bell = Bell(url, (CHANNEL,))

    def now(self):
        return datetime.now(UTC) + self.ahead

    async def _publish(self, messages):
        self.published.extend(messages)

    async def rule(self, packet_id, document, recipients=(), *, violations=(), report=b"{}", **told):
        """Record what the judges would: an acceptance and its deliveries, or a refusal."""
        row = (await self.ledger.intakes([packet_id]))[packet_id]
        at = self.now()
        decision = Decision(
            packet_id=packet_id,
            versions=Versions(
                rules=self.office.policy.rules_version,
                directory=await self.ledger.directory_version(),
                trust="t1",
            ),
            verdict=Verdict.REFUSED if violations else Verdict.ACCEPTED,
            violations=violations,
            findings=(),
            decided_at=at,
            **told,
        )
        kind = Kind.SUBMISSION_REJECTION if violations else Kind.SUBMISSION_ACCEPTANCE
        event = make_event(
            kind, packet_id, packet_id=packet_id, connection=row.intake.connection, at=at, facts={}
        )
        ending = Settled(decision=decision, events=(event,), outgoing=())
        ruling = Ruling(
            row=row,
            report=report,
            document=None if violations else document,
            recipients=() if violations else recipients,
            ending=ending,
            id_taken=None if violations else ending,
        )
        await self.ledger.record_rulings([ruling], at=at)
        if not violations:
            record = Accepted(
                event_id="a" * 32,
                packet_id=packet_id,
                agency=document.agency,
                document_id=document.document_id,
                priority=document.priority,
                accepted_at=at,
            )
            await route(self.office, [incoming(ACCEPTED, encode_accepted(record, SCHEMAS))])

    async def park(self, packet_id, violation):
        """Let a packet wait."""
        row = (await self.ledger.intakes([packet_id]))[packet_id]
        at = self.now()
        parking = Parking(
            intake=row.intake,
            code=violation.code,
            detail=violation.detail,
            at=at,
            next_try_at=at + timedelta(minutes=1),
            deadline=at + timedelta(hours=4),
        )
        await self.ledger.park([parking])

    async def acknowledge(self):
        """Apply the statuses that were published."""
        await self.courier.drained()
        records = [incoming(ACK, one.value) for one in self.published if one.topic == ACK]
        await acknowledge(self.office, records)

    async def seal(self):
        """Seal what there is, with a seal that anybody can see through."""
        return await seal_once(self.ledger, lambda data: b"sealed:" + data, self.now)


def incoming(topic, value):
    return Incoming(topic=topic, partition=0, offset=0, key=b"", value=value)
