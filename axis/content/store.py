"""The content store: bytes by their SHA-256, kept once, on a directory of this machine.

Written to a temporary file while being hashed, then fsynced, renamed into its
place and the folder fsynced: a name in the store always has all its bytes,
whatever was killed when. S3 comes behind the same few calls.
"""

import contextlib
import hashlib
import logging
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_log = logging.getLogger(__name__)


class Spool:
    """Bytes on their way into the store. Not content before `commit`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = root / "tmp" / uuid.uuid4().hex
        self._file = self._path.open("xb", buffering=256 * 1024)
        self._hash = hashlib.sha256()
        self.size = 0
        """Bytes written so far."""

    def write(self, chunk: bytes) -> None:
        """Add bytes.

        Raises:
            OSError: the disk is full or broken.
        """
        self._file.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, hexadecimal."""
        return self._hash.hexdigest()

    def commit(self, target: Path | None = None) -> str:
        """Make the bytes content, durably; return their digest.

        Returns only when file and folder are fsynced. The same bytes again
        are no second copy.

        Args:
            target: below the store's root, where they go instead; they are no content then.

        Raises:
            OSError: the disk is full or broken; nothing became content.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            target = target or place(self._root, self.sha256)
            make_folder(target.parent, self._root)
            self._path.replace(target)
            fsync_folder(target.parent)
        except BaseException:
            self.discard()
            raise
        return self.sha256

    def discard(self) -> None:
        """Leave nothing behind. Harmless after `commit`."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)


class ContentStore:
    """Content by digest, below one folder."""

    def __init__(self, root: Path) -> None:
        """Open the store, making its folders where they are missing.

        Args:
            root: absolute path; of this process' account.
        """
        self._root = root
        (root / "tmp").mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def root(self) -> Path:
        """Folder of the store."""
        return self._root

    def spool(self) -> Spool:
        """Begin to take bytes in."""
        return Spool(self._root)

    def put(self, data: bytes) -> str:
        """Store a small piece at once; return its digest.

        Raises:
            OSError: the disk is full or broken; nothing is left behind.
        """
        spool = self.spool()
        try:
            spool.write(data)
        except BaseException:
            spool.discard()
            raise
        return spool.commit()

    def path(self, sha256: str) -> Path:
        """Return where content of this digest stands, whether it exists or not."""
        return place(self._root, sha256)

    def open(self, sha256: str) -> BinaryIO:
        """Open content for reading.

        Raises:
            FileNotFoundError: there is none of this digest.
        """
        return self.path(sha256).open("rb")

    def read(self, sha256: str) -> bytes | None:
        """Return a small piece of content; None where it is lost, or is not what its name says."""
        try:
            data = self.path(sha256).read_bytes()
        except FileNotFoundError:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def free_bytes(self) -> int:
        """Return how many bytes this process may still write."""
        stat = os.statvfs(self._root)
        return stat.f_bavail * stat.f_frsize

    def size_bytes(self) -> int:
        """Return how many bytes the disk of the store has."""
        stat = os.statvfs(self._root)
        return stat.f_blocks * stat.f_frsize

    def usable(self) -> bool:
        """Tell whether the store takes bytes."""
        try:
            spool = self.spool()
            try:
                spool.write(b"ready?")
            finally:
                spool.discard()
        except OSError as exc:
            _log.warning("the content store is unusable: %s", exc)
            return False
        return True

    def digests(self) -> Iterator[tuple[str, int, float]]:
        """Yield what is stored: digest, bytes, POSIX time it was written."""
        for path in (self._root / "sha256").glob("??/??/*"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                stat = path.stat()
                yield path.name, stat.st_size, stat.st_mtime

    def whole(self, sha256: str) -> bool:
        """Read content through and tell whether it is what its name says."""
        with self.path(sha256).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def copy_from(self, path: Path) -> str:
        """Take in a file that another store has under its digest; return the digest of what was read."""
        spool = self.spool()
        try:
            with path.open("rb") as file:
                while piece := file.read(1024 * 1024):
                    spool.write(piece)
        except BaseException:
            spool.discard()
            raise
        return spool.commit()

    def older(self, sha256: str, than: float) -> bool:
        """Tell whether content is there and came to the disk before a POSIX time."""
        try:
            return self.path(sha256).stat().st_mtime < than
        except FileNotFoundError:
            return False

    def remove(self, sha256: str, than: float) -> bool:
        """Remove content that came before a POSIX time; False where it is younger, or not there."""
        return remove_older(self.path(sha256), self._root, than)

    def sweep(self, older_than: float) -> int:
        """Remove what a crash left half-written.

        Args:
            older_than: POSIX time; younger files may be under way still.

        Returns:
            How many files went.
        """
        gone = 0
        for path in (self._root / "tmp").iterdir():
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than:
                    path.unlink()
                    gone += 1
        return gone


def place(root: Path, sha256: str) -> Path:
    """Return the path of a digest below the store's root."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):  # noqa: PLR2004 - SHA-256
        raise ValueError("not a SHA-256 in lower-case hexadecimal")
    return root / "sha256" / sha256[:2] / sha256[2:4] / sha256


def remove_older(path: Path, root: Path, than: float) -> bool:
    """Remove a file below the store's root that came before a POSIX time; False where it did not, or is gone.

    The file is taken out of its place first and looked at there: one that
    a door put down this very moment goes back.
    """
    aside = root / "tmp" / f"removing-{uuid.uuid4().hex}"
    try:
        path.replace(aside)
    except FileNotFoundError:
        return False
    if aside.stat().st_mtime >= than:
        aside.replace(path)
        return False
    aside.unlink()
    fsync_folder(path.parent)
    return True


def make_folder(folder: Path, root: Path) -> None:
    """Make a folder below the store's root, durably."""
    missing = []
    step = folder
    while step != root and not step.exists():
        missing.append(step)
        step = step.parent
    for new in reversed(missing):
        new.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(new.parent)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
