"""The moves of the desk on a real PostgreSQL and content store; only the gate's answer is given."""

import asyncio
import json
from collections import deque
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.codec import Accepted, Submission, decode_submission, encode_accepted, encode_submission
from axis.contract.schemas import NEWEST, WRITTEN, Schemas
from axis.desk import admitting
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.keeping import expire, resume, sweep
from axis.desk.office import Office
from axis.desk.sealing import seal_once
from axis.desk.trustlist import Held
from axis.edxml.status import build_status
from axis.envelope import Envelope, Organ, ResponseFor, SignerInfo, StatusPacket
from axis.errors import UnavailableError
from axis.evidence.receipts import receipt_bytes, verify_receipt
from axis.gate.answers import Altered, Undetermined
from axis.reports import FileKind, FileReport, GateReport, Outcome, Part, PdfReport, SignatureReport
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.traffic import Incoming
from axis.violations import Code, Violation
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


async def test_a_good_document_reaches_every_mailbox_and_leaves_evidence(house):
    """Taken, accepted, one delivery per recipient, one mailbox entry per connection."""
    taken = await house.take()
    assert await house.carry() == ["axis.submission.v1", "axis.accepted.v1"]
    assert await house.state(taken.packet_id) == "answered"
    assert await house.events() == ["SubmissionAcceptance", "ContentConsignment", "ContentConsignment"]
    boxes = await house.pool.fetch("SELECT connection, recipients FROM mailbox")
    assert [(row[0], sorted(row[1])) for row in boxes] == [("dms", ["H37", "H37.02"])]


async def test_every_record_brought_twice_changes_nothing(house):
    """At least once on the road is once in the memory (I2)."""
    await house.take()
    seen = []
    while rows := await house.pool.fetch("DELETE FROM outbox RETURNING topic, value"):
        for row in rows:
            seen.append(row)
            await house.bring(*row)
    before = await house.events()
    asked = house.gate.asked
    for row in seen:
        await house.bring(*row)
    assert await house.events() == before
    assert house.gate.asked == asked
    assert await house.pool.fetchval("SELECT count(*) FROM delivery") == 2
    assert await house.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_refusal_tells_every_reason_and_delivers_nothing(house):
    """All violations are collected, with the versions that they were judged under."""
    bad = Part(outcome=Outcome.REFUSED, reasons=(Violation(Code.DIGEST_MISMATCH, "signatures[0]", ""),))
    envelope = msgspec.structs.replace(ENVELOPE, recipients=(Organ(code="ZZ"),))
    house.gate.answers = deque([report(integrity=bad, envelope=envelope)])
    await house.take()
    await house.carry()
    assert await house.events() == ["SubmissionRejection"]
    body = json.loads(await house.pool.fetchval("SELECT body FROM event"))
    assert [(one["code"], one["rule"], one["field"]) for one in body["reasons"]] == [
        ("signature.digest-mismatch", "G6", "files[0].signatures[0]"),
        ("authority.recipient-unknown", "A3", "To[0].OrganId"),
    ]
    assert body["versions"]["directory"] == 1
    assert await house.pool.fetchval("SELECT count(*) FROM delivery") == 0


