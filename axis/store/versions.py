"""Versions of the directory: each change is one, and stands for everybody at its commit or for nobody."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from axis.register import Agency, Directory, DirectoryVersion, Signer, searchable
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection

LOCK: Final = 0x61786474  # "axdt": whoever makes a version holds it until the commit

_LOCK: Final = "SELECT pg_advisory_xact_lock($1)"

_PATIENCE: Final = "SET LOCAL statement_timeout = '120s'"
"""A first import of 150,000 agencies is one statement of seconds, not of milliseconds."""

_STAGE: Final = """
CREATE TEMPORARY TABLE staged_agency (LIKE agency INCLUDING DEFAULTS) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_seal (LIKE seal) ON COMMIT DROP;
CREATE TEMPORARY TABLE staged_signer (LIKE signer) ON COMMIT DROP;
"""

_STAGED: Final = "ANALYZE staged_agency; ANALYZE staged_seal; ANALYZE staged_signer"

# Only what differs is touched, so that an import of the same rows leaves no trace.
# References to agency are checked at the commit, when the new rows stand.
_CHANGES: Final = (
    """
    DELETE FROM signer o
     WHERE NOT EXISTS (SELECT FROM staged_signer n
                        WHERE n.certificate_sha256 = o.certificate_sha256
                          AND ROW(n.*) IS NOT DISTINCT FROM ROW(o.*))
    """,
    """
    DELETE FROM seal o
     WHERE NOT EXISTS (SELECT FROM staged_seal n
                        WHERE n.certificate_sha256 = o.certificate_sha256
                          AND ROW(n.*) IS NOT DISTINCT FROM ROW(o.*))
    """,
    """
    DELETE FROM agency o
     WHERE NOT EXISTS (SELECT FROM staged_agency n
                        WHERE n.code = o.code
                          AND ROW(n.*) IS NOT DISTINCT FROM ROW(o.*))
    """,
    """
    INSERT INTO agency
    SELECT n.* FROM staged_agency n
     WHERE NOT EXISTS (SELECT FROM agency o WHERE o.code = n.code)
    """,
    """
    INSERT INTO seal
    SELECT n.* FROM staged_seal n
     WHERE NOT EXISTS (SELECT FROM seal o WHERE o.certificate_sha256 = n.certificate_sha256)
    """,
    """
    INSERT INTO signer
    SELECT n.* FROM staged_signer n
     WHERE NOT EXISTS (SELECT FROM signer o WHERE o.certificate_sha256 = n.certificate_sha256)
    """,
)

_DIGEST: Final = """
SELECT encode(sha256(convert_to(
         coalesce((SELECT string_agg(a::text, E'\\n' ORDER BY code COLLATE "C") FROM agency a), '')
         || E'\\n\\n'
         || coalesce((SELECT string_agg(s::text, E'\\n' ORDER BY certificate_sha256 COLLATE "C")
                        FROM signer s), '')
         || E'\\n\\n'
         || coalesce((SELECT string_agg(s::text, E'\\n' ORDER BY certificate_sha256 COLLATE "C")
                        FROM seal s), ''), 'UTF8')), 'hex')
"""

NEWEST: Final = "SELECT coalesce(max(version), 0) FROM directory_version"
"""The version in force; 0: none was imported."""

_RECORD: Final = """
INSERT INTO directory_version (version, imported_at, sha256, source, note)
VALUES ($1, $2, $3, $4, $5)
RETURNING version, imported_at, sha256, source, note
"""

_VERSIONS: Final = """
SELECT version, imported_at, sha256, source, note
  FROM directory_version
 ORDER BY version DESC
 LIMIT $1
"""

_AGENCY_COLUMNS: Final = (
    "code", "code102", "name", "level", "parent", "connection", "locked",
    "valid_from", "valid_until", "successors", "invented", "collective", "any_person", "search",
)  # fmt: skip
_SEAL_COLUMNS: Final = ("certificate_sha256", "agency")
_SIGNER_COLUMNS: Final = ("certificate_sha256", "agency", "full_name", "position", "mandates")


async def lock_directory(conn: "Connection") -> None:
    """Let nobody else make a version until this transaction ends. Readers are not held up."""
    with store_faults():
        await conn.execute(_PATIENCE)
        await conn.execute(_LOCK, LOCK)


async def import_directory(
    conn: "Connection", directory: Directory, *, source: dict[str, object], at: datetime, note: str = ""
) -> DirectoryVersion | None:
    """Put a whole directory in force as the next version.

    Runs in the caller's transaction, after `lock_directory`: the version
    exists for everybody at the commit, or for nobody.

    Args:
        conn: in a transaction at READ COMMITTED.
        directory: checked by `axis.directory`; replaces all that is in force.
        source: digests of the files it came from.
        at: now, timezone-aware.
        note: for people.

    Returns:
        The new version; None when nothing differs from what is in force.

    Raises:
        UnavailableError: the database is away.
        StoreError: the schema refused it.
    """
    with store_faults():
        await conn.execute(_STAGE)
        await conn.copy_records_to_table(
            "staged_agency", columns=_AGENCY_COLUMNS, records=[_agency_row(a) for a in directory.agencies]
        )
        await conn.copy_records_to_table(
            "staged_seal",
            columns=_SEAL_COLUMNS,
            records=[(seal.certificate_sha256, seal.agency) for seal in directory.seals],
        )
        await conn.copy_records_to_table(
            "staged_signer", columns=_SIGNER_COLUMNS, records=[_signer_row(s) for s in directory.signers]
        )
        await conn.execute(_STAGED)
        changed = 0
        for statement in _CHANGES:
            changed += int((await conn.execute(statement)).rpartition(" ")[2])
        if not changed:
            return None
    return await record_version(conn, source=source, at=at, note=note)


async def record_version(
    conn: "Connection", *, source: dict[str, object], at: datetime, note: str = ""
) -> DirectoryVersion:
    """Name what stands in the tables now as the next version. In the transaction that changed them."""
    with store_faults():
        version = await conn.fetchval(NEWEST) + 1
        digest = await conn.fetchval(_DIGEST)
        row = await conn.fetchrow(_RECORD, version, at, digest, msgspec.json.encode(source), note)
    assert row is not None, "INSERT ... RETURNING gives its row"
    return _version(row)


async def list_versions(conn: "Connection", *, limit: int = 100) -> tuple[DirectoryVersion, ...]:
    """List versions, newest first. Empty: nothing was imported yet."""
    with store_faults():
        return tuple(_version(row) for row in await conn.fetch(_VERSIONS, limit))


def _agency_row(
    agency: Agency,
) -> tuple[str, str, str, str, str, str, bool, date, date | None, Sequence[str], bool, bool, bool, str]:
    return (
        agency.code, agency.code102, agency.name, agency.level.value, agency.parent, agency.connection,
        agency.locked, agency.valid_from, agency.valid_until, agency.successors, agency.invented,
        agency.collective, agency.any_person,
        searchable(agency.name),
    )  # fmt: skip


def _signer_row(signer: Signer) -> tuple[str, str, str, str, bytes]:
    return (
        signer.certificate_sha256,
        signer.agency,
        signer.full_name,
        signer.position,
        msgspec.json.encode(signer.mandates),
    )


def _version(row: Any) -> DirectoryVersion:  # noqa: ANN401 - asyncpg.Record is no type at run time
    return DirectoryVersion(
        version=row["version"],
        imported_at=row["imported_at"],
        sha256=row["sha256"],
        source=msgspec.json.decode(row["source"], type=dict[str, object]),
        note=row["note"],
    )
