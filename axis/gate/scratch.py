"""A folder for what a gate and its processes share: held while the gate lives, swept after a crash."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from signing.evidence import Evidence
from signing.trust import TrustList

_PREFIX: Final = "axis-gate-"
_YOUNG_SECONDS: Final = 60.0
_GENERATIONS: Final = 3
"""Generations of evidence, and trust lists, kept: a question under way may still name an older one."""


class Scratch:
    """The folder, locked as long as this process lives."""

    def __init__(self, parent: Path | None) -> None:
        """Make the folder, and remove those that dead gates left beside it.

        Args:
            parent: existing folder; None: the system's own for such things.
        """
        beside = parent or Path(tempfile.gettempdir())
        for left in beside.glob(f"{_PREFIX}*"):
            _remove_if_dead(left)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=beside))
        self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._lock, fcntl.LOCK_SH)
        self._generations: list[str] = []
        self._lists: list[str] = []

    def ship(self, evidence: Evidence) -> str:
        """Write evidence where the processes find it, once per generation.

        Returns:
            Path of the file; empty for no evidence.
        """
        return self._shipped("evidence", evidence.generation, evidence, self._generations)

    def ship_trust(self, trust: TrustList | None) -> str:
        """Write a trust list where the processes find it, once per list; empty for none."""
        return "" if trust is None else self._shipped("trust", trust.digest, trust, self._lists)

    def _shipped(self, kind: str, name: str, value: Evidence | TrustList, held: list[str]) -> str:
        if not name:
            return ""
        target = self.path / f"{kind}-{name}"
        if name not in held:
            part = target.with_suffix(".part")
            part.write_bytes(msgspec.msgpack.encode(value))
            part.rename(target)
            held.append(name)
            for old in held[:-_GENERATIONS]:
                (self.path / f"{kind}-{old}").unlink(missing_ok=True)
            del held[:-_GENERATIONS]
        return str(target)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_if_dead(folder: Path) -> None:
    """Remove a folder whose maker is gone; one of another account is left alone."""
    with contextlib.suppress(OSError):
        if time.time() - folder.stat().st_mtime < _YOUNG_SECONDS:
            return  # its maker may not have locked it yet
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # The kernel drops a lock with the process that held it, whatever killed it.
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)
