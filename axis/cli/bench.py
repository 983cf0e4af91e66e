"""`axis bench`: the registry of what is measured."""

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer

from axis.cli import exits, out, standing
from axis.cli.ammunition import numbered, sign_set
from axis.cli.exits import StopError
from axis.cli.gatecost import (
    CASES,
    FLOOR_RUNS,
    MAIN,
    GateCase,
    Ground,
    gate_costs,
    gate_rate,
    packet_floor,
)
from axis.cli.load import JUDGING, closed_loop, growth, open_loop, verify_all
from axis.cli.machine import Measurement, describe, percentile
from axis.cli.out import Json
from axis.cli.rehearsal import Stage, set_stage
from axis.cli.sandbox import open_authority
from axis.cli.stack import start
from axis.cli.verify import read_anchors
from axis.register import Level
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agencies
from axis.stack import life

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

SENDERS: Final = 16
PACKET: Final = 200_000
BIG: Final = 200_000_000
SET: Final = 200
"""So many documents are signed ahead; each packet has a header of its own."""
RATE: Final = 5.0
RECIPIENT: Final = "G22"
MAPPED: Final = 2**20
"""Pages of mapped files are told apart from this on: the kernel may drop them."""

HELP: Final = """Đo tốc độ trên máy này (measure on this machine); không nêu tên: tất cả (no name: all).

\b
  e2e.docs_per_s   16 bên gửi, gói 200 kB, hai chữ ký B-T, biên nhận kiểm chứng sau khi đo; kèm sàn (chỉ băm
                   và kiểm chữ ký của chính gói đó) và CPU mỗi văn bản theo tiến trình
                   (beside it the floor: hashing and verifying that very packet; CPU by process)
  e2e.ms           5 văn bản mỗi giây, từ POST tới biên nhận: e2e.p50_ms, e2e.p99_ms
  gate.ms          CPU để kiểm tra một PDF 1 MB: gate.ms, gate.floor_ms, gate.ratio
  gate             như gate.ms, thêm theo cỡ, loại, mức chữ ký, và số văn bản mỗi giây với 1 và 2 tiến trình
                   (by size, kind and level; documents a second with 1 and 2 processes)
  memory.200mb_mib tiến trình nào cũng chỉ lớn thêm bấy nhiêu với tệp đính kèm 200 MB

\b
Ví dụ / Examples
  $ axis bench gate.ms
  $ axis bench gate --json
  $ axis bench e2e.docs_per_s --seconds 20 --json
"""


class Bench:
    """What a bench may use."""

    def __init__(self, *, seconds: float, quiet: bool) -> None:
        """Nothing is prepared yet.

        Args:
            seconds: how long loads are measured.
            quiet: no progress.
        """
        self.seconds = seconds
        self.quiet = quiet
        self.machine = describe()
        self.number = time.time_ns() // 1_000_000 % 10**9 * 10
        """Documents are numbered from here: no two runs share one."""

    def line(self, name: str, value: float, unit: str, runs: int) -> Measurement:
        """Return one line."""
        return Measurement(name=name, value=round(value, 3), unit=unit, runs=runs, machine=self.machine)

    def packets(self, stage: Stage, sender: str, count: int) -> Iterator[bytes]:
        """Sign a set for a sender and number it."""
        with out.waiting(f"đang ký {count} văn bản", "signing ahead", quiet=self.quiet):
            signed = sign_set(
                stage.authority.folder, sender=sender, recipients=[RECIPIENT], size=PACKET, count=count
            )
        self.number += 10**6
        return numbered(signed, self.number)