async def test_a_document_waits_for_revocation_data_and_goes_on_by_itself(house):
    """TRY_LATER is a named state with a deadline; nothing was delivered meanwhile (I4)."""
    reason = Violation(Code.REVOCATION_UNAVAILABLE, "", "crl")
    house.gate.answers = deque([report(trust=Part(outcome=Outcome.WAITING, reasons=(reason,))), report()])
    taken = await house.take()
    await house.carry()
    assert await house.state(taken.packet_id) == "waiting"
    assert await house.events() == []
    house.at += timedelta(seconds=6)
    assert await resume(house.office) == 1
    assert await sweep(house.office, house.publish) == 1
    for message in house.sent:
        await house.bring(message.topic, message.value)
    assert await house.state(taken.packet_id) == "answered"
    assert (await house.events())[0] == "SubmissionAcceptance"
    assert await house.pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_a_file_without_an_answer_is_tried_ever_more_seldom(house):
    """W2: what may cost two processes each time cannot be had every minute; a source that is away can."""
    pauses = {}
    for code in (Code.GATE_UNDETERMINED, Code.REVOCATION_UNAVAILABLE):
        away = report(trust=Part(outcome=Outcome.WAITING, reasons=(Violation(code, "", ""),)))
        silent = Undetermined(code=code, detail="wall")
        house.gate.answers = deque([silent if code is Code.GATE_UNDETERMINED else away])
        taken = await house.take(data=code.encode(), envelope=None)
        value = await house.pool.fetchval("DELETE FROM outbox RETURNING value")
        found = pauses.setdefault(code, [])
        for _ in range(9):
            await house.bring("axis.submission.v1", value)
            due = await house.pool.fetchval(
                "SELECT next_try_at FROM parked WHERE packet_id = $1", taken.packet_id
            )
            found.append((due - house.at).total_seconds())
    assert pauses[Code.GATE_UNDETERMINED] == [45, 90, 180, 360, 720, 1440, 2880, 3600, 3600]
    assert pauses[Code.REVOCATION_UNAVAILABLE][:2] == [5, 10]
    # A round of the keeper comes on top, and the judging: within a minute of the source's return.
    assert max(pauses[Code.REVOCATION_UNAVAILABLE]) <= 50


async def test_a_slow_packet_does_not_hold_up_its_neighbours(house, monkeypatch):
    """The others of its batch are answered first; it waits by name meanwhile, and ends by itself."""
    monkeypatch.setattr(admitting, "SLOW_SECONDS", 0.1)
    go_on = asyncio.Event()
    quick = house.gate.judge

    async def judge(path, **asked):
        if path.read_bytes() == b"<slow/>":
            await go_on.wait()
        return await quick(path, **asked)

    house.gate.judge = judge
    slow = await house.take(b"<slow/>", envelope=msgspec.structs.replace(ENVELOPE, document_id="slow"))
    fast = await house.take(b"<fast/>")
    rows = await house.pool.fetch("DELETE FROM outbox RETURNING topic, value")
    batch = [
        Incoming(topic=row["topic"], partition=0, offset=n, key=b"k", value=row["value"])
        for n, row in enumerate(rows)
    ]
    await house.desk.admit(batch)
    assert await house.state(fast.packet_id) == "answered"
    assert await house.state(slow.packet_id) == "waiting"
    go_on.set()
    await asyncio.gather(*house.office.slow_lane)
    assert await house.state(slow.packet_id) == "answered"
    assert not house.office.slow_lane
    assert await house.pool.fetchval("SELECT count(*) FROM parked") == 0


async def test_what_is_not_judged_in_time_ends_and_may_come_again(house):
    """W4: sealed negative evidence, the number not taken."""
    house.gate.answers = deque([Undetermined(code=Code.GATE_UNDETERMINED, detail="killed")])
    taken = await house.take()
    await house.carry()
    house.at += timedelta(hours=25)
    assert await expire(house.office) == 1
    assert await expire(house.office) == 0
    assert await house.events() == ["SubmissionExpiry"]
    house.gate.answers = deque([report()])
    again = await house.take()
    assert again.packet_id == taken.packet_id
    await house.carry()
    assert (await house.events())[1] == "SubmissionAcceptance"


async def test_altered_content_is_our_trouble_and_never_a_verdict(house):
    """Q4: quarantined with its intake; no receipt says anything of the document."""
    house.gate.answers = deque([Altered(expected="a", found="b")])
    taken = await house.take()
    await house.carry()
    assert await house.state(taken.packet_id) == "quarantined"
    assert await house.events() == []
    assert await house.pool.fetchval("SELECT code FROM quarantine") == "quarantine.content-altered"


async def test_a_replayed_record_is_judged_anew(house):
    """What was set aside rests, is not sent again by itself, and goes on when it is replayed."""
    house.gate.answers = deque([Altered(expected="a", found="b"), report()])
    taken = await house.take()
    row = await house.pool.fetchrow("SELECT topic, value FROM outbox")
    await house.carry()
    house.at += timedelta(minutes=5)
    assert await resume(house.office) == 0
    await house.bring(*row)
    assert await house.state(taken.packet_id) == "answered"
    assert await house.events() == ["SubmissionAcceptance"]


