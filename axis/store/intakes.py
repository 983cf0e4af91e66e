"""Packets that were taken, and those that wait by name."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.document import Intake
from axis.records import IntakeRow, Judged, Parked
from axis.traffic import Outgoing

if TYPE_CHECKING:
    from axis.store.pool import Connection

_INSERT: Final = """
INSERT INTO intake (packet_id, connection, sha256, size, door, priority, received_at, state, message_key)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'taken', $8)
ON CONFLICT (packet_id) DO NOTHING
RETURNING packet_id
"""
# The common case in one statement: a packet that nobody took before, with its message.
_TAKE: Final = """
WITH fresh AS (
    INSERT INTO intake (packet_id, connection, sha256, size, door, priority, received_at, state, message_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'taken', $8)
    ON CONFLICT (packet_id) DO NOTHING
    RETURNING packet_id
)
INSERT INTO outbox (topic, key, value, event_id, priority, created_at)
SELECT $9::text, $10::bytea, $11::bytea, $12::text, $6, $7 FROM fresh
RETURNING id
"""
_SELECT: Final = """
SELECT packet_id, connection, sha256, size, door, priority, received_at, state, message_key, take
  FROM intake
 WHERE packet_id = ANY($1::text[])
"""
# A refused packet may be judged again only when it was judged under other versions.
_RETAKE: Final = """
UPDATE intake
   SET state = 'taken', take = take + 1, received_at = $2
 WHERE packet_id = $1 AND state = 'answered' AND take = $3
RETURNING take
"""
_LAST_DECISION: Final = """
SELECT verdict, rules_version, directory_version, trust_version
  FROM decision
 WHERE packet_id = $1
 ORDER BY take DESC
 LIMIT 1
