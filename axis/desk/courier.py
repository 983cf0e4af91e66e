"""Carries outbox rows of committed moves to the broker, and forgets what it has.

A move is durable before it comes here, so nothing waits for the courier: what
it cannot publish stays in the outbox, and the keeper sweeps it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from axis import failpoints
from axis.errors import UnavailableError
from axis.traffic import Outgoing

_log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 500
"""Rows published and forgotten together."""

BUSY_SECONDS: Final = 0.05
"""A row that comes so soon after others left is one of many."""

GATHER_SECONDS: Final = 0.005
"""One of many waits so long for the next: sent alone it costs the broker and its readers as much as a dozen
together. A row by itself leaves at once."""

QUEUE_LIMIT: Final = 20_000
"""Rows held in memory; more are left to the sweeper, so that an outage costs no memory."""

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]
Forget = Callable[[Sequence[int]], Awaitable[None]]


class Courier:
    """One background task; rows leave in the order in which they were posted."""

    def __init__(self, publish: Publish, forget: Forget, *, step: str) -> None:
        """Prepare.

        Args:
            publish: returns when the broker has all rows.
            forget: deletes outbox rows.
            step: whose rows these are, for the failpoint ``<step>.published``.
        """
        self._publish = publish
        self._forget = forget
        self._step = step
        self._waiting: list[tuple[int, Outgoing]] = []
        self._called = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def post(self, ids: Sequence[int], messages: Sequence[Outgoing]) -> None:
        """Take rows of a committed move; returns at once."""
        if len(self._waiting) + len(ids) > QUEUE_LIMIT or not ids:
            return
        self._waiting.extend(zip(ids, messages, strict=True))
        self._idle.clear()
        self._called.set()

    async def run(self) -> None:
        """Carry rows until cancelled."""
        loop = asyncio.get_running_loop()
        left_at = float("-inf")
        while True:
            await self._called.wait()
            if loop.time() - left_at < BUSY_SECONDS:
                await asyncio.sleep(GATHER_SECONDS)
            self._called.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._carry(batch)
                left_at = loop.time()
            self._idle.set()

    async def drained(self) -> None:
        """Wait until nothing is left to carry."""
        await self._idle.wait()

    async def _carry(self, batch: Sequence[tuple[int, Outgoing]]) -> None:
        try:
            await self._publish([message for _, message in batch])
            if self._step in {"take", "admit"}:
                failpoints.reached(f"{self._step}.published")
            await self._forget([number for number, _ in batch])
        except UnavailableError as exc:
            _log.warning("left %d messages in the outbox: %s", len(batch), exc)
