"""Live pages: what the database rings for becomes a word to those pages that may see the document.

One database connection a process listens (`axis.store.bell`). A message says
*that* something changed, never what: the page asks again, with its own rights.
What is taken or parked rings no bell, for a ring would make every taking commit
wait for the one before; while somebody looks, it is looked for once a second.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from datetime import datetime
from typing import Final

from axis.errors import AxisError

_log = logging.getLogger(__name__)

GATHER_SECONDS: Final = 0.25
"""Rings so close together are one message: a person reads no faster."""
WAITING_MOST: Final = 50
"""Messages a page may lag behind; then it is told once that all may have changed."""
EVERYTHING: Final = "*"
"""Stands for every agency (operations) or every packet (the line was lost for a while)."""

SeenBy = Callable[[Collection[str], Collection[str]], Awaitable[set[tuple[str, str]]]]
"""(packet ids, agencies) → the pairs (agency, packet id) that may be seen."""
LOOK_SECONDS: Final = 1.0

Open = Callable[[Collection[str]], Awaitable[Collection[tuple[str, str, str, datetime | None]]]]
"""agencies → (agency, packet id, state, next try) of what they sent and is not judged yet."""
Newest = Callable[[], Awaitable[int]]
"""Number of the newest event."""


class Live:
    """Tells open pages that something of theirs changed."""

    def __init__(self, seen_by: SeenBy, newest: Newest, open_packets: Open) -> None:
        """Begin with nobody listening."""
        self._open_packets = open_packets
        self._seen_by = seen_by
        self._newest = newest
        self._streams: dict[str, set[asyncio.Queue[tuple[int, str]]]] = {}
        self._rung: set[str] = set()
        self._something = asyncio.Event()

    def hear(self, _channel: str, payload: str) -> None:
        """Take a ring: ``<connection> <packet id>``; without: the line was lost meanwhile."""
        self._rung.add(payload.partition(" ")[2] or EVERYTHING)
        self._something.set()

    @contextlib.contextmanager
    def stream(self, agency: str) -> Iterator["asyncio.Queue[tuple[int, str]]"]:
        """Give the queue of one page: (event number, packet id or `EVERYTHING`)."""
        queue: asyncio.Queue[tuple[int, str]] = asyncio.Queue(WAITING_MOST)
        self._streams.setdefault(agency, set()).add(queue)
        try:
            yield queue
        finally:
            self._streams[agency].discard(queue)
            if not self._streams[agency]:
                del self._streams[agency]

    @property
    def listeners(self) -> int:
        """How many pages listen."""
        return sum(map(len, self._streams.values()))

    async def run(self) -> None:
        """Pass rings on until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._something.clear()
            rung, self._rung = self._rung, set()
            try:
                await self._tell(rung)
            except AxisError as exc:
                # The rights cannot be asked now: tell again as soon as they can.
                _log.warning("live pages wait: %s", exc)
                self._rung |= rung
                await asyncio.sleep(1)
                self._something.set()

    async def watch(self) -> None:
        """Tell what is taken and parked, until cancelled."""
        known: set[tuple[str, str, str, datetime | None]] = set()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            agencies = set(self._streams) - {EVERYTHING}
            try:
                found = set(await self._open_packets(agencies)) if agencies else set()
                if new := {(agency, packet) for agency, packet, _, _ in found - known}:
                    self._pass_on(await self._newest(), new)
                known = found
            except AxisError as exc:
                _log.warning("live pages wait: %s", exc)

    async def _tell(self, rung: set[str]) -> None:
        agencies = set(self._streams) - {EVERYTHING}
        if not self._streams:
            return
        number = await self._newest()
        pairs = {(EVERYTHING, EVERYTHING)}
        if EVERYTHING in rung:
            pairs |= {(agency, EVERYTHING) for agency in agencies}
        elif agencies:
            pairs |= await self._seen_by(rung, agencies)
        self._pass_on(number, pairs)

    def _pass_on(self, number: int, pairs: Iterable[tuple[str, str]]) -> None:
        for agency, packet in pairs:
            for queue in self._streams.get(agency, ()):
                _put(queue, (number, packet))


def _put(queue: "asyncio.Queue[tuple[int, str]]", message: tuple[int, str]) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()
        message = (message[0], EVERYTHING)
    queue.put_nowait(message)


def spell(number: int, packet: str) -> bytes:
    """Spell one message as server-sent events: for lists, and for the page of that document."""
    lines = f"id: {number}\nevent: changed\ndata: .\n\n"
    if packet != EVERYTHING:
        lines += f"id: {number}\nevent: paper-{packet}\ndata: .\n\n"
    return lines.encode()


async def messages(
    queue: "asyncio.Queue[tuple[int, str]]", still: Callable[[], Awaitable[bool]], *, beat_seconds: float
) -> AsyncIterator[bytes]:
    """Give what a page is to be told, for as long as its session lasts.

    Args:
        queue: of `Live.stream`.
        still: whether the session goes on; asked before each message.
        beat_seconds: at least so often something is sent, and the session is asked for.
    """
    while True:
        try:
            async with asyncio.timeout(beat_seconds):
                told = await queue.get()
        except TimeoutError:
            told = None
        if not await still():
            yield b"event: ended\ndata: .\n\n"
            return
        yield b": beat\n\n" if told is None else spell(*told)
