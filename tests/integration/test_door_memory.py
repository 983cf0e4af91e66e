"""What the Kafka door keeps in the database: uploads, notices, and the queue of inbox topics."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from axis.content.store import ContentStore
from axis.content.uploads import Uploads
from axis.keeper.leftover import Leftover
from axis.store.doors import DoorMemory, Notice
from axis.store.pool import open_pool

NOW = datetime.now(UTC)
SHA256 = "0" * 64


@pytest.fixture
async def pool(pg_url):
    pool = await open_pool(pg_url, size=2)
    for name, user in (("speaks", "conn.speaks.1"), ("http", ""), ("other", "conn.other.1")):
        await pool.execute(
            "INSERT INTO connection (name, client_id, secret_sha256, bytes_per_second, requests_per_second,"
            " max_packet_bytes, created_at, kafka_user) VALUES ($1, $1, $1, 1, 1, 1, $2, $3)",
            name,
            NOW,
            user,
        )
    yield pool
    await pool.close()


@pytest.fixture
def memory(pool):
    return DoorMemory(pool)


async def box(pool, name, kind, subject, packet="p", *, recipients=()):
    return await pool.fetchval(
        "INSERT INTO mailbox (connection, kind, subject, packet_id, recipients, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING entry_id",
        name,
        kind,
        subject,
        packet,
        list(recipients),
        NOW,
    )


async def document(pool, packet, recipients, routed_to):
    await pool.execute(
        "INSERT INTO intake (packet_id, connection, sha256, size, door, received_at, state, message_key)"
        " VALUES ($1, 'other', 's', 1, 'kafka', $2, 'answered', '')",
        packet,
        NOW,
    )
    await pool.execute(
        "INSERT INTO document (packet_id, agency, document_id, number, notation, type_name, subject,"
        " issued_on, priority, accepted_at, splice_offset, splice, recipients, routed_to)"
        " VALUES ($1, 'G09', $1, '1', 'n', 't', 's', '2026-11-20', 0, $2, 0, '', $3, $4)",
        packet,
        NOW,
        list(recipients),
        routed_to,
    )


async def test_an_upload_counts_for_who_brought_it_and_for_a_day(memory):
    """Used ones are history; unused ones are forgotten, each by its own owner."""
    await memory.add_upload("speaks", SHA256, 7, at=NOW)
    await memory.add_upload("other", SHA256, 7, at=NOW)
    assert await memory.use_upload("http", SHA256, at=NOW) is None
    assert await memory.use_upload("speaks", SHA256, at=NOW) == 7
    assert await memory.use_upload("speaks", SHA256, at=NOW) == 7
    assert await memory.drop_uploads(before=NOW - timedelta(hours=24), limit=10) == []
    later = NOW + timedelta(seconds=1)
    assert await memory.drop_uploads(before=later, limit=10) == [("other", SHA256)]
    assert await memory.use_upload("other", SHA256, at=NOW) is None
    assert await memory.drop_uploads(before=later, limit=10) == []


@pytest.mark.parametrize(
    ("has", "age", "stays"),
    [
        pytest.param(set(), 2, False, id="forgotten by a restore"),
        pytest.param(set(), 0, True, id="its door is writing the row"),
        pytest.param({"row"}, 2, True, id="waits to be handed in"),
        pytest.param({"row", "used", "content"}, 2, False, id="brought again, handed in before"),
        pytest.param({"row", "used"}, 2, True, id="handed in, its record comes again"),
    ],
)
async def test_an_upload_that_waits_for_nothing_goes(memory, tmp_path, has, age, stays):
    """Bytes without a row, or left over beside their content, are let go when they are a day old."""
    store = ContentStore(tmp_path)
    uploads = Uploads(store.root)
    data = b"<edXML/>"
    spool = store.spool()
    spool.write(data)
    sha256 = uploads.keep("speaks", spool)
    [path] = (tmp_path / "uploads").glob("*/*")
    then = time.time() - timedelta(days=age).total_seconds()
    os.utime(path, (then, then))
    if "row" in has:
        await memory.add_upload("speaks", sha256, len(data), at=NOW)
    if "used" in has:
        await memory.use_upload("speaks", sha256, at=NOW)
    if "content" in has:
        store.put(data)
    leftover = Leftover(memory, store, seconds=86400)
    assert await leftover.keep() == (not stays)
    assert path.exists() == stays
    assert store.path(sha256).exists() == ("content" in has)
    assert await leftover.keep() == 0, "and not looked at again at once"


async def test_a_notice_is_told_once_and_to_its_connection_only(pool, memory):
    """A record that is read again after a crash makes no second one."""
    one = Notice(
        notice_id="n1",
        connection="speaks",
        code="take.too-large",
        field="packet",
        detail="",
        reference="r",
        record="t[0]@7",
        at=NOW,
    )
    assert [await memory.note(one), await memory.note(one)] == [True, False]
    assert await memory.notice("n1", "speaks") == one
    assert await memory.notice("n1", "other") is None
    assert await pool.fetchval("SELECT count(*) FROM mailbox WHERE kind = 'notice'") == 1
    assert [entry.subject for entry in await memory.unpublished([], 10)] == ["n1"]


async def test_only_connections_that_speak_kafka_are_queued(pool, memory):
    """In the transaction that fills the mailbox; undone with it."""
    await box(pool, "http", "receipt", "e1")
    kept = await box(pool, "speaks", "receipt", "e2")
    async with pool.acquire() as conn:
        undone = conn.transaction()
        await undone.start()
        await box(conn, "speaks", "receipt", "e3")
        await undone.rollback()
    assert [entry.entry_id for entry in await memory.unpublished([], 10)] == [kept]
    assert await memory.unpublished(["speaks"], 10) == []
    await memory.published([kept])
    assert await memory.unpublished([], 10) == []
    assert await memory.count_unpublished() == 0


async def test_a_connection_that_begins_to_speak_kafka_gets_its_mail(pool, memory):
    """What it has marked is not published."""
    first = await box(pool, "http", "receipt", "e1")
    second = await box(pool, "http", "receipt", "e2")
    await pool.execute("UPDATE mailbox SET marked_at = $2 WHERE entry_id = $1", second, NOW)
    await pool.execute("UPDATE connection SET kafka_user = 'conn.http.1' WHERE name = 'http'")
    assert [entry.entry_id for entry in await memory.unpublished([], 10)] == [first]


async def test_who_fills_the_inbox_topics_is_rung_for_them_alone(pool):
    """Entries of connections that fetch by themselves ring nobody there; what is undone neither."""
    rung = asyncio.Queue()
    async with pool.acquire() as listening:
        await listening.add_listener("axis_inbox", lambda *_: rung.put_nowait("rung"))
        await box(pool, "http", "receipt", "e1")
        with pytest.raises(asyncpg.UniqueViolationError):
            await box(pool, "http", "receipt", "e1")
        await pool.execute("SELECT pg_notify('axis_inbox', '')")  # comes behind what came before it
        assert await asyncio.wait_for(rung.get(), 5) == "rung"
        assert rung.empty()
        await box(pool, "speaks", "receipt", "e2")
        await asyncio.wait_for(rung.get(), 5)
        await pool.execute("UPDATE connection SET kafka_user = 'conn.http.1' WHERE name = 'http'")
        await asyncio.wait_for(rung.get(), 5)
        await listening.reset()


async def test_a_document_waits_until_it_is_routed_to_all(pool, memory):
    """Its record names all recipients; nothing else waits for it."""
    await document(pool, "p1", ["H1", "H2"], 1)
    await box(pool, "speaks", "document", "p1", "p1", recipients=["H1"])
    receipt = await box(pool, "speaks", "receipt", "e1", "p1")
    assert [entry.entry_id for entry in await memory.unpublished([], 10)] == [receipt]
    await pool.execute("UPDATE mailbox SET recipients = '{H1,H2}' WHERE kind = 'document'")
    await pool.execute("UPDATE document SET routed_to = 2")
    (whole,) = [entry for entry in await memory.unpublished([], 10) if entry.kind == "document"]
    assert (whole.recipients, whole.agency, whole.issued_on) == (("H1", "H2"), "G09", "2026-11-20")
    assert not whole.stale
    await pool.execute("UPDATE mailbox SET marked_at = now() WHERE kind = 'document'")
    (whole,) = [entry for entry in await memory.unpublished([], 10) if entry.kind == "document"]
    assert whole.stale


async def test_receipts_of_a_packet_come_again_when_asked(pool, memory):
    """Of that connection and packet, and nothing else."""
    wanted = await box(pool, "speaks", "receipt", "e1", "p1")
    await box(pool, "speaks", "receipt", "e2", "p2")
    await box(pool, "other", "receipt", "e3", "p1")
    await pool.execute("DELETE FROM inbox_unpublished")
    await memory.publish_again("speaks", "p1")
    await memory.publish_again("speaks", "p1")
    assert [entry.entry_id for entry in await memory.unpublished([], 10)] == [wanted]


async def test_an_entry_is_known_by_its_owner_only(pool, memory):
    """``received`` of another's entry finds nothing and marks nothing."""
    await box(pool, "speaks", "receipt", "e1")
    assert await memory.entry_kind("speaks", "e1") == "receipt"
    assert await memory.entry_kind("other", "e1") is None
    await memory.mark("other", "e1", at=NOW)
    assert await pool.fetchval("SELECT marked_at FROM mailbox") is None
    await memory.mark("speaks", "e1", at=NOW)
    await memory.mark("speaks", "e1", at=NOW + timedelta(hours=1))
    assert await pool.fetchval("SELECT marked_at FROM mailbox") == NOW
