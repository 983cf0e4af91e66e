"""Finding signatures ourselves (rule G2): in the form, on the pages, and anywhere in the file.

pyHanko's own list leaves out fields with an unknown sub-filter, and fields
that no form names. Here nothing is left out: what is found and cannot be
judged refuses.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.checks.policy import Limits
from axis.violations import Code, Violation
from signing.causes import BrokenError, broken_digits
from signing.objects import resolved

TIMESTAMP: Final = "/ETSI.RFC3161"
SUBFILTERS: Final = frozenset({"/ETSI.CAdES.detached", "/adbe.pkcs7.detached", TIMESTAMP})
"""What is judged. Everything else refuses; ``/Type`` plays no part in telling time-stamps apart."""

_DEPTH: Final = 32
"""Levels of the tree of fields, and of the tree of pages."""


@dataclass(frozen=True, slots=True)
class FoundField:
    """One filled signature field of the newest revision."""

    name: str
    field: generic.DictionaryObject
    value: generic.Reference | None
    """Of the signature's dictionary; None: it stands in the field itself, which is not allowed."""
    subfilter: str
    """With its slash, as in the file; empty: none or no name."""

    @property
    def timestamp(self) -> bool:
        """A document time-stamp, not a signature."""
        return self.subfilter == TIMESTAMP


