"""Outgoing messages of committed moves, until the broker has acknowledged them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.traffic import Outgoing

if TYPE_CHECKING:
    from axis.store.pool import Connection

# Ids come back in the order in which the rows were given, which is the order to publish in.
_ADD: Final = """
INSERT INTO outbox (topic, key, value, event_id, priority, created_at)
SELECT topic, key, value, event_id, $5, $6
  FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
       WITH ORDINALITY AS given (topic, key, value, event_id, place)
 ORDER BY place
RETURNING id
"""

_DELETE: Final = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"

# SKIP LOCKED: two sweepers share the work and never wait for one another.
_CLAIM: Final = """
SELECT id, topic, key, value, event_id
  FROM outbox
 WHERE created_at < $1
 ORDER BY priority DESC, id
 LIMIT $2
   FOR UPDATE SKIP LOCKED
"""


async def add_outgoing(
    conn: "Connection", messages: Sequence[Outgoing], *, at: datetime, priority: int = 0
) -> list[int]:
    """Add messages in the caller's transaction; return their ids, in order."""
    if not messages:
        return []
    rows = await conn.fetch(
        _ADD,
        [message.topic for message in messages],
        [message.key for message in messages],
        [message.value for message in messages],
        [message.event_id for message in messages],
        priority,
        at,
    )
    return sorted(row["id"] for row in rows)


async def delete_outgoing(conn: "Connection", ids: Sequence[int]) -> None:
    """Forget messages that the broker has. Harmless when repeated."""
    await conn.execute(_DELETE, list(ids))


async def claim_outgoing(
    conn: "Connection", *, before: datetime, limit: int
) -> tuple[list[int], list[Outgoing]]:
    """Lock messages that were left behind, urgent ones first, for the caller's transaction.

    Args:
        conn: in a transaction; the rows stay locked until its end.
        before: younger rows are still being published by the process that wrote them.
        limit: most rows.
    """
    rows = await conn.fetch(_CLAIM, before, limit)
    return [row["id"] for row in rows], [
        Outgoing(topic=row["topic"], key=row["key"], value=row["value"], event_id=row["event_id"])
        for row in rows
    ]
