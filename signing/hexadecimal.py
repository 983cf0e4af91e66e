"""Reading hexadecimal strings of a PDF in bulk.

pyHanko 0.38 reads them one byte at a time, and a signature's ``/Contents`` is
32 thousand of them: nine tenths of opening a signed PDF (stack.md 1.3). This
takes its place for what is plain; everything else goes to the original, which
a test compares it with.
"""

import binascii
from typing import BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.version import __version__ as pyhanko_version

KNOWN_VERSION: Final = "0.38.0"
"""The version whose private function is replaced; with another one nothing is."""

_FIRST: Final = 256
_NEXT: Final = 65536
_WHITE: Final = b" \n\r\t\f\x00"

original = generic.read_hex_string_from_stream


def read_hex_string(stream: BinaryIO) -> generic.TextStringObject | generic.ByteStringObject:
    """Read a hexadecimal string as pyHanko's own function does, quickly.

    Args:
        stream: seekable, standing on the ``<``; afterwards it stands behind the ``>``.

    Returns:
        The same object as `original`, which decides about comments, foreign
        characters and a missing end.
    """
    start = stream.tell()
    stream.read(1)
    pieces: list[bytes] = []
    length, size = 0, _FIRST
    while True:
        chunk = bytes(stream.read(size))
        end = chunk.find(b">")
        if end >= 0:
            pieces.append(chunk[:end])
            length += end
            break
        if not chunk:
            return _slowly(stream, start)
        pieces.append(chunk)
        length += len(chunk)
        size = _NEXT
    digits = b"".join(pieces)
    if not digits.isalnum():
        # White space between digits is allowed; a comment is the original's to read.
        digits = digits.translate(None, _WHITE)
    if len(digits) % 2:
        digits += b"0"
    try:
        value = binascii.unhexlify(digits)
    except binascii.Error:
        return _slowly(stream, start)
    stream.seek(start + 1 + length + 1)
    return generic.pdf_string(value)


def _slowly(stream: BinaryIO, start: int) -> generic.TextStringObject | generic.ByteStringObject:
    stream.seek(start)
    return original(stream)


def install() -> bool:
    """Put the bulk reader in pyHanko's place; True when that was done.

    The name is private to pyHanko, so another version keeps its own: slower,
    never wrong.
    """
    if pyhanko_version != KNOWN_VERSION:
        return False
    generic.read_hex_string_from_stream = read_hex_string
    return True
