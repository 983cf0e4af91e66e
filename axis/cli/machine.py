"""What a measurement was made on, and what processes cost: read from the kernel."""

import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `axis bench`."""

    name: str
    value: float
    unit: str
    runs: int
    """How many times it was measured; the value is their median, rate or percentile."""
    machine: str


def describe() -> str:
    """Name this machine in one line."""
    model = ""
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PHYS_PAGES") * PAGE / 2**30
    python = platform.python_version()
    return f"{os.cpu_count()} x {model or platform.machine()}, {memory:.0f} GiB, Python {python}"


def families(roots: Mapping[str, int]) -> dict[str, list[int]]:
    """Return each named process with all that it started, but for what has a name of its own.

    Args:
        roots: process number by name.
    """
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            after = _read(entry / "stat").rpartition(")")[2].split()
            if after:
                children.setdefault(int(after[1]), []).append(int(entry.name))
    named = frozenset(roots.values())
    found: dict[str, list[int]] = {}
    for name, root in roots.items():
        family, fresh = [root], [root]
        while fresh:
            fresh = [child for parent in fresh for child in children.get(parent, []) if child not in named]
            family += fresh
        found[name] = family
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that processes have used, user and system, with their children that ended."""
    total = 0
    for pid in pids:
        fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
        total += sum(int(value) for value in fields[11:15])
    return total / TICKS


class Resident(msgspec.Struct, frozen=True):
    """Bytes that a process holds in memory now."""

    own: int
    """Its own: heap, stacks, shared memory. It cannot be taken away."""
    mapped: int
    """Pages of files that it has mapped: the kernel drops them when it needs room."""


def resident(pid: int) -> Resident:
    """Return what a process holds; nothing when it is gone."""
    found = dict.fromkeys(("RssAnon", "RssFile", "RssShmem"), 0)
    for line in _read(Path(f"/proc/{pid}/status")).splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) * 1024
    return Resident(found["RssAnon"] + found["RssShmem"], found["RssFile"])


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value below or at which ``share`` (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
