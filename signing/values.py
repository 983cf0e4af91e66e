"""Reading whole values of a PDF (dictionaries, arrays, strings, references) in bulk.

pyHanko 0.38 reads a value token by token from a stream, some microseconds each,
and the comparison of revisions needs every object of a document. This takes the
place of its reader for values in the plain spelling that nearly all programs
write. It makes no guess: at the first byte outside that spelling the whole
value goes to the original, which reads it from its beginning. A test compares
the two on generated and on mutated values.
"""

import io
import re
from binascii import unhexlify
from collections.abc import Callable
from functools import lru_cache
from typing import BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.version import __version__ as pyhanko_version

from signing.hexadecimal import KNOWN_VERSION

_WINDOWS: Final = (2048, 131072)
"""Bytes looked at: nearly every value is short, a signature's some ten thousand long."""

_DEPTH: Final = 24
"""Levels of nesting; deeper ones go to the original, which has its own end."""

_AHEAD: Final = 20
"""Bytes in which the original looks for a reference."""

_SHARED: Final = 8192
_MARGIN: Final = 4
"""Bytes left behind a string, so that its reader never met the window's end."""

_WHITE: Final = rb"[ \n\r\t\f\x00]*+"
_END: Final = rb"(?=[ \n\r\t\f\x00/<>\[\]()])"
_PLAIN_NAME: Final = rb"(/[!\"$&'*-.0-;=?-Z\\^-z|~]++)" + _END
_PLAIN_NUMBER: Final = rb"[+-]?+(?:[0-9]{1,18}+(?:\.[0-9]{0,18}+)?+|\.[0-9]{1,18}+)"
_KINDS: Final = (
    _PLAIN_NAME  # 2: without escapes
    + rb"|([0-9]{1,8}+ [0-9]{1,5}+ R)"
    + _END  # 3: a reference, shorter than the original looks ahead
    + rb"|("
    + _PLAIN_NUMBER
    + rb")"
    + _END  # 4
    + rb"|(<<)"  # 5
    + rb"|\[((?:[ \n\r\t\f]*+"
    + _PLAIN_NUMBER
    + rb"(?=[ \n\r\t\f\]]))*+[ \n\r\t\f]*+)\]"  # 6: a list of numbers alone
    rb"|(\[)"  # 7
    rb"|\(([^()\\]*+)\)"  # 8: a string without escapes
    rb"|\(((?:[^()\\]++|\\(?:[0-3][0-7]{2}|[()\\nrtbf]))*+)\)"  # 9: with common escapes, without brackets
    rb"|<((?:[0-9A-Fa-f]{2})*+)>"  # 10: a hexadecimal string
    rb"|(true|false|null)"
    + _END  # 11
    + rb"|(\()"  # 12: any other string
)
_PAIR: Final = re.compile(
    _WHITE + rb"(?:" + _PLAIN_NAME + _WHITE + rb"(?:" + _KINDS + rb")|(>>))"  # 1: a key; 13
)
_ITEM: Final = re.compile(_WHITE + rb"()(?:" + _KINDS + rb"|(\]))")
"""The same numbers; what stands in a list, or by itself."""
_KEY, _NAME, _REFERENCE, _NUMBER, _OPEN, _NUMBERS, _LIST = range(1, 8)
_STRING, _ESCAPED, _HEX, _WORD, _ODD_STRING, _CLOSE = range(8, 14)
_ESCAPE: Final = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_MEANT: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_BEHIND: Final = re.compile(_WHITE + rb"(?=([^ \n\r\t\f\x00]))")

_NOWHERE: Final = generic.Reference(0)

original: Callable[..., generic.PdfObject] = generic.read_object


_Holder = dict[generic.NameObject, generic.PdfObject] | generic.ArrayObject | None
"""What is being filled."""


class _OddError(Exception):
    """Not in the plain spelling, or not within the window."""


class _Slow:
    """Whether a value is being read by the original: what is nested in it is read so, too."""

    active = False


def read_object(
    stream: BinaryIO,
    container_ref: generic.Dereferenceable,
    as_metadata_stream: bool = False,  # noqa: FBT001, FBT002 - as the original
    in_content_stream: generic.ContentOpReading = generic.ContentOpReading.NO,
) -> generic.PdfObject:
    """Read a value as pyHanko's own function does, quickly.

    Args:
        stream: seekable, standing on the value; afterwards it stands behind it.
        container_ref: what holds it.
        as_metadata_stream: the original's to handle.
        in_content_stream: the original's to handle.
    """
    if _Slow.active or as_metadata_stream or in_content_stream is not generic.ContentOpReading.NO:
        return original(stream, container_ref, as_metadata_stream, in_content_stream)
    start = stream.tell()
    for size in _WINDOWS:
        window = bytes(stream.read(size))
        try:
            value, end, behind = _value(window, container_ref)
        except _OddError:
            stream.seek(start)
            if len(window) < size:
                break
            continue
        stream.seek(start + end)
        if behind in b"s%" and isinstance(value, generic.DictionaryObject):
            return _with_stream(stream, value, container_ref)
        return value
    _Slow.active = True
    try:
        return original(stream, container_ref)
    finally:
        _Slow.active = False


def _with_stream(
    stream: BinaryIO, value: generic.DictionaryObject, container_ref: generic.Dereferenceable
) -> generic.DictionaryObject:
    plain = dict(value.items())  # where a reference stays one
    data = generic._maybe_read_stream_payload(stream, plain, container_ref.get_pdf_handler())  # noqa: SLF001 - the original's own
    if data is None:
        return value
    found = generic.StreamObject(plain, encoded_data=data)
    found.container_ref = container_ref
    return found


