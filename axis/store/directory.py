"""The directory as it is read: views for judging, and for people. `axis.store.versions` writes it."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

import msgspec

from axis.register import Agency, Directory, DirectoryView, Seal, Signer, searchable
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection

# One statement, so one snapshot: a document is never judged under half an import.
_VIEW: Final = """
WITH sealing AS (
    SELECT certificate_sha256, agency FROM seal WHERE certificate_sha256 = ANY ($2)
), signing AS (
    SELECT certificate_sha256, agency, full_name, position, mandates
      FROM signer
     WHERE certificate_sha256 = ANY ($2)
), wanted AS (
    SELECT unnest($1::text[]) AS code
    UNION SELECT agency FROM sealing
    UNION SELECT agency FROM signing
    UNION SELECT m ->> 'authorising_agency' FROM signing, jsonb_array_elements(mandates) m
), found AS (
    SELECT a.* FROM agency a JOIN wanted w ON a.code = w.code
    UNION
    SELECT a.* FROM agency a JOIN wanted w ON a.code102 = w.code AND a.code102 <> ''
)
SELECT (SELECT coalesce(max(version), 0) FROM directory_version) AS version,
       (SELECT coalesce(jsonb_agg(to_jsonb(found) - 'search'), '[]') FROM found) AS agencies,
       (SELECT coalesce(jsonb_agg(to_jsonb(sealing)), '[]') FROM sealing) AS seals,
       (SELECT coalesce(jsonb_agg(to_jsonb(signing)), '[]') FROM signing) AS signers
"""

# Codes of the two generations never meet: the directory's import sees to that.
_CANONICAL: Final = """
SELECT code FROM agency WHERE code = $1
UNION ALL
SELECT code FROM agency WHERE code102 = $1 AND code102 <> ''
 LIMIT 1
"""

_ALL: Final = """
SELECT (SELECT coalesce(jsonb_agg(to_jsonb(a) - 'search' ORDER BY code COLLATE "C"), '[]')
          FROM agency a) AS agencies,
       (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY certificate_sha256 COLLATE "C"), '[]')
          FROM seal s) AS seals,
       (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY certificate_sha256 COLLATE "C"), '[]')
          FROM signer s) AS signers
"""

_FIND: Final = """
SELECT to_jsonb(a) - 'search' AS agency
  FROM agency a
 WHERE search LIKE ALL ($1::text[]) OR lower(code) LIKE $2 OR lower(code102) LIKE $2
 ORDER BY lower(code) = $3 OR lower(code102) = $3 DESC, valid_until IS NOT NULL, code COLLATE "C"
 LIMIT $4
"""

_OF_AGENCY: Final = """
SELECT (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY full_name), '[]')
          FROM signer s WHERE agency = $1) AS signers,
       (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY certificate_sha256), '[]')
          FROM seal s WHERE agency = $1) AS seals
"""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """All that the directory says about one agency."""

    agency: Agency
    signers: tuple[Signer, ...] = ()
    seals: tuple[Seal, ...] = ()


async def read_directory_in_force(conn: "Connection") -> Directory:
    """Read every agency, signer and seal: about two seconds for 150,000 agencies."""
    with store_faults():
        row = await conn.fetchrow(_ALL)
    assert row is not None, "a SELECT without FROM has one row"
    return Directory(
        agencies=msgspec.json.decode(row["agencies"], type=tuple[Agency, ...]),
        signers=msgspec.json.decode(row["signers"], type=tuple[Signer, ...]),
        seals=msgspec.json.decode(row["seals"], type=tuple[Seal, ...]),
    )


async def view_for(
    conn: "Connection", codes: Collection[str], fingerprints: Collection[str]
) -> DirectoryView:
    """Read the part of the directory that judging a document needs, in one snapshot.

    Args:
        conn: any connection; a transaction is not needed.
        codes: agency codes of either generation, as envelopes name them.
        fingerprints: SHA-256 of certificates, lower-case hexadecimal.

    Returns:
        A view whose ``agencies`` has each known code that was asked for, as it
        was written, and the canonical codes of the agencies behind the
        certificates. Unknown codes and certificates are simply not in it.

    Raises:
        UnavailableError: the database is away.
    """
    asked = sorted(set(codes))
    with store_faults():
        row = await conn.fetchrow(_VIEW, asked, sorted(set(fingerprints)))
    assert row is not None, "a SELECT without FROM has one row"
    agencies: dict[str, Agency] = {}
    for agency in msgspec.json.decode(row["agencies"], type=tuple[Agency, ...]):
        agencies[agency.code] = agency
        if agency.code102:
            agencies[agency.code102] = agency
    return DirectoryView(
        version=row["version"],
        agencies=agencies,
        seals={
            seal.certificate_sha256: seal for seal in msgspec.json.decode(row["seals"], type=tuple[Seal, ...])
        },
        signers={
            signer.certificate_sha256: signer
            for signer in msgspec.json.decode(row["signers"], type=tuple[Signer, ...])
        },
    )


async def canonical_code(conn: "Connection", code: str) -> str | None:
    """Return the canonical code of the agency that has this code of either generation; None: unknown.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        found: str | None = await conn.fetchval(_CANONICAL, code)
    return found


async def find_agencies(conn: "Connection", text: str, *, limit: int = 50) -> tuple[Agency, ...]:
    """Find agencies by words of their name, diacritics or not, or by part of a code.

    Returns:
        An agency with exactly that code first, then those in force, by code.
    """
    words = [f"%{_literal(word)}%" for word in searchable(text).split()]
    code = _literal(text.strip().lower())
    with store_faults():
        rows = await conn.fetch(_FIND, words or ["%"], f"%{code}%", text.strip().lower(), limit)
    return tuple(msgspec.json.decode(row["agency"], type=Agency) for row in rows)


async def show_agency(conn: "Connection", code: str) -> Entry | None:
    """Read all about the agency with this code of either generation; None: unknown."""
    view = await view_for(conn, [code], [])
    agency = view.agencies.get(code)
    if agency is None:
        return None
    with store_faults():
        row = await conn.fetchrow(_OF_AGENCY, agency.code)
    assert row is not None, "a SELECT without FROM has one row"
    return Entry(
        agency=agency,
        signers=msgspec.json.decode(row["signers"], type=tuple[Signer, ...]),
        seals=msgspec.json.decode(row["seals"], type=tuple[Seal, ...]),
    )


def _literal(text: str) -> str:
    """Quote LIKE's own signs."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
