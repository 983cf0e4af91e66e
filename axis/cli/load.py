"""The end-to-end benches: from POST to the receipt that the sender has verified."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import msgspec

from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.machine import Resident, cpu_seconds, families, resident
from axis.cli.profiles import Profile
from axis.cli.story import open_client
from axis.cli.verify import judge
from axis.client import AxisClient

TIMEOUT: Final = 120.0
SAMPLE_SECONDS: Final = 0.02


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one load."""

    finished: int
    """Documents whose verified receipt came within the measured time."""
    seconds: float
    latencies: tuple[float, ...]
    """Seconds from POST to verified receipt."""
    cpu_ms: dict[str, float]
    """CPU milliseconds a document, by process of the stack."""


async def closed_loop(
    profiles: Sequence[Profile],
    packets: Sequence[Iterator[bytes]],
    anchors: Sequence[bytes],
    *,
    senders: int,
    warm: float,
    seconds: float,
    roots: Mapping[str, int],
) -> Run:
    """Let senders send one document after another, each waiting for its verified receipt.

    Args:
        profiles: of the sending connections; senders take turns.
        packets: for each profile, its packets.
        anchors: PEM, for the receipts.
        senders: at once.
        warm: seconds before measuring.
        seconds: measured.
        roots: process numbers of the stack by name.
    """
    marks: list[tuple[float, float]] = []
    start = time.monotonic()
    end = start + warm + seconds

    async def one(number: int, client: AxisClient) -> None:
        source = packets[number % len(packets)]
        while (since := time.monotonic()) < end:
            await _through(client, next(source))
            marks.append((since, time.monotonic()))

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(open_client(profiles[n % len(profiles)], _verifier(anchors)))
            for n in range(senders)
        ]
        async with asyncio.TaskGroup() as group:
            for number, client in enumerate(clients):
                group.create_task(one(number, client))
            await asyncio.sleep(warm)
            before = _cpu(roots)
            await asyncio.sleep(seconds)
            after = _cpu(roots)
    done = [(since, at) for since, at in marks if start + warm <= at < end]
    return Run(
        finished=len(done),
        seconds=seconds,
        latencies=tuple(at - since for since, at in done),
        cpu_ms={name: (after[name] - before[name]) * 1000 / max(1, len(done)) for name in roots},
    )


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
    return {name: cpu_seconds(family) for name, family in families(roots).items()}