def _value(  # noqa: C901, PLR0912 - one loop: calls are what reading costs
    window: bytes, container: generic.Dereferenceable
) -> tuple[generic.PdfObject, int, bytes]:
    """Read the value at the beginning of a window.

    Returns:
        It, where it ends, and behind a dictionary the next byte that is no white space.

    Raises:
        _OddError: it is not in the plain spelling, or not whole.
    """
    if window[:1] in b" \n\r\t\f\x00":
        raise _OddError
    open_ones: list[tuple[_Holder, generic.NameObject | None]] = []
    holder: _Holder = None
    key: generic.NameObject | None = None
    place = 0
    while True:
        within = type(holder) is dict
        token = (_PAIR if within else _ITEM).match(window, place)
        if token is None:
            raise _OddError
        kind, place = token.lastindex, token.end()
        value: generic.PdfObject
        if kind == _CLOSE:
            if not open_ones:
                raise _OddError
            behind = _BEHIND.match(window, place) if within else None
            value = _closed(holder)
            holder, key = open_ones.pop()
            # What may be a stream in the middle of a value, or a comment, is the original's to look at.
            if within and (behind is None or (open_ones and behind[1] in b"s%")):
                raise _OddError
            value.container_ref = container
            if not open_ones:
                return value, place, behind[1] if behind else b"-"
        else:
            if within:
                key = _name(token[_KEY])
                if key in holder:  # type: ignore[operator]  # a dictionary
                    raise _OddError
            if kind in (_OPEN, _LIST):
                if len(open_ones) == _DEPTH:
                    raise _OddError
                open_ones.append((holder, key))
                holder = {} if kind == _OPEN else generic.ArrayObject()
                continue
            if holder is None:
                return _alone(window, container, kind, token)
            if kind == _NAME:
                value = _name(token[_NAME])
            elif kind == _NUMBER:
                value = _number(token[_NUMBER])
            else:
                value, place = _read(window, container, kind, token)
        if isinstance(holder, generic.ArrayObject):
            holder.append(value)
        else:
            assert holder is not None, "else it stood alone"
            assert key is not None, "a pair was read"
            holder[key] = value


def _closed(holder: _Holder) -> generic.DictionaryObject | generic.ArrayObject:
    if isinstance(holder, generic.ArrayObject):
        return holder
    assert holder is not None, "something was opened"
    value = generic.DictionaryObject()
    dict.update(value, holder)
    return value


def _alone(
    window: bytes, container: generic.Dereferenceable, kind: int | None, token: "re.Match[bytes]"
) -> tuple[generic.PdfObject, int, bytes]:
    # A value within no other: it is an object's, whose place pyHanko writes on it, and so never a shared one.
    if kind == _NUMBER and generic.INDIRECT_PATTERN.match(window, 0, _AHEAD):
        raise _OddError  # a reference in an odd spelling; within others, its R is no token
    if kind in (_NAME, _NUMBER):
        value = (_new_name if kind == _NAME else _new_number)(token[kind])
        value.container_ref = container
        return value, token.end(), b"-"
    return *_read(window, container, kind, token), b"-"


def _read(
    window: bytes, container: generic.Dereferenceable, kind: int | None, token: "re.Match[bytes]"
) -> tuple[generic.PdfObject, int]:
    value: generic.PdfObject
    place = token.end()
    if kind == _REFERENCE:
        value = _reference(token[_REFERENCE], container.get_pdf_handler())
    elif kind == _NUMBERS:
        value = generic.ArrayObject(map(_number, token[_NUMBERS].split()))
    elif kind == _STRING:
        value = generic.pdf_string(token[_STRING])
    elif kind == _ESCAPED:
        value = generic.pdf_string(_ESCAPE.sub(_meant, token[_ESCAPED]))
    elif kind == _HEX:
        value = generic.pdf_string(unhexlify(token[_HEX]))
    elif kind == _ODD_STRING:
        value, place = _string(window, place - 1)
    else:
        word = token[_WORD]
        value = generic.NullObject() if word == b"null" else generic.BooleanObject(word == b"true")
    value.container_ref = container
    return value, place


def _reference(text: bytes, handler: object) -> generic.IndirectObject:
    number, generation, _ = text.split(b" ")
    idnum = int(number)
    if not idnum:
        raise _OddError
    return generic.IndirectObject(idnum, int(generation), handler)


def _string(window: bytes, start: int) -> tuple[generic.PdfObject, int]:
    inside = io.BytesIO(window)
    inside.seek(start)
    try:
        value = generic.read_string_from_stream(inside)
    except MemoryError:
        raise
    except Exception as exc:
        # Broken, or cut off by the window: the original sees which.
        raise _OddError from exc
    if inside.tell() > len(window) - _MARGIN:
        raise _OddError
    return value, inside.tell()


def _meant(escape: "re.Match[bytes]") -> bytes:
    text = escape[1]
    return bytes((int(text, 8),)) if len(text) == len("ooo") else _MEANT.get(text, text)


def _new_name(text: bytes) -> generic.NameObject:
    return generic.NameObject(text.decode("ascii"))


def _new_number(text: bytes) -> generic.PdfObject:
    spelled = text.decode("ascii")
    return generic.FloatObject(spelled) if "." in spelled else generic.NumberObject(spelled)


@lru_cache(maxsize=_SHARED)
def _name(text: bytes) -> generic.NameObject:
    # Names and numbers within a value may be one object in many documents: they are never changed, and
    # what they say of their place leads nowhere.
    value = _new_name(text)
    value.container_ref = _NOWHERE
    return value


@lru_cache(maxsize=_SHARED)
def _number(text: bytes) -> generic.PdfObject:
    value = _new_number(text)
    value.container_ref = _NOWHERE
    return value


def install() -> bool:
    """Put the bulk reader in pyHanko's place; True when that was done. Another version keeps its own."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    generic.read_object = read_object
    return True
