"""How every process of the axis begins, works beside itself, and ends at a signal."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Final

from axis.errors import AxisError
from axis.logs import start_logs
from axis.settings import Settings, load_settings

_log = logging.getLogger(__name__)

AGAIN_SECONDS: Final = 1.0
"""Pause before work that ended by a bug of ours begins anew."""


def start(name: str, run: Callable[[Settings], int | None]) -> int:
    """Read the settings, start the logs, run; return the exit code.

    Args:
        name: of the process, in logs and on the terminal.
        run: returns when the process is done; an exit code, or None for 0.
    """
    try:
        settings = load_settings()
        start_logs(name, settings.log_level)
        return run(settings) or 0
    except (AxisError, OSError) as exc:
        # Not there, port taken, no such file. The supervisor's log may be all there is.
        print(f"axis {name}: {exc}", file=sys.stderr)  # noqa: T201
        return 1


async def until_stopped(work: Coroutine[None, None, None]) -> None:
    """Run ``work`` until it ends or SIGTERM or SIGINT comes; then cut it off.

    Raises:
        AxisError: what ``work`` raised.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    stopping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working


async def for_ever(work: Callable[[], Awaitable[None]]) -> None:
    """Do ``work`` again and again: a bug must not end quietly what others rely on."""
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - whatever it is, it is logged and the work goes on
            _log.exception("begun anew after a bug of ours")
            await asyncio.sleep(AGAIN_SECONDS)


def beside(stack: contextlib.AsyncExitStack, *works: Callable[[], Awaitable[None]]) -> None:
    """Do each of ``works`` for ever beside the caller, until ``stack`` is left."""
    for work in works:
        stack.callback(asyncio.create_task(for_ever(work)).cancel)
