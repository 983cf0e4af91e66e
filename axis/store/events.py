"""Events, append only, and the receipts sealed over them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.document import Event
from axis.records import Unsealed

if TYPE_CHECKING:
    from axis.store.pool import Connection

# An event that is there already stays as it was: the first telling stands.
# Only new ones queue for sealing.
_APPEND: Final = """
WITH added AS (
    INSERT INTO event (event_id, kind, packet_id, connection, at, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[])
    ON CONFLICT (event_id) DO NOTHING
    RETURNING seq
), queued AS (
    INSERT INTO unsealed (seq, priority) SELECT seq, $7 FROM added RETURNING seq
)
SELECT count(*), CASE WHEN count(*) > 0 THEN pg_notify('axis_unsealed', '') END FROM queued
"""

# The queue alone says what is next: a backlog of any length costs a round no more than its own events.
_WAITING: Final = """
SELECT event.seq, event.event_id, event.packet_id, event.connection, event.at, event.body, next.priority
  FROM (SELECT seq, priority FROM unsealed ORDER BY priority DESC, seq LIMIT $1) AS next
 CROSS JOIN LATERAL (SELECT * FROM event WHERE event.seq = next.seq LIMIT 1) AS event
 ORDER BY next.priority DESC, next.seq
"""

# One statement: all of a round, or none.
_ROUND: Final = """
WITH given AS (
    SELECT *
      FROM unnest($4::text[], $5::text[], $6::text[], $7::smallint[], $8::bigint[], $9::bytea[])
           WITH ORDINALITY AS given (event_id, connection, packet_id, priority, seq, proof, place)
), sealed AS (
    INSERT INTO checkpoint (body, signature, sealed_at) VALUES ($1, $2, $3) RETURNING checkpoint_id
), receipts AS (
    INSERT INTO receipt (event_id, checkpoint_id, leaf_index, proof, sealed_at)
    SELECT event_id, checkpoint_id, (place - 1)::integer, proof, $3 FROM given, sealed
), done AS (
    DELETE FROM unsealed WHERE seq = ANY($8::bigint[])
)
INSERT INTO mailbox (connection, kind, subject, packet_id, priority, created_at)
SELECT connection, 'receipt', event_id, packet_id, priority, $3
  FROM given
 WHERE connection <> ''
 ORDER BY place
ON CONFLICT DO NOTHING
"""


async def append_events(conn: "Connection", events: Sequence[Event], *, priority: int = 0) -> int:
    """Append events in the caller's transaction and queue them for sealing.

    Returns:
        How many were new. Those that were there already stay as they were.
    """
    if not events:
        return 0
    new: int = await conn.fetchval(
        _APPEND,
        [event.event_id for event in events],
        [event.kind for event in events],
        [event.packet_id for event in events],
        [event.connection for event in events],
        [event.at for event in events],
        [event.body for event in events],
        priority,
    )
    return new


async def unsealed_events(conn: "Connection", limit: int) -> list[Unsealed]:
    """Return the next events to seal: urgent ones first, then in order."""
    rows = await conn.fetch(_WAITING, limit)
    return [Unsealed(**dict(row)) for row in rows]


async def record_round(
    conn: "Connection",
    events: Sequence[Unsealed],
    proofs: Sequence[bytes],
    *,
    checkpoint: bytes,
    signature: bytes,
    at: datetime,
) -> None:
    """Record one sealed round and tell the mailboxes; in no transaction this is one by itself.

    Raises:
        asyncpg.UniqueViolationError: another sealer was faster; nothing of this round stays.
    """
    await conn.execute(
        _ROUND,
        checkpoint,
        signature,
        at,
        [event.event_id for event in events],
        [event.connection for event in events],
        [event.packet_id for event in events],
        [event.priority for event in events],
        [event.seq for event in events],
        list(proofs),
    )
