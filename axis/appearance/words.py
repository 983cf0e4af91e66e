"""Words of the page, and how two writings of one word are the same."""

import unicodedata
from typing import Final

NATIONAL_NAME: Final = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
MOTTO: Final = "Độc lập - Tự do - Hạnh phúc"


def fold(text: str) -> str:
    """Return text for comparing: one spelling, small letters, single blanks."""
    text = unicodedata.normalize("NFC", text).casefold().replace("–", "-").replace("—", "-")
    for old, new in (("hoà", "hòa"), ("uỷ", "ủy"), ("hoả", "hỏa"), ("thoả", "thỏa"), ("khoá", "khóa")):
        text = text.replace(old, new)
    return " ".join(text.split())


def is_upper(text: str) -> bool:
    """Tell whether all letters are capitals; without letters they are not."""
    letters = [c for c in text if c.isalpha()]
    return bool(letters) and all(c == c.upper() for c in letters)
