"""Changes behind a signature that pyHanko's rules let pass and rule G5 does not.

Each is named in gate.md, section G5: ``/NeedAppearances``, ``/DA``, catalog
``/Version``, nested values in ``/Info``, a lowered ``/SigFlags``, a new empty
signature field.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from axis.violations import Code, Violation
from signing.defaults import brings_usual_defaults, looks_stand_alone
from signing.fields import field_names
from signing.harmless import is_same
from signing.objects import resolved

_DRAW_ANEW: Final = "/NeedAppearances"
_DEFAULTS: Final = ("/DA", "/Q")
_TEMPLATE: Final = ("/XObject", "/FRM")
"""Where PDFBox puts the look of a visible signature."""
_VERSION: Final = re.compile(r"/(1\.[0-7]|2\.0)")


def check_looseness(
    reader: PdfFileReader, signed: Collection[int], stamped: Collection[int], judged: Collection[str]
) -> tuple[Violation, ...]:
    """Compare each revision behind the first signature with the one before it.

    Args:
        reader: the document.
        signed: revisions that end with a signature or document time-stamp.
        stamped: those of them that end with a document time-stamp.
        judged: names of the signature fields that are verified themselves.
    """
    if not signed:
        return ()
    faults: list[str] = []
    since = field_names(reader.get_historical_resolver(min(signed)).root)
    if field_names(reader.root) - since - set(judged):
        faults.append("a later update adds a signature field that is empty")
    for number in range(min(signed) + 1, reader.total_revisions):
        old, new = reader.get_historical_resolver(number - 1), reader.get_historical_resolver(number)
        faults.extend(_form(old, new, signed=number in signed, stamped=number in stamped))
        faults.extend(_version(old.root, new.root))
        faults.extend(_info(_information(old), _information(new)))
    return tuple(Violation(Code.CHANGED_AFTER, "", fault) for fault in dict.fromkeys(faults))


def _part(holder: Any, key: str) -> generic.DictionaryObject:  # noqa: ANN401  # pyHanko's objects are untyped
    value = resolved(holder, key)
    return value if isinstance(value, generic.DictionaryObject) else generic.DictionaryObject()


def _information(revision: HistoricalResolver) -> generic.DictionaryObject:
    # The trailer's references lead to the newest revision; this one must look into its own.
    try:
        raw = revision.trailer_view.raw_get("/Info")
    except KeyError:
        return generic.DictionaryObject()
    value = revision(raw.reference) if isinstance(raw, generic.IndirectObject) else raw
    return value if isinstance(value, generic.DictionaryObject) else generic.DictionaryObject()


def _form(
    earlier: HistoricalResolver, later: HistoricalResolver, *, signed: bool, stamped: bool
) -> Iterator[str]:
    old, new = _part(earlier.root, "/AcroForm"), _part(later.root, "/AcroForm")
    drawn = resolved(old, _DRAW_ANEW), resolved(new, _DRAW_ANEW)
    if drawn[0] != drawn[1] and not signed:
        yield "an unsigned update has viewers draw fields anew (NeedAppearances)"
    # A signing tool may bring the first defaults along with its own field, where nothing is drawn by them;
    # nobody may change one. A time-stamp is anyone's.
    may_add = signed and not any(drawn) and (not stamped or brings_usual_defaults(earlier, later))
    kept = (
        is_same(resolved(old, key), resolved(new, key)) or (may_add and key not in old) for key in _DEFAULTS
    )
    if not all(kept):
        yield "a later update changes how fields look (DA, Q)"
    may_swap = signed and not stamped and not any(drawn) and looks_stand_alone(earlier)
    if not _keeps(_part(old, "/DR"), _part(new, "/DR"), may_add=may_add, may_swap=may_swap):
        yield "a later update changes what fields are drawn with (DR)"
    before, after = (int(resolved(form, "/SigFlags") or 0) for form in (old, new))
    if before & ~after:
        yield "a later update lowers SigFlags"


def _keeps(
    old: generic.DictionaryObject, new: generic.DictionaryObject, *, may_add: bool, may_swap: bool
) -> bool:
    # Those that were there are the same, others come where they may.
    before, after = _resources(old), _resources(new)
    if may_swap and before.keys() & after.keys() & {_TEMPLATE}:
        del before[_TEMPLATE], after[_TEMPLATE]
    kept = all(name in after and is_same(value, after[name]) for name, value in before.items())
    return kept and (may_add or len(before) == len(after))


def _resources(listed: generic.DictionaryObject) -> dict[tuple[str, str], Any]:
    # By kind and name.
    found: dict[tuple[str, str], Any] = {}
    for kind in listed:
        value = resolved(listed, kind)
        if isinstance(value, generic.DictionaryObject):
            found.update({(kind, name): value.raw_get(name) for name in value})
        elif value is not None:
            found[kind, ""] = value
    return found


def _version(old: generic.DictionaryObject, new: generic.DictionaryObject) -> Iterator[str]:
    before, after = resolved(old, "/Version"), resolved(new, "/Version")
    if before == after:
        return
    known = isinstance(after, str) and _VERSION.fullmatch(after)
    if not known or (before is not None and str(after) < str(before)):
        yield "a later update sets a PDF version that is unknown or older"


def _info(old: generic.DictionaryObject, new: generic.DictionaryObject) -> Iterator[str]:
    for key in new:
        value = resolved(new, key)
        if isinstance(value, (generic.DictionaryObject, generic.ArrayObject)) and resolved(old, key) != value:
            yield "a later update puts nested values into the document information"
            return
