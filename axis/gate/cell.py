"""One killable process: a task goes in, bytes come out, or the process ends.

Each cell is a pool of one. Processes that share a pool share its pipe and its
locks, and one killed at the wrong moment would hold up the others.
"""

import asyncio
import contextlib
import multiprocessing
import signal
from collections.abc import Callable
from enum import StrEnum, unique
from typing import Final

from pebble import ProcessExpired, ProcessPool

from axis.errors import AxisError, SetupError
from axis.gate import prison
from axis.gate.answers import Ready, Trouble, decode_answer

START_SECONDS: Final = 60.0
"""Longest start of a process: it imports the PDF library, on a busy machine."""
_GRACE_SECONDS: Final = 8.0
"""After the wall limit: the pool's own clock ticks in tenths, and killing takes it 3 s at most."""

Task = Callable[..., bytes]


@unique
class Cause(StrEnum):
    """Why a process ended by force."""

    WALL = "wall"
    """Still at work at the wall limit."""
    KILLED = "killed"
    """From outside, or by its own fault."""
    CPU = "cpu"
    """Ended by the kernel at its own CPU limit, in code that never came back to the interpreter."""
    GARBLED = "garbled"
    """It answered what cannot be understood."""


class CellDiedError(AxisError):
    """No answer came. What the task would have said is not known."""

    def __init__(self, cause: Cause, detail: str) -> None:
        """Keep the cause."""
        super().__init__(detail)
        self.cause = cause


class Cell:
    """One process, which may be replaced."""

    def __init__(self, premises: bytes) -> None:
        """Keep what each process is given at its start; none is started yet."""
        self._premises = premises
        self._pool = self._new()

    async def start(self) -> Ready:
        """Start the process and wait until it is warm.

        Raises:
            SetupError: it cannot start, and why.
        """
        try:
            answer = decode_answer(await self.run(prison.ready, wall_seconds=START_SECONDS))
        except CellDiedError as exc:
            raise SetupError(f"a judging process cannot start: {exc}") from exc
        if isinstance(answer, Ready):
            return answer
        raise SetupError(answer.detail if isinstance(answer, Trouble) else "a judging process is confused")

    @property
    def alive(self) -> bool:
        """Whether it can be asked; one that was killed while it had nothing to do says nothing of it."""
        return bool(self._pool.active)

    async def run(self, task: Task, *args: object, wall_seconds: float) -> bytes:
        """Run one task to its end.

        Args:
            task: a function of a module, so that the process can import it.
            args: what it is called with; pickled.
            wall_seconds: after that the process is killed.

        Raises:
            CellDiedError: no answer; `replace` the process before the next task.
        """
        try:
            async with asyncio.timeout(wall_seconds + _GRACE_SECONDS):
                future = self._pool.schedule(task, args=args, timeout=wall_seconds)
                answer = await asyncio.wrap_future(future)
        except TimeoutError as exc:
            raise CellDiedError(Cause.WALL, f"no answer within {wall_seconds} s") from exc
        except ProcessExpired as exc:
            if exc.exitcode == -signal.SIGXCPU:
                raise CellDiedError(Cause.CPU, "it computed longer than it may") from exc
            raise CellDiedError(Cause.KILLED, f"the process ended ({exc.exitcode})") from exc
        except Exception as exc:
            raise CellDiedError(Cause.KILLED, f"the process is lost ({type(exc).__name__})") from exc
        return answer

    async def replace(self) -> None:
        """End this process; `start` starts another one."""
        await self.close()
        self._pool = self._new()

    async def close(self) -> None:
        """End the process, whatever it does."""
        await asyncio.shield(asyncio.to_thread(_end, self._pool))

    def _new(self) -> ProcessPool:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPool(1, initializer=prison.enter, initargs=(self._premises,), context=spawn)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble types only its signatures with arguments
    with contextlib.suppress(RuntimeError, OSError):
        pool.join()
