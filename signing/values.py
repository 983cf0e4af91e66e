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

_KEYS: Final = 8192
_MARGIN: Final = 4
"""Bytes left behind a string, so that its reader never met the window's end."""

_END: Final = rb"(?=[ \n\r\t\f\x00/<>\[\]()])"
_TOKEN: Final = re.compile(
    rb"[ \n\r\t\f\x00]*+(?:"
    rb"(/[!\"$&'*-.0-;=?-Z\\^-z|~]++)"
    + _END  # 1: a name without escapes
    + rb"|([0-9]{1,8}+ [0-9]{1,5}+ R)"
    + _END  # 2: a reference, shorter than the original looks ahead
    + rb"|([+-]?+(?:[0-9]{1,18}+(?:\.[0-9]{0,18}+)?+|\.[0-9]{1,18}+))"
    + _END  # 3: a number
    + rb"|(<<)|(>>)|(\[)|(\])"  # 4 to 7
    rb"|\(([^()\\]*+)\)"  # 8: a string without escapes
    rb"|<((?:[0-9A-Fa-f]{2})*+)>"  # 9: a hexadecimal string
    rb"|(true|false|null)"
    + _END  # 10
    + rb"|(\())"  # 11: any other string
)
_NAME, _REFERENCE, _NUMBER, _OPEN, _CLOSE, _LIST, _LIST_END, _STRING, _HEX, _WORD, _ODD_STRING = range(1, 12)
_BEHIND: Final = re.compile(rb"[ \n\r\t\f\x00]*+(?=([^ \n\r\t\f\x00]))")

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


def _value(  # noqa: C901, PLR0912, PLR0915 - one loop: calls are what reading costs
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
    handler = container.get_pdf_handler()
    open_ones: list[tuple[_Holder, generic.NameObject | None]] = []
    holder: _Holder = None
    key: generic.NameObject | None = None
    place = 0
    while True:
        for token in _TOKEN.finditer(window, place):
            kind = token.lastindex
            if token.start() != place:
                raise _OddError
            place = token.end()
            value: generic.PdfObject
            if kind == _NAME:
                if key is None and type(holder) is dict:
                    key = _key(token[_NAME])
                    if key in holder:
                        raise _OddError
                    continue
                value = generic.NameObject(str(token[_NAME], "ascii"))
            elif kind == _REFERENCE:
                value = _reference(token[_REFERENCE], handler)
            elif kind == _NUMBER:
                if holder is None and generic.INDIRECT_PATTERN.match(window, 0, _AHEAD):
                    raise _OddError  # a reference in an odd spelling; within others, its R is no token
                text = str(token[_NUMBER], "ascii")
                value = generic.FloatObject(text) if "." in text else generic.NumberObject(text)
            elif kind in (_OPEN, _LIST):
                if len(open_ones) == _DEPTH or (key is None and type(holder) is dict):
                    raise _OddError
                open_ones.append((holder, key))
                holder, key = {} if kind == _OPEN else generic.ArrayObject(), None
                continue
            elif kind == _CLOSE:
                value = _closed(holder, key)
                behind = _BEHIND.match(window, place)
                holder, key = open_ones.pop()
                # What may be a stream in the middle of a value, or a comment, is the original's to look at.
                if behind is None or (open_ones and behind[1] in b"s%"):
                    raise _OddError
                if not open_ones:
                    value.container_ref = container
                    return value, place, behind[1]
            elif kind == _LIST_END:
                if type(holder) is not generic.ArrayObject:
                    raise _OddError
                value = holder
                holder, key = open_ones.pop()
            elif kind == _ODD_STRING:
                value, place = _string(window, place - 1)
            else:
                value = _word(kind, token)
            value.container_ref = container
            if holder is None:
                return value, place, b"-"
            if isinstance(holder, generic.ArrayObject):
                holder.append(value)
            elif key is None:
                raise _OddError
            else:
                holder[key], key = value, None
            if kind == _ODD_STRING:
                break  # on from behind the string
        else:
            raise _OddError


def _closed(holder: "_Holder", key: generic.NameObject | None) -> generic.DictionaryObject:
    if type(holder) is not dict or key is not None:
        raise _OddError
    value = generic.DictionaryObject()
    dict.update(value, holder)
    return value


def _word(kind: int | None, token: "re.Match[bytes]") -> generic.PdfObject:
    if kind == _STRING:
        return generic.pdf_string(token[_STRING])
    if kind == _HEX:
        return generic.pdf_string(unhexlify(token[_HEX]))
    word = token[_WORD]
    return generic.NullObject() if word == b"null" else generic.BooleanObject(word == b"true")


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


@lru_cache(maxsize=_KEYS)
def _key(name: bytes) -> generic.NameObject:
    # Keys may be one object in many dictionaries: they are never changed, and have no place of their own.
    return generic.NameObject(name.decode("ascii"))


def install() -> bool:
    """Put the bulk reader in pyHanko's place; True when that was done. Another version keeps its own."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    generic.read_object = read_object
    return True
