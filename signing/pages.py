"""What a dictionary may become, and pages written anew with a signature's field on them (rule G5).

iText 5 and OpenPDF write into the page what it had from the tree of pages; iText 8 adds the order of
tabs. pyHanko compares a page's own entries and refuses both.
"""

from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.sign.diff_analysis import SuspiciousModification, form_rules_api
from pyhanko.sign.diff_analysis.rules import file_structure_rules, form_field_rules
from pyhanko.version import __version__ as pyhanko_version

from signing.harmless import is_same
from signing.hexadecimal import KNOWN_VERSION

original = form_field_rules.compare_dicts  # type: ignore[attr-defined]

_ANNOTATIONS: Final = frozenset({"/Annots"})
"""What is left out where pages are compared, and nowhere else."""
_INHERITED: Final = frozenset({"/MediaBox", "/CropBox", "/Resources", "/Rotate"})
_TABS: Final = frozenset({"/S", "/R", "/C"})
_LEVELS: Final = 64
_BOXES: Final = frozenset({"/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"})
_NUMERALS: Final = (generic.NumberObject, generic.FloatObject)


def compare_dicts(old: Any, new: Any, ignored: Any = frozenset(), raise_exc: bool = True) -> bool:  # noqa: ANN401, FBT001, FBT002 - as the original
    """Compare two versions of a dictionary, as the original does, and to the last byte.

    To the original a name is the same as a string, a flag that is a real number the same as one that is none,
    and two strings are the same that mean one text: a palette is none.
    A page may have got what the signed revision gave it by inheritance, to the last value, and an order of
    tabs, which draws nothing; its boxes may be the same in other numerals.
    """
    if ignored == _ANNOTATIONS and _is_page(old) and _is_page(new):
        gained = {key for key in new.keys() - old.keys() if _is_harmless(old, key, new.raw_get(key))}
        again = {key for key in _BOXES & old.keys() & new.keys() if _is_same_box(old[key], new[key])}
        ignored = ignored | gained | again
    if not original(old, new, ignored, raise_exc):
        return False
    if all(is_same(old.raw_get(key), new.raw_get(key)) for key in old.keys() - ignored):
        return True
    if raise_exc:
        raise SuspiciousModification("a value of another kind, or of other bytes")
    return False


def _is_page(value: Any) -> bool:  # noqa: ANN401  # pyHanko's objects are untyped
    return isinstance(value, generic.DictionaryObject) and value.get("/Type") == "/Page"


def _is_harmless(page: Any, key: str, value: Any) -> bool:  # noqa: ANN401
    if key == "/Tabs":
        return isinstance(value, generic.NameObject) and value in _TABS
    return key in _INHERITED and is_same(_inherited(page, key), value)


def _is_same_box(before: Any, after: Any) -> bool:  # noqa: ANN401
    # In whatever numerals.
    return (
        isinstance(before, generic.ArrayObject)
        and isinstance(after, generic.ArrayObject)
        and len(before) == len(after)
        and all(
            type(one) in _NUMERALS and type(other) in _NUMERALS and one == other
            for one, other in zip(before, after, strict=True)
        )
    )


def _inherited(page: Any, key: str) -> Any:  # noqa: ANN401
    # As the signed revision has it; None: nothing is inherited.
    node = page
    for _ in range(_LEVELS):
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
        if not isinstance(node, generic.DictionaryObject):
            return None
        if key in node:
            return node.raw_get(key)
    return None


def install() -> bool:
    """Put it in pyHanko's place; True when that was done. Another version keeps its own, which refuses."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    for module in (form_field_rules, form_rules_api, file_structure_rules):
        module.compare_dicts = compare_dicts  # type: ignore[attr-defined]
    return True
