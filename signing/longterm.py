"""A document's security store (long-term data) in an update: written anew, or with objects missing (rule G5).

pyHanko lets a store grow and asks that each entry for a signature (``/VRI``) stays as it was.
Tools that extend an archive write these entries anew, or leave them out. No attack rides
on that: nothing of a store is ever drawn, each list and response in it is verified by itself
wherever it counts, and what is missing can only make trust wait.
"""

from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel, SuspiciousModification
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule, ReferenceUpdate

from signing.harmless import DER_STREAM, DSS, ENTRY, VRI, Updates, is_der, is_long_term

_LISTS: Final = ("/Certs", "/CRLs", "/OCSPs")
_ENTRY_LISTS: Final = ("/Cert", "/CRL", "/OCSP")
_WHERE: Final = ("/Root", "/DSS")


class StoreAnew(QualifiedWhitelistRule):
    """A security store of the proper shape, whatever the one before it held.

    Of the objects that the signed revision knows it may replace those alone that are
    long-term data there, and that nothing but the store leads to.
    """

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve the store of one revision."""
        if "/DSS" not in new.root:
            if "/DSS" in old.root:
                raise SuspiciousModification("the store is gone")
            return
        for reference in _Store(new).references:
            if old.is_ref_unassignable(reference) or _held_by_the_store_alone(old, reference):
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


def has_missing_data(reader: PdfFileReader, revision: int) -> bool:
    """Tell whether a revision's store refers to objects that are nowhere in the file."""
    view = reader.get_historical_resolver(revision)
    try:
        return "/DSS" in view.root and _Store(view).missing
    except SuspiciousModification:
        return False  # no store at all: another rule's matter


class _Store:
    """The store of one revision, every part of it looked at."""

    def __init__(self, view: HistoricalResolver) -> None:
        self.references: list[generic.Reference] = []
        self.missing = False
        self._view = view
        store = self._dictionary(view.root.raw_get("/DSS"), DSS)
        for name in _LISTS:
            self._list(store, name)
        if "/VRI" in store:
            entries = self._dictionary(store.raw_get("/VRI"), None)
            for key in entries:
                if key == "/Type" and entries.raw_get(key) == "/VRI":
                    continue  # Acrobat writes it
                if not ENTRY.fullmatch(key):
                    raise SuspiciousModification("an entry that names no signature")
                self._entry(self._dictionary(entries.raw_get(key), VRI))

    def _entry(self, entry: generic.DictionaryObject) -> None:
        for name in _ENTRY_LISTS:
            self._list(entry, name)
        if "/TS" in entry:
            self._piece(entry.raw_get("/TS"))
        for name in ("/TU", "/Type"):
            if name in entry and not isinstance(self._value(entry.raw_get(name)), str):
                raise SuspiciousModification("an entry with something else in it")

    def _list(self, holder: generic.DictionaryObject, name: str) -> None:
        listed = self._value(holder.raw_get(name)) if name in holder else None
        if listed is None:
            return
        if not isinstance(listed, generic.ArrayObject):
            raise SuspiciousModification("a list that is none")
        for index in range(len(listed)):
            self._piece(listed.raw_get(index))

    def _piece(self, raw: Any) -> None:  # noqa: ANN401  # pyHanko's objects are untyped
        if not isinstance(raw, generic.IndirectObject):
            raise SuspiciousModification("a piece that is no object of its own")
        value = self._value(raw)
        if value is None:
            return
        if not isinstance(value, generic.StreamObject) or not value.keys() <= DER_STREAM or not is_der(value):
            raise SuspiciousModification("a piece that is no long-term data")
        self._value(value.raw_get("/Length"))  # an object of its own to some tools

    def _dictionary(self, raw: Any, keys: frozenset[str] | None) -> generic.DictionaryObject:  # noqa: ANN401
        value = self._value(raw)
        if value is None:
            return generic.DictionaryObject()
        if (
            not isinstance(value, generic.DictionaryObject)
            or isinstance(value, generic.StreamObject)
            or not (keys is None or value.keys() <= keys)
        ):
            raise SuspiciousModification("a store of another shape")
        return value

    def _value(self, raw: Any) -> Any:  # noqa: ANN401
        if not isinstance(raw, generic.IndirectObject):
            return raw
        reference = raw.reference
        if self._view.reader.xrefs.get_historical_ref(reference, self._view.revision) is None:
            self.missing = True
            return None
        self.references.append(reference)
        return self._view(reference)


def _held_by_the_store_alone(old: HistoricalResolver, reference: generic.Reference) -> bool:
    if old.reader.xrefs.get_historical_ref(reference, old.revision) is None:
        return False
    paths = list(_paths(old, reference))
    return bool(paths) and all(path[:2] == _WHERE for path in paths) and _is_store_part(old(reference))


def _paths(old: HistoricalResolver, reference: generic.Reference) -> Iterator[tuple[str | int, ...]]:
    old._load_reverse_xref_cache()  # noqa: SLF001 - as pyHanko's policy does before it asks the same
    for usage in old._get_usages_of_ref(reference):  # noqa: SLF001
        yield tuple(usage.path)


def _is_store_part(value: Any) -> bool:  # noqa: ANN401
    if is_long_term(value):
        return True
    return isinstance(value, generic.DictionaryObject) and not value  # with nothing in it yet
