"""One process of the stack: how it is started, how one sees that it is ready, how it is stopped."""

import errno
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from axis.errors import SetupError, UnavailableError

PROBE_SECONDS: Final = 0.02
TAIL_BYTES: Final = 64 * 1024


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """How one process of the stack is run, by the supervisor or by a test."""

    name: str
    command: tuple[str, ...]
    environ: dict[str, str]
    """All of its environment beyond PATH, HOME and the language."""
    folder: Path
    """Working folder."""
    port: int
    """Where it listens."""
    ready: str = ""
    """Path that answers 200 over plain HTTP when it is ready; empty: it listens."""
    ready_port: int = 0
    """Port of ``ready``, where it is another one."""
    ready_command: tuple[str, ...] = ()
    """Ends with 0 when it is ready, where listening says too little."""
    needs: tuple[int, ...] = ()
    """Ports that must listen before it is started."""
    stage: int = 1
    """Programs of one stage stop together, the highest stage first."""
    stop_signal: str = "TERM"
    stop_seconds: int = 10
    """After this it is killed."""
    patience_seconds: float = 60
    """A start that takes longer than this has failed."""


def run_tool(
    command: Sequence[str],
    *,
    what: str,
    stdin: str = "",
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
    seconds: float = 120,
) -> str:
    """Run a short command to its end.

    Raises:
        SetupError: it is not installed, or failed; with its own last words.
    """
    try:
        done = subprocess.run(  # noqa: S603 - commands of ours, no shell
            command,
            input=stdin,
            cwd=folder,
            env=environ or base_environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError as exc:
        raise SetupError(f"{what}: chưa cài / {command[0]} is not installed; run `make setup`") from exc
    except subprocess.TimeoutExpired as exc:
        raise SetupError(f"{what}: {command[0]} did not end in {seconds:.0f} s") from exc
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        raise SetupError(f"{what}: {' / '.join(words[-3:])}")
    return done.stdout


def is_ready(program: Program) -> bool:
    """Ask a program whether it is ready; never raises."""
    if program.ready_command:
        asked = subprocess.run(program.ready_command, capture_output=True, env=base_environ(), check=False)  # noqa: S603
        return asked.returncode == 0
    if not program.ready:
        return listens(program.port)
    connection = http.client.HTTPConnection("127.0.0.1", program.ready_port or program.port, timeout=2)
    try:
        connection.request("GET", program.ready)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def listens(port: int) -> bool:
    """Say whether somebody listens on a port of the loopback address."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def await_ready(program: Program, alive: Callable[[], bool], log: Path) -> float:
    """Wait until a program is ready.

    Args:
        program: started already.
        alive: False once there is no hope.
        log: where its output goes, for the message.

    Returns:
        Seconds it took.

    Raises:
        UnavailableError: it died or is not ready in time; with the reason from its log.
    """
    since = time.monotonic()
    while not is_ready(program):
        if not alive():
            raise UnavailableError(
                f"{program.name} không khởi động / does not start: {reason(log)} (log: {log})"
            )
        if time.monotonic() - since > program.patience_seconds:
            raise UnavailableError(
                f"{program.name} chưa sẵn sàng / is not ready after {program.patience_seconds:.0f} s:"
                f" {reason(log)} (log: {log})"
            )
        time.sleep(PROBE_SECONDS)
    return time.monotonic() - since


_TELLING: Final = (
    ("No space left on device", "the disk is full"),
    ("Address already in use", "its port is taken by another process"),
    ("could not create any TCP/IP sockets", "its port is taken by another process"),
    ("Permission denied", "a file or folder of the stack is not readable for its account"),
    ("Cannot allocate memory", "not enough memory"),
    ("insufficient memory", "not enough memory"),
)
_LOUD: Final = ("Error:", "ERROR", "FATAL", "Exception", "error:")


def reason(log: Path) -> str:
    """Find the most telling line near the end of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-200:]
    except OSError:
        return "it left no log"
    for sign, words in _TELLING:
        for line in reversed(lines):
            if sign in line:
                return f"{words} ({line.strip()[:200]})"
    for line in reversed(lines):
        if any(sign in line for sign in _LOUD):
            return line.strip()[:300]
    return lines[-1].strip()[:300] if lines else "its log is empty"


def bound(command: Sequence[str], stop_signal: str = "TERM") -> tuple[str, ...]:
    """Bind a process to its parent: it is told to stop when that dies, however it dies."""
    return ("setpriv", f"--pdeathsig={stop_signal}", *command)


def base_environ() -> dict[str, str]:
    """Return what every process gets: where programs are, where it lives, its language. No secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


def require_room(folder: Path, least: int = 256 * 1024 * 1024) -> None:
    """Refuse to start on a disk that is as good as full.

    Raises:
        SetupError: fewer than ``least`` bytes are free.
    """
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < least:
        raise SetupError(
            f"đĩa đầy / the disk of {folder} is full: {free // 1024**2} MiB free, {least // 1024**2} needed;"
            " make room or set AXIS_HOME to another disk"
        ) from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
