"""A run of tests that was killed does not stand in the way of the next."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from axis.stack.identity import load_identity
from axis.stack.places import Home
from axis.stack.program import Program
from axis.stack.supervision import Supervisor
from tests.lab.leftovers import IPTABLES, clear_leftovers, drop, own_folder

RULE = ("INPUT", "-i", "lo", "-p", "tcp", "--dport", "19", "-j", "DROP")


def live(prefix):
    """Be a run in the middle of its tests: a stack, a disk, a rule of the packet filter; then wait."""
    with own_folder(prefix) as root:
        home = Home(root)
        for folder in (home.run, home.logs):
            folder.mkdir()
        sleeper = Program(name="sleeper", command=("sleep", "600"), environ={}, folder=root, port=0)
        supervisor = Supervisor(home)
        supervisor.start([sleeper], name=load_identity(home).name)
        supervisor.begin("sleeper")
        if os.geteuid() == 0:
            home.content.mkdir()
            subprocess.run(("mount", "-t", "tmpfs", "axis-left", str(home.content)), check=True)
            if IPTABLES:
                drop(root, RULE)
        while not (pid := next(one.pid for one in supervisor.standings())):
            pass
        sys.stdout.write(f"{root} {supervisor.pid()} {pid}\n")
        sys.stdout.flush()
        sys.stdin.read()


def lives(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def run(tmp_path):
    """A run, its folder and its processes."""
    prefix = f"axis-left-{os.getpid()}-"
    command = (sys.executable, "-c", f"from {__name__} import live; live({prefix!r})")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        root, *pids = process.stdout.readline().split()
        yield prefix, process, root, [int(pid) for pid in pids]
        process.kill()
        process.wait()
        clear_leftovers(prefix)


def test_what_a_killed_run_left_is_cleared_away_by_the_next(run):
    """Its processes, disks, rules and folder are gone; as long as it lived nobody touched them."""
    prefix, process, root, pids = run
    assert clear_leftovers(prefix) == []
    assert all(lives(pid) for pid in pids)
    process.kill()
    process.wait()
    assert all(lives(pid) for pid in pids)
    with own_folder(prefix) as own:
        assert not any(lives(pid) for pid in pids)
        assert not Path(root).exists()
        assert own.is_dir()
    assert root not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    if IPTABLES and os.geteuid() == 0:
        rules = subprocess.run((IPTABLES, "-w", "-S"), check=True, capture_output=True, text=True).stdout
        assert "--dport 19 " not in rules
    assert list(Path(tempfile.gettempdir()).glob(f"{prefix}*")) == []