def told(text: str) -> str:
    """Return a text of a file as it may be written elsewhere: names may hold bytes that are no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def find_fields(
    reader: PdfFileReader, limits: Limits, *, unsigned: Callable[[], bool] = lambda: False
) -> tuple[tuple[FoundField, ...], tuple[Violation, ...]]:
    """Find every filled signature field, and judge whether all can be verified.

    Args:
        reader: of a PDF read strictly.
        limits: ``signatures`` and ``pages`` count here.
        unsigned: tells that no signature dictionary stands in the file, whose pages need no look then;
            asked where no field bears one.

    Returns:
        The fields as they stand in the form, and what refuses about their
        number. Each field's own faults are its judge's.
    """
    claimed = resolved(_tree(reader), "/Count")
    if isinstance(claimed, int) and claimed > limits.pages:
        return (), (_too_many(limits),)
    form = resolved(reader.root, "/AcroForm")
    found: list[FoundField] = []
    seen: set[generic.Reference] = set()
    fields = resolved(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None
    if fields is not None:
        for field, name in _walk(fields, "", None, seen, _DEPTH):
            if not _filled(field):
                continue
            found.append(_read(field, name))
            if len(found) > limits.signatures:
                fault = Violation(
                    Code.LIMIT_SIGNATURES, "", f"more than {limits.signatures} signatures are not judged"
                )
                return (), (fault,)
    faults: list[Violation] = []
    values = [each.value for each in found if each.value is not None]
    if len(set(values)) != len(values):
        faults.append(Violation(Code.SIGNATURE_COUNT, "", "two fields share one signature"))
    if not found and unsigned():
        return (), ()
    try:
        unknown = any(widget not in seen for widget in _filled_widgets(reader, limits.pages))
    except _TooManyPagesError:
        return (), (_too_many(limits),)
    if unknown:
        faults.append(
            Violation(Code.SIGNATURE_COUNT, "", "a signature on a page that the form does not know")
        )
    return tuple(found), tuple(faults)


def _form(detail: str) -> BrokenError:
    return BrokenError(Code.PDF_FORM, detail)


class _TooManyPagesError(Exception):
    """There are more pages than the limit, whatever the file claims."""


def _too_many(limits: Limits) -> Violation:
    return Violation(Code.LIMIT_PAGES, "", f"more than {limits.pages} pages")


def field_names(root: Any) -> frozenset[str]:  # noqa: ANN401  # pyHanko's objects are untyped
    """Return the names of all signature fields that a catalog's form knows, filled or not."""
    form = resolved(root, "/AcroForm")
    fields = resolved(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None
    return (
        frozenset(name for _, name in _walk(fields, "", None, set(), _DEPTH))
        if fields is not None
        else frozenset()
    )


def is_invisible(field: generic.DictionaryObject) -> bool:
    """Tell whether a field shows nothing on the page: no area, or no appearance.

    A rectangle in any other form than four numbers may be one to a viewer.
    """
    if resolved(field, "/Kids") is not None:
        return False
    if resolved(field, "/AP") is None:
        return True
    listed = resolved(field, "/Rect")
    if listed is None:
        return True
    if not isinstance(listed, generic.ArrayObject) or len(listed) != 4:  # noqa: PLR2004  # two corners
        return False
    corners = [listed.raw_get(index) for index in range(4)]
    if not all(isinstance(each, (generic.NumberObject, generic.FloatObject)) for each in corners):
        return False
    left, bottom, right, top = corners
    return bool(left == right or bottom == top)


def _walk(
    fields: Any,  # noqa: ANN401  # pyHanko's objects are untyped
    parent: str,
    inherited: str | None,
    seen: set[generic.Reference],
    depth: int,
) -> Iterator[tuple[generic.DictionaryObject, str]]:
    if not isinstance(fields, generic.ArrayObject) or not depth:
        raise _form("fields that are no list, or nested too deeply")
    for index in range(len(fields)):
        raw = fields.raw_get(index)
        if isinstance(raw, generic.IndirectObject):
            if raw.reference in seen:
                raise _form("a field that stands in the form twice")
            seen.add(raw.reference)
        if _is_nowhere(raw):
            continue
        field = raw.get_object()
        if not isinstance(field, generic.DictionaryObject):
            raise _form("a field that is no dictionary")
        part = str(resolved(field, "/T", ""))
        name = f"{parent}.{part}" if parent and part else parent or part
        kind = resolved(field, "/FT", inherited)
        if kind == "/Sig":
            yield field, name
        if (kids := resolved(field, "/Kids")) is not None:
            yield from _walk(kids, name, kind, seen, depth - 1)


def _is_nowhere(raw: Any) -> bool:  # noqa: ANN401
    # A number on which no table of any revision says a word is nothing, to everyone and for good.
    if not isinstance(raw, generic.IndirectObject):
        return False
    handler: Any = raw.get_pdf_handler()
    return not getattr(handler, "reader", handler).mentions(raw.idnum)


def _filled(field: generic.DictionaryObject) -> bool:
    try:
        return resolved(field, "/V") is not None
    except misc.PdfStreamError as exc:
        if (broken := broken_digits(exc)) is not None:
            raise broken from exc
        raise


def _read(field: generic.DictionaryObject, name: str) -> FoundField:
    raw = field.raw_get("/V")
    value = raw.get_object()
    subfilter = resolved(value, "/SubFilter", "") if isinstance(value, generic.DictionaryObject) else ""
    return FoundField(
        name=name,
        field=field,
        value=raw.reference if isinstance(raw, generic.IndirectObject) else None,
        subfilter=str(subfilter) if isinstance(subfilter, generic.NameObject) else "",
    )


def _filled_widgets(reader: PdfFileReader, most: int) -> Iterator[generic.Reference | None]:
    # Widgets on pages that bear a filled signature by themselves; None for one that is no object of its own.
    for number, page in enumerate(_pages(_tree(reader), set(), _DEPTH), start=1):
        if number > most:
            raise _TooManyPagesError
        annotations = resolved(page, "/Annots")
        if not isinstance(annotations, generic.ArrayObject):
            continue
        for index in range(len(annotations)):
            raw = annotations.raw_get(index)
            if _is_nowhere(raw):
                continue
            widget = raw.get_object()
            if (
                isinstance(widget, generic.DictionaryObject)
                and resolved(widget, "/FT") == "/Sig"
                and _filled(widget)
            ):
                yield raw.reference if isinstance(raw, generic.IndirectObject) else None


def _tree(reader: PdfFileReader) -> generic.DictionaryObject:
    pages = resolved(reader.root, "/Pages")
    if not isinstance(pages, generic.DictionaryObject):
        raise BrokenError(Code.PDF_PAGES, "the catalog has no tree of pages (/Pages)")
    return pages


def _pages(node: Any, seen: set[int], depth: int) -> Iterator[generic.DictionaryObject]:  # noqa: ANN401
    if not isinstance(node, generic.DictionaryObject):
        raise BrokenError(Code.PDF_PAGES, "the tree of pages holds what is no page")
    if id(node) in seen:
        raise BrokenError(Code.PDF_LOOP, "a page or a branch of the tree of pages stands in it twice")
    if not depth:
        raise BrokenError(Code.PDF_PAGES, f"the tree of pages has more than {_DEPTH} levels")
    seen.add(id(node))
    kids = resolved(node, "/Kids")
    if kids is None:
        yield node
        return
    if not isinstance(kids, generic.ArrayObject):
        raise BrokenError(Code.PDF_PAGES, "a branch of the tree of pages whose /Kids are no list")
    for kid in kids:
        yield from _pages(kid.get_object(), seen, depth - 1)
