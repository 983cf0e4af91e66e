"""The end-to-end benches: from POST to the receipt that the sender has verified."""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

import msgspec

from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.lean import LeanSender
from axis.cli.machine import Resident, cpu_seconds, families, resident
from axis.cli.profiles import Profile
from axis.cli.story import open_client
from axis.cli.verify import judge
from axis.client import AxisClient

TIMEOUT: Final = 120.0
JUDGING: Final = "worker.judging"
"""The worker's judging processes: what is below its own."""
SAMPLE_SECONDS: Final = 0.02


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one load."""

    finished: int
    """Documents whose receipt came within the measured time."""
    seconds: float
    receipts: tuple[bytes, ...]
    """Of all documents that were sent, those of the warming included. Not verified yet."""
    cpu_ms: dict[str, float]
    """CPU milliseconds a document, by process of the stack; `JUDGING` is a part of the worker."""
    load_ms: float
    """Likewise of this very process, which sends."""


async def closed_loop(
    profiles: Sequence[Profile],
    packets: Sequence[Iterator[bytes]],
    *,
    senders: int,
    warm: float,
    seconds: float,
    roots: Mapping[str, int],
) -> Run:
    """Let senders send one document after another, each waiting for its receipt.

    Args:
        profiles: of the sending connections; senders take turns.
        packets: for each profile, its packets.
        senders: at once.
        warm: seconds before measuring.
        seconds: measured.
        roots: process numbers of the stack by name.
    """
    finished: list[float] = []
    receipts: list[bytes] = []
    start = time.monotonic()
    end = start + warm + seconds

    async def one(number: int) -> None:
        source = packets[number % len(packets)]
        sender = LeanSender(profiles[number % len(profiles)])
        await sender.open()
        try:
            while time.monotonic() < end:
                receipts.append(await sender.through(next(source)))
                finished.append(time.monotonic())
        finally:
            sender.close()

    async with asyncio.TaskGroup() as group:
        for number in range(senders):
            group.create_task(one(number))
        await asyncio.sleep(warm)
        before, ours = _cpu(roots), time.process_time()
        await asyncio.sleep(seconds)
        after, ours = _cpu(roots), time.process_time() - ours
    done = sum(start + warm <= at < end for at in finished)
    return Run(
        finished=done,
        seconds=seconds,
        receipts=tuple(receipts),
        cpu_ms={name: (after[name] - before[name]) * 1000 / max(1, done) for name in after},
        load_ms=ours * 1000 / max(1, done),
    )


def verify_all(receipts: Sequence[bytes], anchors: Sequence[bytes]) -> float:
    """Verify receipts as anybody may, in as many processes as there are processors.

    Returns:
        CPU milliseconds that one receipt took.

    Raises:
        StopError: one proves nothing.
    """
    spawn = multiprocessing.get_context("spawn")
    share = -(-len(receipts) // (4 * (os.cpu_count() or 1))) or 1
    parts = [(receipts[at : at + share], tuple(anchors)) for at in range(0, len(receipts), share)]
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=spawn) as pool:
        return sum(pool.map(_verify, parts)) * 1000 / max(1, len(receipts))


def _verify(part: tuple[Sequence[bytes], Sequence[bytes]]) -> float:
    receipts, anchors = part
    verify = _verifier(anchors)
    since = time.process_time()
    for data in receipts:
        verify(data)
    return time.process_time() - since


async def open_loop(
    profile: Profile, packets: Iterator[bytes], anchors: Sequence[bytes], *, rate: float, count: int
) -> tuple[float, ...]:
    """Send at a fixed rate, whatever comes back; return seconds from POST to verified receipt.

    A late start counts as waiting: latencies run from the moment at which each was due.
    """
    async with open_client(profile, _verifier(anchors)) as client:
        await _through(client, next(packets))
        start = time.monotonic()

        async def one(due: float) -> float:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await _through(client, next(packets))
            return time.monotonic() - due

        return tuple(await asyncio.gather(*(one(start + n / rate) for n in range(count))))


async def growth(
    profile: Profile, packet: bytes, anchors: Sequence[bytes], *, roots: Mapping[str, int]
) -> dict[str, Resident]:
    """Send one packet and return by how much a process of each name grew at most.

    Processes that start meanwhile are counted from nothing.
    """
    nothing = Resident(0, 0)
    before = {pid: resident(pid) for family in families(roots).values() for pid in family}
    peaks: dict[str, Resident] = dict.fromkeys(roots, nothing)

    async def watch() -> None:
        while True:
            for name, family in families(roots).items():
                for pid in family:
                    now, then, peak = resident(pid), before.get(pid, nothing), peaks[name]
                    peaks[name] = Resident(
                        max(peak.own, now.own - then.own), max(peak.mapped, now.mapped - then.mapped)
                    )
            await asyncio.sleep(SAMPLE_SECONDS)

    async with open_client(profile, _verifier(anchors)) as client:
        watcher = asyncio.create_task(watch())
        try:
            await _through(client, packet)
        finally:
            watcher.cancel()
    return peaks


async def _through(client: AxisClient, packet: bytes) -> None:
    sent = await client.send_packet(packet)
    receipt = await client.wait_for_receipt(sent.packet_id, timeout=TIMEOUT)
    if receipt.kind != "SubmissionAcceptance":
        status = await client.status(sent.packet_id)
        reasons = [reason.code for reason in status.decision.reasons] if status.decision else []
        raise StopError(
            exits.REFUSED, f"văn bản của phép đo bị từ chối: {reasons}", "refused while measuring"
        )


def _verifier(anchors: Sequence[bytes]) -> Callable[[bytes], None]:
    def verify(data: bytes) -> None:
        proven = judge(data, anchors)
        if not proven.proven:
            raise StopError(
                exits.REFUSED, f"biên nhận không đạt: {proven.reason}", "a receipt proves nothing"
            )

    return verify


def _cpu(roots: Mapping[str, int]) -> dict[str, float]:
    found = families(roots)
    judging = {JUDGING: cpu_seconds(found["worker"][1:])} if "worker" in found else {}
    return {**{name: cpu_seconds(family) for name, family in found.items()}, **judging}
