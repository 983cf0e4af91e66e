"""`axis demo`: what a newcomer sees first is a test that every part works together."""

import json
import os
import subprocess
import sys

import pytest


@pytest.fixture
def home(tmp_path_factory):
    """A fresh home, and nothing of the project in the environment."""
    folder = tmp_path_factory.mktemp("demo")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AXIS_")}
    if cache := os.environ.get("AXIS_CACHE"):
        kept["AXIS_CACHE"] = cache
    environ = {**kept, "AXIS_HOME": str(folder)}
    yield environ
    run(environ, "down", "--remove", "--yes")


def run(environ, *arguments):
    """Run `axis` as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "axis.cli", *arguments],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_the_story_is_told_checked_and_tidied_up(home):
    """Exit code 0 on a fresh machine: four levels, all reasons, verified receipts; nothing stays running."""
    done = run(home, "demo", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert {one["level"] for one in told["accepted"]["recipients"]} == {
        "central", "province", "district", "commune",
    }  # fmt: skip
    assert "06" in {one["state"] for one in told["accepted"]["recipients"]}
    assert told["refused"]["state"] == "refused"
    assert len(told["refused"]["decision"]["reasons"]) >= 4
    assert told["receipts_verified"] >= 14
    assert run(home, "ps").returncode == 3

    # A second time on the same data, for a person: the stack starts warm, and the story holds again.
    again = run(home, "demo")
    assert again.returncode == 0, again.stderr
    assert "Công văn" in again.stdout
