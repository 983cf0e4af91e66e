"""Empty signature fields as real tools sign in them (rule G5); only asked where the strict rules refuse.

Whoever signs may as well add a field of one's own with any look; what is let in here is less. A later
signature, the one in the field, covers it.
"""

from typing import Any, Final, NamedTuple

from pyhanko.pdf_utils import generic
from pyhanko.sign.diff_analysis import SuspiciousModification
from pyhanko.sign.diff_analysis.form_rules_api import FieldComparisonSpec
from pyhanko.sign.diff_analysis.rules.form_field_rules import SigFieldModificationRule

from signing.objects import resolved

_OWN: Final = frozenset({"/P", "/Rect"})
_DEPTH: Final = 32
_PUSH_BUTTON: Final = 1 << 16
"""Flag of a field (ISO 32000-2, table 229)."""


class SignedField(SigFieldModificationRule):
    """pyHanko's rule for signature fields, but for two entries of one that was empty and is signed now.

    iText 5 and OpenPDF write ``/P``, the page, where the field had none; it must be a page that shows
    the field. PDFBox and DSS take the box away, ``[0 0 0 0]``, where the signature shows nothing.
    """

    def compare_fields(self, spec: FieldComparisonSpec) -> bool:
        """Compare a field with itself as it was; as the original."""
        old, new = spec.old_field, spec.new_field
        if old is None or new is None or "/V" in old or "/V" not in new:
            return super().compare_fields(spec)
        changed = {key for key in _OWN if _entry(old, key) != _entry(new, key)}
        if "/P" in changed and ("/P" in old or not _is_shown(spec)):
            raise SuspiciousModification("the page of a field")
        if "/Rect" in changed and ("/Rect" not in old or not _is_nothing(new["/Rect"])):
            raise SuspiciousModification("the box of a field")
        if not changed:
            return super().compare_fields(spec)
        own = SigFieldModificationRule(
            self.allow_in_place_appearance_stream_changes, value_update_keys=self.value_update_keys | _OWN
        )
        own.compare_fields(spec)
        return False


def empty_fields(root: Any) -> frozenset[str]:  # noqa: ANN401  # pyHanko's objects are untyped
    """Return the names of a catalog's form fields in which nothing is written, chosen or ticked.

    A push button is none of them: it has a look and no value.
    """
    form = resolved(root, "/AcroForm")
    fields = resolved(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None
    found: set[str] = set()
    waiting: list[tuple[Any, str, _Inherited]] = [(fields, "", _Inherited())]
    while waiting:
        listed, parent, inherited = waiting.pop()
        if not isinstance(listed, generic.ArrayObject) or parent.count(".") > _DEPTH:
            continue
        for index in range(len(listed)):
            field = listed[index]
            if not isinstance(field, generic.DictionaryObject) or "/T" not in field:
                continue
            name = f"{parent}.{field['/T']}" if parent else str(field["/T"])
            own = inherited.of(field)
            kids = resolved(field, "/Kids")
            if own.is_empty(field, kids):
                found.add(name)
            waiting.append((kids, name, own))
    return frozenset(found)


class _Inherited(NamedTuple):
    """What a field hands down to those below it."""

    kind: Any = None
    flags: Any = 0
    value: Any = None

    def of(self, field: generic.DictionaryObject) -> "_Inherited":
        return _Inherited(
            kind=resolved(field, "/FT", self.kind),
            flags=resolved(field, "/Ff", self.flags),
            value=resolved(field, "/V", self.value),
        )

    def is_empty(self, field: generic.DictionaryObject, kids: Any) -> bool:  # noqa: ANN401
        if self.kind != "/Btn":
            return self.value is None or (
                isinstance(self.value, (str, bytes, generic.ArrayObject)) and not _written(self.value)
            )
        if not isinstance(self.flags, int) or self.flags & _PUSH_BUTTON:
            return False
        widgets = [field, *(kids if isinstance(kids, generic.ArrayObject) else ())]
        states = [resolved(one.get_object(), "/AS", "/Off") for one in widgets]
        return self.value in {None, "/Off"} and set(states) == {"/Off"}


def _written(value: str | bytes | generic.ArrayObject) -> bool:
    return bool(value if isinstance(value, generic.ArrayObject) else value.strip())


def _entry(field: generic.DictionaryObject, key: str) -> object:
    return field.raw_get(key) if key in field else None


def _is_nothing(box: object) -> bool:
    return (
        isinstance(box, generic.ArrayObject)
        and len(box) == len("xyxy")
        and all(isinstance(side, (int, float, generic.FloatObject)) and not side for side in box)
    )


def _is_shown(spec: FieldComparisonSpec) -> bool:
    # Whether the page that the field names lists it among its annotations.
    page = spec.new_field["/P"] if spec.new_field is not None else None
    if not isinstance(page, generic.DictionaryObject) or page.get("/Type") != "/Page":
        return False
    if "/Annots" not in page:
        return False
    shown = page["/Annots"]
    here = spec.new_field_ref
    return isinstance(shown, generic.ArrayObject) and any(
        isinstance(one, generic.IndirectObject)
        and here is not None
        and (one.idnum, one.generation) == (here.idnum, here.generation)
        for one in (shown.raw_get(index) for index in range(len(shown)))
    )
