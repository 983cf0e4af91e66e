"""What a run that was killed leaves behind, and who clears it away: the next one, as it starts.

A run holds a lock beside each of its folders for as long as it lives, however it ends. A lock that nobody
holds marks a folder whose stack, disks and rules of the packet filter are nobody's any more.
"""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axis.stack.life import remove
from axis.stack.places import Home
from axis.stack.postgres import remove_postgres

IPTABLES = shutil.which("iptables") or ""
LOCK = ".alive"
DISKS = Path("/proc/self/mountinfo")


@contextmanager
def own_folder(prefix: str) -> Iterator[Path]:
    """Give a folder of this run; it ends with all that lives in it, whoever has to see to that.

    Args:
        prefix: of its name; what killed runs left in folders that begin so is cleared away first.
    """
    clear_leftovers(prefix)
    root = Path(tempfile.mkdtemp(prefix=prefix))
    lock = _lock(root)
    # Held before it has its name: nobody may take it for that of a dead run.
    fresh = lock.with_suffix(".new")
    held = os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        fresh.rename(lock)
        yield root
    finally:
        clear(root)
        lock.unlink(missing_ok=True)
        os.close(held)


def clear_leftovers(prefix: str) -> list[Path]:
    """Clear away what killed runs left; return their folders. What lives is not touched."""
    found = []
    for lock in sorted(Path(tempfile.gettempdir()).glob(f"{prefix}*{LOCK}")):
        held = _take(lock)
        if held is None:
            continue
        root = lock.with_name(lock.name.removesuffix(LOCK))
        clear(root)
        lock.unlink(missing_ok=True)
        os.close(held)
        found.append(root)
    return found


def clear(root: Path) -> None:
    """Let the packet filter pass again, end the stack of a folder, take its disks and its data away."""
    for note in sorted(root.glob("*.rule")):
        let_pass(root, tuple(json.loads(note.read_bytes())))
    remove(root)
    remove_postgres(Home(root))
    points = [Path(line.split()[4]) for line in DISKS.read_text(encoding="utf-8").splitlines()]
    for point in reversed([point for point in points if point == root or root in point.parents]):
        subprocess.run(("umount", "--lazy", str(point)), check=True)
    shutil.rmtree(root, ignore_errors=True)


def drop(root: Path, rule: tuple[str, ...]) -> None:
    """Put a rule into the packet filter, noted down first: it outlives whoever made it.

    Args:
        root: folder of the run.
        rule: as `iptables` takes it behind ``-A``.
    """
    _note(root, rule).write_text(json.dumps(rule), encoding="utf-8")
    subprocess.run((IPTABLES, "-w", "-A", *rule), check=True)


def let_pass(root: Path, rule: tuple[str, ...]) -> None:
    """Take a rule out of the packet filter, as often as it is in there."""
    while subprocess.run((IPTABLES, "-w", "-D", *rule), check=False, capture_output=True).returncode == 0:
        pass
    _note(root, rule).unlink(missing_ok=True)


def _note(root: Path, rule: tuple[str, ...]) -> Path:
    return root / f"{'_'.join(rule)}.rule"


def _lock(root: Path) -> Path:
    return root.with_name(root.name + LOCK)


def _take(lock: Path) -> int | None:
    """Take a lock whose holder is dead; None: there is none, or it lives."""
    try:
        held = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock.stat().st_ino == os.fstat(held).st_ino:
            return held
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(held)
    return None
