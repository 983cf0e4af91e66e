"""`axis --version`: what was installed, for people and for programs."""

import json
import tomllib
from pathlib import Path

import pytest

from axis.cli.__main__ import main

VERSION = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]["version"]


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (["--version"], lambda out: out.split()[1]),
        (["--version", "--json"], lambda out: json.loads(out)["version"]),
    ],
    ids=["people", "programs"],
)
def test_the_version_is_that_of_the_project(capsys, arguments, read):
    """One place says the version, and the command says the same."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 0
    assert read(capsys.readouterr().out) == VERSION
