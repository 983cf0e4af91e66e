"""Reading whole values of a PDF (dictionaries, arrays, strings, references) in bulk.

pyHanko 0.38 reads a value token by token from a stream, some microseconds each,
and the comparison of revisions needs every object of a document. This takes the
place of its reader for values in the plain spelling that nearly all programs
write. It makes no guess: at the first byte outside that spelling the whole
value goes to the original, which reads it from its beginning. A test compares
the two on generated and on mutated values.
"""

import io
from binascii import unhexlify
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.version import __version__ as pyhanko_version

from signing.hexadecimal import KNOWN_VERSION
from signing.leaves import indirect, new_name, new_number, shared_name, shared_number
from signing.spelling import (
    BEHIND,
    CLOSE,
    ESCAPED,
    FIRST_LOOK,
    HEX,
    ITEM,
    KEY,
    LIST,
    NAME,
    NUMBER,
    NUMBERS,
    ODD_STRING,
    OPEN,
    PAIR,
    REFERENCE,
    STRING,
    WORD,
    unescaped,
)
from signing.tokens import check_comment

if TYPE_CHECKING:
    import re

_WINDOWS: Final = (FIRST_LOOK, 131072)
"""Bytes looked at: a signature's value is some ten thousand long."""

_DEPTH: Final = 24
"""Levels of nesting; deeper ones go to the original, which has its own end."""

_AHEAD: Final = 20
"""Bytes in which the original looks for a reference."""

_MARGIN: Final = 4
"""Bytes left behind a string, so that its reader never met the window's end."""

original: Callable[..., generic.PdfObject] = generic.read_object


_Holder = generic.DictionaryObject | generic.ArrayObject | None
"""What is being filled."""
_new_dictionary: Final = dict.__new__
_set: Final = dict.__setitem__
"""As the dictionary's own, whose keys would be looked at once more: here they are names."""


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
        check_comment(stream)
        return original(stream, container_ref, as_metadata_stream, in_content_stream)
    start = stream.tell()
    for size in _WINDOWS:
        window = bytes(stream.read(size))
        try:
            value, end, behind = _value(window, 0, len(window), container_ref)
        except _OddError:
            stream.seek(start)
            if len(window) < size:
                break
            continue
        stream.seek(start + end)
        if behind in b"s%" and isinstance(value, generic.DictionaryObject):
            return with_stream(stream, value, container_ref)
        return value
    check_comment(stream)
    _Slow.active = True
    try:
        return original(stream, container_ref)
    finally:
        _Slow.active = False


def read_plain(
    held: bytes, start: int, container: generic.Dereferenceable
) -> tuple[generic.PdfObject, int, bytes] | None:
    """Read a value that stands in a file, or in a piece of one; None: it is not plain, or not whole.

    It is looked for within the wider window from its beginning on, as `read_object` does in the end.

    Returns:
        It, where it ends, and behind a dictionary the next byte that is no white space.
    """
    if _Slow.active:
        return None
    try:
        return _value(held, start, min(len(held), start + _WINDOWS[-1]), container)
    except _OddError:
        return None


def with_stream(
    stream: BinaryIO, value: generic.DictionaryObject, container_ref: generic.Dereferenceable
) -> generic.DictionaryObject:
    """Return a dictionary that was read with what stands behind it: itself, or a stream."""
    plain = dict(value.items())  # where a reference stays one
    data = generic._maybe_read_stream_payload(stream, plain, container_ref.get_pdf_handler())  # noqa: SLF001 - the original's own
    if data is None:
        return value
    found = generic.StreamObject(plain, encoded_data=data)
    found.container_ref = container_ref
    return found


