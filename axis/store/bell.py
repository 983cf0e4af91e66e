"""A bell that rings when the database says that something came, so that who waits need not ask all the time.

PostgreSQL rings it (`pg_notify`); one connection per process listens. A missed
ring costs a moment, never a message: whoever waits looks again by itself.
"""

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, Self

import asyncpg

_log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 2.0
"""Pause before listening is tried again after the database was away."""

QUIET_MOST: Final = 10_000
"""Payloads of which it is remembered that they did not ring; of others it is not known."""

Rung = Callable[[float], Awaitable[None]]
"""Returns when the bell has rung since the last call, or after so many seconds."""


class Bell:
    """Listens to some channels while it is entered, and wakes those who wait."""

    def __init__(self, url: str, channels: Sequence[str]) -> None:
        """Keep what to listen to; nothing is opened yet."""
        self._url = url
        self._channels = tuple(channels)
        self._waiting: defaultdict[tuple[str, str], set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None
        self._told: list[Callable[[str, str], None]] = []
        self._hears = False
        self._quiet: dict[tuple[str, str], None] = {}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    @contextlib.contextmanager
    def listening(self, channel: str, payload: str = "") -> Iterator[Rung]:
        """Give a call that waits for the bell.

        Enter *before* looking: what rings between the look and the wait is
        remembered, so nothing that comes in between is missed.

        Args:
            channel: one of those listened to.
            payload: only rings whose payload is this, or begins with these words; empty: every ring.
        """
        event = asyncio.Event()
        name = (channel, payload)
        self._waiting[name].add(event)

        async def rung(seconds: float) -> None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await event.wait()
            event.clear()

        try:
            yield rung
        finally:
            self._waiting[name].discard(event)
            if not self._waiting[name]:
                del self._waiting[name]

    @contextlib.contextmanager
    def overhearing(self, told: Callable[[str, str], None]) -> Iterator[None]:
        """Tell somebody of every ring.

        Args:
            told: gets channel and payload, soon after; an empty payload: rings may have been missed.
        """
        self._told.append(told)
        try:
            yield
        finally:
            self._told.remove(told)

    def mind(self, channel: str, payload: str) -> None:
        """Remember from now on whether this payload rings."""
        if self._hears:
            self._quiet[channel, payload] = None
            if len(self._quiet) > QUIET_MOST:
                del self._quiet[next(iter(self._quiet))]

    def quiet(self, channel: str, payload: str) -> bool:
        """Say whether this payload has not rung since `mind`; False where that is not known.

        Like every ring a hint: who goes by it looks all the same after a while.
        """
        return (channel, payload) in self._quiet

    def ring(self, channel: str, payload: str = "") -> None:
        """Wake who waits for this channel, for this payload on it, or for its first words."""
        self._quiet.pop((channel, payload), None)
        words = payload.split(" ") if payload else []
        for count in range(len(words) + 1):
            for event in self._waiting.get((channel, " ".join(words[:count])), ()):
                event.set()

    async def _listen(self) -> None:
        """Listen until cancelled; while the database is away, try again."""
        while True:
            try:
                await self._listen_once()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
                _log.warning("not listening to the database: %s", exc)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _listen_once(self) -> None:
        lost = asyncio.Event()
        line = await asyncpg.connect(self._url, timeout=5, server_settings={"application_name": "axis-bell"})
        try:
            line.add_termination_listener(lambda *_: lost.set())
            for channel in self._channels:
                await line.add_listener(channel, self._heard)
            self._hears = True
            # Something may have rung before we listened.
            for channel, payload in list(self._waiting):
                self.ring(channel, payload)
            for channel in self._channels:
                self._tell(channel, "")
            await lost.wait()
        finally:
            self._hears = False
            self._quiet.clear()
            with contextlib.suppress(Exception):  # it is gone, or about to be
                await line.close(timeout=1)

    def _heard(self, _line: object, _pid: int, channel: str, payload: object) -> None:
        self.ring(channel, str(payload))
        self._tell(channel, str(payload))

    def _tell(self, channel: str, payload: str) -> None:
        for told in self._told:
            told(channel, payload)
