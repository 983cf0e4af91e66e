"""Reading the tokens of a PDF (names, keywords, what stands between them) in bulk.

pyHanko 0.38 reads them one byte at a time, and the comparison of revisions
reads every object of a document. These take the place of the three functions
that do so; tests compare each with its original.
"""

import os
import re
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.version import __version__ as pyhanko_version

from signing.hexadecimal import KNOWN_VERSION

_AT_ONCE: Final = 32
"""Longer than nearly every name."""
_LINE_AT_ONCE: Final = 1024

_STOP: Final = re.compile(b"[" + re.escape(misc.PDF_WHITESPACE + misc.PDF_DELIMITERS) + b"]")

_ESCAPE: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_KNOWN_NAMES: Final = 4096
_NAME_BYTES: Final = 64
"""A document's few names come again and again; longer ones are not kept."""

original = misc.read_until_delimiter
original_name = generic._decode_name  # noqa: SLF001 - replaced, for the pinned version alone
original_next: Callable[..., bytes] = misc.read_non_whitespace


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


def _told(raw: bytes) -> str:
    text = str(original_name(raw))  # raises where a name is none
    if text.isascii():
        return text
    # To the original, bytes that are no UTF-8 are Latin-1, and two names of other bytes the same.
    meant = _ESCAPE.sub(lambda escape: bytes((int(escape[1], 16),)), raw)
    return "/" + meant.decode("utf-8", "surrogateescape")


_name = lru_cache(maxsize=_KNOWN_NAMES)(_told)


def decode_name(raw: bytes) -> generic.NameObject:
    """Decode a name as pyHanko's own function does, names of other bytes to other texts.

    A new object each time: each has its own place. Bytes that are no UTF-8 are lone surrogates.
    """
    return generic.NameObject((_name if len(raw) <= _NAME_BYTES else _told)(raw))


def read_non_whitespace(stream: BinaryIO, seek_back: bool = False, allow_eof: bool = False) -> bytes:  # noqa: FBT001, FBT002 - as the original
    """Read the next byte that is no white space, as pyHanko's own function does.

    Comments, and the end of the stream, are the original's to handle.
    """
    byte = stream.read(1)
    while byte and byte in misc.PDF_WHITESPACE:
        byte = stream.read(1)
    if not byte or byte == b"%":
        if byte:
            stream.seek(-1, os.SEEK_CUR)
        return original_next(stream, seek_back, allow_eof)
    if seek_back:
        stream.seek(-1, os.SEEK_CUR)
    return byte


def check_comment(stream: BinaryIO) -> None:
    """Raise where a comment begins that has no end: pyHanko's reader of values looks for it for ever.

    Args:
        stream: seekable; afterwards it stands where it stood.

    Raises:
        PdfReadError: no line ends between here and the end of the stream.
    """
    start = stream.tell()
    piece = bytes(stream.read(1))
    if piece == b"%":
        while piece and b"\n" not in piece and b"\r" not in piece:
            piece = bytes(stream.read(_LINE_AT_ONCE))
        if not piece:
            raise misc.PdfReadError("a comment that has no end")
    stream.seek(start)


def install() -> bool:
    """Put them in pyHanko's place; True when that was done. Another version keeps its own."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    generic._decode_name = decode_name  # type: ignore[assignment]  # noqa: SLF001 - as above
    generic.read_non_whitespace = read_non_whitespace  # type: ignore[attr-defined]
    generic.read_until_delimiter = read_until_delimiter  # type: ignore[attr-defined]
    return True
