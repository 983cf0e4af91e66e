"""What a document must not bring, told by the objects themselves (rule G8).

Each object is looked at by itself, inline dictionaries too, and without
following references: what they lead to is an object of its own.
"""

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from pyhanko.pdf_utils import generic, misc

from axis.violations import Code
from signing.objects import resolved

if TYPE_CHECKING:
    from collections.abc import Iterable

SIGNATURE: Final = "signature"
"""Counted beside the codes: signature dictionaries, which rule G2 compares with the fields."""

_VALUES: Final = {
    "/JavaScript": Code.CONTENT_JAVASCRIPT,
    "/Launch": Code.CONTENT_LAUNCH,
    "/SubmitForm": Code.CONTENT_SUBMIT,
    "/ImportData": Code.CONTENT_IMPORT,
    "/GoToR": Code.CONTENT_REMOTE,
    "/GoToE": Code.CONTENT_REMOTE_EMBEDDED,
    "/Rendition": Code.CONTENT_MEDIA,
    "/Movie": Code.CONTENT_MEDIA,
    "/Sound": Code.CONTENT_MEDIA,
    "/RichMedia": Code.CONTENT_MEDIA,
    "/RichMediaExecute": Code.CONTENT_MEDIA,
    "/GoTo3DView": Code.CONTENT_MEDIA,
    "/3D": Code.CONTENT_MEDIA,
    "/EmbeddedFile": Code.CONTENT_EMBEDDED,
    "/FileAttachment": Code.CONTENT_EMBEDDED,
    # A layer that is shown when another is not (optional content membership).
    "/AllOff": Code.CONTENT_HIDDEN,
    "/AnyOff": Code.CONTENT_HIDDEN,
    # Actions that hide or show what was signed: an annotation, a layer, the value of a field.
    "/Hide": Code.CONTENT_HIDDEN,
    "/ResetForm": Code.CONTENT_HIDDEN,
    "/SetOCGState": Code.CONTENT_HIDDEN,
}
"""Names that say what an action, an annotation or a stream is. A name may be an object of its own,
so where it stands says nothing."""

_KEYS: Final = {
    "/JavaScript": Code.CONTENT_JAVASCRIPT,
    "/XFA": Code.CONTENT_XFA,
    "/EF": Code.CONTENT_EMBEDDED,
    # Visibility by an expression: /Not shows what is off.
    "/VE": Code.CONTENT_HIDDEN,
}

_STREAMS: Final = {
    # A page of another file instead of the drawing (ISO 32000-2, 8.10.4), or another picture in print.
    "/Ref": Code.CONTENT_EXTERNAL,
    "/OPI": Code.CONTENT_EXTERNAL,
    "/Alternates": Code.CONTENT_HIDDEN,
}
"""Keys of a drawing or a picture that have it replaced by what was not looked at."""

_ONLY_IN_PRINT: Final = 0b100100
"""Flags of an annotation: printed, and not shown on a screen (ISO 32000-2, table 167)."""
_UNSEEN: Final = 0b10

_TELLING: Final = frozenset((*_KEYS, *_STREAMS, "/F", "/JS", "/ByteRange", "/AA"))
"""Keys that say something by themselves, or with another."""

_LEAVES: Final = frozenset({
    generic.NumberObject, generic.FloatObject, generic.BooleanObject, generic.NullObject,
    generic.TextStringObject, generic.ByteStringObject, generic.IndirectObject,
})  # fmt: skip
"""What holds nothing and says nothing. What a reference leads to is looked at by itself."""

DETAIL: Final = {
    Code.CONTENT_JAVASCRIPT: "a script",
    Code.CONTENT_LAUNCH: "an action that starts a program",
    Code.CONTENT_SUBMIT: "an action that sends form data",
    Code.CONTENT_IMPORT: "an action that brings form data in",
    Code.CONTENT_REMOTE: "an action that opens another document",
    Code.CONTENT_REMOTE_EMBEDDED: "an action that opens an embedded document",
    Code.CONTENT_MEDIA: "sound, film, three dimensions, or an action that plays them",
    Code.CONTENT_XFA: "an XFA form",
    Code.CONTENT_EMBEDDED: "an embedded or attached file",
    Code.CONTENT_HIDDEN: "content that is hidden, or an action that hides or shows it",
    Code.CONTENT_EXTERNAL: "a stream or a drawing that lies in another file",
    Code.CONTENT_OPENING: "an opening action that is no plain destination",
}
"""In the order of the report."""

