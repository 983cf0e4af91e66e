"""Caps on a PDF's cross-references, before the parser believes them (rule G9).

A file of 213 bytes can claim a thousand million objects. This walks the chain
of cross-reference sections as the parser will, with the parser's own reader of
dictionaries, and looks only at the numbers they claim. The killable process
around it stands behind what this cannot foresee.
"""

import re
from typing import Any, BinaryIO, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import process_data_at_eof

from axis.checks.policy import Limits
from axis.violations import Code, Violation

FIELD_BYTES: Final = 8
"""Widest field of a cross-reference stream's entry; an offset needs no more."""

ENTRY_BYTES: Final = 20
"""One line of a cross-reference table."""

_SUBSECTION: Final = re.compile(rb"[ \t\r\n\f\x00]*(\d{1,20})[ \t]+(\d{1,20})[ \t]*(?:\r\n|\n|\r)?")
_TRAILER: Final = re.compile(rb"[ \t\r\n\f\x00]*trailer\s*")
_TAIL_BYTES: Final = 1100
"""The parser looks for the ending within about a kilobyte."""
_HEADER: Final = b"%PDF-"
_ENDING: Final = re.compile(rb"startxref\s*\d+[ \t]*[\r\n]+%%EOF")
_PEEK: Final = 256


class _Unread:
    """Stands in for the reader while there is none: references stay unresolved."""

    strict = True

    def get_object(self, reference: generic.Reference, **_: object) -> generic.PdfObject:
        raise misc.PdfStrictReadError(f"{reference} is needed to read a cross-reference section")


def check_bounds(stream: BinaryIO, size: int, limits: Limits) -> Violation | None:
    """Look at what the cross-references claim, before they are read.

    Args:
        stream: the PDF.
        size: its length in bytes.
        limits: ``revisions`` and ``objects`` count here.

    Returns:
        The first cap that is exceeded, or that the file does not begin or end as
        one that can be read; None also for what is broken otherwise: the parser
        that comes next refuses that by its own rule (G1).
    """
    if fault := _check_edges(stream, size):
        return fault
    try:
        stream.seek(-1, 2)
        offset: int | None = process_data_at_eof(stream)
        seen: set[int] = set()
        entries = 0
        while offset is not None and offset not in seen:
            seen.add(offset)
            # A hybrid file has two sections a revision.
            if len(seen) > 2 * limits.revisions:
                return Violation(Code.LIMIT_REVISIONS, "", f"more than {limits.revisions} revisions")
            claimed, dictionary = read_section(stream, offset, size)
            entries += claimed
            if fault := _claims(dictionary, entries, size, limits):
                return fault
            hybrid = dictionary.get("/XRefStm")
            if isinstance(hybrid, int) and hybrid not in seen:
                seen.add(hybrid)
                claimed, beside = read_section(stream, hybrid, size)
                entries += claimed
                if fault := _claims(beside, entries, size, limits):
                    return fault
            previous = dictionary.get("/Prev")
            offset = previous if isinstance(previous, int) else None
    except (MemoryError, RecursionError):
        raise
    except Exception:  # noqa: BLE001  # whatever it is, the strict reader meets it again and refuses (G1)
        return None
    return None


def _check_edges(stream: BinaryIO, size: int) -> Violation | None:
    tail = min(size, _TAIL_BYTES)
    stream.seek(size - tail)
    ending = bytes(stream.read(tail))
    stream.seek(0)
    if bytes(stream.read(len(_HEADER))) != _HEADER:
        # Some readers count offsets from the file's beginning and some from the header: two documents in one.
        return Violation(Code.PDF_HEADER, "", "it does not begin with %PDF-")
    if not _ENDING.search(ending):
        # The parser looks for this line by line, and in a short file without it never ends.
        if b"%%EOF" not in ending:
            return Violation(Code.PDF_END, "", f"no %%EOF within the last {tail} bytes")
        return Violation(Code.PDF_END, "", "no startxref with a number before %%EOF")
    return None


def _claims(dictionary: Any, entries: int, size: int, limits: Limits) -> Violation | None:  # noqa: ANN401
    if entries > limits.objects:
        return Violation(Code.LIMIT_OBJECTS, "", f"more than {limits.objects} cross-reference entries")
    claimed = dictionary.get("/Size")
    # An object takes some bytes of the file, in an object stream too.
    if isinstance(claimed, int) and claimed > max(size, 1024):
        return Violation(Code.LIMIT_OBJECTS, "", "/Size is larger than the file")
    if (widths := dictionary.get("/W")) is not None:
        plain = isinstance(widths, list) and all(
            isinstance(width, int) and 0 <= width <= FIELD_BYTES for width in widths
        )
        if not plain or not sum(widths):
            return Violation(Code.LIMIT_OBJECTS, "", "/W has widths that no cross-reference stream needs")
    return None


def read_section(stream: BinaryIO, offset: int, size: int) -> tuple[int, Any]:
    """Return the number of entries that a section of cross-references claims, and its dictionary.

    Args:
        stream: the PDF.
        offset: where the section begins.
        size: bytes of the file.

    Raises:
        Exception: of any class; there is none.
    """
    if not 0 <= offset < size:
        raise misc.PdfReadError("a cross-reference section outside the file")
    stream.seek(offset)
    misc.skip_over_whitespace(stream)
    start = stream.tell()
    head = bytes(stream.read(_PEEK))
    where = generic.TrailerReference(_Unread())
    if head.startswith(b"xref"):
        entries = _skip_table(stream, start + 4, size)
        misc.read_non_whitespace(stream, seek_back=True)
        return entries, generic.DictionaryObject.read_from_stream(stream, where)
    body = head.find(b"<<")
    if body < 0:
        raise misc.PdfReadError("neither a cross-reference table nor a stream")
    stream.seek(start + body)
    dictionary = generic.DictionaryObject.read_from_stream(stream, where)
    index = dictionary.get("/Index") or [0, dictionary.get("/Size")]
    # Copied, since a slice of pyHanko's own array is none.
    return sum(int(count) for count in list(index)[1::2]), dictionary


def _skip_table(stream: BinaryIO, position: int, size: int) -> int:
    # Returns the entries claimed; the stream then stands behind the word "trailer".
    entries = 0
    while True:
        stream.seek(position)
        head = bytes(stream.read(_PEEK))
        if end := _TRAILER.match(head):
            stream.seek(position + end.end())
            return entries
        if not (found := _SUBSECTION.match(head)):
            raise misc.PdfReadError("a cross-reference table that is none")
        count = int(found.group(2))
        entries += count
        position += found.end() + count * ENTRY_BYTES
        if position > size:
            return max(entries, count)
