"""What operations look at says what is in the tables, by its age and by its name."""

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY

from axis.content.store import ContentStore
from axis.document import Intake
from axis.keeper.showing import Showing
from axis.store.ledger import Ledger
from axis.store.observing import read_connections, read_queues, read_sources
from axis.store.pool import open_pool
from axis.store.quarantine import close_entry, list_quarantine
from axis.traffic import Outgoing, Quarantined
from axis.violations import Code

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
async def pool(pg_url):
    pool = await open_pool(pg_url, size=2, application="test")
    yield pool
    await pool.close()


async def test_an_empty_axis_has_no_age(pool):
    """Nothing waits: every age is none, every count nought."""
    queues = await read_queues(pool, at=NOW)
    assert (queues.oldest_unsealed, queues.outbox, queues.oldest_outbox, queues.overdue) == (None, 0, None, 0)
    assert (queues.waiting_since, queues.quarantined) == ({}, {})
    assert await read_connections(pool, at=NOW) == {}
    assert await read_sources(pool, ("http://a/crl",)) == {}


async def taken(pool, name, *, at, connection="c"):
    intake = Intake(
        packet_id=name, connection=connection, sha256="0" * 64, size=1, received_at=at, door="rest"
    )
    message = Outgoing(topic="axis.submission.v1", key=b"k", value=b"v", event_id=name)
    await Ledger(pool).take_packet(
        intake, b"k", lambda _take: message, rules="1", trust="t", idempotency=None
    )


async def test_a_packet_that_waits_by_name_is_no_backlog(pool):
    """The oldest is the oldest that nobody has judged: one that waits has an alert of its own."""
    await taken(pool, "waits", at=NOW - timedelta(hours=5))
    await taken(pool, "fresh", at=NOW - timedelta(seconds=9))
    await pool.execute("UPDATE intake SET state = 'waiting' WHERE packet_id = 'waits'")
    await pool.execute(
        "INSERT INTO parked VALUES ('waits', 'wait.revocation', '', $1, $2, $2, 0)",
        NOW - timedelta(hours=4),
        NOW + timedelta(hours=20),
    )
    figures = await Ledger(pool).figures()
    assert figures.open == 2
    assert figures.oldest == NOW - timedelta(seconds=9)
    queues = await read_queues(pool, at=NOW)
    assert queues.waiting_since == {"wait.revocation": (NOW - timedelta(hours=4)).timestamp()}
    assert queues.outbox == 2


async def test_quarantine_is_open_until_replayed_or_closed(pool):
    """A record that a person closed, with a word why, alerts nobody; its bytes' name stays."""
    for offset in (1, 2):
        await Ledger(pool).quarantine(
            Quarantined(
                topic="t", partition=0, offset=offset, key=None, sha256="0" * 64, size=0,
                code=Code.QUARANTINE_BUG, detail="", at=NOW,
            )
        )  # fmt: skip
    assert (await read_queues(pool, at=NOW)).quarantined == {"quarantine.axis-bug": 2}
    async with pool.acquire() as conn:
        first = (await list_quarantine(conn))[0]
        await close_entry(conn, first.id, note="made for a test", at=NOW)
        await close_entry(conn, first.id, note="another word", at=NOW + timedelta(days=1))
        closed = (await list_quarantine(conn))[0]
    assert (closed.closed_at, closed.closed_note) == (NOW, "made for a test")
    assert closed.record == first.record
    assert (await read_queues(pool, at=NOW)).quarantined == {"quarantine.axis-bug": 1}


async def test_connections_are_seen_by_contact_mailbox_and_verdicts(pool):
    """Within the last hour only; who never came is silent since it was added; who was removed is not seen."""
    await pool.execute(
        "INSERT INTO connection SELECT n, n, '', 1, 1, 1, $1::timestamptz - interval '1 day',"
        " CASE WHEN n = 'gone' THEN $1::timestamptz END,"
        " CASE WHEN n = 'c' THEN $1::timestamptz END FROM unnest(ARRAY['c', 'd', 'gone']) AS n",
        NOW,
    )
    for name, hours, verdict in (("a", 0.5, "refused"), ("b", 0.6, "accepted"), ("old", 2, "refused")):
        await taken(pool, name, at=NOW - timedelta(hours=hours))
        await pool.execute(
            "INSERT INTO decision VALUES ($1, '1', 1, 't', 1, $2, '[]', '[]', '{}', 'null', '', $3)",
            name,
            verdict,
            NOW - timedelta(hours=hours),
        )
    await pool.execute(
        "INSERT INTO mailbox (connection, kind, subject, packet_id, created_at, marked_at) VALUES"
        " ('d', 'document', '1', '1', $1, NULL), ('d', 'document', '2', '2', $1, $1),"
        " ('d', 'receipt', '3', '1', $1, NULL)",
        NOW,
    )
    seen = await read_connections(pool, at=NOW)
    assert set(seen) == {"c", "d"}
    assert (seen["c"].heard_at, seen["c"].held) == (NOW, 0)
    assert seen["c"].decided == {"refused": 1, "accepted": 1}
    added = NOW - timedelta(days=1)
    assert (seen["d"].heard_at, seen["d"].held, seen["d"].decided) == (added, 1, {}), "it never came"


async def test_the_keeper_shows_what_is_there(pool, tmp_path):
    """A source never fetched shows as never, not as fine; the disk has a size."""
    showing = Showing(pool, ContentStore(tmp_path), lambda: ["http://a/crl", "http://b/crl"])
    await pool.execute(
        "INSERT INTO revocation VALUES ('http://a/crl', 'crl', '', '', $1, $2)", NOW, NOW + timedelta(hours=1)
    )
    await taken(pool, "one", at=NOW - timedelta(seconds=40))
    await pool.execute("UPDATE outbox SET created_at = $1", NOW - timedelta(seconds=40))
    await showing.show(NOW)
    value = REGISTRY.get_sample_value
    assert value("axis_revocation_fetched_at_seconds", {"source": "http://a/crl"}) == NOW.timestamp()
    assert value("axis_revocation_ends_at_seconds", {"source": "http://b/crl"}) == 0
    assert value("axis_oldest_outbox_seconds") == 40
    assert value("axis_content_free_bytes") <= value("axis_content_size_bytes")