async def test_an_accepted_document_whose_record_was_lost_is_routed_by_itself(house):
    """The broker may forget; the memory does not."""
    await house.take()
    row = await house.pool.fetchrow("DELETE FROM outbox RETURNING topic, value")
    await house.bring(*row)
    await house.pool.execute("DELETE FROM outbox")
    assert await resume(house.office) == 0
    house.at += timedelta(minutes=5)
    assert await resume(house.office) == 1
    assert await resume(house.office) == 0
    await house.carry()
    assert await house.pool.fetchval("SELECT count(*) FROM delivery") == 2


async def test_a_status_whose_record_was_lost_is_recorded_by_itself(house):
    """The same for answers; once in two minutes, not at every look."""
    await house.take()
    await house.carry()
    await house.answer("03")
    await house.pool.execute("DELETE FROM outbox")
    house.at += timedelta(minutes=5)
    assert await resume(house.office) == 1
    assert await resume(house.office) == 0
    await house.carry()
    assert await house.pool.fetchval("SELECT state FROM delivery WHERE recipient = 'H37'") == "03"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "quarantine.record-unreadable"),
        (b"", "quarantine.record-unreadable"),
        (b"junk that is no record", "quarantine.record-unreadable"),
        (b"\x00\x00\x00\x00\x63rest", "quarantine.schema-unknown"),
        (b"\x00" * 60_000, "quarantine.schema-unknown"),
    ],
    ids=["null", "empty", "junk", "unknown-schema", "zeros"],
)
@pytest.mark.parametrize("topic", ["axis.submission.v1", "axis.accepted.v1", "axis.ack.v1"])
async def test_poison_is_set_aside_byte_for_byte(house, topic, value, code):
    """The next record is still served, and the bytes can be had again."""
    await house.bring(topic, value)
    row = await house.pool.fetchrow("SELECT code, sha256 FROM quarantine")
    assert row["code"] == code
    assert house.content.path(row["sha256"]).read_bytes() == (value or b"")


async def test_a_forged_record_about_nothing_is_set_aside(house):
    """Q3: a record can only speak of what our memory holds."""
    fields = {
        "event_id": "e",
        "packet_id": "f" * 32,
        "connection": "c",
        "sha256": "0" * 64,
        "size": 1,
        "door": "rest",
        "received_at": NOON,
        "priority": 0,
        "take": 1,
    }
    await house.bring("axis.submission.v1", encode_submission(Submission(**fields), SCHEMAS))
    assert await house.pool.fetchval("SELECT code FROM quarantine") == "quarantine.no-such-intake"


async def test_a_forged_record_of_another_take_hides_nothing(house):
    """In one batch with the true record, before it and behind it: the packet is judged all the same."""
    taken = await house.take()
    row = await house.pool.fetchrow("DELETE FROM outbox RETURNING topic, value")
    true = decode_submission(row["value"], SCHEMAS)
    forged = encode_submission(msgspec.structs.replace(true, take=99), SCHEMAS)
    strange = encode_submission(msgspec.structs.replace(true, packet_id="f" * 32), SCHEMAS)
    values = [strange, forged, row["value"], row["value"], forged, strange]
    await house.desk.admit(
        [
            Incoming(topic=row["topic"], partition=0, offset=n, key=b"k", value=value)
            for n, value in enumerate(values)
        ]
    )
    assert await house.state(taken.packet_id) == "answered"
    aside = await house.pool.fetch('SELECT "offset" FROM quarantine')
    assert sorted(one["offset"] for one in aside) == [0, 5]


async def test_a_forged_acceptance_of_nothing_is_set_aside(house):
    """Q3 for the road to routing: whatever cannot be routed is kept, never passed over in silence."""
    record = Accepted(
        event_id="e", packet_id="f" * 32, agency="G22", document_id="x", priority=0, accepted_at=NOON
    )
    await house.bring("axis.accepted.v1", encode_accepted(record, SCHEMAS))
    assert await house.pool.fetchval("SELECT code FROM quarantine") == "quarantine.no-such-intake"


