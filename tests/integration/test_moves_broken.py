"""Records that are lost, broken or forged, on a real PostgreSQL: nothing is decided by them."""

from collections import deque
from datetime import timedelta

import msgspec
import pytest

from axis.contract.codec import Accepted, Submission, decode_submission, encode_accepted, encode_submission
from axis.desk.keeping import resume
from axis.errors import UnavailableError
from axis.gate.answers import Altered
from axis.traffic import Incoming
from tests.lab.house import NOON, SCHEMAS, house, report

__all__ = ["house"]


async def test_altered_content_is_our_trouble_and_never_a_verdict(house):
    """Q4: quarantined with its intake; no receipt says anything of the document."""
    house.gate.answers = deque([Altered(expected="a", found="b")])
    taken = await house.take()
    await house.carry()
    assert await house.state(taken.packet_id) == "quarantined"
    assert await house.events() == []
    assert await house.pool.fetchval("SELECT code FROM quarantine") == "quarantine.content-altered"


@pytest.mark.parametrize("stored", [None, b"<status>another</status>"], ids=["lost", "altered"])
async def test_a_status_whose_bytes_are_lost_or_altered_says_nothing(house, stored):
    """Q4 for answers: set aside, no state moves; put back and replayed, it is recorded."""
    await house.take()
    await house.carry()
    await house.answer("03")
    record = await house.pool.fetchrow("SELECT topic, value FROM outbox WHERE topic = 'axis.ack.v1'")
    before = await house.events()
    path = house.content.path(await house.pool.fetchval("SELECT sha256 FROM handling"))
    said = path.read_bytes()
    path.unlink()
    if stored is not None:
        path.write_bytes(stored)
    await house.carry()
    assert await house.events() == before
    assert await house.pool.fetchval("SELECT state FROM delivery WHERE recipient = 'H37'") == "consigned"
    assert await house.pool.fetchval("SELECT code FROM quarantine") == "quarantine.content-altered"
    path.write_bytes(said)
    await house.bring(*record)
    assert await house.pool.fetchval("SELECT state FROM delivery WHERE recipient = 'H37'") == "03"


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


async def test_an_outage_of_our_database_decides_nothing(house):
    """Unavailable is no verdict: the batch is not let go."""
    await house.take()
    row = await house.pool.fetchrow("SELECT topic, value FROM outbox")
    await house.pool.close()
    with pytest.raises(UnavailableError):
        await house.bring(*row)
