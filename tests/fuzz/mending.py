"""Putting a mutated PDF's offsets right again, so that fuzzing gets past the cross-references."""

import re
from typing import Final

_ROW: Final = re.compile(rb"(\d{1,6}) 1\n(\d{10}) (\d{5}) n")
_START: Final = re.compile(rb"startxref\n(\d{1,12})\b")
_PREVIOUS: Final = re.compile(rb"/Prev (\d{1,12})\b")
_OBJECT: Final = re.compile(rb"\d+ \d+ obj")
_TABLE: Final = re.compile(rb"(?<!start)xref\n")


def mend(pdf: bytes) -> bytes:
    """Let each table's rows name the newest object before it, and each trailer the tables before it."""
    tables = [found.start() for found in _TABLE.finditer(pdf)]

    def row(found: re.Match[bytes]) -> bytes:
        at = max(pdf.rfind(b"\n%s %d obj" % (found[1], int(found[3])), 0, found.start()) + 1, 0)
        return b"%s 1\n%010d %s n" % (found[1], at, found[3])

    def start(found: re.Match[bytes]) -> bytes:
        if _OBJECT.match(pdf, int(found[1])):
            return found[0]  # a cross-reference stream, where it should be
        before = [at for at in tables if at < found.start()]
        return _same_length(b"startxref\n", before[-1:] or [0], found)

    def previous(found: re.Match[bytes]) -> bytes:
        before = [at for at in tables if at < found.start()]
        return _same_length(b"/Prev ", before[-2:-1] or [0], found)

    return _PREVIOUS.sub(previous, _START.sub(start, _ROW.sub(row, pdf)))


def _same_length(word: bytes, places: list[int], found: re.Match[bytes]) -> bytes:
    # What stands behind must not move: its own places were counted already.
    digits = b"%0*d" % (len(found[1]), places[0])
    return word + digits if len(digits) == len(found[1]) else found[0]
