"""The plain spelling of a PDF's values: what nearly all programs write, no more (ISO 32000-2, 7.2, 7.3).

One pattern for what stands in a dictionary, a key with its value or the end, and one for what stands in a
list or alone. The number of the last group tells which kind it is.
"""

import re
from typing import Final

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
    rb"|<([0-9A-Fa-f]*+)>"  # 10: a hexadecimal string
    rb"|(true|false|null)"
    + _END  # 11
    + rb"|(\()"  # 12: any other string
)
PAIR: Final = re.compile(
    _WHITE + rb"(?:" + _PLAIN_NAME + _WHITE + rb"(?:" + _KINDS + rb")|(>>))"  # 1: a key; 13
)
ITEM: Final = re.compile(_WHITE + rb"()(?:" + _KINDS + rb"|(\]))")
"""The same numbers; what stands in a list, or by itself."""
KEY, NAME, REFERENCE, NUMBER, OPEN, NUMBERS, LIST = range(1, 8)
STRING, ESCAPED, HEX, WORD, ODD_STRING, CLOSE = range(8, 14)
_ESCAPE: Final = re.compile(rb"\\([0-3][0-7]{2}|[()\\nrtbf])")
_MEANT: Final = {
    **{b"%03o" % byte: bytes((byte,)) for byte in range(256)},
    **dict(zip((b"n", b"r", b"t", b"b", b"f"), (b"\n", b"\r", b"\t", b"\b", b"\f"), strict=True)),
    **{mark: mark for mark in (b"(", b")", b"\\")},
}
"""What each of these escapes means."""
FIRST_LOOK: Final = 2048
"""Bytes looked at first: nearly every value and object is short."""

BEHIND: Final = re.compile(_WHITE + rb"(?=([^ \n\r\t\f\x00]))")


def unescaped(text: bytes) -> bytes:
    """Return what a string of the kind `ESCAPED` means."""
    pieces = _ESCAPE.split(text)
    pieces[1::2] = [_MEANT[escape] for escape in pieces[1::2]]
    return b"".join(pieces)
