"""A judging process stays small, whatever a packet weighs: measured by the system, not by Python."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import pytest

from axis.checks.policy import load_policy
from axis.edxml.writer import PacketFile, build_packet
from axis.gate.answers import Judged
from axis.gate.pool import GatePool
from signing.evidence import NO_EVIDENCE
from tests.attacks.building import by_person, by_seal, letter, stream
from tests.unit.edxml.packets import ENVELOPE, SENT, packet

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MIB = 1024 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
MEBIBYTES = 150
"""Of one attachment; as base64 it makes a packet of 200 MiB."""
MOST_MORE = 24 * MIB
"""What a judging process may grow by: scratch files, buffers, the report."""


def children() -> set[int]:
    return {
        int(pid)
        for task in Path("/proc/self/task").iterdir()
        for pid in (task / "children").read_text(encoding="ascii").split()
    }


def figure(pid: int, name: str) -> int:
    """Bytes that the system tells of a process: VmRSS, or VmHWM, the most it ever was."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


def faults(pid: int) -> int:
    """Pages that a process was given for the first time, or again."""
    _, _, told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")
    return int(told.split()[7])


def forget_peak(pid: int) -> int:
    """Let VmHWM count from now on; return the size now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")
    return figure(pid, "VmRSS")


class Heavy:
    """An attachment that is nowhere: its bytes are made while they are read."""

    def __init__(self) -> None:
        self.left = MEBIBYTES * MIB

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        self.left -= size
        return b"\x5a" * size

    def close(self) -> None:
        self.left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def heavy_packet(path: Path) -> None:
    with path.open("wb") as out:
        for piece in build_packet(ENVELOPE, (PacketFile("so-lieu.bin", Heavy),), sent_at=SENT):
            out.write(piece)


def heavy_text(path: Path) -> None:
    """A subject of 200 MiB: refused when it passes its limit."""
    head, _, tail = packet().partition(b"<edXML:Subject>")
    with path.open("wb") as out:
        out.write(head + b"<edXML:Subject>")
        for _ in range(200):
            out.write(b"A" * MIB)
        out.write(tail)


@pytest.mark.parametrize("write", [heavy_packet, heavy_text])
async def test_a_packet_of_200_mib_costs_a_judging_process_next_to_nothing(tmp_path, write):
    """The process' greatest size, as the system counted it, is that of before and a few buffers."""
    path = tmp_path / "goi.edxml"
    write(path)
    assert path.stat().st_size >= 200 * MIB
    before = children()
    pool = GatePool(1, load_policy(), None)
    await pool.start()
    try:
        small = tmp_path / "nho.edxml"
        small.write_bytes(packet())
        await pool.examine(small, at=NOW, evidence=NO_EVIDENCE)
        (pid,) = (each for each in children() - before if b"resource_tracker" not in _command(each))
        at_rest = forget_peak(pid)
        answer = await pool.examine(path, at=NOW, evidence=NO_EVIDENCE)
        grown = figure(pid, "VmHWM") - at_rest
    finally:
        await pool.close()
    assert isinstance(answer, Judged)
    refused = [str(one.code) for one in answer.report.violations]
    assert refused == (["format.limit-exceeded"] if write is heavy_text else [])
    sizes = [file.size for file in answer.report.files]
    assert sizes == ([] if write is heavy_text else [MEBIBYTES * MIB])
    assert grown < MOST_MORE, f"{grown / MIB:.0f} MiB more"


@pytest.fixture(name="two_signatures")
def _two_signatures(tmp_path) -> Path:
    path = tmp_path / "thu.pdf"
    path.write_bytes(by_seal(by_person(letter(n30=stream(b"\x5a" * MIB)))))
    return path


async def test_a_letter_takes_no_new_memory_from_the_system(two_signatures):
    """What one letter of a mebibyte took is there for the next: its pages are not asked for again."""
    before = children()
    pool = GatePool(1, load_policy(), None)
    await pool.start()
    try:
        asked = []
        for _ in range(30):
            answer = await pool.examine(two_signatures, at=NOW, evidence=NO_EVIDENCE)
            assert isinstance(answer, Judged)
            assert len(answer.report.files[0].pdf.signatures) == 2
            (pid,) = (each for each in children() - before if b"resource_tracker" not in _command(each))
            asked.append(faults(pid))
    finally:
        await pool.close()
    assert asked[-1] - asked[9] < MIB // PAGE, "20 letters, and less than one's pages"


def test_what_is_kept_is_bounded_and_shows_nothing():
    """A process that freed 256 MiB keeps little of it, and what it then gets anew is empty."""
    script = """
from pathlib import Path
from axis.garbage import keep_memory

def resident():
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

keep_memory()
at_rest = resident()
letters = [b"Z" * (1 << 20) for _ in range(256)]
assert resident() - at_rest > 250 * 1024
del letters
kept = resident() - at_rest
empty = [bytearray(1 << 20) for _ in range(12)]
print(kept // 1024, sum(any(each) for each in empty))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    kept, shown = map(int, done.stdout.split())
    assert kept * MIB < MOST_MORE
    assert shown == 0


def test_the_measure_sees_what_a_process_takes():
    """The figure above is worth something: 64 MiB that were held for a moment show in it."""
    mine = os.getpid()
    at_rest = forget_peak(mine)
    assert len(b"x" * (64 * MIB)) == 64 * MIB
    assert figure(mine, "VmHWM") - at_rest > 60 * MIB


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
