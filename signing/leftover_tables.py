"""Cross-reference streams that tools leave beside the table of an update (rule G5).

PDFBox, and with it DSS, writes one into the update of a file that had both kinds, lists it as any object
and ends the update with a table. No reader is led to it. One that gives up on tables and searches the file
may find it; so it must say what the table says, entry for entry, and name the same catalog.
"""

from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.pdf_utils.xref import XRefSectionData, XRefSectionType, parse_xref_stream
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule, ReferenceUpdate

from signing.harmless import Updates, is_same, unused

_OWN: Final = frozenset({"/Length", "/Filter", "/DecodeParms", "/W", "/Index", "/Type"})
_TRAILER: Final = frozenset({"/Root", "/Info", "/ID", "/Prev", "/Size"})


class LeftOverTable(QualifiedWhitelistRule):
    """A new cross-reference stream to which nothing leads, and which repeats the table of its update."""

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve those of one revision."""
        reader = new.reader
        left = [
            reference
            for reference in new.explicit_refs_in_revision()
            if old.is_ref_unassignable(reference)
            and isinstance(reader.xrefs.get_historical_ref(reference, new.revision), int)
            and _repeats(new, reference)
        ]
        for reference in unused(new, left):
            if reference.idnum not in {stream.idnum for stream in reader.xrefs.xref_stream_refs}:
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


def _repeats(new: HistoricalResolver, reference: generic.Reference) -> bool:
    value, xrefs = new(reference), new.reader.xrefs
    section = xrefs.get_xref_data(new.revision)
    kind = xrefs.get_xref_container_info(new.revision).xref_section_type
    if kind is not XRefSectionType.STANDARD or not isinstance(value, generic.StreamObject):
        return False
    if value.get("/Type") != "/XRef" or not value.keys() <= _OWN | _TRAILER:
        return False
    if any(isinstance(value.raw_get(key), generic.IndirectObject) for key in value.keys() & _OWN):
        return False
    return _names_the_same(new, value) and _lists_the_same(section, value, reference.idnum)


def _names_the_same(new: HistoricalResolver, value: generic.StreamObject) -> bool:
    trailer = new.reader.trailer
    named = {key: trailer.raw_get(key, revision=new.revision) for key in _TRAILER & trailer.keys()}
    return "/Root" in value and all(
        key in named and is_same(value.raw_get(key), named[key]) for key in value.keys() & _TRAILER - {"/ID"}
    )


def _lists_the_same(section: Any, value: generic.StreamObject, own: int) -> bool:  # noqa: ANN401
    listed = XRefSectionData()
    listed.process_entries(parse_xref_stream(value, strict=True), strict=True)
    places = dict(section.standard_xrefs)
    for known in (places, listed.standard_xrefs):
        known.pop(own, None)
    return (
        listed.standard_xrefs == places
        and not listed.xrefs_in_objstm
        and not section.xrefs_in_objstm
        and listed.freed.keys() == section.freed.keys()
    )
