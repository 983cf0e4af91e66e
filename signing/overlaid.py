"""How much of a page a later signature, or the filling of a field, may lay its look over (rule G5).

Both may show anything, and a look lies over what was signed: one as large as the page is another letter
under the same signature. What is smaller is the answer of whoever signs it.
"""

from collections.abc import Collection, Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from signing.objects import resolved

_MOST: Final = 0.25
"""Share of the smallest page."""
_ALWAYS: Final = 0.08 * 595 * 842
"""Square points that any page lets a look take: a seal as the decree sets it takes some 2 % of A4, a block of
words 6 %, and neither shrinks with the page."""
_DEPTH: Final = 64
_CORNERS: Final = 4
_SHOWN: Final = ("/MediaBox", "/CropBox")


def lies_over(new: HistoricalResolver, names: Collection[str]) -> bool:
    """Tell whether the looks of some fields take more of a page than they may.

    Args:
        new: the document as an update left it.
        names: of the fields that the update signed, filled or drew anew.
    """
    shown = 0.0
    for widget in _widgets(new.root, names):
        area = _area(resolved(widget, "/Rect"))
        if area is None:
            return True  # whoever draws it will find some
        shown += area
    return bool(shown) and shown > min(_bounds(new.root), default=0.0)


def _widgets(root: Any, names: Collection[str]) -> Iterator[generic.DictionaryObject]:  # noqa: ANN401  # untyped
    form = resolved(root, "/AcroForm")
    waiting = [(resolved(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None, "", 0)]
    seen: set[int] = set()
    while waiting:
        listed, parent, depth = waiting.pop()
        if not isinstance(listed, generic.ArrayObject) or depth > _DEPTH or id(listed) in seen:
            continue
        seen.add(id(listed))
        for index in range(len(listed)):
            field = listed[index]
            if not isinstance(field, generic.DictionaryObject):
                continue
            part = resolved(field, "/T")
            name = parent if part is None else f"{parent}.{part}" if parent else str(part)
            waiting.append((resolved(field, "/Kids"), name, depth + 1))
            if name in names and resolved(field, "/AP") is not None and resolved(field, "/Rect") is not None:
                yield field


def _bounds(root: Any) -> Iterator[float]:  # noqa: ANN401
    # What each page that is shown lets looks take.
    waiting: list[tuple[Any, dict[str, Any], int]] = [(resolved(root, "/Pages"), {}, 0)]
    seen: set[int] = set()
    while waiting:
        node, inherited, depth = waiting.pop()
        if not isinstance(node, generic.DictionaryObject) or depth > _DEPTH or id(node) in seen:
            continue
        seen.add(id(node))
        boxes = inherited | {key: resolved(node, key) for key in _SHOWN if key in node}
        kids = resolved(node, "/Kids")
        if isinstance(kids, generic.ArrayObject):
            waiting.extend((kids[index], boxes, depth + 1) for index in range(len(kids)))
        else:
            area = min((_area(box) or 0.0 for box in boxes.values() if box is not None), default=0.0)
            # A page whose unit is no point may be any size.
            always = _ALWAYS if area and "/UserUnit" not in node else 0.0
            yield max(_MOST * area, always)


def _area(box: Any) -> float | None:  # noqa: ANN401
    # None: it is no box of four numbers.
    if not isinstance(box, generic.ArrayObject) or len(box) != _CORNERS:
        return None
    corners = [box[index] for index in range(_CORNERS)]
    if not all(isinstance(one, (generic.NumberObject, generic.FloatObject)) for one in corners):
        return None
    left, bottom, right, top = map(float, corners)
    return abs(right - left) * abs(top - bottom)