"""
_ANSWERED: Final = """
WITH unparked AS (DELETE FROM parked WHERE packet_id = ANY($1::text[]))
UPDATE intake SET state = 'answered' WHERE packet_id = ANY($1::text[])
"""
_STATE: Final = "UPDATE intake SET state = $2 WHERE packet_id = $1 AND state <> 'answered'"
_FORGET_KEYS: Final = """
UPDATE intake SET message_key = convert_to(packet_id, 'UTF8') WHERE packet_id = ANY($1::text[])
"""
_KEY: Final = """
INSERT INTO idempotency (connection, key, sha256, packet_id, created_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (connection, key) DO NOTHING
RETURNING key
"""
_KEY_USED: Final = "SELECT sha256, packet_id FROM idempotency WHERE connection = $1 AND key = $2"
_UNJUDGED: Final = """
SELECT count(*) FROM (SELECT FROM intake WHERE connection = $1 AND state = 'taken' LIMIT $2) AS open
"""
_OPEN: Final = """
SELECT count(*) AS open, min(received_at) AS oldest FROM intake WHERE state IN ('taken', 'waiting')
"""

_PARK: Final = """
INSERT INTO parked (packet_id, code, detail, since, next_try_at, deadline, priority, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
ON CONFLICT (packet_id) DO UPDATE
   SET code = excluded.code, detail = excluded.detail,
       next_try_at = excluded.next_try_at, attempts = parked.attempts + 1
"""
_PARKED: Final = "SELECT packet_id, attempts, since, deadline FROM parked WHERE packet_id = ANY($1::text[])"
# Claimed by moving the next try ahead: a second keeper does not see the row as due.
_DUE: Final = """
UPDATE parked SET next_try_at = $2
 WHERE packet_id IN (
       SELECT packet_id FROM parked WHERE next_try_at <= $1 AND deadline > $1
        ORDER BY priority DESC, next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING packet_id
"""
_OVERDUE: Final = """
SELECT packet_id FROM parked WHERE deadline <= $1 ORDER BY deadline LIMIT $2 FOR UPDATE SKIP LOCKED
"""
_STUCK: Final = """
UPDATE intake SET nudged_at = $1
 WHERE packet_id IN (
       SELECT packet_id FROM intake
        WHERE state = 'taken' AND received_at < $2 AND (nudged_at IS NULL OR nudged_at < $2)
        ORDER BY priority DESC, received_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING packet_id
"""


async def insert_intake(conn: "Connection", intake: Intake, message_key: bytes) -> bool:
    """Add an intake; False where the packet was taken before."""
    fresh = await conn.fetchval(
        _INSERT,
        intake.packet_id,
        intake.connection,
        intake.sha256,
        intake.size,
        intake.door,
        intake.priority,
        intake.received_at,
        message_key,
    )
    return fresh is not None


async def take_fresh(
    conn: "Connection", intake: Intake, message_key: bytes, message: Outgoing
) -> int | None:
    """Add an intake and its message, both or none; in no transaction this is one by itself.

    Returns:
        The outbox row; None where the packet was taken before, and nothing was added.
    """
    number: int | None = await conn.fetchval(
        _TAKE,
        intake.packet_id,
        intake.connection,
        intake.sha256,
        intake.size,
        intake.door,
        intake.priority,
        intake.received_at,
        message_key,
        message.topic,
        message.key,
        message.value,
        message.event_id,
    )
    return number


async def select_intakes(conn: "Connection", packet_ids: Sequence[str]) -> dict[str, IntakeRow]:
    """Return the intakes that exist, by packet id."""
    rows = await conn.fetch(_SELECT, list(packet_ids))
    found = {}
    for row in rows:
        values = dict(row)
        key, take = values.pop("message_key"), values.pop("take")
        found[values["packet_id"]] = IntakeRow(intake=Intake(**values), message_key=key, take=take)
    return found


async def last_decision(conn: "Connection", packet_id: str) -> Judged | None:
    """Return how a packet was judged last, or None."""
    row = await conn.fetchrow(_LAST_DECISION, packet_id)
    return None if row is None else Judged(**dict(row))


async def retake(conn: "Connection", packet_id: str, *, take: int, at: datetime) -> int | None:
    """Open an answered packet again; return its new take, or None where someone else was faster."""
    opened: int | None = await conn.fetchval(_RETAKE, packet_id, at, take)
    return opened


async def mark_answered(conn: "Connection", packet_ids: Sequence[str]) -> None:
    """Close intakes and let them wait no longer."""
    await conn.execute(_ANSWERED, list(packet_ids))


async def forget_keys(conn: "Connection", packet_ids: Sequence[str]) -> None:
    """Put the packet's own id where its document was named."""
    await conn.execute(_FORGET_KEYS, list(packet_ids))


async def mark_state(conn: "Connection", packet_id: str, state: str) -> None:
    """Set ``waiting`` or ``quarantined`` on an intake that has no answer."""
    await conn.execute(_STATE, packet_id, state)


async def use_key(
    conn: "Connection", connection: str, key: str, sha256: str, packet_id: str, *, at: datetime
) -> tuple[str, str] | None:
    """Bind an idempotency key; return (digest, packet id) of its earlier use, or None."""
    if await conn.fetchval(_KEY, connection, key, sha256, packet_id, at) is not None:
        return None
    row = await conn.fetchrow(_KEY_USED, connection, key)
    assert row is not None, "idempotency rows are never deleted"
    return row["sha256"], row["packet_id"]


async def open_intakes(conn: "Connection") -> tuple[int, datetime | None]:
    """Return how many packets have no answer yet, and when the oldest came."""
    row = await conn.fetchrow(_OPEN)
    assert row is not None
    return row["open"], row["oldest"]


async def count_unjudged(conn: "Connection", connection: str, most: int) -> int:
    """Count a connection's packets that are taken and not judged, at most so many."""
    count: int = await conn.fetchval(_UNJUDGED, connection, most)
    return count


async def park(
    conn: "Connection",
    intake: Intake,
    *,
    code: str,
    detail: str,
    at: datetime,
    next_try_at: datetime,
    deadline: datetime,
) -> None:
    """Let a packet wait by name. The first deadline stands."""
    await conn.execute(_PARK, intake.packet_id, code, detail, at, next_try_at, deadline, intake.priority)
    await mark_state(conn, intake.packet_id, "waiting")


async def select_parked(conn: "Connection", packet_ids: Sequence[str]) -> dict[str, Parked]:
    """Return how long packets have been waiting, by packet id."""
    rows = await conn.fetch(_PARKED, list(packet_ids))
    return {row["packet_id"]: Parked(**dict(row)) for row in rows}


async def claim_due(
    conn: "Connection", *, at: datetime, again_at: datetime, limit: int
) -> list[str]:
    """Claim waiting packets whose next try is due; nobody else sees them before ``again_at``."""
    return [row["packet_id"] for row in await conn.fetch(_DUE, at, again_at, limit)]


async def past_deadline(conn: "Connection", *, at: datetime, limit: int) -> list[str]:
    """Lock waiting packets whose time is over, for the caller's transaction."""
    return [row["packet_id"] for row in await conn.fetch(_OVERDUE, at, limit)]


async def claim_stuck(conn: "Connection", *, at: datetime, before: datetime, limit: int) -> list[str]:
    """Claim packets taken before ``before`` that nobody judged: their record was lost on the road."""
    return [row["packet_id"] for row in await conn.fetch(_STUCK, at, before, limit)]
