"""What an update puts in the place of signed objects, where pyHanko's rules ask too little (rule G5).

Its rules tell which paths to a replaced object they have looked at. Some ask for none ("approve
all"), some compare a list as a set, and no path that goes through a parent is known to any.
"""

from dataclasses import replace
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdate
from pyhanko.sign.diff_analysis.rules_api import ApprovalType, ReferenceUpdate, RelativeContext

from signing.harmless import is_same
from signing.objects import Key, key_of, resolved
from signing.pages import compare_dicts
from signing.structure import tagged_objects
from signing.ways import Resolver

_UNSEEN_FLAGS: Final = 0b111
"""Read-only, required, not exported (ISO 32000-2, table 227)."""
_ANNOTATIONS: Final = "/Annots"
_APPEARANCE: Final = RawPdfPath("/AP")


def is_looked_at(old: HistoricalResolver, new: HistoricalResolver, update: ReferenceUpdate) -> bool:
    """Tell whether a rule for forms looked at all that the object it approves is used for.

    A signature's reference may name any object as its parameters, a field any as its appearances; annotations
    are drawn in their order.
    """
    reference, context = update.updated_ref, update.context_checked
    if isinstance(context, RelativeContext) and context.relative_path == RawPdfPath(_ANNOTATIONS):
        assert isinstance(context.anchor, generic.Reference), "of the page, as the rule makes it"
        page = generic.Reference(context.anchor.idnum, context.anchor.generation)
        return _in_order(old(page), new(page))
    if update.approval_type is not ApprovalType.BLANKET_APPROVE or old.is_ref_unassignable(reference):
        return True
    if old.reader.xrefs.get_historical_ref(reference, old.revision) is None:
        return False
    before, after = old(reference), new(reference)
    if isinstance(before, generic.DictionaryObject) and before.get("/Type") == "/Page":
        same = compare_dicts(before, after, frozenset({_ANNOTATIONS}), raise_exc=False)
        return same and _in_order(before, after)
    usages = old._get_usages_of_ref(reference)  # noqa: SLF001 - as pyHanko's policy does
    return bool(usages) and all(RawPdfPath(*usage.path[-1:]) == _APPEARANCE for usage in usages)


def as_filled(old: HistoricalResolver, new: HistoricalResolver, update: FormUpdate) -> FormUpdate:
    """Count a change of a field's flags among its fillings, where it may change how the value is drawn.

    pyHanko lets all flags change; signing tools set those that say who may still fill the field.
    """
    reference = update.updated_ref
    if not update.valid_when_locked or update.field_name is None or old.is_ref_unassignable(reference):
        return update
    before, after = (_flags(view(reference)) for view in (old, new))
    drawn = (before ^ after) & ~_UNSEEN_FLAGS
    return replace(update, valid_when_locked=False) if drawn else update


def is_used_elsewhere(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    """Tell whether an update changes an object that signed ones use in a way that no rule looks at.

    Elements that tell of a signature are looked at by a rule of their own, which approves them or does not.
    """
    changed = _changed_elsewhere(old, new)
    return bool(changed) and not changed <= tagged_objects(old, new)


def _changed_elsewhere(old: HistoricalResolver, new: HistoricalResolver) -> set[Key]:
    assert isinstance(old, Resolver), "our reader makes no others"
    concealed = old.hidden()
    changed: set[Key] = set()
    root = key_of(old.root_ref)
    for reference in new.explicit_refs_in_revision():
        key = key_of(reference)
        known = old.reader.place(key, old.revision) is not None
        hidden = key in concealed
        catalog = known and key == root
        if (
            (hidden or (catalog and not _is_root_alone(old)))
            and not (known and old.is_tree_node(reference))
            and not (known and _stands(new, reference) and is_same(old(reference), new(reference)))
        ):
            changed.add(key)
    return changed


def _is_root_alone(old: Resolver) -> bool:
    # What a signature locks it says with a reference to the catalog. Paths that lead through an object back
    # to it are none to pyHanko, and all paths lead through the catalog.
    return all(path[-1] in {"/Root", "/Data"} for path in old.uses(key_of(old.root_ref)))


def _stands(new: HistoricalResolver, reference: generic.Reference) -> bool:
    return new.reader.xrefs.get_historical_ref(reference, new.revision) is not None


def _flags(field: Any) -> int:  # noqa: ANN401
    return int(resolved(field, "/Ff") or 0) if isinstance(field, generic.DictionaryObject) else 0


def _in_order(before: Any, after: Any) -> bool:  # noqa: ANN401
    # All annotations that were there, one after another as they were, and none twice.
    earlier, later = _annotations(before), _annotations(after)
    rest = iter(later)
    return len(set(later)) == len(later) and all(one in rest for one in earlier)


def _annotations(page: Any) -> list[tuple[int, int]]:  # noqa: ANN401
    listed = page["/Annots"] if "/Annots" in page else generic.ArrayObject()
    return [key_of(listed.raw_get(index)) for index in range(len(listed))]
