"""Changes behind a signature that touch nothing anyone can see, and that pyHanko's rules refuse (rule G5).

Each class is one kind that real signing tools write, with the reason why no
attack rides on it; the attacks that were tried stand in the tests.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule, ReferenceUpdate

from signing.objects import Key, key_of

VRI: Final = frozenset({"/Type", "/Cert", "/CRL", "/OCSP", "/TU", "/TS"})
DSS: Final = frozenset({"/Type", "/Certs", "/CRLs", "/OCSPs", "/VRI"})
ENTRY: Final = re.compile(r"/[0-9A-Fa-f]{40,128}")
"""In the list of entries, the name of one: a signature's digest."""
DER_STREAM: Final = frozenset({"/Length", "/Filter", "/DecodeParms", "/DL"})
_FONT: Final = frozenset({"/Type", "/Subtype", "/BaseFont", "/Encoding", "/Name"})
_SEQUENCE: Final = 0x30
_SPELT: Final = re.compile(
    rb"[0-9]{1,10} [0-9]{1,5} obj"
    rb"(?:[ \n\r\t]|<<|>>|\[|\]"
    rb"|(?:/[A-Za-z0-9_.:+-]++|[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)|R|true|false|null)"
    rb"(?=[ \n\r\t/<>\[\]()]|\Z)"
    rb"|\([^()\\%\r\n]*+\)|<(?:[0-9A-Fa-f]{2})*+>)++"
)
_SPELT_BYTES: Final = 64 * 1024

Updates = Iterable[tuple[ModificationLevel, ReferenceUpdate]]


class UnusedLongTermData(QualifiedWhitelistRule):
    """New objects of long-term data to which nothing refers.

    Tools that write a document's security store anew leave their drafts behind.
    Certificates and the lists that name them are never drawn, and nothing leads to these.
    """

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve those of one revision."""
        xrefs = new.reader.xrefs
        drafts = [
            reference
            for reference in new.explicit_refs_in_revision()
            if old.is_ref_unassignable(reference)
            and xrefs.get_historical_ref(reference, new.revision) is not None
            and is_long_term(new(reference))
        ]
        if not drafts:
            return
        used = reachable(new)
        for reference in drafts:
            if key_of(reference) not in used:
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


class UnusedLeftOver(QualifiedWhitelistRule):
    """New dictionaries of a font to which nothing refers, in this revision and in the last.

    iText 7 and 8 leave ``<< /Type /Font >>`` behind where a signature shows nothing, iText 5 and OpenPDF
    the names of two fonts that every viewer has.
    """

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve those of one revision."""
        reader = new.reader
        left = [
            reference
            for reference in new.explicit_refs_in_revision()
            if old.is_ref_unassignable(reference)
            and reader.xrefs.get_historical_ref(reference, new.revision) is not None
            and _is_bare_font(new(reference))
        ]
        for reference in unused(new, left):
            if self._is_spelt_so(new, reference):
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)

    def _is_spelt_so(self, new: HistoricalResolver, reference: generic.Reference) -> bool:
        del new, reference
        return True  # whoever signs over it answers for how it is spelt


class UnusedLeftOverPlainly(UnusedLeftOver):
    """The same with a document time-stamp, or behind everything; spelt as `SameAgainPlainly` asks."""

    def _is_spelt_so(self, new: HistoricalResolver, reference: generic.Reference) -> bool:
        place = new.reader.xrefs.get_historical_ref(reference, new.revision)
        # In an object stream it is one of many, and the stream is read by its filter.
        return not isinstance(place, int) or _is_plainly_spelt(new, reference)


class FreedNothing(QualifiedWhitelistRule):
    """Free entries for numbers that no earlier revision used.

    Tools that write whole tables list the holes of older tables again. An entry
    that frees an object in use is none of these.
    """

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve those of one revision."""
        del old
        for reference in unused_frees(new):
            yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


class FreedUnused(QualifiedWhitelistRule):
    """Freed objects that nothing referred to before.

    A number that no path leads to can be given back without anyone seeing less.
    Object streams and cross-reference streams hold others together without being referred to: never these.
    """

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve those of one revision."""
        freed = new.refs_freed_in_revision() - set(unused_frees(new))
        if not freed:
            return
        reader = new.reader
        before = reader.get_historical_resolver(new.revision - 1)
        # By number alone: many readers take the object of that number for gone, whatever generation is freed.
        used = {idnum for idnum, _ in reachable(before) | reachable(old)}
        holders = {
            stream.idnum
            for number in range(reader.total_revisions)
            for stream in reader.xrefs.object_streams_used_in(number)
        } | {stream.idnum for stream in reader.xrefs.xref_stream_refs}
        for reference in freed:
            if reference.idnum not in used | holders:
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


