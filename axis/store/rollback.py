"""Going back to an older directory: what was changed since is undone, as one new version."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.errors import SetupError
from axis.register import DirectoryVersion
from axis.store.faults import store_faults
from axis.store.versions import record_version

if TYPE_CHECKING:
    from axis.store.pool import Connection

_SINCE: Final = "SELECT since FROM directory_history"
_KNOWN: Final = "SELECT EXISTS (SELECT FROM directory_version WHERE version = $1)"

# The first change after a version knows how a row stood in it. Who speaks for an agency is not gone back
# on: that hangs on credentials, and a relay that lost an agency must not get its mail again.
_STAGE: Final = """
CREATE TEMPORARY TABLE restored ON COMMIT DROP AS
WITH first AS (
    SELECT DISTINCT ON (kind, key) kind, key, before
      FROM directory_change WHERE version > $1 ORDER BY kind, key, seq
), stood AS (
    SELECT kind, key,
           CASE WHEN kind = 'agency' AND before IS NOT NULL THEN
               before || jsonb_build_object('connection', coalesce(
                   (SELECT connection FROM agency WHERE code = key),
                   (SELECT name FROM connection WHERE name = before ->> 'connection' AND removed_at IS NULL),
                   ''))
           ELSE before END AS before
      FROM first
)
SELECT * FROM stood
 WHERE before IS DISTINCT FROM CASE kind
       WHEN 'agency' THEN (SELECT to_jsonb(a) FROM agency a WHERE code = key)
       WHEN 'seal' THEN (SELECT to_jsonb(s) FROM seal s WHERE certificate_sha256 = key)
       ELSE (SELECT to_jsonb(s) FROM signer s WHERE certificate_sha256 = key) END
"""

_NEEDED: Final = """
SELECT key FROM restored
 WHERE kind = 'agency' AND before IS NULL
   AND (EXISTS (SELECT FROM document WHERE agency = key)
        OR EXISTS (SELECT FROM delivery WHERE recipient = key))
 ORDER BY key LIMIT 10
"""

_UNDO: Final = (
    "DELETE FROM signer WHERE certificate_sha256 IN (SELECT key FROM restored WHERE kind = 'signer')",
    "DELETE FROM seal WHERE certificate_sha256 IN (SELECT key FROM restored WHERE kind = 'seal')",
    "DELETE FROM agency WHERE code IN (SELECT key FROM restored WHERE kind = 'agency')",
    """INSERT INTO agency SELECT (jsonb_populate_record(NULL::agency, before)).* FROM restored
        WHERE kind = 'agency' AND before IS NOT NULL ORDER BY key""",
    """INSERT INTO seal SELECT (jsonb_populate_record(NULL::seal, before)).* FROM restored
        WHERE kind = 'seal' AND before IS NOT NULL ORDER BY key""",
    """INSERT INTO signer SELECT (jsonb_populate_record(NULL::signer, before)).* FROM restored
        WHERE kind = 'signer' AND before IS NOT NULL ORDER BY key""",
)


async def go_back(
    conn: "Connection", version: int, *, by: str, at: datetime, note: str = ""
) -> DirectoryVersion | None:
    """Make the directory what it was in a version, as the next one; None where it is that already.

    Args:
        conn: in a transaction that holds `axis.store.versions.lock_directory`.
        version: to go back to.
        by: who asked for it.
        at: now, timezone-aware.
        note: for people.

    Raises:
        SetupError: there is no such version, it is older than the history that is kept, or an
            agency that came after it has documents: its code must not vanish.
        UnavailableError: the database is away.
    """
    with store_faults():
        if not await conn.fetchval(_KNOWN, version):
            raise SetupError(f"không có phiên bản {version} của danh bạ (there is no such version)")
        since = await conn.fetchval(_SINCE)
        if version < since:
            raise SetupError(
                f"lịch sử thay đổi chỉ có từ phiên bản {since}; hãy nạp lại các tệp của phiên bản {version}"
                f" (history begins with version {since}; import that version's files again)"
            )
        await conn.execute("DROP TABLE IF EXISTS restored")
        await conn.execute(_STAGE, version)
        needed = [row["key"] for row in await conn.fetch(_NEEDED)]
        if needed:
            raise SetupError(
                f"các mã {', '.join(needed)} đã có văn bản, không thể biến mất; hãy nạp với valid_until"
                " (these codes have documents and must not vanish; import them with valid_until)"
            )
        changed = 0
        for statement in _UNDO:
            changed += int((await conn.execute(statement)).rpartition(" ")[2])
    if not changed:
        return None
    source: dict[str, object] = {"by": by, "rollback_to": version}
    return await record_version(conn, source=source, at=at, note=note or f"rollback to {version}")
