"""Figures for operations: ages of queues, sources, connections. Nothing is written here."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

HELD_MOST: Final = 1000
"""A mailbox is counted so far; that it is full of documents is all that matters then."""

RECENT: Final = timedelta(hours=1)

# Each line reads the first entries of an index: the cost does not grow with history.
_QUEUES: Final = """
SELECT (SELECT at FROM event WHERE seq = (SELECT min(seq) FROM unsealed)) AS oldest_unsealed,
       (SELECT count(*) FROM outbox) AS outbox,
       (SELECT min(created_at) FROM outbox) AS oldest_outbox,
       (SELECT count(*) FROM delivery WHERE answered_at IS NULL AND answer_due_at <= $1) AS overdue,
       (SELECT coalesce(jsonb_object_agg(code, since), '{}')
          FROM (SELECT code, extract(epoch FROM min(since))::float8 AS since
                  FROM parked GROUP BY code) AS by_code) AS waiting_since,
       (SELECT coalesce(jsonb_object_agg(code, n), '{}')
          FROM (SELECT code, count(*) AS n FROM quarantine
                 WHERE replayed_at IS NULL AND closed_at IS NULL GROUP BY code) AS by_code) AS quarantined
"""

_SOURCES: Final = """
SELECT source, fetched_at, next_update FROM revocation WHERE kind = 'crl' AND source = ANY($1::text[])
"""

_CONNECTIONS: Final = """
SELECT c.name, coalesce(c.last_contact_at, c.created_at) AS heard_at,
       (SELECT count(*) FROM (SELECT FROM mailbox m
                               WHERE m.connection = c.name AND m.marked_at IS NULL AND m.kind = 'document'
                               LIMIT $1) AS held) AS held,
       (SELECT count(*) FROM (SELECT FROM intake i
                               WHERE i.connection = c.name AND i.state = 'taken'
                               LIMIT $1) AS open) AS unjudged
  FROM connection c
 WHERE c.removed_at IS NULL
"""

_DECIDED: Final = """
SELECT i.connection, d.verdict, count(*) AS n
  FROM decision d JOIN intake i USING (packet_id)
 WHERE d.decided_at > $1
 GROUP BY i.connection, d.verdict
"""


class Queues(msgspec.Struct, frozen=True, kw_only=True):
    """What waits inside the axis."""

    oldest_unsealed: datetime | None
    outbox: int
    oldest_outbox: datetime | None
    overdue: int
    """Answers due and missing."""
    waiting_since: dict[str, float]
    """POSIX time of the longest waiting document, by reason code."""
    quarantined: dict[str, int]
    """Records that nobody replayed or closed, by code."""


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """One revocation list at hand."""

    fetched_at: datetime
    next_update: datetime


class ConnectionState(msgspec.Struct, frozen=True, kw_only=True):
    """How one connection has behaved."""

    heard_at: datetime
    """Last contact; of one that never came, when it was added."""
    held: int
    """Documents not fetched, at most `HELD_MOST`."""
    unjudged: int
    """Packets taken and not judged, at most `HELD_MOST`."""
    decided: dict[str, int]
    """Packets decided within the last hour, by verdict."""


async def read_queues(pool: "Pool", *, at: datetime) -> Queues:
    """Read what waits.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        row = await pool.fetchrow(_QUEUES, at)
    assert row is not None, "a row of subqueries is always there"
    values = dict(row)
    values["waiting_since"] = msgspec.json.decode(row["waiting_since"], type=dict[str, float])
    values["quarantined"] = msgspec.json.decode(row["quarantined"], type=dict[str, int])
    return Queues(**values)


async def read_sources(pool: "Pool", urls: tuple[str, ...]) -> dict[str, SourceState]:
    """Read how fresh the revocation lists of these addresses are; one never fetched is left out."""
    with store_faults():
        rows = await pool.fetch(_SOURCES, list(urls))
    return {
        row["source"]: SourceState(fetched_at=row["fetched_at"], next_update=row["next_update"])
        for row in rows
    }


async def read_connections(pool: "Pool", *, at: datetime) -> dict[str, ConnectionState]:
    """Read how each connection that is not removed has behaved, by its name."""
    with store_faults():
        rows = await pool.fetch(_CONNECTIONS, HELD_MOST)
        counted = await pool.fetch(_DECIDED, at - RECENT)
    decided: dict[str, dict[str, int]] = {}
    for row in counted:
        decided.setdefault(row["connection"], {})[row["verdict"]] = row["n"]
    return {
        row["name"]: ConnectionState(
            heard_at=row["heard_at"],
            held=row["held"],
            unjudged=row["unjudged"],
            decided=decided.get(row["name"], {}),
        )
        for row in rows
    }
