"""The rounds of the door: every connection its share, each place in order, offsets last.

A place that stands still, for a rate, for room or for a bug of ours, holds up nobody else: its
partition is paused, and what was fetched of it waits here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol

from axis.bridge.pace import Pace
from axis.errors import UnavailableError
from axis.kafka.reader import Place
from axis.topics import connection_of
from axis.traffic import Incoming

_log = logging.getLogger(__name__)

SHARE_RECORDS: Final = 20
"""Most records of one place in one round."""

SHARE_BYTES: Final = 1024 * 1024
"""Most bytes of one place in one round, but for its first record."""

AT_ONCE: Final = 8
"""Places worked on at the same time."""

WAIT_SECONDS: Final = 0.5
BUSY_SECONDS: Final = 0.02
AWAY_SECONDS: Final = 1.0


class Reader(Protocol):
    """The broker's side; see `axis.kafka.reader.DoorReader`."""

    def ours(self) -> frozenset[Place]: ...  # noqa: D102
    async def fetch(self, seconds: float) -> dict[Place, list[Incoming]]: ...  # noqa: D102
    def pause(self, places: Sequence[Place]) -> None: ...  # noqa: D102
    def resume(self, places: Sequence[Place]) -> None: ...  # noqa: D102
    async def commit(self, done: Mapping[Place, int]) -> None: ...  # noqa: D102
    async def erase(self, place: Place, before: int) -> None: ...  # noqa: D102


class Settle(Protocol):
    """Brings records of one place to their ends; see `agents.edge.Edge`."""

    async def settle(self, batch: Sequence[Incoming]) -> bool:
        """True: all are durable; False: the process stops before that."""
        ...

    async def drain(self, seconds: float) -> bool:
        """Take nothing new; tell whether what is under way came to its end in time."""
        ...


class Places(Protocol):
    """A connection's places for what has no answer yet; see `axis.desk.share.Share`."""

    async def left(self, connection: str) -> int: ...  # noqa: D102
    def held(self, connection: str, places: int) -> AbstractContextManager[None]: ...  # noqa: D102


class Rounds:
    """Fetches, shares out, settles, lets go."""

    def __init__(
        self,
        reader: Reader,
        edge: Callable[[Place], Settle],
        pace: Pace,
        places: Mapping[str, Places],
        *,
        secrets: dict[Place, int],
        settled: Callable[[], Awaitable[None]],
    ) -> None:
        """Keep the tools.

        Args:
            reader: started.
            edge: makes the edge of a place; it stands still for that place alone.
            pace: how fast each connection may be.
            places: by the topic's kind, how many records of each connection may be taken and have no
                answer yet; what is over waits on the broker.
            secrets: places with records to erase, filled while settling.
            settled: called after records were let go; for failpoints and figures.
        """
        self._reader = reader
        self._make_edge = edge
        self._pace = pace
        self._places = places
        self._secrets = secrets
        self._settled = settled
        self._waiting: dict[Place, deque[Incoming]] = {}
        self._edges: dict[Place, Settle] = {}
        self._working: dict[Place, asyncio.Task[int | None]] = {}
        self._done: dict[Place, int] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            try:
                await self._round()
            except UnavailableError as exc:
                _log.warning("standing still: %s", exc)
                await asyncio.sleep(AWAY_SECONDS)

    async def stop(self, seconds: float) -> None:
        """Let what is under way come to its end and let go of it."""
        await asyncio.gather(*(edge.drain(seconds) for edge in self._edges.values()))
        if self._working:
            await asyncio.wait(self._working.values(), timeout=seconds)
        await self._let_go()
        for task in self._working.values():
            task.cancel()

    async def _round(self) -> None:
        busy = bool(self._working or self._waiting)
        for place, records in (await self._reader.fetch(BUSY_SECONDS if busy else WAIT_SECONDS)).items():
            self._waiting.setdefault(place, deque()).extend(records)
            self._reader.pause([place])
        await self._let_go()
        ours = self._reader.ours()
        for place in [place for place in self._waiting if place not in ours]:
            # Another reader has it now, from the last offset that was let go.
            del self._waiting[place]
        for place, queue in self._waiting.items():
            if place not in self._working and queue:
                share = self._share(place, queue, await self._welcome(place))
                if share:
                    self._working[place] = asyncio.create_task(self._settle(place, share))
        if self._working:
            await asyncio.wait(
                self._working.values(), timeout=BUSY_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        elif self._waiting:
            await asyncio.sleep(BUSY_SECONDS)

    async def _welcome(self, place: Place) -> int:
        """Tell how many records of a place may be settled in this round, rates apart. Rule T13."""
        of = connection_of(place[0])
        if of is None:
            return SHARE_RECORDS
        return min(SHARE_RECORDS, await self._places[of[1]].left(of[0]))

    def _share(self, place: Place, queue: "deque[Incoming]", most: int) -> list[Incoming]:
        """Take from a queue what its connection may have settled now."""
        of = connection_of(place[0])
        name = of[0] if of else place[0]
        share: list[Incoming] = []
        size = 0
        while queue and len(share) < most:
            next_size = len(queue[0].value or b"")
            if share and size + next_size > SHARE_BYTES:
                break
            if not self._pace.may(name, next_size):
                break
            size += next_size
            share.append(queue.popleft())
        return share

    async def _settle(self, place: Place, share: list[Incoming]) -> int | None:
        edge = self._edges.get(place)
        if edge is None:
            edge = self._edges[place] = self._make_edge(place)
        of = connection_of(place[0])
        async with self._slots:
            with self._places[of[1]].held(of[0], len(share)) if of else nullcontext():
                if not await edge.settle(share):
                    return None
        return share[-1].offset + 1

    async def _let_go(self) -> None:
        """Commit what has been settled, and fetch again where nothing waits any more."""
        for place in [place for place, task in self._working.items() if task.done()]:
            offset = self._working.pop(place).result()
            if offset is not None:
                self._done[place] = offset
        for place in [place for place in self._secrets if place in self._done]:
            # Erased before it is let go: a crash in between erases it again.
            await self._reader.erase(place, self._secrets[place])
            del self._secrets[place]
        if self._done:
            await self._settled()
            await self._reader.commit(self._done)
            self._done.clear()
        empty = [p for p, queue in self._waiting.items() if not queue and p not in self._working]
        for place in empty:
            del self._waiting[place]
        if empty:
            self._reader.resume(empty)
