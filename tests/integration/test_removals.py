"""Content that goes on purpose: by policy, or because it is a state secret; and what stays."""

import os
from collections import deque
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from axis.checks.policy import SHIPPED, parse_policy
from axis.content.uploads import Uploads
from axis.desk.removing import due, end_removals, let_go
from axis.errors import SetupError
from axis.store.reconciling import read_known
from axis.store.removals import close_incident, list_incidents, why_removed
from axis.violations import Code
from tests.lab.house import ENVELOPE, NOON, house, report

__all__ = ["house"]

SUBJECT = "Kế hoạch diễn tập khu vực 7"
SECRET = msgspec.structs.replace(
    ENVELOPE,
    subject=f"(MẬT) {SUBJECT}",
    document_id="G22,2026/11/20,77/KH-BTM",
    number="77",
    notation="KH-BTM",
)


def aged(house, sha256, **age):
    """Give a stored file its age: the store goes by the disk's own moments."""
    moment = (house.at - timedelta(**age)).timestamp()
    os.utime(house.content.path(sha256), (moment, moment))


async def whole_database(pool):
    """Every row of every table as text."""
    tables = await pool.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = []
    for table in tables:
        found = await pool.fetch(f"SELECT t::text FROM {table[0]} AS t")
        rows += [(table[0], row[0]) for row in found]
    return rows


async def found_secret(house):
    taken = await house.take(data=b"<packet>secret</packet>", envelope=SECRET)
    house.gate.answers = deque([report(envelope=SECRET)])
    await house.carry()
    return taken


async def test_t10_a_state_secret_found_after_taking_leaves_an_incident_and_nothing_of_itself(house):
    """Refused with a receipt for its sender; content, report, number and subject are nowhere any more."""
    taken = await found_secret(house)
    spool = house.content.spool()
    spool.write(b"<packet>secret</packet>")
    Uploads(house.content.root).keep("dms", spool)
    assert await house.state(taken.packet_id) == "answered"
    [decision] = await house.pool.fetch("SELECT verdict, violations::text AS v FROM decision")
    assert decision["verdict"] == "refused"
    assert [one["code"] for one in msgspec.json.decode(decision["v"])] == [Code.SECRECY_MARKED]
    assert await house.events() == ["SubmissionRejection"]
    async with house.pool.acquire() as conn:
        assert await end_removals(conn, house.content, at=house.at + timedelta(days=300)) == 1
        [incident] = await list_incidents(conn, 10)
    assert not [path for path in house.content.root.rglob(taken.sha256) if path.is_file()]
    assert (incident.packet_id, incident.connection, incident.field) == (taken.packet_id, "vpcp", "Subject")
    for table, row in await whole_database(house.pool):
        hexed = SUBJECT.encode().hex(), b"77/KH-BTM".hex()
        for word in (SUBJECT, "KH-BTM", *hexed):
            assert word not in row, f"{table} still tells of it"
    assert await why_removed(house.pool, taken.sha256) == "state-secret"


async def test_t10_a_state_secret_sent_again_goes_again(house):
    """The same verdict; its bytes go once nothing under way needs them, and not while its row is written."""
    taken = await found_secret(house)
    later = house.at + timedelta(days=300)
    async with house.pool.acquire() as conn:
        await end_removals(conn, house.content, at=later)
        again = await house.take(data=b"<packet>secret</packet>", envelope=SECRET)
        assert again.packet_id == taken.packet_id
        os.utime(house.content.path(taken.sha256), (later.timestamp(), later.timestamp()))
        assert await end_removals(conn, house.content, at=later + timedelta(seconds=30)) == 0
        assert await end_removals(conn, house.content, at=later + timedelta(seconds=90)) == 1
        assert len(await list_incidents(conn, 10)) == 1


