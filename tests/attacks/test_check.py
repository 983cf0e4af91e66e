"""The command that people run says the same as the gate: `axis check` on a folder of attacks."""

import json
import subprocess
import sys

from axis.gate.check import EXIT_REFUSED
from tests.attacks.test_attacks import ATTACKS

SAMPLE = [each for each in ATTACKS if each.part != "trust"][::14]
"""Every fourteenth: something of each family."""


def test_a_folder_of_attacks_is_refused_file_by_file(tmp_path):
    """Each attack is refused for its reason in its own line; the originals beside them are not."""
    for each in SAMPLE:
        (tmp_path / f"{each.name}.attack.pdf").write_bytes(each.make())
        (tmp_path / f"{each.name}.original.pdf").write_bytes(each.original())
    command = [sys.executable, "-m", "axis.cli", "check", "--json", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == EXIT_REFUSED, done.stderr
    lines = {line["path"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert len(lines) == 2 * len(SAMPLE)
    for each in SAMPLE:
        attacked = lines[str(tmp_path / f"{each.name}.attack.pdf")]
        original = lines[str(tmp_path / f"{each.name}.original.pdf")]
        assert attacked["outcome"] == "refused"
        assert each.code in [reason["code"] for reason in attacked[each.part]["reasons"]], each.name
        # No trust list is given: the whole waits for it, and the parts that need none are accepted.
        assert (original["integrity"]["outcome"], original["content"]["outcome"]) == ("accepted", "accepted")
        assert original["outcome"] == "waiting"
