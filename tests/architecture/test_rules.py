"""Rules, codes and tests agree: one table in the code, one page for people, one number at each check."""

import re
from pathlib import Path

import pytest

from axis.violations import REASONS, Code

ROOT = Path(__file__).parents[2]
SOURCES = [path for room in ("axis", "agents", "signing") for path in (ROOT / room).rglob("*.py")]
ROW = re.compile(
    r"^\| (?P<rule>[A-Z]\d+) \| `(?P<code>[a-z.-]+)` \| (?P<vi>.+) \| (?P<en>.+) \|$", re.MULTILINE
)


def test_every_code_has_its_reason():
    """No code is published without its rule and its words in both languages."""
    assert set(REASONS) == set(Code)
    assert all(reason.vi and reason.en for reason in REASONS.values())


def test_the_page_says_what_the_code_has():
    """RULES.md lists every code with its rule and words, and nothing else."""
    page = {
        row["code"]: (row["rule"], row["vi"], row["en"])
        for row in ROW.finditer((ROOT / "RULES.md").read_text(encoding="utf-8"))
    }
    assert page == {str(code): (r.rule, r.vi, r.en) for code, r in REASONS.items()}


@pytest.mark.parametrize("code", list(Code), ids=str)
def test_every_code_is_given_somewhere(code):
    """A reason that nothing gives is a promise without a check."""
    uses = sum(
        bool(re.search(rf"\bCode\.{code.name}\b", path.read_text(encoding="utf-8")))
        for path in SOURCES
        if path.name != "violations.py"
    )
    assert uses, f"{code.name} stands in the table and nowhere else"


def test_codes_are_never_renamed():
    """Receipts already issued quote them: every code ever published is still there."""
    published = (Path(__file__).parent / "published_codes.txt").read_text(encoding="utf-8").split()
    assert set(published) <= {str(code) for code in Code}
