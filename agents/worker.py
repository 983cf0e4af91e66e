"""The worker's process: what its agents stand on, its health pages, its start and its end."""

import asyncio
import contextlib
import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final

import faust
import msgspec
from mode import Service

from agents.app import Moves, build_app
from agents.edge import Edge, pauses
from agents.watch import Watch
from axis.errors import UnavailableError
from axis.health import serve_health
from axis.kafka.quiet import quiet_repeats
from axis.loop import new_loop
from axis.settings import Settings
from axis.traffic import Incoming
from axis.violations import Code

_log = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 5.0
"""How long a stopping worker lets the batches under way come to their end."""

EXIT_STUCK: Final = 70
"""Exit code of a worker that found itself stuck."""

_WATCH_SECONDS: Final = 5.0
BROKER: Final = "broker"


class Backing(msgspec.Struct, frozen=True, kw_only=True):
    """What the agents stand on, opened."""

    moves: Moves
    checks: Mapping[str, Callable[[], Awaitable[bool]]]
    """By the dependency's name, whether it is usable now; `BROKER` among them."""


Open = Callable[[], AbstractAsyncContextManager[Backing]]
"""Opens the backing; `UnavailableError` while the database or the broker is away."""


class _Late:
    """The desk, known to the agents before it is open. No record comes before it is."""

    def __init__(self) -> None:
        self.moves: Moves | None = None

    def _open(self) -> Moves:
        if self.moves is None:
            raise UnavailableError("the worker is still opening its database and broker")
        return self.moves

    async def admit(self, batch: Sequence[Incoming]) -> None:
        await self._open().admit(batch)

    async def route(self, batch: Sequence[Incoming]) -> None:
        await self._open().route(batch)

    async def acknowledge(self, batch: Sequence[Incoming]) -> None:
        await self._open().acknowledge(batch)

    async def quarantine(self, incoming: Incoming, code: Code, detail: str) -> None:
        await self._open().quarantine(incoming, code, detail)


class _Ground(Service):
    """Opened before Faust connects, closed after it has let go."""

    def __init__(self, settings: Settings, open_backing: Open, late: _Late, **named: Any) -> None:  # noqa: ANN401
        self._settings = settings
        self._open_backing = open_backing
        self._late = late
        self._stack = AsyncExitStack()
        self._checks: Mapping[str, Callable[[], Awaitable[bool]]] = {}
        self.watch: Watch | None = None
        self.joined = False
        super().__init__(**named)

    async def on_start(self) -> None:
        """Serve the health pages at once, then wait for database and broker."""
        if self._settings.metrics_port:
            server = await serve_health(self._settings.metrics_host, self._settings.metrics_port, self._ready)
            self._stack.callback(server.close)
        for seconds in pauses():
            try:
                backing = await self._stack.enter_async_context(self._open_backing())
            except UnavailableError as exc:
                _log.warning("đứng chờ / waiting %.1f s to start: %s", seconds, exc)
                await asyncio.sleep(min(seconds, 5.0))
            else:
                self._late.moves, self._checks = backing.moves, backing.checks
                return

    async def on_stop(self) -> None:
        """Close in reverse."""
        await self._stack.aclose()

    @Service.task
    async def _watching(self) -> None:
        while not self.should_stop:
            await self.sleep(_WATCH_SECONDS)
            if self.watch is None or not self.joined or self.should_stop:
                continue
            if not await self._checks[BROKER]():
                self.watch.forgive()
            elif not self.should_stop and (complaint := self.watch.complaint()):
                _log.critical("kẹt, khởi động lại / stuck, to be started anew: %s", complaint)
                logging.shutdown()
                os._exit(EXIT_STUCK)

    async def _ready(self) -> Mapping[str, bool]:
        names = list(self._checks)
        answers = await asyncio.gather(*(self._checks[name]() for name in names))
        return {"started": bool(names), "group": self.joined, **dict(zip(names, answers, strict=True))}


class _Worker(faust.Worker):
    """Faust's worker, ending in our order: finish, commit, leave."""

    def __init__(self, app: faust.App, edges: Sequence[Edge], ground: _Ground, **named: Any) -> None:  # noqa: ANN401
        self._edges = edges
        super().__init__(app, ground, **named)
        self.spinner = None  # it writes terminal codes into the log

    async def stop(self) -> None:
        """Take nothing new, let the batches under way end, then stop."""
        await asyncio.gather(*(edge.drain(DRAIN_SECONDS) for edge in self._edges))
        # What is settled is acknowledged by now, and committed on the way out. All else that was
        # fetched never will be: to wait until it is would be to wait for ever. It comes again.
        self.app.conf.stream_wait_empty = False
        await super().stop()


def run_worker(settings: Settings, open_backing: Open) -> int:
    """Run until SIGTERM or SIGINT.

    Args:
        settings: of this process.
        open_backing: entered inside the event loop before the first record, left after the last.

    Returns:
        The exit code: 0 after a signal, 1 after a crash.

    Raises:
        SetupError: the settings cannot be right.
    """
    quiet_repeats()
    loop = new_loop()
    asyncio.set_event_loop(loop)
    late = _Late()
    app, edges = build_app(settings, late)
    ground = _Ground(settings, open_backing, late, loop=loop)
    ground.watch = Watch(app, edges)

    @app.on_partitions_assigned.connect
    async def joined(*_args: object, **_named: object) -> None:
        ground.joined = True

    worker = _Worker(
        app, edges, ground, loop=loop, override_logging=False, quiet=True, redirect_stdouts=False
    )
    with contextlib.suppress(KeyboardInterrupt):
        try:
            worker.execute_from_commandline()
        except SystemExit as exc:
            return exc.code if isinstance(exc.code, int) else 1
    return 0
