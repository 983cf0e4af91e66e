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
from signing.objects import Key
from signing.trees import Path, Trees

if TYPE_CHECKING:
    from signing.versions import Reader

Edge = tuple[Path, Key, int]
"""A path within an object, what it leads to, and `_PARENT` or `_P` where one of its steps is such."""

_STRUCTURE: Final[Path] = ("/Root", "/StructTreeRoot", "/K")
"""Below it, elements of the structure tree; a reference into it from elsewhere is not followed."""
_FIELDS: Final[Path] = ("/Root", "/AcroForm", "/Fields")
_ELSEWHERE: Final[Path] = ("",)
_SKIPPED: Final[Path] = ("/P",)
_P, _PARENT = 1, 2
_MARKS: Final[dict[str | int, int]] = {"/P": _P, "/Parent": _PARENT}
_OTHER_FORMAT: Final = "/AdditionalStreams"
"""Where LibreOffice's trailers name the document in its own format. Tools that sign copy the entry with a
number of their own counting, under which something else comes to stand, or nothing."""
_HOLDERS: Final = frozenset({generic.DictionaryObject, generic.ArrayObject, generic.StreamObject})
_TRAILER: Final[Key] = (0, 0)


def edges_of(value: Any) -> Iterator[Edge]:  # noqa: ANN401  # pyHanko's objects are untyped
    """Yield the references within a value, with the path to each."""
    waiting: list[tuple[Path, Any, int]] = [((), value, 0)]
    while waiting:
        path, one, marks = waiting.pop()
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
                reference = inner.reference
                yield (*path, key), (reference.idnum, reference.generation), marks | _MARKS.get(key, 0)
            elif kind in _HOLDERS:
                waiting.append(((*path, key), inner, marks | _MARKS.get(key, 0)))


def _stage(base: Path, path: Path, marks: int) -> Path:
    """Return how far a path is on the way into the structure tree, and whether the walk goes there at all.

    Args:
        base: a path from the trailer, or a stage.
        path: the steps behind it.
        marks: of that path.

    Returns:
        The beginning of `_STRUCTURE` that it is, or `_STRUCTURE` for all below it; else `_ELSEWHERE`.
        `_SKIPPED`: it goes to a parent, or through ``/P`` in the tree, where the walk does not.
    """
    if marks >= _PARENT:
        return _SKIPPED
    if base is _ELSEWHERE:
        return _ELSEWHERE
    deep = len(_STRUCTURE)
    if len(base) >= deep:
        if base[:deep] != _STRUCTURE:
            return _ELSEWHERE
        return _SKIPPED if marks else _STRUCTURE
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
    _explicit: frozenset[generic.Reference] | None = None
    _followed = False
    """All that lies behind what the walk does not follow is found."""

    def explicit_refs_in_revision(self) -> set[generic.Reference]:
        """Return what this revision defines or frees; asked for by every rule, made once."""
        if self._explicit is None:
            self._explicit = frozenset(super().explicit_refs_in_revision())  # type: ignore[no-untyped-call]
        return set(self._explicit)

    def is_ref_unassignable(self, ref: generic.Reference) -> bool:
        """Tell whether a number means nothing here: what comes under it later is new.

        A cross-reference stream may hold objects beyond its ``/Size``, where pyHanko takes all for new.
        """
        if super().is_ref_unassignable(ref):
            return all(said > self.revision for said in self.reader.mentions(ref.idnum))
        return is_free(self.reader, self.revision, ref.idnum)

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
        self._trees = Trees(self)
        trailing = edges_of(self.trailer_view)
        self._trailing = tuple(edge for edge in trailing if not self._means_nothing(*edge[:2]))
        self._origins: defaultdict[Key, list[tuple[Key, Path]]] = defaultdict(list)
        self._hidden: set[Key] = set()
        reached: set[tuple[Key, Path]] = set()
        waiting: list[tuple[Key, Path, tuple[Edge, ...]]] = [(_TRAILER, (), self._trailing)]
        while waiting:
            origin, base, edges = waiting.pop()
            for path, key, marks in edges:
                stage = _stage(base, path, marks)
                if stage is _SKIPPED:
                    self._hidden.add(key)
                    continue
                self._origins[key].append((origin, path))
                if (key, stage) in reached:
                    continue
                found = self.reader.edges(key, self.revision)
                if self._trees.may_enter(key, path, inside=stage is _STRUCTURE):
                    reached.add((key, stage))
                    waiting.append((key, stage, found))
        self._indirect_object_access_cache = {}

    def _means_nothing(self, path: Path, key: Key) -> bool:
        # LibreOffice alone asks for it, and for a stream: none stands under its number, then or later.
        reader = self.reader
        return path[0] == _OTHER_FORMAT and reader.place(key, self.revision) is None and not any(
            type(reader.version(key, revision)) is not generic.DictionaryObject
            for revision in range(self.revision + 1, reader.total_revisions)
            if reader.place(key, revision) is not None
        )

    def hidden(self) -> set[Key]:
        """Return objects to which a way leads that the walk does not follow: to a parent, say.

        What only such ways lead to is among them.
        """
        self._load_reverse_xref_cache()
        if self._followed:
            return self._hidden
        waiting = [key for key in self._hidden if key not in self._origins]
        while waiting:
            with contextlib.suppress(misc.PdfReadError):  # missing or broken: nothing lies behind it
                for _, key, _ in self.reader.edges(waiting.pop(), self.revision):
                    if key not in self._hidden:
                        self._hidden.add(key)
                        if key not in self._origins:
                            waiting.append(key)
        self._followed = True
        return self._hidden

    def uses(self, key: Key) -> set[Path]:
        """Return the steps by which objects, and the trailer, refer to one: those on the walk."""
        self._load_reverse_xref_cache()
        return {path for _, path in self._origins.get(key, ())}

    def is_tree_node(self, ref: generic.Reference) -> bool:
        """Tell whether an object stands in the tree of pages, of structure or of fields, as parents do."""
        key = ref.idnum, ref.generation
        return (
            key in self._trees.pages
            or key in self._trees.elements
            or any(path[: len(_FIELDS)] == _FIELDS for path in self._paths(key))
        )

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
            for path, key, marks in edges:
                stage = _stage(base, path, marks)
                if stage is _SKIPPED or key in under_way:
                    continue
                whole = base + path
                if key == target:
                    yield whole
                elif key in useful and self._trees.enters(key, whole, inside=stage is _STRUCTURE):
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
