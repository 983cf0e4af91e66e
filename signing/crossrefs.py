"""Can the cross-references of a signed file show two documents, or one that is not signed? Rules G1, G4.

Three checks of the tables alone, which the parser does not make:

- A hybrid file (Word writes them) has a table for old viewers, and beside it a stream that
  only newer ones read. It is let in where the stream adds objects that the table leaves
  out, and never where the two could answer differently for one object.
- A linearised file has a section for its first page, right behind its first object. A browser
  begins there where the file's length is the one that this object names, everyone else at the
  end: both must come to the same section.
- What a revision defines must lie within what its signature covers. An entry that points
  behind the end would let bytes that come later decide what was signed.
"""

import re
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.violations import Code, Violation
from signing.objects import resolved
from signing.reading import OpenedPdf
from signing.versions import Reader

_WHITE: Final = b" \n\r\t\f\x00"
_HEAD_BYTES: Final = 1024
"""A linearised file says so within these first bytes (ISO 32000-2, annex F)."""
_FIRST_OBJECT: Final = re.compile(
    rb"(?:%[^\r\n]*[\r\n]|[ \n\r\t\f\x00])*([0-9]+)[ \n\r\t\f\x00]+[0-9]+[ \n\r\t\f\x00]+obj[ \n\r\t\f\x00]*"
)
_BEHIND: Final = re.compile(rb"[ \n\r\t\f\x00]*endobj[ \n\r\t\f\x00]*")


def check_hybrid(reader: PdfFileReader, first: int, end: int) -> Violation | None:
    """Hold hybrid sections to what cannot show two documents (rule G1).

    Args:
        reader: the document.
        first: revision of the first signature.
        end: bytes of the file up to where that signature ends.

    Returns:
        None where the file has no hybrid section, or harmless ones alone.
    """
    for number in range(reader.total_revisions):
        section = reader.xrefs.get_xref_data(number)
        if section.hybrid is None:
            continue
        if number > first:
            return _refused("an update behind a signature brings two tables")
        if section.hybrid.meta_info.end_location > end:
            return _refused("the stream beside the table is not covered")
        hidden, known = section.hybrid.xref_data, _tables_until(reader, number)
        # Word repeats the table's own entries in the stream: the same place is no second answer.
        different = any(known.get(n, place) != place for n, place in _places(hidden).items())
        if different or known.keys() & hidden.freed.keys():
            return _refused("table and stream place an object differently")
    return None


def check_linear(pdf: OpenedPdf) -> Violation | None:
    """Hold a linearised file of its full length to one beginning (rule G1).

    Args:
        pdf: the file.
    """
    behind = _behind_first_object(pdf, pdf.size)
    if behind is None or behind == _table(pdf, pdf.reader.total_revisions - 1):
        return None
    return _refused("its first page and its end begin with different tables")


def is_linear_whole(pdf: OpenedPdf, end: int) -> bool:
    """Tell whether the oldest two sections are the halves of one linearised file, signed as a whole.

    Such a file was written in one go (Acrobat does it): neither half came after the other, and what either
    defines lies within the bytes that its signature covers.

    Args:
        pdf: the file.
        end: bytes of it up to where the signature ends.
    """
    reader = pdf.reader
    return (
        reader.total_revisions > 1
        and _behind_first_object(pdf, end) == _table(pdf, 1)
        and reader.xrefs.get_xref_container_info(0).end_location <= end
        and "/Root" in reader.get_historical_resolver(1).trailer_view
    )


def _behind_first_object(pdf: OpenedPdf, length: int) -> int | None:
    # Where the table of the first page stands in a linearised file of that length, and a browser begins;
    # -1: nowhere. None: the file is none, or names another length: an update followed.
    begin = _FIRST_OBJECT.match(pdf.read(0, _HEAD_BYTES))
    if begin is None:
        return None
    stream = pdf.reader.stream
    stream.seek(begin.end())
    value = generic.read_object(stream, generic.Reference(int(begin[1]), 0, pdf.reader))
    if not isinstance(value, generic.DictionaryObject) or "/Linearized" not in value:
        return None
    if resolved(value, "/L") != length:
        return None
    end = stream.tell()
    behind = _BEHIND.match(pdf.read(end, _HEAD_BYTES))
    return end + behind.end() if behind is not None else -1


def _table(pdf: OpenedPdf, revision: int) -> int:
    # Where a revision's cross-references begin, white space aside.
    place = pdf.reader.xrefs.get_xref_container_info(revision).declared_startxref
    between = pdf.read(place, _HEAD_BYTES)
    return place + len(between) - len(between.lstrip(_WHITE))


def check_offsets(reader: PdfFileReader, revision: int, end: int) -> Violation | None:
    """Hold what a signed revision and those before it define to the covered bytes (rule G4).

    Args:
        reader: the document.
        revision: the one that ends with the signature.
        end: bytes of the file up to where that signature ends.
    """
    for number in range(revision + 1):
        section = reader.xrefs.get_xref_data(number)
        beside = (section.hybrid.xref_data,) if section.hybrid is not None else ()
        if any(offset >= end for each in (section, *beside) for _, offset in each.standard_xrefs.values()):
            return Violation(Code.NOT_COVERING, "", "an object that it signs lies behind its end")
    return None


def check_ends(reader: Reader, revision: int, end: int) -> Violation | None:
    """Hold the objects that a signed revision shows to the covered bytes, to their last byte (rule G4).

    One that begins there and runs on behind the end, a stream of a length that is not there yet,
    would let bytes that come later say what was signed.

    Args:
        reader: the document.
        revision: the one that ends with the signature; an update follows.
        end: bytes of the file up to where that signature ends.

    Raises:
        PdfReadError: one of them cannot be read, so that nobody knows where it ends.
    """
    for number in range(revision + 1):
        section = reader.xrefs.get_xref_data(number)
        beside = (section.hybrid.xref_data,) if section.hybrid is not None else ()
        for each in (section, *beside):
            for idnum, (generation, offset) in each.standard_xrefs.items():
                key = idnum, generation
                if reader.place(key, revision) == offset and reader.end(key, offset) > end:
                    return Violation(Code.NOT_COVERING, "", "an object that it signs runs on behind its end")
    return None


def _tables_until(reader: PdfFileReader, revision: int) -> dict[int, Any]:
    # Where a viewer finds each object that reads the tables alone.
    known: dict[int, Any] = {}
    for number in range(revision + 1):
        section = reader.xrefs.get_xref_data(number)
        for freed in section.freed:
            known.pop(freed, None)
        known.update(_places(section))
    return known


def _places(section: Any) -> dict[int, Any]:  # noqa: ANN401  # a section of pyHanko's own
    # Generation and offset, or stream and index, by number.
    return {**section.standard_xrefs, **section.xrefs_in_objstm}


def _refused(detail: str) -> Violation:
    return Violation(Code.HYBRID_REFERENCES, "", detail)
