"""`up`, `down`, `status`, `logs`: the life of one local stack."""

import fcntl
import json
import os
import shutil
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from axis.errors import SetupError, UnavailableError
from axis.stack.identity import load_identity
from axis.stack.places import Home, write_private
from axis.stack.ports import choose_ports
from axis.stack.postgres import as_root, remove_postgres
from axis.stack.program import is_ready, require_room
from axis.stack.starting import PORTS, Progress, Starter, plan_of, prepare, programs_of, settings_of
from axis.stack.supervision import Supervisor, control_socket, end_orphans
from axis.version import VERSION

_POLL_SECONDS: Final = 0.2
DOORS: Final = ("gateway", "console")
"""Processes whose own port matters more than that of their health pages."""
STATES: Final = {"STARTING": "starting", "RUNNING": "starting", "STOPPED": "stopped", "STOPPING": "stopped"}
"""The supervisor's words in ours, before readiness was asked; every other is ``failing``."""


class ProgramStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `axis ps`."""

    name: str
    state: str
    """``ready``, ``starting``, ``failing`` (dies again and again), ``stopped``."""
    pid: int
    port: int
    uptime_seconds: float
    log: str


def up(
    root: Path,
    *,
    prometheus: bool = False,
    progress: Progress = lambda _: None,
    extra: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, int]:
    """Start the stack; return when every process is ready. Doing it again is fine.

    Args:
        root: folder of all its data (`axis.settings.default_home`).
        prometheus: run a Prometheus too.
        progress: told each step, in words for people.
        extra: more environment by process (tests: failpoints).

    Returns:
        The ports by name.

    Raises:
        SetupError: something of this machine must be changed first; the message says what.
        UnavailableError: a process does not become ready; the message has its reason.
    """
    home = Home(root.expanduser().absolute())
    try:
        require_room(home.root)
        with _alone(home):
            return _up(home, prometheus=prometheus, progress=progress, extra=extra or {})
    except OSError as exc:
        raise SetupError(
            f"không dùng được / cannot use {home.root}: {exc.strerror or exc} ({exc.filename or ''})"
        ) from exc


def _up(
    home: Home, *, prometheus: bool, progress: Progress, extra: Mapping[str, Mapping[str, str]]
) -> dict[str, int]:
    supervisor = Supervisor(home)
    identity = load_identity(home)
    kept: dict[str, int] = _description(home).get("ports", {})
    running = bool(supervisor.pid())
    if (
        running
        and kept.keys() >= set(PORTS) - {"prometheus"}
        and _same(home, prometheus=prometheus, extra=extra)
    ):
        ports = kept
    else:
        if running:
            supervisor.stop()
        if left := end_orphans(identity.name):
            progress(f"đã dọn {left} tiến trình cũ / ended {left} processes of a killed stack")
        ports, moved = choose_ports(PORTS, kept, os.environ)
        for name in moved:
            progress(f"cổng của {name} đã bị chiếm / port of {name} was taken: now {ports[name]}")
        running = False
    plan = plan_of(home, identity, ports, environ=os.environ, prometheus=prometheus, extra=extra)
    if not running:
        progress("chuẩn bị / preparing")
        prepare(plan)
        supervisor.start(programs_of(plan), name=identity.name)
    try:
        described = {
            "settings": msgspec.to_builtins(settings_of(plan), enc_hook=str),
            "ports": ports,
            "version": VERSION,
            "prometheus": prometheus,
            "extra": {name: dict(more) for name, more in extra.items()},
        }
        write_private(home.stack, json.dumps(described, indent=1))
        Starter(plan, supervisor, progress).start_all()
    except BaseException:
        if not running:
            supervisor.stop()
        raise
    return ports


def down(root: Path, *, progress: Progress = lambda _: None) -> bool:
    """Stop the stack gracefully, the last started first.

    Returns:
        Whether there was anything to stop.
    """
    home = Home(root.expanduser().absolute())
    if not home.identity.exists():
        return False
    with _alone(home):
        supervisor = Supervisor(home)
        pid = supervisor.pid()
        if pid:
            progress("đang dừng / stopping")
            supervisor.stop()
        left = end_orphans(load_identity(home).name)
    return bool(pid or left)


def remove(root: Path) -> None:
    """Stop the stack and delete all its data for good."""
    home = Home(root.expanduser().absolute())
    if not home.identity.exists():
        return
    down(root)
    remove_postgres(home)
    socket = control_socket(home)
    shutil.rmtree(home.root, ignore_errors=True)
    if socket.parent != home.run:
        shutil.rmtree(socket.parent, ignore_errors=True)


def status(root: Path) -> list[ProgramStatus]:
    """Tell how each process stands.

    Raises:
        UnavailableError: the stack does not run.
    """
    home = Home(root.expanduser().absolute())
    described = _description(home)
    if not described:
        raise UnavailableError(
            f"chưa có trục nào ở {home.root} / there is no stack there; start one with `axis up`"
        )
    standings = Supervisor(home).standings()
    plan = plan_of(
        home,
        load_identity(home),
        # A stack that an older version started lacks the ports of what has come since.
        dict.fromkeys(PORTS, 0) | described["ports"],
        environ={"AXIS_DATABASE_URL": "" if any(s.name == "postgres" for s in standings) else "given"},
        prometheus=described["prometheus"],
        extra={},
    )
    programs = {program.name: program for program in programs_of(plan)}
    lines = []
    for standing in standings:
        program = programs[standing.name]
        state = STATES.get(standing.state, "failing")
        if standing.state in {"STARTING", "RUNNING"} and is_ready(program):
            state = "ready"
        lines.append(
            ProgramStatus(
                name=standing.name,
                state=state,
                pid=standing.pid,
                port=described["ports"][standing.name] if standing.name in DOORS else program.port,
                uptime_seconds=round(time.time() - standing.since, 1) if standing.pid else 0.0,
                log=str(home.logs / f"{standing.name}.log"),
            )
        )
    return lines


def logs(
    root: Path, names: Sequence[str] = (), *, lines: int = 50, follow: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield the last lines of the logs, then, if asked, what comes.

    Args:
        root: of the stack.
        names: of programs; empty: all.
        lines: so many of each.
        follow: go on for ever.

    Yields:
        The program's name and one line.

    Raises:
        SetupError: there is no such log.
    """
    folder = Home(root.expanduser().absolute()).logs
    there = sorted(path.stem for path in folder.glob("*.log"))
    if unknown := [name for name in names if name not in there]:
        known = ", ".join(there) or "none"
        raise SetupError(f"không có nhật ký của {', '.join(unknown)}; có: {known} (no such log)")
    with _opened(folder, names or there) as files:
        for name, file in files.items():
            for line in deque(file, maxlen=lines):
                yield name, line.rstrip("\n")
        while follow:
            some = False
            for name, file in files.items():
                for line in file:
                    some = True
                    yield name, line.rstrip("\n")
                with suppress(FileNotFoundError):  # rotated this very moment
                    path = folder / f"{name}.log"
                    if path.stat().st_ino != os.fstat(file.fileno()).st_ino:
                        file.close()
                        files[name] = path.open(encoding="utf-8", errors="replace")
            if not some:
                time.sleep(_POLL_SECONDS)


@contextmanager
def _opened(folder: Path, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    files = {name: (folder / f"{name}.log").open(encoding="utf-8", errors="replace") for name in names}
    try:
        yield files
    finally:
        for file in files.values():
            file.close()


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Hold the stack's lock: two commands at once take turns."""
    # The database's account must be able to pass, and nobody can look inside.
    home.root.mkdir(parents=True, exist_ok=True)
    home.root.chmod(0o711 if as_root() else 0o700)
    for folder in (home.run, home.logs):
        folder.mkdir(mode=0o700, exist_ok=True)
    with (home.run / "lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _description(home: Home) -> dict[str, Any]:
    try:
        described = json.loads(home.stack.read_text(encoding="utf-8"))
        return described if isinstance(described.get("ports"), dict) else {}
    except (OSError, ValueError, AttributeError):
        return {}  # written anew


def _same(home: Home, *, prometheus: bool, extra: Mapping[str, Mapping[str, str]]) -> bool:
    described = _description(home)
    wanted = {name: dict(more) for name, more in extra.items()}
    # Processes of another version are started anew: `axis up` after an upgrade is the upgrade.
    return (described.get("prometheus"), described.get("extra"), described.get("version")) == (
        prometheus,
        wanted,
        VERSION,
    )
