"""The moves of the desk on a real PostgreSQL and content store; only the gate's answer is given."""

import asyncio
import json
from collections import deque
from datetime import timedelta

import msgspec
import pytest

from axis.desk import admitting
from axis.desk.keeping import expire, resume, sweep
from axis.desk.sealing import seal_once
from axis.edxml.status import build_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.evidence.receipts import receipt_bytes, verify_receipt
from axis.gate.answers import Undetermined
from axis.reports import Outcome, Part
from axis.traffic import Incoming
from axis.violations import Code, Violation
from tests.lab.house import ENVELOPE, house, report

__all__ = ["house"]


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
