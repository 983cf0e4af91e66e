"""One clock for all processes: the database's.

A host's clock may be an hour off, or step; then one worker would refuse as
"of the future" what another accepts, and deadlines would pass early. So every
process asks the database what time it is, carries that on by its own monotonic
clock, which never steps, and asks again now and then. Only where this clock
stands still (a suspended machine) is it late, until it is asked again.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from axis import metrics
from axis.errors import AxisError
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

_log = logging.getLogger(__name__)

_ASK: Final = "SELECT clock_timestamp()"
ASK_SECONDS: Final = 10.0
"""Between two questions; quartz drifts by microseconds in that time."""

TRIES: Final = 3
"""Questions asked at once: the quickest answer counts, its way being the least uncertain."""

LOUD_SECONDS: Final = 5.0
"""From this difference on, the host's own clock is complained of in the log."""


class Clock:
    """The database's time, carried on between two questions."""

    def __init__(self, pool: "Pool") -> None:
        """Prepare; `ask` must succeed once before `now` is called."""
        self._pool = pool
        self._at: datetime | None = None
        self._mark = 0.0

    def now(self) -> datetime:
        """Return the moment, UTC."""
        assert self._at is not None, "asked before the database was"
        return self._at + timedelta(seconds=time.monotonic() - self._mark)

    async def ask(self) -> None:
        """Ask the database.

        Raises:
            UnavailableError: it is away; what is known goes on.
        """
        answers = [await self._once() for _ in range(TRIES)]
        _, self._at, self._mark = min(answers)
        off = (datetime.now(UTC) - self.now()).total_seconds()
        metrics.CLOCK_OFFSET.set(off)
        if abs(off) > LOUD_SECONDS:
            _log.warning("đồng hồ máy lệch / this host's clock is off by %.1f s; the database's counts", off)

    async def _once(self) -> tuple[float, datetime, float]:
        before = time.monotonic()
        with store_faults():
            at = await self._pool.fetchval(_ASK)
        took = time.monotonic() - before
        return took, at, before + took / 2

    async def keep(self) -> None:
        """Ask again and again, until cancelled."""
        while True:
            await asyncio.sleep(ASK_SECONDS)
            with contextlib.suppress(AxisError):
                await self.ask()


@asynccontextmanager
async def database_clock(pool: "Pool") -> AsyncIterator[Callable[[], datetime]]:
    """Give a clock that goes by the database's while the ``with`` block lasts.

    Raises:
        UnavailableError: the database is away.
    """
    clock = Clock(pool)
    await clock.ask()
    keeping = asyncio.create_task(clock.keep())
    try:
        yield clock.now
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
