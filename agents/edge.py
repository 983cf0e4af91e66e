"""The edge between Kafka and the axis: a batch of records in, each brought to its end. It judges nothing.

Nothing may raise out of a loop over a stream (`agents.serving`): here is the place where that holds.
"""

import asyncio
import contextlib
import itertools
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

from axis import metrics
from axis.errors import MalformedError, UnavailableError
from axis.traffic import Incoming
from axis.violations import Code

_log = logging.getLogger(__name__)

BUG_LIMIT: Final = 5
"""Records in a row that may end as the axis' own bug. The next one waits: five different documents
that all fail are no five bad documents, and setting a whole topic aside would help nobody."""

Handler = Callable[[Sequence[Incoming]], Awaitable[None]]
"""A move of the desk: records its effects and publishes its messages before it returns, and may be
given the same records again. It raises `UnavailableError` while our own database or broker is away,
and `MalformedError` for a record, given alone, that cannot be handled."""

SetAside = Callable[[Incoming, Code, str], Awaitable[None]]
"""Puts one record into quarantine, byte for byte, and returns when it is durable there."""


def pauses() -> Iterator[float]:
    """Seconds between attempts: 0.5, 1, 2, ... 16, then 30 for ever."""
    return itertools.chain((0.5 * 2**n for n in range(6)), itertools.repeat(30.0))


class Edge:
    """The edge of one agent.

    It stands still while a dependency of ours is away, and tells so.
    """

    def __init__(
        self,
        name: str,
        handle: Handler,
        set_aside: SetAside,
        *,
        waits: Callable[[], Iterator[float]] = pauses,
    ) -> None:
        """Prepare.

        Args:
            name: of the agent, for logs and metrics.
            handle: every rule is in there.
            set_aside: into quarantine.
            waits: seconds between attempts while something is away.
        """
        self.name = name
        self._handle = handle
        self._set_aside = set_aside
        self._waits = waits
        self._bugs_in_a_row = 0
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.waiting_for: str | None = None
        """What the edge stands still for; None while it does not."""
        self.settled: dict[tuple[str, int], int] = {}
        """Offset of the last settled record of each (topic, partition)."""
        self.busy_since: float | None = None
        """`time.monotonic()` since when one attempt has been running; None between attempts."""

    async def settle(self, batch: Sequence[Incoming]) -> bool:
        """Bring every record of a batch to its end: handled, or in quarantine.

        While our own database or broker is away it stays on this batch and
        lets the partitions queue up: late is better than lost.

        Args:
            batch: in the order in which the records came.

        Returns:
            True when all of it is durable, so that the caller may let the records go; False when the
            process stops before that: nothing may be acknowledged, and all of it comes again.
        """
        if self._stopping.is_set():
            return False
        started = time.monotonic()
        self._idle.clear()
        try:
            if not await self._attempt(batch):
                # Somebody in there fails, and one must not take the others down. Each alone, in
                # order; what the batch had already done, it does once more, to no other effect.
                for incoming in batch:
                    await self._settle_alone(incoming)
        except _StoppingError:
            return False
        finally:
            self._idle.set()
        for incoming in batch:
            self.settled[incoming.topic, incoming.partition] = incoming.offset
        metrics.STEP_SECONDS.labels(self.name).observe(time.monotonic() - started)
        return True

    async def drain(self, seconds: float) -> bool:
        """Take nothing new; tell whether the batch under way came to its end in time.

        A batch that stands still is given up: it comes again after the restart.
        """
        self._stopping.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        return self._idle.is_set()

    async def _attempt(self, batch: Sequence[Incoming]) -> bool:
        """Handle the whole batch; False: a record in it fails."""
        waits = self._waits()
        while True:
            try:
                await self._call(batch)
            except UnavailableError as exc:
                await self._wait(next(waits), exc)
            except MalformedError:
                return False
            except Exception:  # noqa: BLE001 - a bug may cost one document its way, never the partition
                _log.warning("%s: a batch of %d records failed", self.name, len(batch), exc_info=True)
                return False
            else:
                self._went_well()
                return True

    async def _settle_alone(self, incoming: Incoming) -> None:
        waits = self._waits()
        while True:
            code, detail = Code.QUARANTINE_BUG, ""
            try:
                await self._call([incoming])
            except UnavailableError as exc:
                await self._wait(next(waits), exc)
                continue
            except MalformedError as exc:
                code, detail = exc.violation.code, exc.violation.detail
            except Exception as exc:  # noqa: BLE001 - as above
                detail = _place(exc)
                _log.exception("%s: our bug at %s", self.name, where(incoming))
                if self._bugs_in_a_row >= BUG_LIMIT:
                    await self._wait(
                        next(waits), f"{self._bugs_in_a_row} records in a row met a bug of ours: {detail}"
                    )
                    continue
            else:
                self._went_well()
                return
            await self._quarantine(incoming, code, detail)
            self._bugs_in_a_row = self._bugs_in_a_row + 1 if code is Code.QUARANTINE_BUG else 0
            return

    async def _quarantine(self, incoming: Incoming, code: Code, detail: str) -> None:
        waits = self._waits()
        while True:
            try:
                with self._busy():
                    await self._set_aside(incoming, code, detail)
            except Exception as exc:  # noqa: BLE001 - see below
                # Setting aside is the last way out. If that fails too, for whatever reason,
                # the record stays here: nothing is ever dropped.
                if not isinstance(exc, UnavailableError):
                    _log.exception("%s: cannot set aside %s", self.name, where(incoming))
                await self._wait(next(waits), exc)
            else:
                self.waiting_for = None
                return

    async def _call(self, batch: Sequence[Incoming]) -> None:
        try:
            with self._busy():
                await self._handle(batch)
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancels us: something inside did not keep its own cancellation to itself.
            raise RuntimeError("a move let a cancellation escape") from exc

    async def _wait(self, seconds: float, why: Exception | str) -> None:
        self.waiting_for = str(why)
        metrics.DEPENDENCY_RETRIES.labels(self.name).inc()
        _log.warning("%s: đứng chờ / standing still for %.1f s: %s", self.name, seconds, why)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        if self._stopping.is_set():
            raise _StoppingError

    def _went_well(self) -> None:
        self.waiting_for = None
        self._bugs_in_a_row = 0

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        self.busy_since = time.monotonic()
        try:
            yield
        finally:
            self.busy_since = None


class _StoppingError(Exception):
    """The process stops while a batch stands still. Never leaves this module."""


def where(incoming: Incoming) -> str:
    """Name a record: ``topic[partition]@offset``."""
    return f"{incoming.topic}[{incoming.partition}]@{incoming.offset}"


def _place(exc: Exception) -> str:
    # Kind and place only: the text of an unexpected error may quote a document.
    frames = traceback.extract_tb(exc.__traceback__)
    last = f" at {frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""
    return f"{type(exc).__name__}{last}"
