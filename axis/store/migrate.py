"""Migrations: numbered plain SQL, each once, under an advisory lock.

``NNNN_pre_*.sql`` runs before new code, ``NNNN_post_*.sql`` after it. A file
that has run must not change: its digest is kept and compared.
"""

import hashlib
from pathlib import Path
from typing import Final

import asyncpg

from axis.errors import SetupError
from axis.store.faults import store_faults

FOLDER: Final = Path(__file__).parent / "migrations"
LOCK: Final = 0x61786973  # "axis"

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS migration (
    name       text PRIMARY KEY,
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
_APPLIED: Final = "SELECT name, sha256 FROM migration"
_RECORD: Final = "INSERT INTO migration (name, sha256) VALUES ($1, $2)"


async def migrate(url: str, folder: Path = FOLDER, *, stage: str = "") -> list[str]:
    """Bring the schema to what this code needs.

    Args:
        url: of a role that owns the database.
        folder: where the SQL files are.
        stage: ``pre``: only what runs before new code; ``post``: only what runs after it; empty: all.

    Returns:
        Names of the files that ran now; empty: it was up to date.

    Raises:
        SetupError: a file that ran was changed since.
        UnavailableError: the server is away.
    """
    files = _files(folder)
    with store_faults():
        connection = await asyncpg.connect(url, timeout=10, command_timeout=600)
        try:
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
            await connection.execute(_TABLE)
            applied = {row["name"]: row["sha256"] for row in await connection.fetch(_APPLIED)}
            ran = []
            for name, text in files:
                if stage and f"_{stage}_" not in name:
                    continue
                digest = hashlib.sha256(text.encode()).hexdigest()
                if name in applied:
                    if applied[name] != digest:
                        raise SetupError(f"migration {name} was changed after it ran; add a new file instead")
                    continue
                async with connection.transaction():
                    await connection.execute(text)
                    await connection.execute(_RECORD, name, digest)
                ran.append(name)
            return ran
        finally:
            await connection.close()


def _files(folder: Path) -> list[tuple[str, str]]:
    return [(path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("[0-9]*.sql"))]
