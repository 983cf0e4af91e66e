"""The ways from a document's trailer to its objects, found when a rule of the comparison asks for them.

pyHanko writes down every path to every object of the signed revision, although its
rules ask about a few. Here every object is still read, since what cannot be read or
is missing refuses the document; its references are kept, and the paths to one object
follow from them. Which objects are read and which paths are found is the same:
tests compare the two. The rules, and what they judge, are pyHanko's own.
"""

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath

from signing.leaves import indirect
from signing.numbers import is_free

if TYPE_CHECKING:
    from signing.versions import Reader

Key = tuple[int, int]
"""Number and generation of an object."""
Path = tuple[str | int, ...]
"""Keys and indices from the trailer, or from an object, on."""
Edge = tuple[Path, Key]

_STRUCTURE: Final[Path] = ("/Root", "/StructTreeRoot", "/K")
"""Below it, elements of the structure tree; a reference into it from elsewhere is not followed."""
_ELSEWHERE: Final[Path] = ("",)
_SKIPPED: Final[Path] = ("/P",)
_HOPS: Final = 32
"""References to references that are followed."""
_HOLDERS: Final = frozenset({generic.DictionaryObject, generic.ArrayObject, generic.StreamObject})
_TRAILER: Final[Key] = (0, 0)


def edges_of(value: Any) -> Iterator[Edge]:  # noqa: ANN401  # pyHanko's objects are untyped
    """Yield the references within a value, but for those to a parent, with the path to each."""
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        items: Any
        if isinstance(one, generic.DictionaryObject):
            items = one.items()
        elif isinstance(one, generic.ArrayObject):
            items = enumerate(one)
        else:
            continue
        for key, inner in items:
            kind = type(inner)
            if kind is generic.IndirectObject:
                if key != "/Parent":
                    reference = inner.reference
                    yield (*path, key), (reference.idnum, reference.generation)
            elif kind in _HOLDERS and key != "/Parent":
                waiting.append(((*path, key), inner))


def _stage(base: Path, path: Path) -> Path:
    """Return how far a path is on the way into the structure tree, all that the walk's rules know of it.

    Args:
        base: a path from the trailer, or a stage.
        path: the steps behind it.

    Returns:
        The beginning of `_STRUCTURE` that it is, or `_STRUCTURE` for all below it; else `_ELSEWHERE`.
        `_SKIPPED`: it goes through ``/P`` in the tree, where the walk does not.
    """
    deep = len(_STRUCTURE)
    if len(base) >= deep:
        if base[:deep] != _STRUCTURE:
            return _ELSEWHERE
        return _SKIPPED if "/P" in path else _STRUCTURE
    whole = base + path
    if whole[:deep] == _STRUCTURE:
        return _SKIPPED if "/P" in whole[deep:] else _STRUCTURE
    return whole if whole == _STRUCTURE[: len(whole)] else _ELSEWHERE


def _copied(obj: Any, view: HistoricalResolver, place: generic.Reference) -> Any:  # noqa: ANN401
    # All that stands within one object stands in the same place.
    result: Any
    if isinstance(obj, generic.IndirectObject):
        place = obj.reference
        return indirect(place.idnum, place.generation, view)
    if isinstance(obj, generic.DictionaryObject):
        inner = {key: _copied(value, view, place) for key, value in obj.items()}
        if isinstance(obj, generic.StreamObject):
            result = generic.StreamObject(inner, encoded_data=obj.encoded_data)
        else:
            result = generic.DictionaryObject()
            dict.update(result, inner)
    elif isinstance(obj, generic.ArrayObject):
        result = generic.ArrayObject(_copied(value, view, place) for value in obj)
    else:
        return obj
    result.container_ref = place
    return result


class Resolver(HistoricalResolver):
    """pyHanko's view of one revision; the ways to an object are found when a rule asks for them."""

    reader: "Reader"

    def is_ref_unassignable(self, ref: generic.Reference) -> bool:
        """Tell whether a number means nothing here: what comes under it later is new."""
        return super().is_ref_unassignable(ref) or is_free(self.reader, self.revision, ref.idnum)

    def _subsume_object(self, obj: Any) -> Any:  # noqa: ANN401  # pyHanko's objects are untyped
        # A copy whose references lead into this revision. What holds nothing is no copy, as in the original.
        if isinstance(obj, generic.DecryptedObjectProxy):
            return super()._subsume_object(obj)  # type: ignore[no-untyped-call]
        place = obj.container_ref
        return _copied(obj, self, generic.Reference(place.idnum, place.generation, self))

    def _load_reverse_xref_cache(self) -> None:
        # Reads every object of the revision, as the original does: what is missing or broken raises.
        if self._indirect_object_access_cache is not None:
            return
        self._trees = _Trees(self)
        self._trailing = tuple(edges_of(self.trailer_view))
        self._origins: defaultdict[Key, list[tuple[Key, Path]]] = defaultdict(list)
        reached: set[tuple[Key, Path]] = set()
        waiting: list[tuple[Key, Path, tuple[Edge, ...]]] = [(_TRAILER, (), self._trailing)]
        while waiting:
            origin, base, edges = waiting.pop()
            for path, key in edges:
                stage = _stage(base, path)
                if stage == _SKIPPED:
                    continue
                self._origins[key].append((origin, path))
                if (key, stage) in reached:
                    continue
                found = self.reader.edges(key, self.revision)
                if self._trees.may_enter(key, path, inside=stage == _STRUCTURE):
                    reached.add((key, stage))
                    waiting.append((key, stage, found))
        self._indirect_object_access_cache = {}

    def _get_usages_of_ref(self, ref: generic.Reference) -> set[RawPdfPath]:
        known = self._indirect_object_access_cache
        if known is None:
            return set()
        if ref not in known:
            known[ref] = {RawPdfPath(*path) for path in self._paths((ref.idnum, ref.generation))}
        return known[ref]

    def _paths(self, target: Key) -> Iterator[Path]:
        """Yield every path from the trailer to an object, as pyHanko's walk finds them.

        It enters a page from its parent alone, an element of the structure tree
        from within that tree alone, and no object twice on one path.
        """
        useful = self._leading_to(target)
        under_way: set[Key] = set()
        stack: list[tuple[Key, Path, Iterator[Edge]]] = [(_TRAILER, (), iter(self._trailing))]
        while stack:
            here, base, edges = stack[-1]
            for path, key in edges:
                stage = _stage(base, path)
                if stage == _SKIPPED or key in under_way:
                    continue
                whole = base + path
                if key == target:
                    yield whole
                elif key in useful and self._trees.enters(key, whole, inside=stage == _STRUCTURE):
                    under_way.add(key)
                    stack.append((key, whole, iter(self.reader.edges(key, self.revision))))
                    break
            else:
                stack.pop()
                under_way.discard(here)

    def _leading_to(self, target: Key) -> set[Key]:
        # Objects from which a way may lead to the target; more than really do, never fewer.
        found: set[Key] = set()
        waiting = [target]
        while waiting:
            key = waiting.pop()
            for origin, path in self._origins.get(key, ()):
                # Into a page from elsewhere, no way goes on; nor through the target itself.
                if key != target and not self._trees.may_enter(key, path, inside=True):
                    continue
                if origin not in found and origin != target:
                    found.add(origin)
                    waiting.append(origin)
        return found


