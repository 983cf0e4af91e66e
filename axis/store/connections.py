"""Connections: registered systems, their credentials (as digests) and the agencies they speak for.

Whom a connection speaks for is part of what documents are judged by: each
change of it makes a version of the directory.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from axis.errors import SetupError
from axis.register import Connection as Registered
from axis.store.acts import retire_credentials
from axis.store.faults import store_faults
from axis.store.versions import lock_directory, record_version

if TYPE_CHECKING:
    from axis.store.pool import Connection

BYTES_PER_SECOND: Final = 64 * 1024 * 1024
REQUESTS_PER_SECOND: Final = 500
MAX_PACKET_BYTES: Final = 300 * 1024 * 1024
"""What a connection may do unless it is told otherwise; the policy's limits hold besides."""

_INSERT: Final = """
INSERT INTO connection (name, client_id, secret_sha256, bytes_per_second, requests_per_second,
                        max_packet_bytes, created_at, kafka_user)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (name) DO NOTHING
RETURNING name
"""

_LIST: Final = """
SELECT c.name, c.client_id, c.bytes_per_second, c.requests_per_second, c.max_packet_bytes,
       c.created_at, c.removed_at, c.last_contact_at, c.kafka_user,
       ARRAY (SELECT a.code FROM agency a WHERE a.connection = c.name ORDER BY a.code COLLATE "C") AS agencies
  FROM connection c
 WHERE $1::text IS NULL OR c.name = $1
 ORDER BY c.removed_at IS NOT NULL, c.name
"""

_RESOLVE: Final = """
SELECT asked.code AS asked, a.code, a.connection
  FROM unnest($1::text[]) AS asked (code)
  LEFT JOIN agency a ON a.code = asked.code OR (a.code102 <> '' AND a.code102 = asked.code)
"""

_ASSIGN: Final = "UPDATE agency SET connection = $1 WHERE code = ANY ($2) AND connection <> $1"

_RELEASE: Final = "UPDATE agency SET connection = '' WHERE connection = $1"

_ROTATE: Final = """
UPDATE connection SET secret_sha256 = $2, kafka_user = CASE WHEN $3 = '' THEN kafka_user ELSE $3 END
 WHERE name = $1 AND removed_at IS NULL
RETURNING client_id
"""

_REMOVE: Final = "UPDATE connection SET removed_at = $2 WHERE name = $1 AND removed_at IS NULL"

_SHORTEN: Final = "UPDATE retired_credential SET ends_at = least(ends_at, now()) WHERE connection = $1"

_REVOKE: Final = "DELETE FROM access_token WHERE connection = $1"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """Shown once; the database has the secret's digest only."""

    name: str
    client_id: str
    secret: str
    """256 random bits, base64url."""
    kafka_user: str = ""
    """Empty: it speaks HTTP only."""
    kafka_password: str = ""


async def add_connection(
    conn: "Connection",
    name: str,
    agencies: Sequence[str],
    *,
    at: datetime,
    take_over: bool = False,
    bytes_per_second: int = BYTES_PER_SECOND,
    requests_per_second: int = REQUESTS_PER_SECOND,
    max_packet_bytes: int = MAX_PACKET_BYTES,
    kafka_user: str = "",
) -> Credentials:
    """Register a system. In the caller's transaction.

    Args:
        conn: in a transaction.
        name: ``[a-z0-9-]{1,40}``, never used before: packet ids hang on it.
        agencies: codes of either generation that it will speak for.
        at: now, timezone-aware.
        take_over: take the agencies from whoever spoke for them before.
        bytes_per_second: most it may send.
        requests_per_second: most it may ask.
        max_packet_bytes: largest packet it may send.
        kafka_user: the broker's user that stands for it; empty: it speaks HTTP only.

    Raises:
        SetupError: the name is taken, or an agency is unknown or spoken for by another.
        UnavailableError: the database is away.
    """
    made = Credentials(
        name=name, client_id=f"{name}.{secrets.token_hex(6)}", secret=secrets.token_urlsafe(32)
    )
    await lock_directory(conn)
    with store_faults():
        fresh = await conn.fetchval(
            _INSERT,
            name,
            made.client_id,
            _digest(made.secret),
            bytes_per_second,
            requests_per_second,
            max_packet_bytes,
            at,
            kafka_user,
        )
    if fresh is None:
        raise SetupError(
            f"tên kết nối “{name}” đã dùng; chọn tên khác, hoặc axis connection rotate {name}"
            f" (connection {name!r} exists or existed; names are never used again)"
        )
    await _assign(conn, name, agencies, at=at, take_over=take_over)
    return made


