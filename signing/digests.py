"""Digests of the bytes that signatures cover, each byte hashed as seldom as can be.

Signatures of one file share their beginning. The running hash is kept at every
gap and copied, so that two signatures cost little more than one.
"""

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from signing.byteranges import Range

_CHUNK: Final = 1024 * 1024
_LENGTHS: Final = {"shake256": 64}
"""Bytes of a digest whose algorithm leaves that open (RFC 8419 for Ed448)."""


class Digests:
    """Digests over byte ranges of one file, and over all of it."""

    def __init__(self, read: Callable[[int, int], bytes | memoryview], size: int) -> None:
        """Start with nothing hashed.

        Args:
            read: gives so many bytes from an offset; fewer at the file's end.
            size: of the file, in bytes.
        """
        self._read = read
        self._size = size
        self._done: dict[tuple[str, Range], bytes] = {}
        # By algorithm: the hash of everything before an offset, for the offsets passed so far.
        self._prefixes: dict[str, dict[int, hashlib._Hash]] = {}

    def of(self, covered: "Range", algorithm: str) -> bytes:
        """Return the digest of a range.

        Args:
            covered: the range.
            algorithm: a name that `hashlib` knows.

        Raises:
            ValueError: it does not.
        """
        key = (algorithm, covered)
        if key not in self._done:
            running = self._before(covered.gap_start, algorithm).copy()
            self._feed(running, covered.gap_end, covered.end)
            length = _LENGTHS.get(algorithm)
            # The type that hashlib's stubs give is of fixed length; SHAKE asks for one.
            self._done[key] = running.digest(length) if length else running.digest()  # type: ignore[call-arg]
        return self._done[key]

    def whole(self) -> str:
        """Return the SHA-256 of the whole file, in hexadecimal."""
        known = self._prefixes.get("sha256") or {0: hashlib.new("sha256")}
        start = max(known)
        running = known[start].copy()
        self._feed(running, start, self._size)
        return running.hexdigest()

    def _before(self, offset: int, algorithm: str) -> "hashlib._Hash":
        known = self._prefixes.setdefault(algorithm, {0: hashlib.new(algorithm)})
        if offset not in known:
            start = max(place for place in known if place < offset)
            running = known[start].copy()
            self._feed(running, start, offset)
            known[offset] = running
        return known[offset]

    def _feed(self, running: "hashlib._Hash", start: int, end: int) -> None:
        while start < end:
            chunk = self._read(start, min(_CHUNK, end - start))
            if not chunk:
                raise EOFError("the file is shorter than its signature")
            running.update(chunk)
            start += len(chunk)
