"""What a system has dealt with already, in one small file: so that what comes twice is shown once."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from axis.client.answers import Entry

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS dealt (key TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS arrived (
    number    INTEGER PRIMARY KEY AUTOINCREMENT,
    entry_id  INTEGER NOT NULL,
    id        TEXT NOT NULL UNIQUE,
    kind      TEXT NOT NULL,
    packet_id TEXT NOT NULL,
    priority  INTEGER NOT NULL,
    entry     BLOB NOT NULL,
    content   BLOB,
    sha256    TEXT NOT NULL,
    marked    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS arrived_open ON arrived (marked, priority DESC, number);
CREATE INDEX IF NOT EXISTS arrived_entry ON arrived (entry_id);
CREATE INDEX IF NOT EXISTS arrived_about ON arrived (packet_id);
"""


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """One record of an inbox topic, as it is kept."""

    entry: Entry
    content: bytes | None
    """None: it is to be fetched."""
    sha256: str


class Store:
    """A file that remembers, or memory where no file is given. Durable when a call returns."""

    def __init__(self, path: str | Path = ":memory:") -> None:
        """Open it, made if there is none.

        Args:
            path: of a file that one process uses at a time.
        """
        self._base = sqlite3.connect(path, check_same_thread=False)
        self._base.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
        self._base.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def dealt(self, entry: Entry) -> bool:
        """Tell whether an entry was dealt with."""
        return self._base.execute("SELECT 1 FROM dealt WHERE key = ?", (_key(entry),)).fetchone() is not None

    def deal(self, entry: Entry) -> None:
        """Remember that an entry was dealt with."""
        with self._change() as base:
            base.execute("INSERT OR IGNORE INTO dealt VALUES (?)", (_key(entry),))

    def arrive(self, one: Arrived, name: str) -> bool:
        """Keep a record; False where it came before.

        Args:
            one: the record.
            name: its id.
        """
        entry = one.entry
        with self._change() as base:
            done = base.execute(
                "INSERT OR IGNORE INTO arrived"
                " (id, entry_id, kind, packet_id, priority, entry, content, sha256)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    name,
                    entry.entry_id,
                    entry.kind,
                    entry.packet_id,
                    entry.priority,
                    msgspec.json.encode(entry),
                    one.content,
                    one.sha256,
                ),
            )
        return done.rowcount > 0

    def open(self, kind: str, packet_id: str, limit: int) -> list[Entry]:
        """List what is not marked yet, urgent first; empty kind or packet id: all."""
        rows = self._base.execute(
            "SELECT entry FROM arrived"
            " WHERE marked = 0 AND (? = '' OR kind = ?) AND (? = '' OR packet_id = ?)"
            " ORDER BY priority DESC, number LIMIT ?",
            (kind, kind, packet_id, packet_id, limit),
        )
        return [msgspec.json.decode(row[0], type=Entry) for row in rows]

    def about(self, packet_id: str, kind: str) -> list[Arrived]:
        """Return records of one kind about a packet, in the order they came, marked ones too."""
        rows = self._base.execute(
            "SELECT entry, content, sha256 FROM arrived WHERE packet_id = ? AND kind = ? ORDER BY number",
            (packet_id, kind),
        )
        return [_arrived(row) for row in rows]

    def find(self, number: int) -> Arrived | None:
        """Return the record of a mailbox entry, or None."""
        row = self._base.execute(
            "SELECT entry, content, sha256 FROM arrived WHERE entry_id = ?", (number,)
        ).fetchone()
        return None if row is None else _arrived(row)

    def mark(self, number: int) -> None:
        """Take the record of a mailbox entry off the list."""
        with self._change() as base:
            base.execute("UPDATE arrived SET marked = 1 WHERE entry_id = ?", (number,))

    def forget(self, number: int) -> None:
        """Remove the record of a mailbox entry."""
        with self._change() as base:
            base.execute("DELETE FROM arrived WHERE entry_id = ?", (number,))

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._base:
            yield self._base


def _key(entry: Entry) -> str:
    return f"{entry.kind}/{entry.subject}"


def _arrived(row: tuple[bytes, bytes | None, str]) -> Arrived:
    return Arrived(entry=msgspec.json.decode(row[0], type=Entry), content=row[1], sha256=row[2])
