"""Cross-references as real tools write them, where pyHanko's strict reader refuses the whole file (rule G1).

Three kinds, each of which every reader takes alike: whatever is said of number 0, which names no
object; a number given back without the generation that may come next (Acrobat); an object under
the number of an older cross-reference stream (PDFBox).
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import Final

from pyhanko.pdf_utils import generic, xref
from pyhanko.version import __version__ as pyhanko_version

from signing.hexadecimal import KNOWN_VERSION

original_entries = xref.XRefSectionData.process_entries
original_check = xref._check_xref_consistency  # noqa: SLF001 - see `install`
original_object_streams = xref.XRefCache.object_streams_used_in
original_freed = xref._check_freed_refs  # noqa: SLF001

_NEVER: Final = 1
"""The generation that comes next under a number that no object had."""


def process_entries(section: xref.XRefSectionData, entries: Iterator[xref.XRefEntry], strict: bool) -> int:  # noqa: FBT001 - as the original
    """Take entries in, as the original does, but those of number 0: some tools get its generation wrong."""
    highest: int = original_entries(section, (entry for entry in entries if entry.idnum), strict)
    return highest


def check_consistency(sections: list[xref.XRefSection]) -> None:
    """Hold sections to each other, as the original does.

    An entry that gives a number back may say 0 for the generation that comes next: Acrobat's way of
    saying that none will. To every reader the number is free; pyHanko looks for the object of one
    generation less, and would go on showing it. Here such an entry frees what stood there.
    """
    for number, section in enumerate(sections):
        freed = section.xref_data.freed
        for idnum in [idnum for idnum, following in freed.items() if number and not following]:
            freed[idnum] = _following(idnum, sections[:number])
            section.xref_data.explicit_refs_in_revision.discard((idnum, -1))
            section.xref_data.explicit_refs_in_revision.add((idnum, freed[idnum] - 1))
    original_check(sections)


def check_freed(number: int, section: xref.XRefSection, sections: list[xref.XRefSection]) -> None:
    """Hold what a section frees to what comes later, as the original does.

    Tools take the number of a cross-reference stream for the next object. Readers find the stream by its
    place; pyHanko forbids it for the sake of encrypted files, which are refused. Whether such an update
    may follow a signature is for the comparison to say.
    """
    stream = section.meta_info.stream_ref
    if stream is not None:
        # iText lists it as a number that is never to be used again.
        data = copy(section.xref_data)
        data.freed = {idnum: after for idnum, after in data.freed.items() if idnum != stream.idnum}
        section = replace(section, xref_data=data, meta_info=replace(section.meta_info, stream_ref=None))
    original_freed(number, section, sections)


def object_streams_used_in(cache: xref.XRefCache, revision: int) -> set[generic.Reference]:
    """Return the object streams of a revision, as the original does, those beside its table too."""
    found = set[generic.Reference](original_object_streams(cache, revision))  # type: ignore[no-untyped-call]
    beside = cache.get_xref_data(revision).hybrid
    if beside is not None:
        used = beside.xref_data.obj_streams_used
        found |= {generic.Reference(number, pdf=cache.reader) for number in used}
    return found


def _following(idnum: int, before: Sequence[xref.XRefSection]) -> int:
    # The generation after the one that stood under a number, or that was to come there.
    for section in reversed(before):
        for data in _tables(section):
            if idnum in data.standard_xrefs:
                return data.standard_xrefs[idnum][0] + 1
            if idnum in data.xrefs_in_objstm:
                return _NEVER
            if idnum in data.freed:
                return max(data.freed[idnum], _NEVER)
    return _NEVER


def _tables(section: xref.XRefSection) -> Iterator[xref.XRefSectionData]:
    yield section.xref_data
    if section.xref_data.hybrid is not None:
        yield section.xref_data.hybrid.xref_data


def install() -> bool:
    """Put them in pyHanko's place; True when that was done. Another version keeps its own, which refuse."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    xref.XRefSectionData.process_entries = process_entries  # type: ignore[method-assign, assignment]
    xref.XRefCache.object_streams_used_in = object_streams_used_in  # type: ignore[method-assign]
    xref._check_xref_consistency = check_consistency  # type: ignore[assignment]  # noqa: SLF001
    xref._check_freed_refs = check_freed  # type: ignore[assignment]  # noqa: SLF001
    return True
