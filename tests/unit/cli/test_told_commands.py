"""Each `axis …` that a page, a help text or a message tells somebody to type is one that there is."""

import re
from pathlib import Path

import pytest

from axis.cli import root
from axis.cli.commands import COMMANDS

ROOT = Path(__file__).parents[3]
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "deploy").rglob("*.md")),
    *sorted((ROOT / "deploy" / "prometheus").glob("*.yml")),
    *sorted((ROOT / "axis").rglob("*.py")),
    *sorted((ROOT / "axis" / "console" / "templates").glob("*.html")),
]
TOLD = re.compile(rf"(?<![\w/.-])axis (?P<call>(?:{'|'.join(COMMANDS)})\b[^`”;&#()\n\"'|]*)")
"""A call of a command, to the end of what belongs to it."""


def calls(path):
    """Yield each call that a file shows, as words."""
    for told in TOLD.finditer(path.read_text(encoding="utf-8")):
        yield [word.rstrip(",.:*") for word in told["call"].replace("…", " ").split()]


@pytest.mark.parametrize("path", [path for path in PAGES if any(calls(path))], ids=lambda path: path.name)
def test_what_is_told_can_be_typed(path):
    """Every option that stands behind a command is one of that command."""
    wrong = []
    for words in calls(path):
        command, rest = root.load(words[0]), words[1:]
        while rest and rest[0] in getattr(command, "commands", {}):
            command, rest = command.commands[rest[0]], rest[1:]
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        said = {word for word in rest if re.match(r"--?[a-z]", word)}
        wrong += [f"axis {' '.join(words)}: {option}" for option in sorted(said - known)]
    assert wrong == []
