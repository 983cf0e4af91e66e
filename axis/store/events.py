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

_WAITING: Final = """
SELECT event.seq, event.event_id, event.packet_id, event.connection, event.at, event.body, unsealed.priority
  FROM unsealed JOIN event USING (seq)
 ORDER BY unsealed.priority DESC, unsealed.seq
 LIMIT $1
"""

_CHECKPOINT: Final = """
INSERT INTO checkpoint (body, signature, sealed_at) VALUES ($1, $2, $3) RETURNING checkpoint_id
"""
_RECEIPTS: Final = """
INSERT INTO receipt (event_id, checkpoint_id, leaf_index, proof, sealed_at)
SELECT event_id, $2, leaf_index, proof, $3
  FROM unnest($1::text[], $4::integer[], $5::bytea[]) AS given (event_id, leaf_index, proof)
"""
_DONE: Final = "DELETE FROM unsealed WHERE seq = ANY($1::bigint[])"
_BOX: Final = """
INSERT INTO mailbox (connection, kind, subject, packet_id, priority, created_at)
SELECT connection, 'receipt', event_id, packet_id, priority, $5
  FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[])
       AS given (connection, event_id, packet_id, priority)
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
    """Record one sealed round in the caller's transaction and tell the mailboxes.

    Raises:
        asyncpg.UniqueViolationError: another sealer was faster; nothing of this round stays.
    """
    number = await conn.fetchval(_CHECKPOINT, checkpoint, signature, at)
    await conn.execute(
        _RECEIPTS,
        [event.event_id for event in events],
        number,
        at,
        list(range(len(events))),
        list(proofs),
    )
    await conn.execute(_DONE, [event.seq for event in events])
    boxed = [event for event in events if event.connection]
    await conn.execute(
        _BOX,
        [event.connection for event in boxed],
        [event.event_id for event in boxed],
        [event.packet_id for event in boxed],
        [event.priority for event in boxed],
        at,
    )
