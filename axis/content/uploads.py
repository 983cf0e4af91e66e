"""Uploads: bytes that a connection has brought and not handed in yet. Not content.

They lie apart, by connection: a digest counts only for who brought the bytes, and an upload that is swept
takes nothing away from anybody else. Handing one in makes it content by a second name for the same bytes.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from axis.content.store import Spool, fsync_folder, make_folder, place, remove_older


class Uploads:
    """The uploads beside one content store."""

    def __init__(self, root: Path) -> None:
        """Open them.

        Args:
            root: of the content store: a second name works within one file system only.
        """
        self._root = root
        self._folder = root / "uploads"

    def keep(self, connection: str, spool: Spool) -> str:
        """Keep spooled bytes as an upload, durably; return their digest.

        Raises:
            OSError: the disk is full or broken; nothing is kept.
        """
        return spool.commit(self._path(connection, spool.sha256))

    def take(self, connection: str, sha256: str) -> None:
        """Make an upload content, durably. Doing it again changes nothing.

        Raises:
            FileNotFoundError: no such upload, and no such content.
            OSError: the disk is full or broken.
        """
        target = place(self._root, sha256)
        if target.exists():
            # Young again: retention leaves alone what may belong to a row that is just being written.
            os.utime(target)
            return
        make_folder(target.parent, self._root)
        with contextlib.suppress(FileExistsError):
            os.link(self._path(connection, sha256), target)
            os.utime(target)
        fsync_folder(target.parent)

    def drop(self, connection: str, sha256: str) -> None:
        """Forget an upload. Content keeps its bytes."""
        self._path(connection, sha256).unlink(missing_ok=True)

    def older(self, than: float) -> Iterator[tuple[str, str]]:
        """Yield (connection, digest) of uploads whose bytes came before a POSIX time."""
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # handed in meanwhile
                if path.stat().st_mtime < than:
                    yield path.parent.name, path.name

    def remove(self, connection: str, sha256: str, than: float) -> bool:
        """Forget an upload whose bytes came before a POSIX time; False where they came again since."""
        return remove_older(self._path(connection, sha256), self._root, than)

    def forget(self, sha256: str) -> int:
        """Forget an upload of everybody: nothing of it may stay. Return how many there were."""
        found = list(self._folder.glob(f"*/{place(self._root, sha256).name}"))
        for path in found:
            path.unlink(missing_ok=True)
        return len(found)

    def _path(self, connection: str, sha256: str) -> Path:
        place(self._root, sha256)  # raises for what is no digest
        return self._folder / connection / sha256
