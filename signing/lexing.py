"""Is a piece of a PDF made of the words of its language, and of no others? ISO 32000-2, 7.2 and 7.3.

Readers forgive differently: ``>`` with anything behind it ends a dictionary to one, white space of
other languages parts two numbers to another. What is held to the words below leaves them nothing.
"""

import re
from typing import Final

_WHITE: Final = rb" \n\r\t\f\x00"
_BEHIND: Final = rb"(?=[" + _WHITE + rb"/<>\[\]()%]|\Z)"
_WORD: Final = re.compile(
    rb"[" + _WHITE + rb"]++|%[^\r\n]*+"
    rb"|/[!\"#$&'*-.0-;=?-Z\\^-z|~]*+" + _BEHIND
    + rb"|[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)" + _BEHIND
    + rb"|(?:true|false|null|R|obj)" + _BEHIND
    + rb"|<[0-9A-Fa-f" + _WHITE + rb"]*+>"
    rb"|(<<|\[)"  # 1
    rb"|(>>|\])"  # 2
    rb"|(\()"  # 3
    rb"|(endobj|stream)" + _BEHIND  # 4
)  # fmt: skip
_OPENS, _CLOSES, _STRING, _ENDS = range(1, 5)
_BRACKET: Final = re.compile(rb"[()]|\\.", re.DOTALL)
_PAIRS: Final = {b"<<": b">>", b"[": b"]"}


def value_end(text: bytes | memoryview) -> int | None:
    """Return where the first dictionary or list ends, or the object; None: it is made of other words, too.

    Args:
        text: an object with its header, a dictionary, or what an object stream holds.
    """
    position, open_ones = 0, list[bytes]()
    while position < len(text):
        word = _WORD.match(text, position)
        if word is None:
            return None
        kind, position = word.lastindex, word.end()
        if kind == _STRING:
            end = _string_end(text, position)
            if end is None:
                return None
            position = end
        elif kind == _OPENS:
            open_ones.append(_PAIRS[bytes(word[0])])
        elif kind == _CLOSES:
            if not open_ones or open_ones.pop() != word[0]:
                return None
            if not open_ones:
                return position
        elif kind == _ENDS:
            return None if open_ones else word.start()
    return None if open_ones else position


def _string_end(text: bytes | memoryview, start: int) -> int | None:
    depth = 1
    for found in _BRACKET.finditer(text, start):
        if found[0] == b"(":
            depth += 1
        elif found[0] == b")":
            depth -= 1
            if not depth:
                return found.end()
    return None
