"""Is an update made of what its cross-references name alone, in a spelling that all readers share? Rule G5.

The comparison of revisions looks at the objects that cross-references name. A reader that
stumbles over a table gives up and searches the file for objects; one that meets a number
twice takes the first or the last. Behind a signature nothing may be there for it to find.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from pyhanko.pdf_utils import generic

from axis.violations import Code, Violation
from signing.lexing import value_end
from signing.objects import Key
from signing.reading import HELD_BYTES, OpenedPdf
from signing.versions import Reader

_WHITE: Final = rb"[ \n\r\t\f\x00]"
_BLANKS: Final = b" \n\r\t\f\x00"
_NOTHING: Final = (
    rb"(?:" + _WHITE + rb"|endobj|%(?![^\r\n]*(?:obj|xref|trailer|stream))[^\r\n]*(?:[\r\n]|\Z))*+"
)
_GAP: Final = re.compile(_NOTHING)
_HEADER: Final = re.compile(_WHITE + rb"*([0-9]{1,10})" + _WHITE + rb"+([0-9]{1,5})" + _WHITE + rb"+obj")
_TABLE: Final = re.compile(rb"xref[ \t]*(?:\r\n|\n|\r)")
_SUBSECTION: Final = re.compile(rb"([0-9]{1,10}) +([0-9]{1,10})[ \t]*(?:\r\n|\n|\r)")
_ENTRY: Final = re.compile(rb"[0-9]{10} [0-9]{5} ([nf])(?: [\r\n]|\r\n)")
_ENTRY_BYTES: Final = 20
_TRAILER: Final = re.compile(_WHITE + rb"*trailer" + _WHITE + rb"*")
_ENDING: Final = re.compile(
    # iText writes its version into a comment there.
    _NOTHING + rb"startxref" + _WHITE + rb"+[0-9]+" + _WHITE + rb"+%%EOF"
)
_PEEK: Final = 256
_TYPES: Final = 3
"""Kinds of entries of a cross-reference stream: free, in use, packed."""
_NUMBERS: Final = 1 << 31
"""Some readers keep numbers in so many bits; what is larger they take for another."""

Span = tuple[int, int]
"""Where something begins, and where it ends at the earliest."""


class _OddError(Exception):
    """Two readers may find two things."""


def check_layout(pdf: OpenedPdf, first: int, end: int, *, reached: bool) -> Violation | None:
    """Hold all updates behind the first signature to what their cross-references name.

    Args:
        pdf: the file.
        first: revision of the first signature.
        end: bytes of the file up to where that signature ends.
        reached: no bytes beyond the newest signature are told already (G4); else they are not told twice.

    Raises:
        Exception: of any class, where an object cannot be read.
    """
    try:
        last = _updates(pdf, range(first + 1, pdf.reader.total_revisions), end)
    except _OddError as exc:
        return Violation(Code.CHANGED_AFTER, "", str(exc))
    if reached and last > end and pdf.read(last, _PEEK).strip():
        return Violation(Code.CHANGED_AFTER, "", "behind its last update the file goes on")
    return None


def _updates(pdf: OpenedPdf, revisions: range, end: int) -> int:
    # Returns where the last of them ends.
    for number in revisions:
        end = _update(pdf, number, end)
    return end


def _update(pdf: OpenedPdf, number: int, start: int) -> int:
    # Returns where the update ends.
    reader, xrefs = pdf.reader, pdf.reader.xrefs
    section, place = xrefs.get_xref_data(number), xrefs.get_xref_container_info(number)
    if section.hybrid is not None:
        return start  # refused by its own rule
    own, begin = place.stream_ref, place.declared_startxref
    while pdf.read(begin, 1).strip() == b"" and begin < pdf.size:
        begin += 1  # as the parser
    if begin < start:
        raise _OddError("an update's cross-references stand before it")
    _check_holders(reader, number)
    spans = {
        offset: _object(pdf, (idnum, generation), offset)
        for idnum, (generation, offset) in section.standard_xrefs.items()
        if offset >= start  # tools name the same place again in a later table
    }
    spans[begin], trailer = _table(pdf, begin) if own is None else _stream(pdf, own, begin)
    # A reader may look into the newest trailer alone.
    if trailer.get("/Root") != reader.trailer.raw_get("/Root", revision=number):
        raise _OddError("an update's trailer does not name the catalog")
    for idnum, inside in _packed(section.xrefs_in_objstm).items():
        stream_place = reader.place((idnum, 0), number)
        if isinstance(stream_place, int) and stream_place >= start:
            _names(reader.at((idnum, 0), stream_place), inside)
    ordered = sorted(spans.values())
    _check_gaps(pdf, [(start, start), *ordered])
    last = ordered[-1][1]
    ending = _ENDING.match(pdf.read(last, _PEEK))
    if ending is None:
        raise _OddError("an update does not end as its cross-references do")
    return last + ending.end()


def _check_gaps(pdf: OpenedPdf, ordered: list[Span]) -> None:
    for (_, behind), (begin, _) in pairwise(ordered):
        # Some tools name the line end before an object for its place.
        if behind > begin and pdf.read(begin, behind - begin).strip(_BLANKS):
            raise _OddError("two objects of an update overlap")
        if not _GAP.fullmatch(pdf.read(behind, max(begin - behind, 0))):
            raise _OddError("an update holds bytes that its cross-references do not name")


def _check_holders(reader: Reader, number: int) -> None:
    # What lies in an object stream is known by that one's number: another stream there, and all is another.
    holders = {held.idnum for each in range(number) for held in reader.xrefs.object_streams_used_in(each)}
    if any(reader.place((idnum, 0), number) != reader.place((idnum, 0), number - 1) for idnum in holders):
        raise _OddError("an update replaces what holds other objects")


def _object(pdf: OpenedPdf, key: Key, offset: int) -> Span:
    head = _HEADER.match(pdf.read(offset, _PEEK))
    if head is None or (int(head[1]), int(head[2])) != key:
        raise _OddError("an object does not begin where an update says")
    end = pdf.reader.end(key, offset)
    # Of a large stream its beginning: the words end where its data begin.
    value = value_end(pdf.view(offset, min(end - offset, HELD_BYTES)))
    if value is None:
        raise _OddError("an object of an update is spelled in no words of the language")
    # Behind a value the parser may have read on, over comments.
    return offset, end if isinstance(pdf.reader.at(key, offset), generic.StreamObject) else offset + value


def _stream(pdf: OpenedPdf, reference: generic.Reference, offset: int) -> tuple[Span, Any]:
    key = reference.idnum, reference.generation
    span, value = _object(pdf, key, offset), pdf.reader.at(key, offset)
    _entries(value)
    return span, value


def _table(pdf: OpenedPdf, offset: int) -> tuple[Span, Any]:
    begin = _TABLE.match(pdf.read(offset, _PEEK))
    if begin is None:
        raise _OddError("an update's table is spelled oddly")
    position, seen = offset + begin.end(), set[int]()
    while not (trailer := _TRAILER.match(head := pdf.read(position, _PEEK))):
        if not (found := _SUBSECTION.match(head)):
            raise _OddError("an update's table is spelled oddly")
        first, count = int(found[1]), int(found[2])
        position += found.end()
        rows = pdf.read(position, count * _ENTRY_BYTES)
        for index in range(count):
            entry = _ENTRY.fullmatch(rows, index * _ENTRY_BYTES, (index + 1) * _ENTRY_BYTES)
            if entry is None or (first + index == 0 and entry[1] != b"f"):
                raise _OddError("an update's table is spelled oddly")
            if first + index in seen:
                raise _OddError("an update's table names an object twice")
            seen.add(first + index)
        position += len(rows)
    stream = pdf.reader.stream
    start = position + trailer.end()
    stream.seek(start)
    value = generic.DictionaryObject.read_from_stream(stream, generic.TrailerReference(pdf.reader))
    if value_end(pdf.view(start, stream.tell() - start)) is None:
        raise _OddError("an update's trailer is spelled in no words of the language")
    return (offset, stream.tell()), value


def _entries(stream: Any) -> None:  # noqa: ANN401  # pyHanko's objects are untyped
    widths = [int(width) for width in stream["/W"]]
    row, data = sum(widths), stream.data
    for start in range(0, len(data), row):
        position, numbers = start, list[int]()
        for width in widths:
            numbers.append(int.from_bytes(data[position : position + width], "big"))
            position += width
        if (widths[0] and numbers[0] >= _TYPES) or max(numbers) >= _NUMBERS:
            raise _OddError("an update's cross-reference stream has entries of no known kind")


def _packed(entries: dict[int, Any]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for number, place in entries.items():
        found.setdefault(place.obj_stream_id, set()).add(number)
    return found


def _names(stream: Any, named: set[int]) -> None:  # noqa: ANN401
    numbers = list(_heads(stream))
    if len(set(numbers)) != len(numbers) or not named.issuperset(numbers):
        raise _OddError("an update's object stream holds what its cross-references do not name")
    if any(value_end(text) is None for text in _texts(stream)):
        raise _OddError("an object of an update is spelled in no words of the language")


def _heads(stream: Any) -> Iterator[int]:  # noqa: ANN401
    words = stream.data[: int(stream["/First"])].split()
    return (int(word) for word in words[: 2 * int(stream["/N"]) : 2])


def _texts(stream: Any) -> Iterator[bytes]:  # noqa: ANN401
    # What stands between the places that an object stream names.
    data, first = stream.data, int(stream["/First"])
    places = sorted(int(word) for word in data[:first].split()[1 : 2 * int(stream["/N"]) : 2])
    for place, behind in pairwise([*places, len(data) - first]):
        yield data[first + place : first + behind]
