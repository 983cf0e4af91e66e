"""Text as it is seen."""

import sys
import unicodedata

import pytest

from axis.checks.looks import visible


def test_whatever_cannot_be_seen_is_out_and_all_else_stays():
    """Of each character of Unicode between letters: what formats or has no width is not there."""
    hidden = []
    for code in range(sys.maxunicode + 1):
        seen = visible(f"o{chr(code)}o")
        if seen == "oo":
            hidden.append(code)
        elif unicodedata.category(chr(code)) == "Cf":
            pytest.fail(f"U+{code:04X} is seen")
    others = {code for code in hidden if unicodedata.category(chr(code)) != "Cf"}
    assert others == {
        0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("МẬТ", "MẬT"),
        ("M\u200bẬ\u00adT\nMẬT\u202e", "MẬT\nMẬT"),
        (unicodedata.normalize("NFD", "TUYỆT MẬT"), "TUYỆT MẬT"),
        ("ＭẬＴ №", "MẬT No"),
        ("e\u034f\u0301", "é"),
        ("", ""),
    ],
)
def test_text_is_seen_in_one_spelling(text, seen):
    """Letters that look alike are one, and marks are joined to their letters."""
    assert visible(text) == seen
