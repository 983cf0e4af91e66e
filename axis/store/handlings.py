"""Handling statuses as they came: append only, each with its ending."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.records import Handling
from axis.violations import Violation

if TYPE_CHECKING:
    from axis.store.pool import Connection

LATEST_REQUEST: Final = """
coalesce((SELECT asked.code FROM handling asked
           WHERE asked.delivery_id = v.delivery_id AND asked.state = 'recorded'
             AND asked.code IN ('13', '15', '16')
           ORDER BY asked.recorded_at DESC, asked.ack_id LIMIT 1), '')"""
"""Part of a query over deliveries ``v``: the last word on giving the document back; empty: nobody asked."""

_INSERT: Final = """
INSERT INTO handling (ack_id, connection, sha256, received_at, message_key, state)
VALUES ($1, $2, $3, $4, $5, 'taken')
ON CONFLICT (ack_id) DO NOTHING
RETURNING ack_id
"""
_SELECT: Final = """
SELECT ack_id, connection, sha256, received_at, state FROM handling WHERE ack_id = $1 FOR UPDATE
"""
_RECORD: Final = """
UPDATE handling
   SET state = $2, delivery_id = $3, code = $4, description = $5, reported_at = $6, recorded_at = $7,
       violations = $8, findings = $9
 WHERE ack_id = $1 AND state IN ('taken', 'quarantined')
"""
_STUCK: Final = """
UPDATE handling SET nudged_at = $1
 WHERE ack_id IN (
       SELECT ack_id FROM handling
        WHERE state = 'taken' AND received_at < $2 AND (nudged_at IS NULL OR nudged_at < $2)
        ORDER BY received_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING ack_id, connection, sha256, received_at, message_key
"""
_UNRECORDED: Final = """
SELECT count(*) FROM (SELECT FROM handling WHERE connection = $1 AND state = 'taken' LIMIT $2) AS open
"""
_QUARANTINED: Final = "UPDATE handling SET state = 'quarantined' WHERE ack_id = $1 AND state = 'taken'"


async def insert_handling(conn: "Connection", handling: Handling, message_key: bytes) -> bool:
    """Add a status packet; False where it was taken before."""
    fresh = await conn.fetchval(
        _INSERT, handling.ack_id, handling.connection, handling.sha256, handling.received_at, message_key
    )
    return fresh is not None


async def count_unrecorded(conn: "Connection", connection: str, most: int) -> int:
    """Count a connection's statuses that are taken and not recorded, at most so many."""
    count: int = await conn.fetchval(_UNRECORDED, connection, most)
    return count


async def lock_handling(conn: "Connection", ack_id: str) -> Handling | None:
    """Return a status packet, locked for the caller's transaction; None: there is none."""
    row = await conn.fetchrow(_SELECT, ack_id)
    return None if row is None else Handling(**dict(row))


async def record_handling(
    conn: "Connection",
    ack_id: str,
    *,
    delivery: str | None,
    code: str,
    description: str,
    reported_at: datetime | None,
    violations: Sequence[Violation],
    findings: Sequence[Violation],
    at: datetime,
) -> None:
    """End a status packet: recorded, or refused where there are violations."""
    await conn.execute(
        _RECORD,
        ack_id,
        "refused" if violations else "recorded",
        delivery,
        code,
        description,
        reported_at,
        at,
        msgspec.json.encode(list(violations)),
        msgspec.json.encode(list(findings)),
    )


async def claim_stuck_handlings(
    conn: "Connection", *, at: datetime, before: datetime, limit: int
) -> list[tuple[Handling, bytes]]:
    """Claim status packets taken before ``before`` that nobody recorded, with their message keys."""
    rows = await conn.fetch(_STUCK, at, before, limit)
    found = []
    for row in rows:
        values = dict(row)
        key = values.pop("message_key")
        found.append((Handling(**values, state="taken"), key))
    return found


async def quarantine_handling(conn: "Connection", ack_id: str) -> None:
    """Note that the record of a status packet was set aside."""
    await conn.execute(_QUARANTINED, ack_id)