CODES: Final = {
    "JS": Code.CONTENT_JAVASCRIPT,
    "F": Code.CONTENT_EXTERNAL,
    "AA": Code.CONTENT_OPENING,
    **{name[1:]: code for name, code in (*_KEYS.items(), *_STREAMS.items(), *_VALUES.items())},
}
"""What must turn up in the bytes before any object needs to be read, and the code it may come to."""


def only_in_print(flags: int) -> bool:
    """Tell whether the flags of an annotation show it on paper and on no screen."""
    return flags & _ONLY_IN_PRINT == _ONLY_IN_PRINT and not flags & _UNSEEN


def is_plain(action: Any) -> bool:  # noqa: ANN401  # pyHanko's objects are untyped
    """Tell whether something that happens by itself only leads to a place in the document."""
    if action is None or isinstance(action, generic.ArrayObject):
        return True
    if not isinstance(action, generic.DictionaryObject):
        return False
    kind = resolved(action, "/S")
    return has_own_code(kind) or (kind == "/GoTo" and resolved(action, "/Next") is None)


def has_own_code(kind: object) -> bool:
    """Tell whether an action of this kind is told by a code of its own, wherever it stands."""
    return isinstance(kind, generic.NameObject) and kind in _VALUES


def look_at(root: Any, found: Counter[Code | str]) -> None:  # noqa: ANN401  # pyHanko's objects are untyped
    """Count what one object holds, with all that stands inside it.

    Args:
        root: an object of pyHanko's.
        found: codes, and `SIGNATURE`; grows.
    """
    waiting = [root]
    while waiting:
        value = waiting.pop()
        inner: Iterable[Any]
        if isinstance(value, generic.DictionaryObject):
            for key in _TELLING & value.keys():
                _key_found(value, key, found)
            inner = dict.values(value)
        elif isinstance(value, generic.ArrayObject):
            inner = list.__iter__(value)
        else:
            inner = (value,)
        for one in inner:
            kind = type(one)
            if kind is generic.NameObject:
                if one in _VALUES:
                    found[_VALUES[one]] += 1
            elif kind not in _LEAVES and one is not value:
                waiting.append(one)


def _key_found(value: generic.DictionaryObject, key: str, found: Counter[Code | str]) -> None:
    if key in _KEYS:
        found[_KEYS[key]] += 1
    elif key in _STREAMS:
        found[_STREAMS[key]] += isinstance(value, generic.StreamObject)
    elif key == "/F":
        _file_or_flags(value, found)
    elif key == "/AA":
        # What happens by itself as a page opens or comes into view, as when the document opens.
        actions = _led_to(value, key)
        if isinstance(actions, generic.DictionaryObject):
            found[Code.CONTENT_OPENING] += sum(not is_plain(_led_to(actions, name)) for name in actions)
    elif key == "/JS":
        found[Code.CONTENT_JAVASCRIPT] += "/S" in value
    else:
        found[SIGNATURE] += "/Contents" in value


def _file_or_flags(value: generic.DictionaryObject, found: Counter[Code | str]) -> None:
    named = _led_to(value, "/F")
    if isinstance(value, generic.StreamObject):
        # ISO 32000-2, table 5: no signature covers what a viewer would fetch from there.
        found[Code.CONTENT_EXTERNAL] += 1
    elif isinstance(named, generic.NumberObject):
        found[Code.CONTENT_HIDDEN] += "/Rect" in value and only_in_print(int(named))
    else:
        found[Code.CONTENT_REMOTE] += _led_to(value, "/S") == "/Thread"


def _led_to(value: generic.DictionaryObject, key: str) -> Any:  # noqa: ANN401
    # Of an older revision's object, a reference may lead nowhere by now: then nothing acts either.
    try:
        return resolved(value, key)
    except (misc.PdfError, RecursionError):
        return None
