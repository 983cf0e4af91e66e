"""Revocation evidence, fetched ahead and shared by all workers. Verified where it is used."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.records import Kept, Proof, Shelved

if TYPE_CHECKING:
    from axis.store.pool import Connection

_PUT: Final = """
INSERT INTO revocation (source, kind, der, sha256, fetched_at, next_update, this_update)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (source) DO UPDATE
   SET der = excluded.der, sha256 = excluded.sha256, fetched_at = excluded.fetched_at,
       next_update = excluded.next_update, this_update = excluded.this_update
 WHERE revocation.this_update IS NULL OR excluded.this_update >= revocation.this_update
"""
_SHELVED: Final = "SELECT source, kind, sha256, fetched_at FROM revocation ORDER BY source"
_BYTES: Final = "SELECT DISTINCT ON (sha256) sha256, der FROM revocation WHERE sha256 = ANY($1::text[])"
_MISSING: Final = """
SELECT coalesce(array_agg(named), '{}') FROM unnest($1::text[]) named
 WHERE NOT EXISTS (SELECT FROM evidence WHERE sha256 = named)
"""
_PROVE: Final = """
INSERT INTO evidence (sha256, kind, der, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""
_PROOFS: Final = "SELECT sha256, kind, der FROM evidence WHERE sha256 = ANY($1::text[]) ORDER BY sha256"
_FORGET: Final = "DELETE FROM revocation WHERE kind = 'ocsp' AND next_update < $1"


async def put_evidence(conn: "Connection", kept: Kept) -> None:
    """Keep the newest answer of a source; an older one than is held changes nothing."""
    await conn.execute(
        _PUT,
        kept.source,
        kept.kind,
        kept.der,
        kept.sha256,
        kept.fetched_at,
        kept.next_update,
        kept.this_update,
    )


async def shelved(conn: "Connection") -> list[Shelved]:
    """Tell what is kept, in a fixed order, without the bytes: a national list has megabytes of them."""
    return [Shelved(**dict(row)) for row in await conn.fetch(_SHELVED)]


async def evidence_bytes(conn: "Connection", digests: Sequence[str]) -> dict[str, bytes]:
    """Return the bytes of what is kept, by digest."""
    return {row["sha256"]: row["der"] for row in await conn.fetch(_BYTES, list(digests))}


async def keep_proofs(conn: "Connection", proofs: Sequence[Proof], *, at: datetime) -> None:
    """Keep for good what decisions rest on, once each. In the decisions' own transaction."""
    missing = set(await conn.fetchval(_MISSING, sorted({proof.sha256 for proof in proofs})))
    for proof in proofs:
        if proof.sha256 in missing:
            await conn.execute(_PROVE, proof.sha256, proof.kind, proof.der, at)


async def read_proofs(conn: "Connection", digests: Sequence[str]) -> list[Proof]:
    """Return evidence of decisions, by digest."""
    return [Proof(**dict(row)) for row in await conn.fetch(_PROOFS, list(digests))]


async def forget_stale(conn: "Connection", *, before: datetime) -> None:
    """Drop OCSP responses whose time is over; CRLs are overwritten by their next."""
    await conn.execute(_FORGET, before)
