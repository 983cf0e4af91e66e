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
from signing.fields import field_names
from signing.objects import resolved

_VERSION: Final = re.compile(r"/(1\.[0-7]|2\.0)")


def check_looseness(
    reader: PdfFileReader, signed: Collection[int], judged: Collection[str]
) -> tuple[Violation, ...]:
    """Compare each revision behind the first signature with the one before it.

    Args:
        reader: the document.
        signed: revisions that end with a signature or document time-stamp.
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
        faults.extend(_form(_part(old.root, "/AcroForm"), _part(new.root, "/AcroForm"), number in signed))
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


def _form(old: generic.DictionaryObject, new: generic.DictionaryObject, signed: bool) -> Iterator[str]:  # noqa: FBT001
    if resolved(new, "/NeedAppearances") != resolved(old, "/NeedAppearances") and not signed:
        yield "an unsigned update has viewers draw fields anew (NeedAppearances)"
    # A signing tool may bring the first default appearance along with its own field; nobody may change one.
    if resolved(new, "/DA") != resolved(old, "/DA") and not (signed and "/DA" not in old):
        yield "a later update changes how fields look (DA)"
    before, after = (int(resolved(form, "/SigFlags") or 0) for form in (old, new))
    if before & ~after:
        yield "a later update lowers SigFlags"


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
