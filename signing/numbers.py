"""Which numbers of objects a revision leaves free, for a comparison with what comes later (rule G5).

pyHanko takes every number below ``/Size`` for one that the signed revision may mean. Tools also give
new objects numbers that were left out below it, or that of an older cross-reference stream (PDFBox):
they are new ones where nothing stood under them that anything could mean, and nothing refers to them.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic, misc

if TYPE_CHECKING:
    from signing.versions import Reader


def is_free(reader: "Reader", revision: int, number: int) -> bool:
    """Tell whether a number means nothing in a revision: no object, and no reference in any object.

    A cross-reference stream counts as none: readers find it by its place.
    """
    if any(each <= revision for each in reader.mentions(number)):
        streams = {stream.idnum for stream in reader.xrefs.xref_stream_refs}
        if number not in streams or not _is_xref_stream(reader, revision, number):
            return False
    return number not in _meant(reader, revision)


def _is_xref_stream(reader: "Reader", revision: int, number: int) -> bool:
    # Its number may have been given to something else before, to a stream that holds objects.
    sections = [reader.xrefs.get_xref_container_info(each) for each in range(revision + 1)]
    places = {None, *(section.start_location for section in sections if section.stream_ref is not None)}
    return reader.place((number, 0), revision) in places


def _meant(reader: "Reader", revision: int) -> frozenset[int]:
    # Numbers that any object of the revision refers to, whether or not a way leads to that object.
    if revision not in reader.meant:
        view = reader.get_historical_resolver(revision)
        found = set(_references(view.trailer_view))
        for key in {key for each in range(revision + 1) for key in reader.defined(each)}:
            if reader.place(key, revision) is not None:
                found.update(_references(reader.version(key, revision)))
        reader.meant[revision] = frozenset(found)
    return reader.meant[revision]


def _references(value: Any) -> Iterator[int]:  # noqa: ANN401  # pyHanko's objects are untyped
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, generic.DecryptedObjectProxy):
            raise misc.PdfReadError("an encrypted object where none is expected")
        if isinstance(one, generic.IndirectObject):
            yield one.idnum
        elif isinstance(one, generic.DictionaryObject):
            waiting.extend(one.raw_get(key) for key in one)
        elif isinstance(one, generic.ArrayObject):
            waiting.extend(one.raw_get(index) for index in range(len(one)))
