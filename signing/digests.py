"""Digests of the bytes that signatures cover, each byte hashed as seldom as can be.

Signatures of one file share their beginning. The running hash is kept at every
gap and copied, so that two signatures cost little more than one.
"""

import hashlib
from typing import Final

from signing.byteranges import Range
from signing.reading import OpenedPdf

_CHUNK: Final = 1024 * 1024
_LENGTHS: Final = {"shake256": 64}
"""Bytes of a digest whose algorithm leaves that open (RFC 8419 for Ed448)."""


class CoveredDigests:
    """Digests over the byte ranges of one file."""

    def __init__(self, pdf: OpenedPdf) -> None:
        """Start with nothing hashed."""
        self._pdf = pdf
        self._done: dict[tuple[str, Range], bytes] = {}
        # By algorithm: the hash of everything before an offset, for the offsets passed so far.
        self._prefixes: dict[str, dict[int, hashlib._Hash]] = {}

    def of(self, covered: Range, algorithm: str) -> bytes:
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
            chunk = self._pdf.read(start, min(_CHUNK, end - start))
            if not chunk:
                raise EOFError("the file is shorter than its signature")
            running.update(chunk)
            start += len(chunk)
