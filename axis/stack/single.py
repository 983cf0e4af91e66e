"""One program of a running stack: stopped, started, given more environment for its next start."""

import time
from pathlib import Path

import msgspec

from axis.errors import SetupError, UnavailableError
from axis.stack.places import Home, write_private
from axis.stack.program import Program, await_ready
from axis.stack.supervision import Supervisor


def halt(root: Path, name: str) -> None:
    """Stop one program gracefully; it stays stopped until `begin`. Harmless when it does not run.

    Raises:
        UnavailableError: the stack does not run.
    """
    Supervisor(Home(root)).halt(name)


def begin(root: Path, name: str) -> float:
    """Start one program and wait until it is ready. Harmless when it runs.

    Returns:
        Seconds until it was ready.

    Raises:
        UnavailableError: the stack does not run, or the program does not become ready.
        SetupError: there is no such program.
    """
    home = Home(root)
    program, supervisor = described(root, name), Supervisor(home)
    since = time.monotonic()
    supervisor.begin(name)
    started = supervisor.started_at(name)
    log = home.logs / f"{name}.log"
    if not started:
        raise UnavailableError(f"{name} cannot be started at all (log: {log})")
    await_ready(program, lambda: supervisor.started_at(name) == started, log)
    return time.monotonic() - since


def restart(root: Path, name: str, *, extra: dict[str, str] | None = None) -> float:
    """Stop one program gracefully and start it anew.

    Args:
        root: of the stack.
        name: of the program.
        extra: see `arm`.

    Returns:
        Seconds from the order to stop until it was ready again.

    Raises:
        UnavailableError: the stack does not run, or the program does not become ready.
        SetupError: there is no such program.
    """
    since = time.monotonic()
    arm(root, name, extra or {})
    halt(root, name)
    begin(root, name)
    return time.monotonic() - since


def arm(root: Path, name: str, extra: dict[str, str]) -> None:
    """Give a program more environment for its next starts, whoever starts it; `life.up` forgets it.

    Args:
        root: of the stack.
        name: of the program.
        extra: variables; they stand over those it had.

    Raises:
        SetupError: there is no such program.
    """
    program = described(root, name)
    changed = msgspec.structs.replace(program, environ={**program.environ, **extra})
    write_private(_description(root, name), msgspec.json.encode(changed, enc_hook=str).decode())


def described(root: Path, name: str) -> Program:
    """Return how the supervisor runs a program.

    Raises:
        SetupError: there is no such program.
    """
    try:
        return msgspec.json.decode(_description(root, name).read_bytes(), type=Program, dec_hook=_path)
    except FileNotFoundError as exc:
        raise SetupError(f"no program {name!r} in the stack of {root}") from exc


def _description(root: Path, name: str) -> Path:
    return Home(root).run / "programs" / f"{name}.json"


def _path(_kind: type, value: object) -> Path:
    return Path(str(value))
