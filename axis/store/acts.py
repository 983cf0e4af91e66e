"""Acts on connections that touch broker and database: intents, and credentials that still hold.

An intent is written before anything else and removed in the transaction that completes the act. Who
holds the advisory lock of the connection's name works on it; a process that dies lets go by itself.
"""

import contextlib
from collections.abc import AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection

_LOCK_CLASS: Final = 0x636F6E6E  # "conn"
_TRY: Final = "SELECT pg_try_advisory_lock($1, hashtext($2))"
_LET_GO: Final = "SELECT pg_advisory_unlock($1, hashtext($2))"

_BEGIN: Final = "INSERT INTO connection_act (name, act, kafka_user, begun_at) VALUES ($1, $2, $3, $4)"
_END: Final = "DELETE FROM connection_act WHERE name = $1"
_OPEN: Final = """
SELECT name, act, kafka_user, begun_at FROM connection_act
 WHERE $1::text IS NULL OR name = $1
 ORDER BY begun_at
"""
_RETIRE: Final = """
INSERT INTO retired_credential (connection, secret_sha256, kafka_user, ends_at)
SELECT name, secret_sha256, kafka_user, $2 FROM connection WHERE name = $1
ON CONFLICT (connection, secret_sha256) DO UPDATE SET ends_at = excluded.ends_at
"""
_RETIRED: Final = """
SELECT connection, secret_sha256, kafka_user, ends_at FROM retired_credential
 WHERE ($1::text IS NULL OR connection = $1) AND ($2::timestamptz IS NULL OR ends_at <= $2)
"""
_FORGET: Final = "DELETE FROM retired_credential WHERE connection = $1 AND secret_sha256 = $2"


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """The intent of an act under way, or of one that was interrupted."""

    name: str
    act: str
    """add, rotate or remove."""
    kafka_user: str
    """The broker's user that the act makes; empty: none."""
    begun_at: datetime


class Retired(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials that were rotated away and still hold for a while."""

    connection: str
    secret_sha256: str
    kafka_user: str
    ends_at: datetime


@contextlib.asynccontextmanager
async def held(conn: "Connection", name: str) -> AsyncIterator[bool]:
    """Hold a connection's name, so that one act at a time works on it; False: another process does."""
    with store_faults():
        ours: bool = await conn.fetchval(_TRY, _LOCK_CLASS, name)
    try:
        yield ours
    finally:
        if ours:
            # Where the line is gone, so is the lock.
            with contextlib.suppress(Exception):
                await conn.fetchval(_LET_GO, _LOCK_CLASS, name)


async def begin_act(conn: "Connection", name: str, act: str, kafka_user: str, *, at: datetime) -> None:
    """Write an intent."""
    with store_faults():
        await conn.execute(_BEGIN, name, act, kafka_user, at)


async def end_act(conn: "Connection", name: str) -> None:
    """Remove an intent: the act is complete, or undone."""
    with store_faults():
        await conn.execute(_END, name)


async def open_acts(conn: "Connection", name: str | None = None) -> tuple[Act, ...]:
    """Return the intents that stand, oldest first; of one name, or all."""
    with store_faults():
        return tuple(Act(**dict(row)) for row in await conn.fetch(_OPEN, name))


async def retire_credentials(conn: "Connection", name: str, *, ends_at: datetime) -> None:
    """Let the current credentials of a connection hold until a moment."""
    with store_faults():
        await conn.execute(_RETIRE, name, ends_at)


async def retired_credentials(
    conn: "Connection", name: str | None = None, *, ended_by: datetime | None = None
) -> tuple[Retired, ...]:
    """Return retired credentials: of one connection or all, ended or all."""
    with store_faults():
        rows = await conn.fetch(_RETIRED, name, ended_by)
    return tuple(Retired(**dict(row)) for row in rows)


async def forget_retired(conn: "Connection", one: Retired) -> None:
    """Forget credentials whose time is over."""
    with store_faults():
        await conn.execute(_FORGET, one.connection, one.secret_sha256)
