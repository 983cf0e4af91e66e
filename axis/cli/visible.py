"""Words of others on a terminal: nothing in them is obeyed."""

import os
import unicodedata
from pathlib import Path
from typing import Final

SPELLED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of Unicode: controls, halves of characters, ends of lines and paragraphs."""
TURNING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction in which text is read."""


def sides(vi: str, en: str, detail: str) -> tuple[str, str]:
    """Put a reason's detail to the sentence of its own language.

    It is English words, or Vietnamese words (with English behind them), or a code or date of no language.
    """
    if detail.isascii() and " " in detail and " / " not in detail:
        return vi, f"{en} {detail}"
    return f"{vi} {detail}".rstrip(), en


def named(path: Path) -> str:
    """Return a path as JSON can carry it: bytes of a name that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")


def visible(text: str) -> str:
    """Return text with what a terminal would obey, and what turns reading round, spelled out.

    Names of files and people, subjects and details come from outside: a line end in one must not look
    like a line of ours.
    """
    if text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in SPELLED or char in TURNING
        else char
        for char in text
    )
