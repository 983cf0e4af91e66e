"""Accounts of people and their sessions. Passwords are hashed elsewhere; tokens are kept as digests."""

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from axis.errors import SetupError
from axis.store.faults import store_faults
from axis.store.tokens import digest

if TYPE_CHECKING:
    from axis.store.pool import Connection, Pool

IDLE: Final = timedelta(minutes=30)
"""A session that nobody used for so long has ended."""
LIFE: Final = timedelta(hours=10)
"""A working day: then a session has ended whatever was done."""

_INSERT: Final = """
INSERT INTO account (name, role, agency, password, created_at, reset_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (name) DO NOTHING
RETURNING name
"""
_RESET: Final = """
UPDATE account SET password = $2, role = $3, agency = $4, reset_at = $5
 WHERE name = $1 AND removed_at IS NULL
"""
_REMOVE: Final = "UPDATE account SET removed_at = $2 WHERE name = $1 AND removed_at IS NULL"
_END_ALL: Final = "DELETE FROM session WHERE account = $1"
_LIST: Final = """
SELECT a.name, a.role, a.agency, coalesce(g.name, '') AS agency_name, a.created_at, a.reset_at, a.removed_at,
       (SELECT max(seen_at) FROM session s WHERE s.account = a.name) AS seen_at
  FROM account a
  LEFT JOIN agency g ON g.code = a.agency AND a.agency <> ''
 WHERE $1 = '' OR a.name = $1
 ORDER BY a.removed_at IS NOT NULL, a.name
"""
_AGENCY: Final = "SELECT code FROM agency WHERE code = $1 OR (code102 = $1 AND $1 <> '')"
_PASSWORD: Final = "SELECT password FROM account WHERE name = $1 AND removed_at IS NULL"  # noqa: S105 - a query
_OPEN: Final = """
INSERT INTO session (token_sha256, account, csrf, created_at, seen_at) VALUES ($1, $2, $3, $4, $4)
"""
_FIND: Final = """
SELECT a.name, a.role, a.agency, coalesce(g.name, '') AS agency_name, s.csrf, s.created_at, s.seen_at,
       coalesce(g.connection, '') AS connection
  FROM session s
  JOIN account a ON a.name = s.account AND a.removed_at IS NULL
  LEFT JOIN agency g ON g.code = a.agency AND a.agency <> ''
 WHERE s.token_sha256 = $1 AND s.seen_at > $2 AND s.created_at > $3
"""
_SEEN: Final = "UPDATE session SET seen_at = $2 WHERE token_sha256 = $1 AND seen_at < $2"
_END: Final = "DELETE FROM session WHERE token_sha256 = $1"
_EXPIRE: Final = "DELETE FROM session WHERE seen_at <= $1 OR created_at <= $2"

SEEN_EVERY: Final = timedelta(minutes=1)
"""A session's last use is noted this exactly: not a write for each page."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One account, without its password."""

    name: str
    role: str
    """``clerk``, ``operations`` or ``auditor``."""
    agency: str
    agency_name: str
    created_at: datetime
    reset_at: datetime
    removed_at: datetime | None
    seen_at: datetime | None
    """Of its open sessions, the last use."""


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Who is asking: read anew with every request, so that a change of the account holds at once."""

    name: str
    role: str
    agency: str
    agency_name: str
    connection: str
    """That speaks for the agency now; empty: none does."""
    csrf: str
    created_at: datetime
    seen_at: datetime


async def add_account(
    conn: "Connection", name: str, *, role: str, agency: str, password: str, at: datetime
) -> Account:
    """Add an account. In the caller's transaction.

    Args:
        conn: in a transaction.
        name: ``[a-z0-9._-]{2,40}``, never used before: what people did hangs on it.
        role: ``clerk``, ``operations`` or ``auditor``.
        agency: of a clerk, either generation of code; of others empty.
        password: its argon2id hash.
        at: now.

    Raises:
        SetupError: the name was used, or the agency is not in the directory.
    """
    with store_faults():
        code = await _agency(conn, role, agency)
        if await conn.fetchval(_INSERT, name, role, code, password, at) is None:
            raise SetupError(
                f"tài khoản “{name}” đã có hoặc đã từng có; chọn tên khác, hoặc axis user reset {name}"
                f" (account {name!r} exists or existed; names are never used again)"
            )
        return (await list_accounts(conn, name))[0]


async def reset_account(
    conn: "Connection", name: str, *, role: str, agency: str, password: str, at: datetime
) -> Account:
    """Give an account another password, and another role or agency if given; its sessions end.

    Raises:
        SetupError: there is no such account, or no such agency.
    """
    with store_faults():
        found = await list_accounts(conn, name)
        if not found or found[0].removed_at is not None:
            raise _none(name)
        role = role or found[0].role
        code = await _agency(conn, role, agency or (found[0].agency if role == "clerk" else ""))
        await conn.execute(_RESET, name, password, role, code, at)
        await conn.execute(_END_ALL, name)
        return (await list_accounts(conn, name))[0]


async def remove_account(conn: "Connection", name: str, *, at: datetime) -> None:
    """End an account and its sessions; what it did stays.

    Raises:
        SetupError: there is no such account.
    """
    with store_faults():
        if await conn.execute(_REMOVE, name, at) == "UPDATE 0":
            raise _none(name)
        await conn.execute(_END_ALL, name)


async def list_accounts(conn: "Connection", name: str = "") -> tuple[Account, ...]:
    """Return every account, or the one of this name; removed ones last."""
    with store_faults():
        return tuple(Account(**dict(row)) for row in await conn.fetch(_LIST, name))


async def read_password(pool: "Pool", name: str) -> str | None:
    """Return the hash of an account's password; None: there is no such account."""
    with store_faults():
        found: str | None = await pool.fetchval(_PASSWORD, name)
    return found


async def open_session(pool: "Pool", name: str, *, at: datetime) -> str:
    """Begin a session; return the token for the browser, of which only a digest is kept."""
    token = secrets.token_urlsafe(32)
    with store_faults():
        await pool.execute(_EXPIRE, at - IDLE, at - LIFE)
        await pool.execute(_OPEN, digest(token), name, secrets.token_urlsafe(24), at)
    return token


async def find_session(pool: "Pool", token: str, *, at: datetime, used: bool) -> Session | None:
    """Tell whose session this is.

    Args:
        pool: of the console.
        token: as the browser sent it.
        at: now.
        used: a person did something; a page that refreshes itself is no use.

    Returns:
        None where there is none, it has ended, or its account was removed.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        row = await pool.fetchrow(_FIND, digest(token), at - IDLE, at - LIFE)
        if row is None:
            return None
        if used and at - row["seen_at"] > SEEN_EVERY:
            await pool.execute(_SEEN, digest(token), at)
    return Session(**dict(row))


async def end_session(pool: "Pool", token: str) -> None:
    """End one session."""
    with store_faults():
        await pool.execute(_END, digest(token))


async def _agency(conn: "Connection", role: str, agency: str) -> str:
    if role != "clerk":
        if agency:
            raise SetupError(
                "chỉ văn thư thuộc một cơ quan; bỏ --agency (only a clerk belongs to one agency)"
            )
        return ""
    code: str | None = await conn.fetchval(_AGENCY, agency)
    if code is None:
        raise SetupError(
            f"cơ quan “{agency}” không có trong danh bạ; tìm mã: axis directory find TÊN"
            f" (no agency {agency!r} in the directory)"
        )
    return code


def _none(name: str) -> SetupError:
    return SetupError(f"không có tài khoản “{name}”; xem axis user list (no account {name!r})")