def _value(  # noqa: C901, PLR0912 - one loop: calls are what reading costs
    window: bytes, place: int, stop: int, container: generic.Dereferenceable
) -> tuple[generic.PdfObject, int, bytes]:
    """Read the value at a place of a window, which ends at a stop.

    Returns:
        It, where it ends, and behind a dictionary the next byte that is no white space.

    Raises:
        _OddError: it is not in the plain spelling, or not whole.
    """
    start = place
    if window[start : start + 1] in b" \n\r\t\f\x00":
        raise _OddError
    open_ones: list[tuple[_Holder, generic.NameObject | None]] = []
    holder: _Holder = None
    key: generic.NameObject | None = None
    while True:
        within = type(holder) is generic.DictionaryObject
        token = (PAIR if within else ITEM).match(window, place, stop)
        if token is None:
            raise _OddError
        kind, place = token.lastindex, token.end()
        value: generic.PdfObject
        if kind == CLOSE:
            if not open_ones:
                raise _OddError
            behind = BEHIND.match(window, place, stop) if within else None
            value = holder  # type: ignore[assignment]  # something was opened
            holder, key = open_ones.pop()
            # What may be a stream in the middle of a value, or a comment, is the original's to look at.
            if within and (behind is None or (open_ones and behind[1] in b"s%")):
                raise _OddError
            value.container_ref = container
            if not open_ones:
                return value, place, behind[1] if behind else b"-"
        else:
            if within:
                key = shared_name(token[KEY])
                if key in holder:  # type: ignore[operator]  # a dictionary
                    raise _OddError
            if kind in (OPEN, LIST):
                if len(open_ones) == _DEPTH:
                    raise _OddError
                open_ones.append((holder, key))
                holder = _new_dictionary(generic.DictionaryObject) if kind == OPEN else generic.ArrayObject()
                continue
            if holder is None:
                return _alone(token, start, container)
            if kind == NAME:
                value = shared_name(token[NAME])
            elif kind == NUMBER:
                value = shared_number(token[NUMBER])
            elif kind == REFERENCE:
                value = _reference(token[REFERENCE], container.get_pdf_handler())
                value.container_ref = container
            else:
                value, place = _read(token, container)
        if type(holder) is generic.DictionaryObject:
            _set(holder, key, value)
        else:
            holder.append(value)  # type: ignore[union-attr]  # else it stood alone


def _alone(
    token: "re.Match[bytes]", start: int, container: generic.Dereferenceable
) -> tuple[generic.PdfObject, int, bytes]:
    # A value within no other: it is an object's, whose place pyHanko writes on it, and so never a shared one.
    kind, end = token.lastindex, min(token.endpos, start + _AHEAD)
    if kind == NUMBER and generic.INDIRECT_PATTERN.match(token.string, start, end):
        raise _OddError  # a reference in an odd spelling; within others, its R is no token
    if kind in (NAME, NUMBER):
        value = (new_name if kind == NAME else new_number)(token[kind])
        value.container_ref = container
        return value, token.end(), b"-"
    return *_read(token, container), b"-"


def _read(token: "re.Match[bytes]", container: generic.Dereferenceable) -> tuple[generic.PdfObject, int]:
    value: generic.PdfObject
    kind, place = token.lastindex, token.end()
    if kind == REFERENCE:
        value = _reference(token[REFERENCE], container.get_pdf_handler())
    elif kind == NUMBERS:
        value = generic.ArrayObject(map(shared_number, token[NUMBERS].split()))
    elif kind == STRING:
        value = generic.pdf_string(token[STRING])
    elif kind == ESCAPED:
        value = generic.pdf_string(unescaped(token[ESCAPED]))
    elif kind == HEX:
        value = generic.pdf_string(_hexadecimal(token[HEX]))
    elif kind == ODD_STRING:
        value, place = _string(token.string, place - 1, token.endpos)
    else:
        word = token[WORD]
        value = generic.NullObject() if word == b"null" else generic.BooleanObject(word == b"true")
    value.container_ref = container
    return value, place


def _hexadecimal(digits: bytes) -> bytes:
    if len(digits) % 2:
        raise _OddError
    return unhexlify(digits)


def _reference(text: bytes, handler: object) -> generic.IndirectObject:
    number, generation, _ = text.split(b" ")
    idnum = int(number)
    if not idnum:
        raise _OddError
    return indirect(idnum, int(generation), handler)


def _string(window: bytes, start: int, stop: int) -> tuple[generic.PdfObject, int]:
    piece = window[start : min(stop, start + FIRST_LOOK)]
    inside = io.BytesIO(piece)
    try:
        value = generic.read_string_from_stream(inside)
    except MemoryError:
        raise
    except Exception as exc:
        # Broken, or cut off by the window: the original sees which.
        raise _OddError from exc
    if inside.tell() > len(piece) - _MARGIN:
        raise _OddError
    return value, start + inside.tell()


def install() -> bool:
    """Put the bulk reader in pyHanko's place; True when that was done. Another version keeps its own."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    generic.read_object = read_object
    return True
