"""Reading the tokens of a PDF (names, keywords) in bulk.

pyHanko 0.38 reads them one byte at a time, and the comparison of revisions
reads every object of a document. This takes the place of the one function
that does so; a test compares the two.
"""

import os
import re
from typing import BinaryIO, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.version import __version__ as pyhanko_version

from signing.hexadecimal import KNOWN_VERSION

_AT_ONCE: Final = 32
"""Longer than nearly every name."""

_STOP: Final = re.compile(b"[" + re.escape(misc.PDF_WHITESPACE + misc.PDF_DELIMITERS) + b"]")

original = misc.read_until_delimiter


def read_until_delimiter(stream: BinaryIO) -> bytes:
    """Read up to a delimiter or white space, as pyHanko's own function does, quickly.

    Args:
        stream: seekable; afterwards it stands on the delimiter, or at the end.

    Returns:
        The bytes before it.
    """
    read = b""
    while piece := bytes(stream.read(_AT_ONCE)):
        stop = _STOP.search(piece)
        if stop is not None:
            stream.seek(stop.start() - len(piece), os.SEEK_CUR)
            return read + piece[: stop.start()]
        read += piece
    return read


def install() -> bool:
    """Put it in pyHanko's place; True when that was done. Another version keeps its own."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    generic.read_until_delimiter = read_until_delimiter  # type: ignore[attr-defined]
    return True
