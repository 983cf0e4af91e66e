"""Versions of the trust list: bytes, digests, who put them in force. Their meaning is `signing.trust`'s."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection, Pool

LOCK: Final = 0x61787472  # "axtr": whoever makes a version holds it until the commit

_LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
_COLUMNS: Final = "version, digest, name, source, imported_by, imported_at, note"
_NEWEST: Final = "SELECT digest FROM trust_version ORDER BY version DESC LIMIT 1"
_IN_FORCE: Final = "SELECT digest, body FROM trust_version ORDER BY version DESC LIMIT 1"
_BODY: Final = "SELECT body FROM trust_version WHERE digest = $1 ORDER BY version DESC LIMIT 1"
_ADD: Final = f"""
INSERT INTO trust_version (version, digest, body, name, source, imported_by, imported_at, note)
SELECT coalesce(max(version), 0) + 1, $1, $2, $3, $4, $5, $6, $7 FROM trust_version
RETURNING {_COLUMNS}
"""  # noqa: S608  # columns are ours
_LIST: Final = f"SELECT {_COLUMNS} FROM trust_version ORDER BY version DESC LIMIT $1"  # noqa: S608


class TrustVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the trust list, as its history tells it."""

    version: int
    digest: str
    name: str
    """As its maker calls it."""
    source: str
    imported_by: str
    imported_at: datetime
    note: str = ""


class Trusts:
    """What a process that judges asks now and then."""

    def __init__(self, pool: "Pool | Connection") -> None:
        """Ask over a pool, or over one connection."""
        self._pool = pool

    async def trust_digest(self) -> str | None:
        """Return the digest of the list in force; None: none was imported."""
        with store_faults():
            digest: str | None = await self._pool.fetchval(_NEWEST)
        return digest

    async def trust_in_force(self) -> tuple[str, bytes] | None:
        """Return digest and JSON of the list in force; None: none was imported."""
        with store_faults():
            row = await self._pool.fetchrow(_IN_FORCE)
        return None if row is None else (row["digest"], row["body"])

    async def trust_body(self, digest: str) -> bytes | None:
        """Return the JSON of a list that is or was in force; None: there was none of this digest."""
        with store_faults():
            body: bytes | None = await self._pool.fetchval(_BODY, digest)
        return body


async def import_trust(
    conn: "Connection",
    *,
    digest: str,
    body: bytes,
    name: str,
    source: str,
    by: str,
    at: datetime,
    note: str = "",
) -> TrustVersion | None:
    """Put a list in force as the next version; None where it is in force already.

    Runs in the caller's transaction: the version exists for everybody at the commit, or for nobody.

    Args:
        conn: in a transaction.
        digest: of what the list says, by `signing.trust`.
        body: its JSON; checked by the caller.
        name: as its maker calls it.
        source: where it came from.
        by: who put it in force.
        at: now, timezone-aware.
        note: for people.
    """
    with store_faults():
        await conn.execute(_LOCK, LOCK)
        if await conn.fetchval(_NEWEST) == digest:
            return None
        row = await conn.fetchrow(_ADD, digest, body, name, source, by, at, note)
    assert row is not None, "INSERT ... RETURNING gives its row"
    return TrustVersion(**dict(row))


async def list_trust(conn: "Connection", *, limit: int = 100) -> tuple[TrustVersion, ...]:
    """List versions, newest first."""
    with store_faults():
        return tuple(TrustVersion(**dict(row)) for row in await conn.fetch(_LIST, limit))
