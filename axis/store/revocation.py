"""Revocation evidence, fetched ahead and shared by all workers. Verified where it is used."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.records import Kept

if TYPE_CHECKING:
    from axis.store.pool import Connection

_PUT: Final = """
INSERT INTO revocation (source, kind, der, sha256, fetched_at, next_update)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source) DO UPDATE
   SET der = excluded.der, sha256 = excluded.sha256, fetched_at = excluded.fetched_at,
       next_update = excluded.next_update
"""
_ALL: Final = """
SELECT source, kind, der, sha256, fetched_at, next_update FROM revocation ORDER BY source
"""
_FORGET: Final = "DELETE FROM revocation WHERE kind = 'ocsp' AND next_update < $1"


async def put_evidence(conn: "Connection", kept: Kept) -> None:
    """Keep the newest answer of a source."""
    await conn.execute(
        _PUT, kept.source, kept.kind, kept.der, kept.sha256, kept.fetched_at, kept.next_update
    )


async def all_evidence(conn: "Connection") -> list[Kept]:
    """Return what is kept, in a fixed order."""
    return [Kept(**dict(row)) for row in await conn.fetch(_ALL)]


async def forget_stale(conn: "Connection", *, before: datetime) -> None:
    """Drop OCSP responses whose time is over; CRLs are overwritten by their next."""
    await conn.execute(_FORGET, before)