def docs_per_s(bench: Bench) -> Iterable[Measurement]:
    """Measure the throughput, what each process costs, and the least that one document could."""
    from axis.loop import new_loop  # noqa: PLC0415 - of the servers' extra

    with _stage() as (stage, anchors, roots):
        central = [a for a in demo_agencies() if a.connection and a.level is Level.CENTRAL and not a.parent]
        agencies = [agency for agency in central if agency.code != RECIPIENT][:4]
        packets = [bench.packets(stage, agency.code, SET // len(agencies)) for agency in agencies]
        one = next(packets[0])
        with (
            out.waiting("đang đo", "measuring", quiet=bench.quiet),
            asyncio.Runner(loop_factory=new_loop) as runner,
        ):
            done = runner.run(
                closed_loop(
                    [stage.profiles[agency.connection] for agency in agencies],
                    packets,
                    senders=SENDERS,
                    warm=min(10.0, bench.seconds / 3),
                    seconds=bench.seconds,
                    roots=roots,
                )
            )
        with out.waiting("đang kiểm chứng biên nhận", "verifying the receipts", quiet=bench.quiet):
            verified = verify_all(done.receipts, anchors)
        least = statistics.median(packet_floor(Ground.of(stage.authority), one)) * 1000
    rate, bound = done.finished / done.seconds, (os.cpu_count() or 1) * 1000 / least
    whole = sum(cost for name, cost in done.cpu_ms.items() if name != JUDGING)
    yield bench.line("e2e.docs_per_s", rate, "1/s", done.finished)
    yield bench.line("e2e.floor_docs_per_s", bound, "1/s", FLOOR_RUNS)
    yield bench.line("e2e.floor_ratio", bound / rate, "", done.finished)
    yield bench.line("cpu.floor_ms", least, "ms/document", FLOOR_RUNS)
    yield bench.line("cpu.all_ms", whole, "ms/document", done.finished)
    for name, cost in done.cpu_ms.items():
        yield bench.line(f"cpu.{name}_ms", cost, "ms/document", done.finished)
    yield bench.line("load.send_ms", done.load_ms, "ms/document", done.finished)
    yield bench.line("load.verify_ms", verified, "ms/receipt", len(done.receipts))


def latency(bench: Bench) -> Iterable[Measurement]:
    """Measure the way of one document at five a second."""
    with _stage() as (stage, anchors, _):
        agency = next(a for a in demo_agencies() if a.code == "G09")
        packets = bench.packets(stage, agency.code, SET // 4)
        count = int(bench.seconds * RATE)
        with out.waiting("đang đo", "measuring", quiet=bench.quiet):
            taken = asyncio.run(
                open_loop(stage.profiles[agency.connection], packets, anchors, rate=RATE, count=count)
            )
    yield bench.line("e2e.p50_ms", percentile(taken, 0.50) * 1000, "ms", len(taken))
    yield bench.line("e2e.p99_ms", percentile(taken, 0.99) * 1000, "ms", len(taken))


def gate(bench: Bench) -> Iterable[Measurement]:
    """Measure the gate alone: no stack is needed."""
    yield from _cost(bench, Ground.of(open_authority()), MAIN, "gate.")


def gate_table(bench: Bench) -> Iterable[Measurement]:
    """Measure the gate by size, kind and level of document, and its speed with one and two processes."""
    ground = Ground.of(open_authority())
    yield from _cost(bench, ground, MAIN, "gate.")
    for case in CASES:
        yield from _cost(bench, ground, case, f"gate.{case.name}.")
    pdf = MAIN.make(ground.authority)
    for processes in (1, 2):
        with (
            out.waiting(f"đang đo {processes} tiến trình", "measuring", quiet=bench.quiet),
            TemporaryDirectory(prefix="axis-") as folder,
        ):
            path = Path(folder) / "document.pdf"
            path.write_bytes(pdf)
            rate = asyncio.run(gate_rate(ground, path, processes=processes, seconds=bench.seconds / 6))
        yield bench.line(f"gate.docs_per_s_{processes}", rate, "1/s", int(rate * bench.seconds / 6))


def _cost(bench: Bench, ground: Ground, case: GateCase, prefix: str) -> Iterable[Measurement]:
    with out.waiting(f"đang ký {case.name}", "signing", quiet=bench.quiet):
        pdf = case.make(ground.authority)
    with out.waiting("đang đo", "measuring", quiet=bench.quiet), TemporaryDirectory(prefix="axis-") as folder:
        whole, floor = gate_costs(ground, pdf, Path(folder), runs=case.runs, claimed_time=case.claimed_time)
    cost, least = statistics.median(whole) * 1000, statistics.median(floor) * 1000
    yield bench.line(f"{prefix}ms", cost, "ms", len(whole))
    yield bench.line(f"{prefix}floor_ms", least, "ms", len(floor))
    yield bench.line(f"{prefix}ratio", cost / least, "", len(whole))


def memory(bench: Bench) -> Iterable[Measurement]:
    """Measure how much any process grows with an attachment of 200 MB."""
    with _stage() as (stage, anchors, roots):
        with out.waiting("đang ký một tệp 200 MB", "signing 200 MB", quiet=bench.quiet):
            packet = sign_set(
                stage.authority.folder, sender="G09", recipients=[RECIPIENT], size=int(BIG * 4 / 3), count=1
            )
        whole = next(numbered(packet, bench.number))
        with out.waiting("đang đo", "measuring", quiet=bench.quiet):
            grown = asyncio.run(growth(stage.profiles["demo-noivu"], whole, anchors, roots=roots))
    for name, size in grown.items():
        yield bench.line(f"memory.200mb_{name}_mib", size.own / 2**20, "MiB", 1)
        if size.mapped > MAPPED:
            yield bench.line(f"memory.200mb_{name}_mapped_mib", size.mapped / 2**20, "MiB", 1)
    yield bench.line("memory.200mb_mib", max(size.own for size in grown.values()) / 2**20, "MiB", 1)


BENCHES: Final[dict[str, Callable[[Bench], Iterable[Measurement]]]] = {
    "gate.ms": gate,
    "gate": gate_table,
    "e2e.ms": latency,
    "e2e.docs_per_s": docs_per_s,
    "memory.200mb_mib": memory,
}
ALSO: Final = {
    "e2e.floor_docs_per_s": "e2e.docs_per_s",
    "e2e.floor_ratio": "e2e.docs_per_s",
    "gate.floor_ms": "gate.ms",
    "gate.ratio": "gate.ms",
    "e2e.p50_ms": "e2e.ms",
    "e2e.p99_ms": "e2e.ms",
}
"""Lines that another bench gives."""
OFFLINE: Final = frozenset({"gate.ms", "gate"})
"""Benches that need no stack."""


@app.command("bench", help=HELP)
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Phép đo (benches).")] = None,
    *,
    seconds: Annotated[float, typer.Option(min=1, help="Đo trong bao lâu (how long).")] = 60.0,
    json: Json = False,
) -> None:
    """Measure."""
    everything = [name for name in BENCHES if name != "gate.ms"]  # the table begins with it
    wanted = list(dict.fromkeys(ALSO.get(name, name) for name in names or everything))
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        known = ", ".join([*BENCHES, *ALSO])
        raise StopError(exits.USAGE, f"không có phép đo {', '.join(unknown)}; có: {known}", "no such bench")
    tools = Bench(seconds=seconds, quiet=json)
    ours = not OFFLINE.issuperset(wanted) and not standing.runs()
    try:
        if ours or (not OFFLINE.issuperset(wanted) and not standing.is_ready()):
            start(quiet=json)
        for name in wanted:
            for line in BENCHES[name](tools):
                if json:
                    out.emit(line)
                else:
                    out.say(f"{line.name:<24} {line.value:>12,.3f} {line.unit}", f"{line.runs} runs")
    finally:
        if ours:
            life.down(standing.root())
    if not json:
        out.say(tools.machine)


@contextmanager
def _stage() -> Iterator[tuple[Stage, tuple[bytes, ...], dict[str, int]]]:
    settings = standing.running_settings()
    authority = Authority(settings.home / "authority")
    stage = asyncio.run(set_stage(settings, authority))
    yield stage, read_anchors([authority.folder / "ca.pem"]), standing.processes()