async def test_an_incident_is_closed_once_and_never_changed(house):
    """Append only but for its closing word."""
    await found_secret(house)
    async with house.pool.acquire() as conn:
        [incident] = await list_incidents(conn, 10)
        assert await close_incident(conn, incident.incident_id, note="đã báo", at=house.at)
        assert not await close_incident(conn, incident.incident_id, note="khác", at=house.at)
    for change in (
        "UPDATE incident SET field = ''",
        "DELETE FROM incident",
        "UPDATE incident SET closed_note = ''",
    ):
        with pytest.raises(asyncpg.RaiseError, match="append only"):
            await house.pool.execute(change)


async def answered(house):
    """Bring one document all the way: fetched and answered by both recipients."""
    taken = await house.take()
    await house.carry()
    await house.desk.fetched(connection="dms", packet_id=taken.packet_id)
    for agency in ("H37", "H37.02"):
        await house.answer("03", agency=agency)
    await house.carry()
    return taken


async def test_t12_retention_takes_content_and_leaves_everything_else(house):
    """After its days, and only what everybody has fetched and answered; rows and events stay as they were."""
    taken = await answered(house)
    aged(house, taken.sha256, hours=2)
    before = await house.pool.fetch("SELECT * FROM event ORDER BY seq")
    async with house.pool.acquire() as conn:
        assert await due(conn, house.content, days=0, at=NOON + timedelta(days=900)) == []
        assert await due(conn, house.content, days=30, at=NOON + timedelta(days=29)) == []
        at = NOON + timedelta(days=31)
        found = await due(conn, house.content, days=30, at=at)
        assert [(one.sha256, one.packets) for one in found] == [(taken.sha256, (taken.packet_id,))]
        assert house.content.path(taken.sha256).exists(), "a look removes nothing"
        assert await let_go(conn, house.content, found, at=at) == 1
        assert await due(conn, house.content, days=30, at=at) == []
        known = await read_known(conn)
    assert not house.content.path(taken.sha256).exists()
    assert taken.sha256 in known.removed, "reconciliation does not miss it"
    assert await house.pool.fetch("SELECT * FROM event ORDER BY seq") == before
    assert await why_removed(house.pool, taken.sha256) == "retention"


@pytest.mark.parametrize(
    "undone",
    [
        "UPDATE delivery SET answered_at = NULL WHERE recipient = 'H37'",
        "UPDATE delivery SET fetched_at = NULL WHERE recipient = 'H37'",
        "UPDATE document SET routed_to = 1",
    ],
    ids=["not answered", "not fetched", "not routed"],
)
async def test_t12_what_somebody_still_needs_stays(house, undone):
    """One recipient that has not fetched, or not answered, keeps the content for all."""
    taken = await answered(house)
    aged(house, taken.sha256, hours=2)
    await house.pool.execute(undone)
    async with house.pool.acquire() as conn:
        assert await due(conn, house.content, days=30, at=NOON + timedelta(days=900)) == []


async def test_t12_the_same_bytes_under_way_for_another_connection_stay(house):
    """Content is kept once for all who sent it: the last one who needs it keeps it."""
    taken = await answered(house)
    await house.take(connection="dms")
    aged(house, taken.sha256, hours=2)
    async with house.pool.acquire() as conn:
        assert await due(conn, house.content, days=30, at=NOON + timedelta(days=900)) == []


async def test_t12_bytes_that_just_came_are_never_removed(house):
    """A door may have put them there and be writing its row: they go back to their place."""
    taken = await answered(house)
    aged(house, taken.sha256, hours=2)
    at = NOON + timedelta(days=31)
    async with house.pool.acquire() as conn:
        found = await due(conn, house.content, days=30, at=at)
        os.utime(house.content.path(taken.sha256), (at.timestamp(), at.timestamp()))
        assert await let_go(conn, house.content, found, at=at) == 0
    assert house.content.whole(taken.sha256)


def test_policy_says_never_or_a_number_of_days():
    """A negative number would remove everything at once."""
    data = msgspec.json.decode(SHIPPED.read_bytes())
    assert parse_policy(msgspec.json.encode(data)).keep_content_days == 0
    with pytest.raises(SetupError, match="keep_content_days"):
        parse_policy(msgspec.json.encode({**data, "keep_content_days": -1}))