async def test_statuses_are_recorded_and_told_to_the_sender(house):
    """01, 03, 05, 06: the shown state moves on, the sender gets each one, evidence each time."""
    await house.take()
    await house.carry()
    for code in ("01", "03", "05", "06"):
        await house.answer(code)
    await house.carry()
    assert await house.pool.fetchval("SELECT state FROM delivery WHERE recipient = 'H37'") == "06"
    assert (await house.events()).count("HandlingStatus") == 4
    told = "SELECT count(*) FROM mailbox WHERE connection = 'vpcp' AND kind = 'status'"
    assert await house.pool.fetchval(told) == 4


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param({"code": "03", "connection": "stranger"}, "status.not-the-recipient", id="K2"),
        pytest.param({"code": "03", "agency": "G22"}, "status.no-such-delivery", id="K1"),
        pytest.param({"code": "03", "agency": "ZZ"}, "status.no-such-delivery", id="K1-unknown-agency"),
        pytest.param({"code": "02"}, "status.reason-missing", id="K3"),
    ],
)
async def test_a_status_of_the_wrong_party_changes_nothing(house, said, code):
    """Refused with its reason; the one who said it gets a receipt of the refusal."""
    await house.take()
    await house.carry()
    await house.answer(**said)
    await house.carry()
    assert await house.pool.fetchval("SELECT state FROM delivery WHERE recipient = 'H37'") == "consigned"
    body = json.loads(await house.pool.fetchval("SELECT body FROM event ORDER BY seq DESC LIMIT 1"))
    assert body["kind"] == "HandlingStatusRejection"
    assert [one["code"] for one in body["reasons"]] == [code]


async def test_a_recall_request_is_passed_to_the_recipient(house):
    """13 comes from the sender: stored, passed on, no finding, and the state stays."""
    await house.take()
    await house.carry()
    packet = StatusPacket(
        sender=Organ(code="G22"),
        response_for=ResponseFor(organ_code="H37", document_id=ENVELOPE.document_id),
        code="13",
        description="gửi nhầm",
    )
    await house.desk.take_status(
        connection="vpcp", data=build_status(packet), organ_code="H37", document_id=ENVELOPE.document_id
    )
    await house.carry()
    row = await house.pool.fetchrow("SELECT state, findings FROM handling")
    assert row["state"] == "recorded"
    assert json.loads(row["findings"]) == []
    assert await house.pool.fetchval("SELECT state FROM delivery WHERE recipient = 'H37'") == "consigned"
    assert await house.pool.fetchval("SELECT connection FROM mailbox WHERE kind = 'status'") == "dms"


async def test_fetching_is_a_handover_with_evidence(house):
    """Once per recipient, however often it is downloaded."""
    taken = await house.take()
    await house.carry()
    assert await house.desk.fetched(connection="dms", packet_id=taken.packet_id) == 2
    assert await house.desk.fetched(connection="dms", packet_id=taken.packet_id) == 0
    assert (await house.events()).count("ContentHandover") == 2


async def test_all_events_of_a_round_share_one_seal_and_each_has_its_receipt(house):
    """What is sealed is what was written down, byte for byte."""
    await house.take()
    await house.carry()
    sealed = await seal_once(house.ledger, lambda data: b"mark" + data[:4], lambda: house.at)
    assert sealed == 3
    assert await seal_once(house.ledger, lambda _: b"", lambda: house.at) == 0
    rows = await house.pool.fetch(
        """SELECT event.body, kind, leaf_index, proof, checkpoint.body AS sealed, signature
             FROM receipt JOIN event USING (event_id) JOIN checkpoint USING (checkpoint_id)"""
    )
    assert len({row["signature"] for row in rows}) == 1
    for row in rows:
        data = receipt_bytes(
            body=row["body"],
            leaf_index=row["leaf_index"],
            proof=row["proof"],
            checkpoint=row["sealed"],
            signature=row["signature"],
        )
        event, _ = verify_receipt(data, lambda *_: None)
        assert event["kind"] == row["kind"]


async def test_an_outage_of_our_database_decides_nothing(house):
    """Unavailable is no verdict: the batch is not let go."""
    await house.take()
    row = await house.pool.fetchrow("SELECT topic, value FROM outbox")
    await house.pool.close()
    with pytest.raises(UnavailableError):
        await house.bring(*row)
