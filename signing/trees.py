"""A revision's trees of pages and of structure: what stands in one has one proper way to it."""

import contextlib
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic, misc

from axis.violations import Code
from signing.causes import BrokenError
from signing.objects import Key

if TYPE_CHECKING:
    from signing.ways import Resolver

Path = tuple[str | int, ...]
"""Keys and indices from the trailer, or from an object, on."""

_LEVELS: Final = 1000
"""Deeper than any tree; the original comes to the end of its stack there."""
_NULL: Final = generic.NullObject()
_KINDS: Final = (_NULL, "/StructElem")
_HOPS: Final = 32
"""References to references that are followed."""


class Trees:
    """A revision's tree of pages and of structure, whose objects have one proper way to them."""

    def __init__(self, resolver: "Resolver") -> None:
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
        waiting = [(root, 0)]
        while waiting:
            element, depth = waiting.pop()
            if not isinstance(element, generic.DictionaryObject):
                raise misc.PdfReadError("a structure tree that is none")
            if depth > _LEVELS:
                raise BrokenError(Code.PDF_LOOP, "an element of the structure tree stands below itself")
            children = self._resolved(element.get("/K", _NULL))
            if isinstance(children, generic.NullObject):
                continue
            # A single child that is no list stands for itself: the original does not note its number either.
            for child in children if isinstance(children, generic.ArrayObject) else (children,):
                key = (child.idnum, child.generation) if isinstance(child, generic.IndirectObject) else None
                inner = self._resolved(child)
                if not isinstance(inner, generic.DictionaryObject):
                    continue
                if self._resolved(inner.get("/Type", _NULL)) not in _KINDS:
                    continue
                if key is not None:
                    if key in self.elements:
                        raise misc.PdfReadError("an element twice in the structure tree")
                    self.elements.add(key)
                waiting.append((inner, depth + 1))
