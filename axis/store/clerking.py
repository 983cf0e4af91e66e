"""What people did on the page: handling statuses that clerks gave, and the audit of all acts."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults
from axis.store.handlings import LATEST_REQUEST
from axis.violations import Violation

if TYPE_CHECKING:
    from axis.store.pool import Connection, Pool

_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('clerk_act ' || $1, 0))"
_SUBJECT: Final = f"""
SELECT v.delivery_id, v.packet_id, v.recipient, v.recipient_name, v.state, v.sender,
       coalesce((SELECT name FROM agency WHERE code = v.sender), '') AS sender_name,
       {LATEST_REQUEST} AS request,
       doc.document_id, doc.number, doc.notation, to_char(doc.issued_on, 'YYYY/MM/DD') AS issued_on,
       coalesce(a.connection, '') AS connection
  FROM delivery v
  JOIN document doc USING (packet_id)
  LEFT JOIN agency a ON a.code = v.recipient
 WHERE v.delivery_id = $1
"""  # noqa: S608 - constants
_ACTS: Final = """
SELECT c.act_id, c.account, c.agency, c.connection, c.packet_id, c.delivery_id, c.code, c.description, c.at,
       c.ack_id, coalesce(h.state, 'taken') AS state, coalesce(h.violations, '[]') AS violations
  FROM clerk_act c
  LEFT JOIN handling h ON h.ack_id = c.ack_id
 WHERE c.delivery_id = ANY ($1::text[])
 ORDER BY c.at, c.code
"""
_ADD: Final = """
INSERT INTO clerk_act (act_id, account, agency, connection, packet_id, delivery_id, code, description, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (act_id) DO NOTHING
"""
_TAKEN: Final = "UPDATE clerk_act SET ack_id = $2 WHERE act_id = $1 AND ack_id IS NULL"
_OPEN: Final = """
SELECT act_id, account, agency, connection, packet_id, delivery_id, code, description, at, ack_id,
       'taken' AS state, '[]'::jsonb AS violations
  FROM clerk_act WHERE ack_id IS NULL AND at < $1 ORDER BY at, code LIMIT 100
"""
_AUDIT: Final = "INSERT INTO audit (at, account, act, subject, detail) VALUES ($1, $2, $3, $4, $5)"
_AUDITED: Final = """
SELECT id, at, account, act, subject, detail FROM audit
 WHERE id < $1 AND ($2 = '' OR subject = $2) ORDER BY id DESC LIMIT $3
"""


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """One handling status that a clerk gave."""

    act_id: str
    account: str
    agency: str
    connection: str
    packet_id: str
    delivery_id: str
    code: str
    description: str
    at: datetime
    ack_id: str | None
    """Of the status packet; None: it is about to be taken."""
    state: str
    """``taken``, ``recorded``, ``refused`` or ``quarantined``."""
    violations: tuple[Violation, ...]
    """Why it was refused."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery that an act is about, and what its status packet must name."""

    delivery_id: str
    packet_id: str
    recipient: str
    recipient_name: str
    state: str
    sender: str
    sender_name: str
    request: str
    """The last word on giving it back: ``13``, ``15``, ``16``; empty: nobody asked."""
    document_id: str
    number: str
    notation: str
    issued_on: str
    """``yyyy/MM/dd``."""
    connection: str
    """That speaks for the recipient now; empty: none does."""


class AuditLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the audit."""

    id: int
    at: datetime
    account: str
    act: str
    subject: str
    detail: str


def act_id(delivery_id: str, code: str, attempt: int) -> str:
    """Name an act: the same status of the same delivery is the same act, whoever clicks how often."""
    return hashlib.sha256(f"act\n{delivery_id}\n{code}\n{attempt}".encode()).hexdigest()[:32]


async def read_subject(pool: "Pool", delivery_id: str) -> Subject | None:
    """Read what an act would be about. The caller has checked who asks."""
    with store_faults():
        row = await pool.fetchrow(_SUBJECT, delivery_id)
    return None if row is None else Subject(**dict(row))


async def list_acts(pool: "Pool", *delivery_ids: str) -> tuple[Act, ...]:
    """List what clerks did to deliveries, oldest first, with what became of it."""
    with store_faults():
        return tuple(_act(dict(row)) for row in await pool.fetch(_ACTS, delivery_ids))


async def add_acts(
    pool: "Pool",
    delivery_id: str,
    decide: Callable[[Subject, tuple[Act, ...]], tuple[Act, ...]],
) -> tuple[Act, ...]:
    """Record what a clerk does to a delivery, before any packet of it is made.

    One after the other for each delivery, so that two clerks cannot both receive and refuse.

    Args:
        pool: of the console.
        delivery_id: of the delivery.
        decide: (delivery, acts so far) → acts to record; it raises where they may not be.

    Returns:
        The acts that stand: those of an earlier click where there was one.
    """
    with store_faults():
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute(_LOCK, delivery_id)
            row = await conn.fetchrow(_SUBJECT, delivery_id)
            assert row is not None, "the caller has seen this delivery"
            before = tuple(_act(dict(one)) for one in await conn.fetch(_ACTS, [delivery_id]))
            wanted = decide(Subject(**dict(row)), before)
            for act in wanted:
                values = [getattr(act, name) for name in _ADDED]
                if await conn.execute(_ADD, *values) == "INSERT 0 1":
                    said = f"status {act.code}"
                    await conn.execute(_AUDIT, act.at, act.account, said, act.packet_id, act.agency)
            names = {act.act_id for act in wanted}
            rows = await conn.fetch(_ACTS, [delivery_id])
    return tuple(_act(dict(row)) for row in rows if row["act_id"] in names)


async def note_taken(pool: "Pool", act: str, ack_id: str) -> None:
    """Note that the status packet of an act was taken."""
    with store_faults():
        await pool.execute(_TAKEN, act, ack_id)


async def open_acts(pool: "Pool", *, before: datetime) -> tuple[Act, ...]:
    """List acts whose status packet was not taken: the process that recorded them died in between."""
    with store_faults():
        return tuple(_act(dict(row)) for row in await pool.fetch(_OPEN, before))


async def note_audit(
    pool: "Pool", account: str, act: str, *, at: datetime, subject: str = "", detail: str = ""
) -> None:
    """Add a line to the audit. Ids and codes only, never content."""
    with store_faults():
        await pool.execute(_AUDIT, at, account, act, subject, detail)


async def note_audit_in(
    conn: "Connection", account: str, act: str, *, at: datetime, subject: str = "", detail: str = ""
) -> None:
    """Add a line to the audit in the caller's transaction."""
    await conn.execute(_AUDIT, at, account, act, subject, detail)


async def list_audit(
    pool: "Pool", *, before: int, subject: str = "", limit: int = 50
) -> tuple[AuditLine, ...]:
    """List the audit, newest first."""
    with store_faults():
        rows = await pool.fetch(_AUDITED, before, subject, limit)
    return tuple(AuditLine(**dict(row)) for row in rows)


_ADDED: Final = (
    "act_id", "account", "agency", "connection", "packet_id", "delivery_id", "code", "description", "at",
)  # fmt: skip


def _act(values: dict[str, object]) -> Act:
    violations = values.pop("violations")
    assert isinstance(violations, bytes)
    return Act(violations=msgspec.json.decode(violations, type=tuple[Violation, ...]), **values)  # type: ignore[arg-type]  # a row of _ACTS
