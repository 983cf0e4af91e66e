"""Records set aside byte for byte: their bytes are in the content store, here is why."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.traffic import Quarantined

if TYPE_CHECKING:
    from axis.store.pool import Connection

# The place in the topic names the record: setting it aside twice is doing it once.
_INSERT: Final = """
INSERT INTO quarantine (topic, partition, "offset", key, sha256, size, code, detail, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (topic, partition, "offset") DO NOTHING
RETURNING id
"""
_COLUMNS: Final = """
id, topic, partition, "offset", key, sha256, size, code, detail, at, replayed_at, closed_at, closed_note
"""
_LIST: Final = f"SELECT {_COLUMNS} FROM quarantine WHERE id > $1 ORDER BY id LIMIT $2"  # noqa: S608 - a constant
_SHOW: Final = f"SELECT {_COLUMNS} FROM quarantine WHERE id = $1"  # noqa: S608 - a constant
_REPLAYED: Final = "UPDATE quarantine SET replayed_at = $2 WHERE id = $1"

_CLOSED: Final = """
UPDATE quarantine SET closed_at = $2, closed_note = $3 WHERE id = $1 AND closed_at IS NULL
"""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One record in quarantine."""

    id: int
    record: Quarantined
    replayed_at: datetime | None
    closed_at: datetime | None = None
    closed_note: str = ""
    """Why a person closed it without sending it again."""


async def insert_quarantine(conn: "Connection", record: Quarantined) -> bool:
    """Set a record aside; False where it is already."""
    fresh = await conn.fetchval(
        _INSERT,
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.sha256,
        record.size,
        record.code,
        record.detail,
        record.at,
    )
    return fresh is not None


async def list_quarantine(conn: "Connection", *, after: int = 0, limit: int = 100) -> list[Entry]:
    """Return entries in order, from after an id on."""
    return [_load(dict(row)) for row in await conn.fetch(_LIST, after, limit)]


async def show_quarantine(conn: "Connection", number: int) -> Entry | None:
    """Return one entry, or None."""
    row = await conn.fetchrow(_SHOW, number)
    return None if row is None else _load(dict(row))


async def mark_replayed(conn: "Connection", number: int, *, at: datetime) -> None:
    """Note that an entry was sent again."""
    await conn.execute(_REPLAYED, number, at)


async def close_entry(conn: "Connection", number: int, *, note: str, at: datetime) -> bool:
    """Note that a person has dealt with an entry otherwise; False where one has: the first word stands."""
    return await conn.execute(_CLOSED, number, at, note) == "UPDATE 1"


def _load(values: dict[str, object]) -> Entry:
    own = {name: values.pop(name) for name in ("id", "replayed_at", "closed_at", "closed_note")}
    return msgspec.convert({**own, "record": values}, Entry, builtin_types=(bytes, datetime))
