"""One process of a kind works, the others stand by: an advisory lock held by a connection of its own.

When the process or its connection dies, the lock is free at once. The same
connection listens, so that who leads is told of new work.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import asyncpg

from axis.store.faults import store_faults

SEALER: Final = 7594615
KEEPER: Final = 7594616
BRIDGE: Final = 7594617

_TRY: Final = "SELECT pg_try_advisory_lock($1)"
_HOLDING: Final = "SELECT 1"


class Leadership:
    """Held while its connection lives."""

    def __init__(self, line: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._line = line
        self._rung = asyncio.Event()
        self._lost = False
        line.add_termination_listener(self._hang_up)

    async def listen(self, channel: str) -> None:
        """Be told what is notified on a channel."""
        await self._line.add_listener(channel, lambda *_: self._rung.set())

    async def rung(self, seconds: float) -> None:
        """Wait for a notification, or until the time is over; then make sure that we still lead.

        Raises:
            UnavailableError: the connection is gone, and the leadership with it.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            with store_faults():
                await self._line.fetchval(_HOLDING)
        self._rung.clear()
        if self._lost:
            with store_faults():
                raise asyncpg.ConnectionDoesNotExistError("leadership lost")

    def _hang_up(self, *_: object) -> None:
        self._lost = True
        self._rung.set()


@contextlib.asynccontextmanager
async def leadership(url: str, lock: int) -> AsyncIterator[Leadership | None]:
    """Try to lead.

    Args:
        url: of the database.
        lock: `SEALER` or `KEEPER`.

    Yields:
        The leadership, or None while another process has it.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        line = await asyncpg.connect(
            url, timeout=5, command_timeout=10, server_settings={"application_name": "axis-leader"}
        )
    try:
        with store_faults():
            leads = await line.fetchval(_TRY, lock)
        yield Leadership(line) if leads else None
    finally:
        with contextlib.suppress(Exception):  # it is gone or about to be
            await line.close(timeout=1)
