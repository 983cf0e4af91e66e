"""What processes cost is told of each by its name."""

import os
import subprocess
import time
from pathlib import Path

from axis.cli.machine import cpu_seconds, families


def test_what_has_a_name_of_its_own_is_counted_there_and_nowhere_else():
    """A supervisor has all others below it: it is counted without them, and each with its own children."""
    tree = "sh -c 'sleep 60 & echo $!; wait' & echo $!; wait"
    outer = subprocess.Popen(("sh", "-c", tree), stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        inner, leaf = (int(outer.stdout.readline()) for _ in range(2))
        if inner > leaf:  # whichever line came first
            inner, leaf = leaf, inner
        found = families({"supervisor": outer.pid, "worker": inner})
        assert found == {"supervisor": [outer.pid], "worker": [inner, leaf]}
        assert families({"supervisor": outer.pid}) == {"supervisor": [outer.pid, inner, leaf]}
    finally:
        os.killpg(outer.pid, 9)
        outer.wait()
        outer.stdout.close()


def test_cpu_is_told_of_those_that_live():
    """What this process used is counted; a process that is not there has used nothing."""
    before, until = cpu_seconds([os.getpid()]), time.process_time() + 0.1
    while time.process_time() < until:
        Path("/proc/self/stat").read_bytes()
    assert cpu_seconds([os.getpid()]) - before >= 0.08
    assert cpu_seconds([2**22 + 1]) == 0
