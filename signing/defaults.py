"""What DSS and PDFBox write into a form's defaults with a signature or a document time-stamp (rule G5).

A time-stamp needs nobody's key, so what it brings may change nothing that is drawn: two fonts that every
viewer has, under their usual names, and black text in one of them, for a form whose fields are
signatures or have looks of their own. A visible signature of PDFBox puts its own look in the place of the one
before, under one name that nothing uses where all looks bring their resources along.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from signing.harmless import is_same
from signing.objects import resolved

_FONTS: Final = {"/Helv": "/Helvetica", "/ZaDb": "/ZapfDingbats"}
_FONT: Final = frozenset({"/Type", "/Subtype", "/BaseFont", "/Encoding", "/Name"})
_TEXT: Final = re.compile(r"/Helv [0-9]{1,3}(?:\.[0-9]{1,3})? Tf 0 g *")
_DEPTH: Final = 32


def brings_usual_defaults(old: HistoricalResolver, new: HistoricalResolver) -> bool:
    """Tell whether a revision adds the usual defaults to a form that draws nothing by them, and had none.

    Args:
        old: the revision before it.
        new: the revision.
    """
    before, after = resolved(old.root, "/AcroForm"), resolved(new.root, "/AcroForm")
    if not isinstance(after, generic.DictionaryObject):
        return False
    had = before if isinstance(before, generic.DictionaryObject) else generic.DictionaryObject()
    if resolved(had, "/DR") is not None or not _are_usual(resolved(after, "/DR")):
        return False
    text = resolved(after, "/DA")
    if text is not None and not (
        is_same(resolved(had, "/DA"), text) or ("/DA" not in had and _TEXT.fullmatch(str(text)))
    ):
        return False
    return all(_needs_none(leaf, kind) for leaf, kind in _leaves(resolved(after, "/Fields"), None, _DEPTH))


def _are_usual(resources: Any) -> bool:  # noqa: ANN401  # pyHanko's objects are untyped
    if not isinstance(resources, generic.DictionaryObject) or resources.keys() != {"/Font"}:
        return False
    fonts = resolved(resources, "/Font")
    return isinstance(fonts, generic.DictionaryObject) and all(
        _is_usual(name, resolved(fonts, name)) for name in fonts
    )


def _is_usual(name: str, font: Any) -> bool:  # noqa: ANN401
    return (
        type(font) is generic.DictionaryObject
        and font.keys() <= _FONT
        and all(isinstance(font.raw_get(key), generic.NameObject) for key in font)
        and font.get("/Type") == "/Font"
        and font.get("/Subtype") == "/Type1"
        and name in _FONTS
        and font.get("/BaseFont") == _FONTS[name]
    )


def looks_stand_alone(revision: HistoricalResolver) -> bool:
    """Tell whether every field of a revision is a signature whose look, if any, names its resources."""
    form = resolved(revision.root, "/AcroForm")
    fields = resolved(form, "/Fields") if isinstance(form, generic.DictionaryObject) else None
    return all(kind == "/Sig" and _stands_alone(leaf) for leaf, kind in _leaves(fields, None, _DEPTH))


def _stands_alone(field: Any) -> bool:  # noqa: ANN401
    looks = resolved(field, "/AP")
    if looks is None:
        return True
    if not isinstance(looks, generic.DictionaryObject) or looks.keys() != {"/N"}:
        return False
    look = resolved(looks, "/N")
    if not isinstance(look, generic.StreamObject):
        return False
    return isinstance(resolved(look, "/Resources"), generic.DictionaryObject) or not look.data.strip()


def _needs_none(field: Any, kind: Any) -> bool:  # noqa: ANN401
    return kind == "/Sig" or (isinstance(field, generic.DictionaryObject) and "/AP" in field)


def _leaves(fields: Any, inherited: Any, depth: int) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401
    # Fields and widgets below which there are none, with their kind; what is no field is of no kind.
    if not isinstance(fields, generic.ArrayObject) or not depth:
        yield None, None
        return
    for index in range(len(fields)):
        field = fields[index]
        if not isinstance(field, generic.DictionaryObject):
            yield None, None
        elif (kids := resolved(field, "/Kids")) is None:
            yield field, resolved(field, "/FT", inherited)
        else:
            yield from _leaves(kids, resolved(field, "/FT", inherited), depth - 1)
