"""Run one program of the stack as a child of this process: for tests and for preparation."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from axis.errors import UnavailableError
from axis.stack.program import Program, await_ready

_POLL_SECONDS: Final = 0.02


class Child(msgspec.Struct, frozen=True):
    """A program that runs as our child; it dies with us."""

    program: Program
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self) -> None:
        """Stop it gracefully; kill it when it does not go."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.Signals[f"SIG{self.program.stop_signal}"])
        try:
            self.process.wait(self.program.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it with no chance to tidy up."""
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()


def launch(program: Program, log: Path) -> Child:
    """Start a program; whether it ever becomes ready is the caller's business."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - commands of ours, no shell
            program.command,
            env=program.environ,
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C for us is not one for it: it is stopped in order
        )
    return Child(program, process, log)


def start_alone(program: Program, log: Path) -> Child:
    """Start a program and wait until it is ready.

    Raises:
        UnavailableError: it does not become ready; the message has its reason.
    """
    child = launch(program, log)
    try:
        await_ready(program, lambda: child.process.poll() is None, log)
        _claim(child)
    except BaseException:
        child.kill()
        raise
    return child


@contextmanager
def running(program: Program, log: Path) -> Iterator[Child]:
    """Run a program for the length of a ``with`` block."""
    child = start_alone(program, log)
    try:
        yield child
    finally:
        child.stop()


def _claim(child: Child) -> None:
    # Another process that took the port first would look ready while ours dies of it.
    time.sleep(_POLL_SECONDS)
    if child.process.poll() is not None:
        raise UnavailableError(
            f"cổng đã bị chiếm / port {child.program.port} of {child.program.name} belongs to another process"
        )
