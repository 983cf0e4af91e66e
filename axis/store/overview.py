"""What operations see on their page: queues with their ages, what waits and why, connections, quarantine."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults
from axis.store.observing import Queues, read_queues
from axis.store.outbox import add_outgoing
from axis.store.quarantine import Entry, close_entry, show_quarantine
from axis.traffic import Outgoing
from axis.violations import Code

if TYPE_CHECKING:
    from axis.store.pool import Pool

MOST: Final = 100
CAPPED: Final = 10_000
"""A queue is counted so far: what is longer is long."""

_OPEN: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM intake WHERE state = 'taken' LIMIT 10000) a) AS judging,
       (SELECT min(received_at) FROM intake WHERE state = 'taken') AS oldest_judging,
       (SELECT count(*) FROM (SELECT FROM parked LIMIT 10000) b) AS waiting,
       (SELECT min(since) FROM parked) AS oldest_waiting,
       (SELECT count(*) FROM (SELECT FROM document
                               WHERE routed_to < cardinality(recipients) LIMIT 10000) c) AS routing,
       (SELECT min(accepted_at) FROM document WHERE routed_to < cardinality(recipients)) AS oldest_routing,
       (SELECT count(*) FROM (SELECT FROM handling WHERE state = 'taken' LIMIT 10000) d) AS answering,
       (SELECT min(received_at) FROM handling WHERE state = 'taken') AS oldest_answering,
       (SELECT count(*) FROM (SELECT FROM unsealed LIMIT 10000) e) AS sealing
"""
_WAITING: Final = """
SELECT p.code, count(*) AS n, min(p.since) AS since, min(p.next_try_at) AS next_try_at,
       min(p.deadline) AS deadline
  FROM (SELECT * FROM parked ORDER BY deadline LIMIT 10000) p
 GROUP BY p.code ORDER BY min(p.deadline)
"""
_CONTACTS: Final = """
SELECT c.name, c.last_contact_at, c.created_at,
       (SELECT count(*) FROM (SELECT FROM agency a WHERE a.connection = c.name LIMIT 10000) g) AS agencies,
       (SELECT count(*) FROM (SELECT FROM mailbox m WHERE m.connection = c.name AND m.marked_at IS NULL
                                 AND m.kind = 'document' LIMIT 1000) h) AS held
  FROM connection c
 WHERE c.removed_at IS NULL
 ORDER BY c.last_contact_at NULLS FIRST, c.name
 LIMIT 500
"""
_OPEN_RECORDS: Final = """
SELECT id FROM quarantine WHERE replayed_at IS NULL AND closed_at IS NULL ORDER BY id LIMIT $1
"""
_CLAIM: Final = """
UPDATE quarantine SET replayed_at = $2
 WHERE id = $1 AND closed_at IS NULL AND replayed_at IS NOT DISTINCT FROM $3
"""


class Overview(Queues, frozen=True, kw_only=True):
    """Every queue of the axis; counts stop at 10,000."""

    judging: int
    oldest_judging: datetime | None
    waiting: int
    oldest_waiting: datetime | None
    routing: int
    oldest_routing: datetime | None
    answering: int
    oldest_answering: datetime | None
    sealing: int


class WaitingLine(msgspec.Struct, frozen=True, kw_only=True):
    """Packets that wait for one reason."""

    code: Code
    n: int
    since: datetime
    next_try_at: datetime
    deadline: datetime


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One connection."""

    name: str
    last_contact_at: datetime | None
    created_at: datetime
    agencies: int
    held: int
    """Documents in its mailbox that it has not taken; 1,000 means more."""


async def read_overview(pool: "Pool", *, at: datetime) -> Overview:
    """Read how long every queue is, and how old its oldest entry.

    Raises:
        UnavailableError: the database is away.
    """
    queues = await read_queues(pool, at=at)
    with store_faults():
        row = await pool.fetchrow(_OPEN)
    assert row is not None, "a row of subqueries is always there"
    return Overview(**msgspec.structs.asdict(queues), **dict(row))


async def list_waiting(pool: "Pool") -> tuple[WaitingLine, ...]:
    """List why packets wait, the nearest deadline first."""
    with store_faults():
        rows = await pool.fetch(_WAITING)
    return tuple(WaitingLine(**{**dict(row), "code": Code(row["code"])}) for row in rows)


async def list_contacts(pool: "Pool") -> tuple[Contact, ...]:
    """List connections, the longest silent first."""
    with store_faults():
        return tuple(Contact(**dict(row)) for row in await pool.fetch(_CONTACTS))


async def list_open_quarantine(pool: "Pool") -> tuple[Entry, ...]:
    """List records that nobody sent again or closed, oldest first, at most 100."""
    with store_faults():
        async with pool.acquire() as conn:
            ids = [row["id"] for row in await conn.fetch(_OPEN_RECORDS, MOST)]
            found = [await show_quarantine(conn, number) for number in ids]
    return tuple(entry for entry in found if entry is not None)


async def read_record(pool: "Pool", number: int) -> Entry | None:
    """Read one record, or None."""
    with store_faults():
        async with pool.acquire() as conn:
            return await show_quarantine(conn, number)


async def replay(pool: "Pool", entry: Entry, again: Outgoing, *, at: datetime) -> bool:
    """Queue a record to be sent again.

    Returns:
        False where somebody did it, or closed it, since ``entry`` was read: a double click sends once.
    """
    with store_faults():
        async with pool.acquire() as conn, conn.transaction():
            if await conn.execute(_CLAIM, entry.id, at, entry.replayed_at) == "UPDATE 0":
                return False
            await add_outgoing(conn, [again], at=at)
            return True


async def close(pool: "Pool", number: int, *, note: str, at: datetime) -> bool:
    """Close a record that is not to be sent again; False where one is: the first word stands."""
    with store_faults():
        async with pool.acquire() as conn:
            return await close_entry(conn, number, note=note, at=at)
