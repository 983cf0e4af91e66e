"""A signature's place in the structure tree of a tagged document (rule G5).

iText 7 and 8 tell screen readers of a visible signature: an element of the kind Form for its widget, at the
end of an element that was there, and the tree of parents written anew with one number more. What is let in
says nothing by itself and takes nothing from what was there; a later signature covers it.
"""

from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule, ReferenceUpdate

from signing.harmless import Updates, is_same
from signing.objects import Key, key_of, resolved

_ROOT: Final = "/StructTreeRoot"
_PARENTS: Final = "/ParentTree"
_NEXT: Final = "/ParentTreeNextKey"
_ELEMENT: Final = frozenset({"/Type", "/S", "/P", "/Pg", "/K"})
_REFERENCE: Final = frozenset({"/Type", "/Obj", "/Pg"})
_NODE: Final = frozenset({"/Nums", "/Kids", "/Limits"})
_DEPTH: Final = 16
_MOST: Final = 100_000
"""Numbers in a tree of parents."""


class _OtherwiseError(Exception):
    """The structure was changed in another way."""


class TaggedSignature(QualifiedWhitelistRule):
    """Elements for new signature fields, and the tree of parents with their numbers."""

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve them in one revision."""
        tagged = tagged_objects(old, new)
        for reference in new.explicit_refs_in_revision():
            if key_of(reference) in tagged:
                yield ModificationLevel.FORM_FILLING, ReferenceUpdate(reference)


def tagged_objects(old: HistoricalResolver, new: HistoricalResolver) -> frozenset[Key]:
    """Return the objects by which a revision tells of new signature fields, where it tells nothing else.

    Args:
        old: the signed revision.
        new: a later one.
    """
    before, after = resolved(old.root, _ROOT), resolved(new.root, _ROOT)
    if not isinstance(before, generic.DictionaryObject) or not isinstance(after, generic.DictionaryObject):
        return frozenset()
    if not isinstance(old.root.raw_get(_ROOT), generic.IndirectObject):
        return frozenset()
    try:
        return _Change(old, new).objects(before, after)
    except (_OtherwiseError, KeyError, TypeError, ValueError):
        return frozenset()


class _Change:
    def __init__(self, old: HistoricalResolver, new: HistoricalResolver) -> None:
        self._old, self._new = old, new
        self._touched = {
            key_of(one): one
            for one in new.explicit_refs_in_revision()
            if new.reader.xrefs.get_historical_ref(one, new.revision) is not None
        }

    def objects(self, before: generic.DictionaryObject, after: generic.DictionaryObject) -> frozenset[Key]:
        root = key_of(self._old.root.raw_get(_ROOT))
        if root != key_of(self._new.root.raw_get(_ROOT)):
            raise _OtherwiseError
        elements = {key: value for key, value in self._new_objects() if _is_element(value)}
        _must(_is_same_but(before, after, {_PARENTS, _NEXT}))
        _must(int(resolved(after, _NEXT) or 0) >= int(resolved(before, _NEXT) or 0))
        found: set[Key] = {root}
        said: set[Key] = set()
        for key, reference in self._touched.items():
            if key != root and self._is_known(reference):
                was, now = self._old(reference), self._new(reference)
                if _may_hold(was) and _may_hold(now) and not is_same(was, now):
                    said |= self._added(key, was, now, elements)
                    found.add(key)
        numbers = {self._number(elements[key]): key for key in said}
        return frozenset(found | said | self._parents(before, after, numbers))

    def _new_objects(self) -> Iterator[tuple[Key, Any]]:
        for key, reference in self._touched.items():
            if self._old.is_ref_unassignable(reference):
                yield key, self._new(reference)

    def _is_known(self, reference: generic.Reference) -> bool:
        return self._old.reader.xrefs.get_historical_ref(reference, self._old.revision) is not None

    def _added(self, holder: Key, was: Any, now: Any, elements: dict[Key, Any]) -> set[Key]:  # noqa: ANN401
        # What an element holds now behind what it held: elements of this revision or an earlier one.
        _must(_is_same_but(was, now, {"/K"}))
        held, holds = _kids(was), _kids(now)
        _must(len(holds) > len(held) and all(map(is_same, held, holds)))
        added: set[Key] = set()
        for raw in holds[len(held) :]:
            _must(isinstance(raw, generic.IndirectObject) and self._old.is_ref_unassignable(raw.reference))
            element = self._new(raw.reference)
            _must(_is_element(element) and key_of(element.raw_get("/P")) == holder)
            elements[key_of(raw)] = element
            self._number(element)
            added.add(key_of(raw))
        return added

    def _number(self, element: Any) -> int:  # noqa: ANN401
        # By which the tree of parents knows the element's widget, a signature that is new.
        object_: Any = resolved(element, "/K")
        if isinstance(object_, generic.ArrayObject):
            _must(len(object_) == 1)
            object_ = object_[0]
        _must(isinstance(object_, generic.DictionaryObject) and object_.keys() <= _REFERENCE)
        _must(object_.get("/Type") == "/OBJR")
        raw = object_.raw_get("/Obj")
        _must(isinstance(raw, generic.IndirectObject) and self._old.is_ref_unassignable(raw.reference))
        widget = self._new(raw.reference)
        _must(widget.get("/Subtype") == "/Widget" and widget.get("/FT") == "/Sig")
        pages = {key_of(each.raw_get("/Pg")) for each in (element, object_) if "/Pg" in each}
        _must(pages <= {key_of(widget.raw_get("/P"))})
        return int(widget["/StructParent"])

    def _parents(self, before: Any, after: Any, added: dict[int, Key]) -> set[Key]:  # noqa: ANN401
        was, _ = _numbers(before.raw_get(_PARENTS)) if _PARENTS in before else ({}, set())
        now, nodes = _numbers(after.raw_get(_PARENTS))
        _must(not was.keys() & added.keys())
        for number, raw in was.items():
            _must(number in now and is_same(_listed(raw), _listed(now[number])))
        for number in now.keys() - was.keys():
            _must(number in added and key_of(now[number]) == added[number])
        lists = {key_of(raw) for raw in now.values() if _listed(raw) is not raw}
        for key in nodes | lists:
            if key in self._touched and self._is_known(self._touched[key]):
                same = is_same(self._old(self._touched[key]), self._new(self._touched[key]))
                _must(same or key in nodes)
        return nodes | lists


def _must(holds: object) -> None:
    if not holds:
        raise _OtherwiseError


def _is_same_but(was: Any, now: Any, keys: set[str]) -> bool:  # noqa: ANN401
    kept = was.keys() - keys
    return kept == now.keys() - keys and all(is_same(was.raw_get(key), now.raw_get(key)) for key in kept)


def _is_element(value: Any) -> bool:  # noqa: ANN401
    return (
        type(value) is generic.DictionaryObject
        and {"/S", "/P", "/K"} <= value.keys() <= _ELEMENT
        and value.get("/S") == "/Form"
        and value.get("/Type", "/StructElem") == "/StructElem"
    )


def _may_hold(value: Any) -> bool:  # noqa: ANN401
    return (
        type(value) is generic.DictionaryObject
        and {"/S", "/P"} <= value.keys()
        and value.get("/Type", "/StructElem") == "/StructElem"
    )


def _kids(element: Any) -> list[Any]:  # noqa: ANN401
    raw = element.raw_get("/K") if "/K" in element else generic.ArrayObject()
    return [raw.raw_get(n) for n in range(len(raw))] if isinstance(raw, generic.ArrayObject) else [raw]


def _numbers(root: Any) -> tuple[dict[int, Any], set[Key]]:  # noqa: ANN401
    # What a tree of numbers holds, and the objects that are its nodes.
    found: dict[int, Any] = {}
    nodes: set[Key] = set()
    waiting: list[tuple[Any, int]] = [(root, _DEPTH)]
    while waiting:
        raw, depth = waiting.pop()
        if isinstance(raw, generic.IndirectObject):
            _must(key_of(raw) not in nodes)
            nodes.add(key_of(raw))
        node = raw.get_object()
        _must(type(node) is generic.DictionaryObject and node.keys() <= _NODE and depth)
        pairs: Any = resolved(node, "/Nums", generic.ArrayObject())
        kids: Any = resolved(node, "/Kids", generic.ArrayObject())
        _must(isinstance(pairs, generic.ArrayObject) and not len(pairs) % 2)
        _must(isinstance(kids, generic.ArrayObject))
        for index in range(0, len(pairs), 2):
            number = int(pairs[index])
            _must(number not in found and len(found) < _MOST)
            found[number] = pairs.raw_get(index + 1)
        waiting.extend((kids.raw_get(n), depth - 1) for n in range(len(kids)))
    return found, nodes


def _listed(raw: Any) -> Any:  # noqa: ANN401
    # A list is the same wherever it stands.
    value = raw.get_object()
    return value if isinstance(value, generic.ArrayObject) else raw
