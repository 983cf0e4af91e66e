"""Text as it is seen: what looks alike is one, and what shows nothing is not there."""

import re
import unicodedata
from typing import Final

_LOOK_ALIKE: Final = str.maketrans(
    "АВЕІЈКМНОРСТУХΑΒΕΙΚΜΝΟΡΤΥΧⅯⅿ" "авеіјкмнорстухαικνορτυχ",
    "ABEIJKMHOPCTYXABEIKMNOPTYXMm" "abeijkmhopctyxaiknoptyx",
)
"""Cyrillic and Greek letters, as far as they look like Latin ones."""
_UNSEEN: Final = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0\ufe00-\ufe0f]")
"""Characters that show nothing and are not of the category of formatting."""


def visible(text: str) -> str:
    """Return text with look-alike letters as Latin ones and invisible characters out, in NFC."""
    seen = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).translate(_LOOK_ALIKE))
    seen = _UNSEEN.sub("", seen)
    if not seen.isprintable():  # nothing that can be printed is of the category of formatting
        seen = "".join(c for c in seen if unicodedata.category(c) != "Cf")
    return unicodedata.normalize("NFC", seen)
