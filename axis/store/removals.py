"""Content that goes on purpose: what may, what went, and incidents that stay without content."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.records import Incident
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection, Pool

# All that rests on these bytes must agree: the same bytes may have been sent through several connections, and
# one of them may be waiting still. A document may go when every recipient has fetched and answered it.
_DUE: Final = """
SELECT i.sha256, max(i.size) AS size, array_agg(i.packet_id ORDER BY i.packet_id) AS packets
  FROM intake i
 WHERE i.sha256 IN (
       SELECT n.sha256
         FROM document d JOIN intake n USING (packet_id)
        WHERE d.accepted_at < $1 AND d.routed_to = cardinality(d.recipients)
          AND NOT EXISTS (SELECT FROM content_removal r
                           WHERE r.sha256 = n.sha256 AND r.decided_at > n.received_at)
        ORDER BY d.accepted_at
        LIMIT $2)
 GROUP BY i.sha256
HAVING bool_and(
       i.state = 'answered'
       AND NOT EXISTS (
           SELECT FROM delivery v
            WHERE v.packet_id = i.packet_id
              AND (v.fetched_at IS NULL OR v.answered_at IS NULL OR v.answered_at >= $1))
       AND i.received_at < $1)
"""

_DECIDE: Final = """
INSERT INTO content_removal (sha256, why, size, decided_at)
SELECT sha256, $3, size, $4 FROM unnest($1::text[], $2::bigint[]) AS given (sha256, size)
ON CONFLICT (sha256) DO UPDATE SET decided_at = excluded.decided_at, removed_at = NULL
"""

_REMOVED: Final = """
UPDATE content_removal SET removed_at = $2 WHERE sha256 = ANY($1::text[]) AND removed_at IS NULL
"""

# A state secret that is sent again comes to the disk again before it is recognised: it goes again.
# Nothing that is under way may lose its bytes, whatever was decided before.
_TO_REMOVE: Final = """
SELECT r.sha256, r.why, r.removed_at IS NOT NULL AS again
  FROM content_removal r
 WHERE (r.removed_at IS NULL OR r.why = 'state-secret')
   AND NOT EXISTS (SELECT FROM intake i WHERE i.sha256 = r.sha256 AND i.state <> 'answered')
 ORDER BY r.decided_at DESC
 LIMIT $1
"""

_WAS_REMOVED: Final = "SELECT why FROM content_removal WHERE sha256 = $1"

_INCIDENT: Final = """
INSERT INTO incident (kind, packet_id, connection, field, at)
SELECT 'state-secret', packet_id, connection, field, at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
       AS given (packet_id, connection, field, at)
ON CONFLICT (packet_id) DO NOTHING
"""
_INCIDENTS: Final = """
SELECT incident_id, kind, packet_id, connection, field, at, closed_at, closed_note
  FROM incident ORDER BY incident_id DESC LIMIT $1
"""
_CLOSE: Final = """
UPDATE incident SET closed_at = $2, closed_note = $3 WHERE incident_id = $1 AND closed_at IS NULL
RETURNING incident_id
"""
_OPEN: Final = "SELECT count(*) FROM incident WHERE closed_at IS NULL"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Content that policy lets go."""

    sha256: str
    size: int
    packets: tuple[str, ...]


class IncidentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One incident as the table holds it."""

    incident_id: int
    kind: str
    packet_id: str
    connection: str
    field: str
    at: datetime
    closed_at: datetime | None
    closed_note: str


async def content_due(conn: "Connection", *, before: datetime, limit: int) -> list[Due]:
    """Return content of documents that every recipient fetched and answered before a moment."""
    rows = await conn.fetch(_DUE, before, limit)
    return [Due(sha256=row["sha256"], size=row["size"], packets=tuple(row["packets"])) for row in rows]


async def decide_removal(
    conn: "Connection", content: Sequence[tuple[str, int]], *, why: str, at: datetime
) -> None:
    """Record that content goes, in the caller's transaction, before it does.

    Args:
        conn: in a transaction where other rows depend on it.
        content: digests and sizes.
        why: ``retention``, ``state-secret`` or ``recall``.
        at: now.
    """
    if content:
        await conn.execute(_DECIDE, [one for one, _ in content], [size for _, size in content], why, at)


async def to_remove(conn: "Connection", limit: int) -> list[tuple[str, str, bool]]:
    """Return decided removals whose file may be there: digest, why, whether it was gone before."""
    return [(row["sha256"], row["why"], row["again"]) for row in await conn.fetch(_TO_REMOVE, limit)]


async def mark_removed(conn: "Connection", digests: Sequence[str], *, at: datetime) -> None:
    """Note that the files are gone; the first moment stands."""
    await conn.execute(_REMOVED, list(digests), at)


async def why_removed(pool: "Pool", sha256: str) -> str | None:
    """Return why content was removed on purpose; None: it was not."""
    with store_faults():
        found: str | None = await pool.fetchval(_WAS_REMOVED, sha256)
    return found


async def add_incidents(conn: "Connection", incidents: Sequence[tuple[str, str, Incident]]) -> None:
    """Record incidents, each with its packet and connection, in the caller's transaction; once a packet."""
    if incidents:
        await conn.execute(
            _INCIDENT,
            [packet for packet, _, _ in incidents],
            [connection for _, connection, _ in incidents],
            [incident.field for _, _, incident in incidents],
            [incident.at for _, _, incident in incidents],
        )


async def list_incidents(conn: "Connection", limit: int) -> list[IncidentRow]:
    """Return incidents, newest first."""
    return [IncidentRow(**dict(row)) for row in await conn.fetch(_INCIDENTS, limit)]


async def close_incident(conn: "Connection", number: int, *, note: str, at: datetime) -> bool:
    """Note how an incident ended; False where there is no open one of that number."""
    return await conn.fetchval(_CLOSE, number, at, note) is not None


async def open_incidents(conn: "Connection") -> int:
    """Count incidents that nobody has closed."""
    count: int = await conn.fetchval(_OPEN)
    return count
