"""What is broken in a file whose bytes are not the signed ones: its first unreadable object (rule G1)."""

from typing import Final

from axis.violations import Violation
from signing.causes import unreadable
from signing.versions import Reader

_MOST: Final = 5000
"""Objects that are looked at: the refusal stands, and explaining it may not take a process its time."""


def first_broken(reader: Reader) -> tuple[Violation, ...]:
    """Return why the first object that cannot be read cannot; nothing where all can, or some thousand.

    Args:
        reader: of a file that is refused for its digest.
    """
    looked = 0
    for revision in range(reader.total_revisions):
        for key in sorted(reader.defined(revision)):
            if reader.place(key, revision) is None:
                continue
            looked += 1
            if looked > _MOST:
                return ()
            try:
                reader.version(key, revision)
            except MemoryError:
                raise
            except Exception as exc:  # noqa: BLE001  # G1: of any class
                return (unreadable(exc),)
    return ()
