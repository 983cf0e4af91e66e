"""Where the chain of cross-references breaks, once the strict reader has refused it (rule G1).

It explains a refusal, and walks more loosely than the reader: what it does not find, that one's own
words tell.
"""

import re
from typing import Any, BinaryIO, Final

from pyhanko.pdf_utils.reader import process_data_at_eof

from axis.violations import Code, Violation
from signing.bounds import read_section
from signing.causes import BrokenError, unreadable

_BEGINS: Final = re.compile(rb"xref|[0-9]{1,10}[ \n\r\t\f\x00]+[0-9]{1,5}[ \n\r\t\f\x00]+obj")
_LOOK: Final = 1024
_LONGEST: Final = 100
_VAGUE: Final = frozenset(
    {
        Code.PDF_UNREADABLE,
        Code.PDF_OBJECT,
        Code.PDF_OBJECT_MISPLACED,
        Code.PDF_STARTXREF,
        Code.PDF_STREAM_LENGTH,
    }
)
"""What the reader says of these lacks the place."""


def cause_of(exc: Exception, stream: BinaryIO, size: int) -> Violation:
    """Say why the structure of a PDF cannot be read.

    Args:
        exc: what the reader raised.
        stream: the PDF.
        size: bytes.
    """
    told = unreadable(exc)
    if told.code not in _VAGUE:
        return told
    try:
        _follow(stream, size)
    except BrokenError as found:
        return unreadable(found)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - then the reader's own words tell
        return told
    return told


def _follow(stream: BinaryIO, size: int) -> None:
    # Raises BrokenError at the first section that is none.
    stream.seek(-1, 2)
    offset, named = process_data_at_eof(stream), "startxref"
    seen = set[int]()
    while len(seen) < _LONGEST:
        if offset in seen:
            raise BrokenError(Code.PDF_LOOP, f"/Prev leads back to the cross-references at byte {offset}")
        seen.add(offset)
        trailer = _section(stream, offset, size, named)
        previous = trailer.get("/Prev")
        if previous is None:
            return
        if not isinstance(previous, int):
            raise _trailer(offset, "a /Prev that is no number")
        offset, named = int(previous), f"/Prev of the section at byte {offset}"


def _section(stream: BinaryIO, offset: int, size: int, named: str) -> Any:  # noqa: ANN401
    if not 0 <= offset < size:
        raise BrokenError(Code.PDF_STARTXREF, f"{named} points to byte {offset} of {size}")
    stream.seek(offset)
    head = bytes(stream.read(_LOOK)).lstrip(b" \n\r\t\f\x00")
    if not _BEGINS.match(head):
        raise BrokenError(Code.PDF_STARTXREF, f"{named} points to byte {offset}, where none begin")
    table = head.startswith(b"xref")
    if not table and b"/XRef" not in head:
        raise BrokenError(Code.PDF_STARTXREF, f"{named} points to byte {offset}, an object of another kind")
    try:
        _, trailer = read_section(stream, offset, size)
    except Exception as exc:
        raise _unread(exc, offset, table=table) from exc
    if "/Size" not in trailer:
        raise _trailer(offset, "no /Size")
    if not isinstance(trailer.get("/Size"), int):
        raise _trailer(offset, "a /Size that is no number")
    if not table and "/W" not in trailer:
        raise _trailer(offset, "no /W")
    return trailer


def _trailer(offset: int, what: str) -> BrokenError:
    return BrokenError(Code.PDF_TRAILER, f"the trailer of the section at byte {offset} has {what}")


def _unread(exc: Exception, offset: int, *, table: bool) -> BrokenError:
    why = unreadable(exc)
    if why.code is Code.LIMIT_NESTING:
        return BrokenError(why.code, why.detail)
    detail = why.detail if why.code is not Code.PDF_UNREADABLE else "it is not spelled as one"
    if not table:
        text = f"the cross-reference stream at byte {offset}: {detail}"
        return BrokenError(Code.PDF_CROSS_REFERENCES, text)
    if "table that is none" in str(exc):
        return BrokenError(Code.PDF_CROSS_REFERENCES, f"the table at byte {offset}: {detail}")
    return BrokenError(Code.PDF_TRAILER, f"the trailer of the table at byte {offset}: {detail}")