class SameAgain(QualifiedWhitelistRule):
    """Objects written once more as they were: the same kind, the same values, to the last key.

    Streams are left out: what they hold is read by filters, and a reader may take
    their length from elsewhere.
    """

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve those of one revision."""
        xrefs = new.reader.xrefs
        for reference in new.explicit_refs_in_revision():
            if (
                xrefs.get_historical_ref(reference, old.revision) is not None
                and xrefs.get_historical_ref(reference, new.revision) is not None
                and self._is_same(old(reference), new(reference))
                and self._is_spelt_so(new, reference)
            ):
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)

    def _is_same(self, old: Any, new: Any) -> bool:  # noqa: ANN401
        # PDFBox adds the type, which is optional, to annotations that left it out.
        return is_same(old, new) or (
            isinstance(new, generic.DictionaryObject)
            and isinstance(old, generic.DictionaryObject)
            and {"/Subtype", "/Rect"} <= old.keys()
            and "/Type" not in old
            and new.get("/Type") == "/Annot"
            and is_same(old, generic.DictionaryObject({k: new.raw_get(k) for k in new if k != "/Type"}))
        )

    def _is_spelt_so(self, new: HistoricalResolver, reference: generic.Reference) -> bool:
        del new, reference
        return True  # whoever signs over it answers for how it is spelt


class SameAgainPlainly(SameAgain):
    """The same, where no signature answers for the spelling: it leaves no two readers two readings.

    No comments, no escapes, no strange numbers, and an object that stands by itself.
    """

    def _is_spelt_so(self, new: HistoricalResolver, reference: generic.Reference) -> bool:
        return _is_plainly_spelt(new, reference)


def unused_frees(new: HistoricalResolver) -> Iterator[generic.Reference]:
    """Return the free entries of a revision that free no object of an earlier one."""
    xrefs = new.reader.xrefs
    for reference in new.refs_freed_in_revision():
        section = xrefs.get_xref_data(new.revision)
        if section.hybrid is None and not any(
            _holds(xrefs.get_xref_data(number), reference.idnum) for number in range(new.revision)
        ):
            yield reference


def unused(new: HistoricalResolver, references: Sequence[generic.Reference]) -> Iterator[generic.Reference]:
    """Yield those of some objects to which nothing leads, in a revision and in the last."""
    if not references:
        return
    reader = new.reader
    used = reachable(new) | reachable(reader.get_historical_resolver(reader.total_revisions - 1))
    yield from (reference for reference in references if key_of(reference) not in used)


def reachable(revision: HistoricalResolver) -> frozenset[Key]:
    """Return number and generation of every object that a path from the trailer leads to, there or not."""
    xrefs = revision.reader.xrefs
    seen: set[Key] = set()
    waiting: list[Any] = [revision.trailer_view]
    while waiting:
        value = waiting.pop()
        if isinstance(value, generic.IndirectObject):
            if key_of(value.reference) not in seen:
                seen.add(key_of(value.reference))
                if xrefs.get_historical_ref(value.reference, revision.revision) is not None:
                    waiting.append(revision(value.reference))
        else:
            waiting.extend(_parts(value))
    return frozenset(seen)


def _is_plainly_spelt(new: HistoricalResolver, reference: generic.Reference) -> bool:
    place = new.reader.xrefs.get_historical_ref(reference, new.revision)
    if not isinstance(place, int):
        return False
    stream = new.reader.stream
    stream.seek(place)
    text, end, _ = bytes(stream.read(_SPELT_BYTES)).partition(b"endobj")
    return bool(end) and _SPELT.fullmatch(text) is not None


def _parts(value: Any) -> Iterator[Any]:  # noqa: ANN401  # pyHanko's objects are untyped
    if isinstance(value, generic.DictionaryObject):
        yield from (value.raw_get(key) for key in value)
    elif isinstance(value, generic.ArrayObject):
        yield from (value.raw_get(index) for index in range(len(value)))


def _holds(section: Any, number: int) -> bool:  # noqa: ANN401  # a section of pyHanko's own
    if number in section.standard_xrefs or number in section.xrefs_in_objstm:
        return True
    return section.hybrid is not None and _holds(section.hybrid.xref_data, number)


def is_long_term(value: Any) -> bool:  # noqa: ANN401
    """Tell whether an object is part of a security store: DER, a list of such, an entry, the store."""
    if isinstance(value, generic.StreamObject):
        return value.keys() <= DER_STREAM and is_der(value)
    if isinstance(value, generic.DictionaryObject):
        kind = value.raw_get("/Type") if "/Type" in value else None
        return bool(value) and (
            (kind in {None, "/VRI"} and (value.keys() <= VRI or _are_entries(value.keys() - {"/Type"})))
            or (kind in {None, "/DSS"} and value.keys() <= DSS)
        )
    return isinstance(value, generic.ArrayObject) and all(
        isinstance(one, generic.IndirectObject)
        and isinstance(one.get_object(), generic.StreamObject)
        and is_long_term(one.get_object())
        for one in _parts(value)
    )


def _are_entries(keys: Iterable[str]) -> bool:
    return all(ENTRY.fullmatch(key) for key in keys)


def is_der(stream: generic.StreamObject) -> bool:
    """Tell whether a stream holds what begins as a certificate, a list or a response does."""
    data = stream.data
    return len(data) > 1 and data[0] == _SEQUENCE


def _is_bare_font(value: Any) -> bool:  # noqa: ANN401
    if type(value) is not generic.DictionaryObject or not value.keys() <= _FONT:
        return False
    named = all(isinstance(value.raw_get(key), generic.NameObject) for key in value)
    return named and value.get("/Type") == "/Font" and value.get("/Subtype", "/Type1") == "/Type1"


def is_same(old: Any, new: Any) -> bool:  # noqa: ANN401
    """Tell whether two values are one, to the last key; streams never are."""
    if type(old) is not type(new) or isinstance(old, generic.StreamObject):
        return False
    if isinstance(old, generic.IndirectObject):
        return key_of(old.reference) == key_of(new.reference)
    if isinstance(old, generic.DictionaryObject) and old.keys() != new.keys():
        return False
    if isinstance(old, generic.DictionaryObject):
        return all(is_same(old.raw_get(key), new.raw_get(key)) for key in old)
    if isinstance(old, generic.ArrayObject):
        return len(old) == len(new) and all(map(is_same, _parts(old), _parts(new)))
    return bool(getattr(old, "original_bytes", old) == getattr(new, "original_bytes", new))