class _Trees:
    """A revision's tree of pages and of structure, whose objects have one proper way to them."""

    def __init__(self, resolver: Resolver) -> None:
        self._reader = resolver.reader
        self._revision = resolver.revision
        self.pages: dict[Key, Path] = {}
        self.elements: set[Key] = set()
        root = self._resolved(resolver.trailer_view.raw_get("/Root"))
        if not isinstance(root, generic.DictionaryObject):
            raise misc.PdfReadError("the catalog is no dictionary")
        self._collect_pages(root.raw_get("/Pages"))
        with contextlib.suppress(KeyError):
            # As the original: there is no tree, or one that the walk will not get through either.
            self._collect_elements(self._resolved(root.raw_get("/StructTreeRoot")))

    def enters(self, key: Key, path: Path, *, inside: bool) -> bool:
        """Tell whether the walk goes on behind an object that it reached by a path from the trailer."""
        return self.pages.get(key, path) == path and (inside or key not in self.elements)

    def may_enter(self, key: Key, ending: Path, *, inside: bool) -> bool:
        """Tell whether it may, by the last steps of the path."""
        proper = self.pages.get(key)
        if proper is not None and proper[-len(ending) :] != ending:
            return False
        return inside or key not in self.elements

    def _resolved(self, value: Any) -> Any:  # noqa: ANN401  # pyHanko's objects are untyped
        for _ in range(_HOPS):
            if not isinstance(value, generic.IndirectObject):
                return value
            value = self._reader.version((value.idnum, value.generation), self._revision)
        raise misc.PdfReadError("references that lead to references")

    def _collect_pages(self, root: Any) -> None:  # noqa: ANN401
        if isinstance(root, generic.IndirectObject):
            self.pages[root.idnum, root.generation] = ("/Root", "/Pages")
        waiting: list[tuple[Any, Path]] = [(self._resolved(root), ("/Root", "/Pages"))]
        while waiting:
            node, path = waiting.pop()
            kids = self._resolved(node.raw_get("/Kids"))
            if kids in ({}, "", b""):
                continue  # as the original, which goes through anything that can be gone through
            if not isinstance(kids, generic.ArrayObject):
                raise misc.PdfReadError("kids that are no list")
            for index in range(len(kids)):
                kid, where = kids.raw_get(index), (*path, "/Kids", index)
                if isinstance(kid, generic.IndirectObject):
                    key = kid.idnum, kid.generation
                    if key in self.pages:
                        raise misc.PdfReadError("a page twice in the tree of pages")
                    self.pages[key] = where
                inner = self._resolved(kid)
                if not isinstance(inner, generic.DictionaryObject):
                    raise misc.PdfReadError("a page that is no dictionary")
                if inner.get("/Type") == "/Pages":
                    waiting.append((inner, where))

    def _collect_elements(self, root: Any) -> None:  # noqa: ANN401
        waiting = [root]
        while waiting:
            element = waiting.pop()
            if not isinstance(element, generic.DictionaryObject):
                raise misc.PdfReadError("a structure tree that is none")
            children = self._resolved(element.get("/K", generic.NullObject()))
            if isinstance(children, generic.NullObject):
                continue
            # A single child that is no list stands for itself: the original does not note its number either.
            for child in children if isinstance(children, generic.ArrayObject) else (children,):
                key = (child.idnum, child.generation) if isinstance(child, generic.IndirectObject) else None
                inner = self._resolved(child)
                if not isinstance(inner, generic.DictionaryObject):
                    continue
                if self._resolved(inner.get("/Type", generic.NullObject())) not in (
                    generic.NullObject(),
                    "/StructElem",
                ):
                    continue
                if key is not None:
                    if key in self.elements:
                        raise misc.PdfReadError("an element twice in the structure tree")
                    self.elements.add(key)
                waiting.append(inner)
