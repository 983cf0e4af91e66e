"""A large file for the parser, without holding it in memory.

The parser reads every stream it meets, pictures of many megabytes too, and
hardly ever looks into one. A map gives it a view where it would copy: pages
nobody looks at are never read from disk.
"""

import mmap
from typing import BinaryIO, Final, Self

VIEWED_BYTES: Final = 1024 * 1024
"""Reads of at least this many bytes get a view instead of a copy."""


class MappedFile(mmap.mmap):
    """A file, read-only, as pyHanko's reader wants it: ``read``, ``seek``, ``tell``."""

    @classmethod
    def of(cls, file: BinaryIO) -> Self:
        """Map a whole file.

        Args:
            file: a real one, not empty; it must not shrink while it is mapped.

        Raises:
            OSError: it cannot be mapped; `io.UnsupportedOperation` where it is no real file.
        """
        return cls(file.fileno(), 0, access=mmap.ACCESS_READ)

    def read(self, n: int | None = -1) -> bytes:
        """Read from where it stands; many bytes come as a view that acts like them."""
        start = self.tell()
        left = len(self) - start
        wanted = left if n is None or n < 0 else min(n, left)
        if wanted < VIEWED_BYTES:
            return super().read(wanted)
        self.seek(start + wanted)
        return memoryview(self)[start : start + wanted]  # type: ignore[return-value]  # slices and sizes alike
