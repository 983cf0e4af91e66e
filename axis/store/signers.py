"""The register of signers as it is written: one version of the directory for each change."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.register import Agency, DirectoryVersion, Seal, Signer
from axis.store.faults import store_faults
from axis.store.versions import NEWEST, lock_directory, record_version

if TYPE_CHECKING:
    from axis.store.pool import Connection, Pool

_SIGNERS: Final = "SELECT to_jsonb(s) AS row FROM signer s WHERE certificate_sha256 = ANY($1::text[])"
_SEALS: Final = "SELECT to_jsonb(s) AS row FROM seal s WHERE certificate_sha256 = ANY($1::text[])"
_AGENCIES: Final = "SELECT to_jsonb(a) - 'search' AS row FROM agency a WHERE code = ANY($1::text[])"
_SPOKEN_FOR: Final = "SELECT code FROM agency WHERE connection = $1"
_OF_AGENCIES: Final = """
SELECT to_jsonb(s) AS row FROM signer s
 WHERE agency = ANY($1::text[])
    OR EXISTS (SELECT FROM jsonb_array_elements(mandates) m
                WHERE m ->> 'authorising_agency' = ANY($1::text[]))
 ORDER BY agency, full_name, certificate_sha256
 LIMIT $2
"""
_PUT: Final = """
INSERT INTO signer (certificate_sha256, agency, full_name, position, mandates)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (certificate_sha256) DO UPDATE
   SET full_name = excluded.full_name, position = excluded.position, mandates = excluded.mandates
"""


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the directory around some certificates."""

    signers: dict[str, Signer]
    seals: dict[str, Seal]
    agencies: dict[str, Agency]


async def read_around(conn: "Connection", certificates: Collection[str], codes: Collection[str]) -> Around:
    """Read signers and seals by certificate, and agencies by code. After `lock_directory`."""
    with store_faults():
        signers = await conn.fetch(_SIGNERS, sorted(set(certificates)))
        seals = await conn.fetch(_SEALS, sorted(set(certificates)))
        agencies = await conn.fetch(_AGENCIES, sorted(set(codes)))
    people = [msgspec.json.decode(row["row"], type=Signer) for row in signers]
    sealing = [msgspec.json.decode(row["row"], type=Seal) for row in seals]
    named = [msgspec.json.decode(row["row"], type=Agency) for row in agencies]
    return Around(
        signers={one.certificate_sha256: one for one in people},
        seals={one.certificate_sha256: one for one in sealing},
        agencies={one.code: one for one in named},
    )


async def write_signers(
    conn: "Connection", signers: Sequence[Signer], *, by: str, at: datetime, note: str = ""
) -> DirectoryVersion | None:
    """Put changed signers into the register as one version; None where nothing changes.

    Args:
        conn: in a transaction that holds `lock_directory`.
        signers: as they stand from now on.
        by: who changed them.
        at: now, timezone-aware.
        note: for people.
    """
    if not signers:
        return None
    with store_faults():
        for one in signers:
            await conn.execute(
                _PUT,
                one.certificate_sha256,
                one.agency,
                one.full_name,
                one.position,
                msgspec.json.encode(one.mandates),
            )
    source: dict[str, object] = {
        "by": by,
        "agencies": sorted({one.agency for one in signers}),
        "signers": sorted(one.certificate_sha256 for one in signers),
    }
    return await record_version(conn, source=source, at=at, note=note or f"{len(signers)} signers by {by}")


async def spoken_for(conn: "Pool | Connection", connection: str) -> tuple[str, ...]:
    """Return the agencies that a connection speaks for now."""
    with store_faults():
        return tuple(row["code"] for row in await conn.fetch(_SPOKEN_FOR, connection))


async def list_signers(
    conn: "Pool | Connection", agencies: Collection[str], *, limit: int = 10_000
) -> tuple[Signer, ...]:
    """List the signers of agencies, and the persons that these authorised (TUQ)."""
    with store_faults():
        rows = await conn.fetch(_OF_AGENCIES, sorted(set(agencies)), limit)
    return tuple(msgspec.json.decode(row["row"], type=Signer) for row in rows)


class DirectoryChange:
    """A change of the directory under way: its transaction holds the lock."""

    def __init__(self, conn: "Connection") -> None:
        """Begin; see `directory_change`."""
        self._conn = conn

    async def around(self, certificates: Collection[str], codes: Collection[str]) -> Around:
        """As `read_around`."""
        return await read_around(self._conn, certificates, codes)

    async def spoken_for(self, connection: str) -> tuple[str, ...]:
        """As `spoken_for`."""
        return await spoken_for(self._conn, connection)

    async def write(self, signers: Sequence[Signer], *, by: str, at: datetime) -> int:
        """As `write_signers`; return the version that is in force then."""
        made = await write_signers(self._conn, signers, by=by, at=at)
        if made is not None:
            return made.version
        with store_faults():
            version: int = await self._conn.fetchval(NEWEST)
        return version


@asynccontextmanager
async def directory_change(pool: "Pool") -> AsyncIterator[DirectoryChange]:
    """Change the directory: what is read does not change meanwhile, and all of it stands or nothing."""
    async with pool.acquire() as conn, conn.transaction():
        await lock_directory(conn)
        yield DirectoryChange(conn)