async def assign_agencies(
    conn: "Connection", name: str, agencies: Sequence[str], *, at: datetime
) -> tuple[str, ...]:
    """Let a connection speak for more agencies, taking them from whoever did before. In a transaction.

    Returns:
        Canonical codes of the agencies.

    Raises:
        SetupError: no such connection, or an unknown agency.
    """
    await lock_directory(conn)
    await require_connection(conn, name)
    return await _assign(conn, name, agencies, at=at, take_over=True)


async def rotate_secret(
    conn: "Connection", name: str, *, kafka_user: str = "", until: datetime | None = None
) -> Credentials:
    """Give a connection a new secret. In a transaction.

    Args:
        conn: in a transaction.
        name: of a connection in use.
        kafka_user: the broker's user that stands for it from now on; empty: unchanged.
        until: the old secret and its tokens hold until then; None: they end at once, with every
            older secret that still held.

    Raises:
        SetupError: no such connection.
    """
    secret = secrets.token_urlsafe(32)
    if until is not None:
        await retire_credentials(conn, name, ends_at=until)
    with store_faults():
        client_id = await conn.fetchval(_ROTATE, name, _digest(secret), kafka_user)
        if client_id is not None and until is None:
            await conn.execute(_REVOKE, name)
            await conn.execute(_SHORTEN, name)
    if client_id is None:
        raise _unknown(name)
    return Credentials(name=name, client_id=client_id, secret=secret)


async def remove_connection(conn: "Connection", name: str, *, at: datetime) -> None:
    """End a connection: credentials, tokens, and whom it spoke for. Its history stays. In a transaction.

    Raises:
        SetupError: no such connection.
    """
    await lock_directory(conn)
    with store_faults():
        if await conn.execute(_REMOVE, name, at) == "UPDATE 0":
            raise _unknown(name)
        await conn.execute(_REVOKE, name)
        released = await conn.execute(_RELEASE, name)
    if released != "UPDATE 0":
        await record_version(
            conn, source={"connection": name, "released": True}, at=at, note=f"connection {name} removed"
        )


async def list_connections(conn: "Connection") -> tuple[Registered, ...]:
    """List connections by name, removed ones last."""
    with store_faults():
        return tuple(_registered(row) for row in await conn.fetch(_LIST, None))


async def require_connection(conn: "Connection", name: str) -> Registered:
    """Return a connection that is in use.

    Raises:
        SetupError: there is none of this name.
    """
    with store_faults():
        row = await conn.fetchrow(_LIST, name)
    if row is None or row["removed_at"] is not None:
        raise _unknown(name)
    return _registered(row)


async def _assign(
    conn: "Connection", name: str, agencies: Sequence[str], *, at: datetime, take_over: bool
) -> tuple[str, ...]:
    with store_faults():
        rows = await conn.fetch(_RESOLVE, sorted(set(agencies)))
    unknown = [row["asked"] for row in rows if row["code"] is None]
    if unknown:
        raise SetupError(
            f"không có trong danh bạ: {', '.join(unknown)}; tìm mã bằng axis directory find TÊN"
            " (not in the directory)"
        )
    taken = [row for row in rows if row["connection"] not in {"", name}]
    if taken and not take_over:
        held = ", ".join(f"{row['code']} ({row['connection']})" for row in taken)
        raise SetupError(
            f"đã có kết nối khác: {held}; muốn lấy về thì thêm --take-over"
            " (another connection speaks for them; --take-over takes them)"
        )
    codes = tuple(sorted({row["code"] for row in rows}))
    with store_faults():
        changed = await conn.execute(_ASSIGN, name, codes)
    if changed != "UPDATE 0":
        source: dict[str, object] = {"connection": name, "assigned": list(codes)}
        await record_version(
            conn, source=source, at=at, note=f"connection {name} speaks for {len(codes)} more"
        )
    return codes


def _registered(row: Any) -> Registered:  # noqa: ANN401 - asyncpg.Record is no type at run time
    values = {field: row[field] for field in Registered.__struct_fields__}
    return Registered(**{**values, "agencies": tuple(values["agencies"])})


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _unknown(name: str) -> SetupError:
    return SetupError(f"không có kết nối “{name}”; xem axis connection list (no such connection)")
