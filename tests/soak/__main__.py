"""The fault campaign: ``python -m tests.soak --minutes 10 --seed 1``; `make soak` runs it.

Exit code 0 only if every invariant held, 1 if one did not, 64 wrong use. The
order of faults follows from the seed; the moments at which processes run do not.
"""

import argparse
import asyncio
import json
import logging
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axis.cli.rehearsal import set_stage
from axis.cli.verify import read_anchors
from axis.sandbox.authority import Authority
from axis.settings import load_settings
from axis.stack.life import up
from axis.stack.places import Home
from tests.lab.ammunition import prepare
from tests.lab.leftovers import clear, own_folder
from tests.lab.scene import Scene, hurried_policy
from tests.lab.traffic import Traffic
from tests.soak import killing, people, servers
from tests.soak.campaign import Campaign, say_breaches, table
from tests.soak.supply import supply

SET = 120
"""Packets signed ahead; each goes out again and again under new numbers."""
OVER_KAFKA = ("demo-vpcp", "demo-langson")
"""Connections that send, receive and answer over Kafka; the others speak REST."""

DISK_BYTES = 2 * 1024**3
WHOLE_MINUTES = 10
"""From here on a campaign goes on until all its kills are done and every kind of fault had its turn."""


def main() -> int:
    """Run one campaign; return the exit code."""
    arguments = parsed()
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL + 1)  # the clients' side of every outage
    with home(arguments.folder) as at, environment(at):
        return campaign(Home(at), arguments)


def parsed() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=10, help="how long faults are injected, without set-up and drain"
    )
    parser.add_argument("--seed", type=int, default=1, help="decides which faults, how many, in which order")
    parser.add_argument(
        "--kills",
        type=int,
        default=300,
        help="kill -9 in volleys; from 10 minutes on all of them, else as many as half of the time allows",
    )
    parser.add_argument("--only", default="", help="only faults whose name holds this")
    parser.add_argument("--old", default="HEAD~1", help="commit of the older worker")
    parser.add_argument(
        "--folder", type=Path, default=None, help="where the stack lives; empty: a disk of its own in memory"
    )
    return parser.parse_args()  # fmt: skip


@contextmanager
def home(folder: Path | None) -> Iterator[Path]:
    """Give the stack a disk of its own, which can be filled without harm to others."""
    if folder is not None:
        folder = folder.absolute()
        if Home(folder).identity.exists():  # of a campaign that was killed there
            clear(folder)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield folder
        finally:
            clear(folder)
        return
    with own_folder("axis-soak-") as root:
        if os.geteuid() == 0:
            disk = ("mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=711", "axis-soak", str(root))
            subprocess.run(disk, check=True)
        yield root


@contextmanager
def environment(root: Path) -> Iterator[None]:
    """Let every command of this process find that stack."""
    before = os.environ.get("AXIS_HOME")
    os.environ["AXIS_HOME"] = str(root)
    try:
        yield
    finally:
        os.environ.pop("AXIS_HOME")
        if before is not None:
            os.environ["AXIS_HOME"] = before


@contextmanager
def certificates_of_yesterday() -> Iterator[None]:
    """Let openssl live a day ago: certificates of TLS made just now would not hold for a clock that is late."""
    if not servers.FAKETIME:
        yield
        return
    real, before = shutil.which("openssl"), os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="axis-soak-") as folder:
        stand_in = Path(folder) / "openssl"
        stand_in.write_text(f'#!/bin/sh\nLD_PRELOAD={servers.FAKETIME} FAKETIME=-1d exec {real} "$@"\n')
        stand_in.chmod(0o755)
        os.environ["PATH"] = f"{folder}:{before}"
        try:
            yield
        finally:
            os.environ["PATH"] = before


def spoken_over_kafka(name: str) -> dict[str, object]:
    """Let a connection speak Kafka; return all that its system needs for it."""
    axis = Path(sys.executable).with_name("axis")
    done = subprocess.run(
        (axis, "connection", "rotate", name, "--kafka", "--json"), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def campaign(at: Home, arguments: argparse.Namespace) -> int:
    """Start a stack and its traffic, break it, compare."""
    hurried = {"AXIS_POLICY_FILE": str(hurried_policy(at.root))}
    with certificates_of_yesterday():
        up(at.root, extra=dict.fromkeys(("gateway", "worker", "keeper"), hurried))
    settings = load_settings()
    stage = asyncio.run(set_stage(settings, Authority(at.authority)))
    packets = prepare(at.authority, SET, seed=arguments.seed)
    good = [one for one in packets if one.verdict == "accepted" and not one.twice]
    probes = supply(good, first=8_000_000)
    anchors = read_anchors([at.authority / "ca.pem"])
    told = {name: spoken_over_kafka(name) for name in OVER_KAFKA}
    traffic = Traffic(stage.profiles, anchors, [], supply(packets), told)
    scene = Scene(at, settings, traffic, probes)
    killer = killing.Killer()
    every = [*killing.faults(killer, arguments.old), *servers.faults(), *people.faults(at.authority)]
    if os.geteuid() != 0:
        every = [one for one in every if one.strike is not servers.disk_full]  # it would fill somebody's disk
    wanted = [one for one in every if arguments.only in one.name]
    run = Campaign(scene, [one for one in wanted if not one.missing], killer, seed=arguments.seed)
    whole = arguments.minutes >= WHOLE_MINUTES and not arguments.only
    began = time.monotonic()
    end = began + arguments.minutes * 60
    traffic.start()
    try:
        if not arguments.only:
            run.kill_until(arguments.kills, math.inf if whole else began + arguments.minutes * 30)
        run.mix_until(end, each_once=whole)
        run.outcome.seconds = time.monotonic() - began
        outcome = run.settle()
    finally:
        traffic.stop()
    say_breaches(outcome)
    if not outcome.held:
        kept = Path(tempfile.mkdtemp(prefix=f"axis-soak-logs-{arguments.seed}-"))
        shutil.copytree(at.logs, kept, dirs_exist_ok=True)
        sys.stderr.write(f"  logs of this campaign: {kept}\n")
    sys.stdout.write(table(outcome, wanted, servers.NOT_SHOWN) + "\n")
    return 0 if outcome.held else 1


if __name__ == "__main__":
    sys.exit(main())
