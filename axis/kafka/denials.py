"""What the broker refused to whom, by its own log: who is in with valid credentials, and reached for more.

Kafka counts refusals for itself alone; whom it refused what stands only in the
lines of ``kafka.authorizer.logger``. Each line is read once, as it comes.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Final

_DENIED: Final = re.compile(rb"Principal = User:(\S{1,200}) is Denied operation = ([A-Z_]{1,40}) ")
_AT_ONCE: Final = 4 * 1024 * 1024
"""Bytes read in one look; what is beyond is read in the next."""
_LONGEST: Final = 64 * 1024
"""Bytes of a line that are kept until its end comes."""


class Denials:
    """Follows the broker's log through its rotations, from its end on."""

    def __init__(self, path: Path) -> None:
        """Begin at the end of what is there: what came before was counted by who read before.

        Args:
            path: of the log.
        """
        self._path = path
        self._node = self._offset = 0
        self._half = b""
        try:
            state = path.stat()
        except OSError:
            return
        self._node, self._offset = state.st_ino, state.st_size

    def read(self) -> Counter[tuple[str, str]]:
        """Return how often whom was refused which operation since the last look.

        Raises:
            OSError: the log is not there or may not be read: nobody knows.
        """
        state = self._path.stat()
        if state.st_ino != self._node or state.st_size < self._offset:
            # Rotated. The few lines that came after the last look went with the old file.
            self._node, self._offset, self._half = state.st_ino, 0, b""
        with self._path.open("rb") as file:
            file.seek(self._offset)
            data = file.read(_AT_ONCE)
        self._offset += len(data)
        lines = (self._half + data).split(b"\n")
        self._half = lines.pop()[-_LONGEST:]
        found = filter(None, map(_DENIED.search, lines))
        return Counter((one[1].decode(errors="replace"), one[2].decode()) for one in found)
