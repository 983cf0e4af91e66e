"""The supervisor of the local stack: its configuration, its start, and talking to it.

It starts nothing by itself: `life.up` starts each program when what it needs
is ready. After that it restarts what dies, and stops all in reverse when it is told to end.
"""

import http.client
import json
import os
import shlex
import signal
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, cast

import msgspec
from supervisor.xmlrpc import SupervisorTransport

from axis.errors import SetupError, UnavailableError
from axis.stack import waitfor
from axis.stack.places import Home, write_private
from axis.stack.program import Program, base_environ, reason, run_tool

LOG_BYTES: Final = 20 * 1024 * 1024
LOG_BACKUPS: Final = 3
SOCKET_PATH_BYTES: Final = 90
"""The kernel allows 107 for the address of a socket; the supervisor appends to it while starting."""
START_SECONDS: Final = 15
STOP_SECONDS: Final = 60
ALIVE: Final = frozenset({"RUNNING", "STARTING", "STOPPING"})
_POLL_SECONDS: Final = 0.02
_MARK: Final = "AXIS_STACK"


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How one supervised program stands."""

    name: str
    state: str
    """The supervisor's word: RUNNING, STARTING, BACKOFF, STOPPED, EXITED, FATAL."""
    pid: int
    since: float
    """Seconds since the epoch; 0: never started."""
    detail: str


class Supervisor:
    """The supervisor of one stack."""

    def __init__(self, home: Home) -> None:
        """Nothing is started yet."""
        self.home = home
        self.socket = control_socket(home)
        self.log = home.logs / "supervisor.log"

    def pid(self) -> int:
        """Return its process number; 0: it does not run."""
        try:
            return cast("int", self._ask("getPID"))
        except UnavailableError:
            return 0

    def start(self, programs: Sequence[Program], *, name: str) -> None:
        """Write the configuration of all programs and start the supervisor; none of them is started.

        Raises:
            UnavailableError: it does not come up.
        """
        folder = self.home.run / "programs"
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()  # of an earlier start, with other programs
        for program in programs:
            # Not in the supervisor's own file: each process' secrets in a file of its own.
            marked = msgspec.structs.replace(program, environ={**program.environ, _MARK: name})
            write_private(folder / f"{program.name}.json", msgspec.json.encode(marked, enc_hook=str).decode())
        config = self.home.run / "supervisord.conf"
        write_private(config, configuration(self.home, self.socket, programs))
        self.socket.unlink(missing_ok=True)
        # It goes into the background by itself, once it has understood its configuration.
        run_tool(
            (sys.executable, "-P", "-m", "supervisor.supervisord", "-c", str(config)),
            what="supervisor",
            folder=self.home.root,
            environ={**base_environ(), _MARK: name},
        )
        until = time.monotonic() + START_SECONDS
        while not self.pid():
            if time.monotonic() > until:
                raise UnavailableError(
                    f"bộ giám sát không khởi động / the supervisor does not start: {reason(self.log)}"
                )
            time.sleep(_POLL_SECONDS)

    def begin(self, program: str) -> None:
        """Start one program, without waiting for it."""
        with suppress(xmlrpc.client.Fault):  # already started
            self._ask("startProcess", program, False)

    def halt(self, program: str) -> None:
        """Stop one program and wait until it has ended; it is not started again by itself."""
        with suppress(xmlrpc.client.Fault):  # it does not run
            self._ask("stopProcess", program, True)

    def standings(self) -> list[Standing]:
        """Tell how each program stands.

        Raises:
            UnavailableError: the supervisor does not run.
        """
        rows = cast("list[dict[str, Any]]", self._ask("getAllProcessInfo"))
        return [
            Standing(
                name=row["name"],
                state=row["statename"],
                pid=row["pid"],
                since=float(row["start"]),
                detail=row["spawnerr"] or row["description"],
            )
            for row in rows
        ]

    def started_at(self, program: str) -> float:
        """Return when a program that runs was started, seconds since the epoch; 0: it does not run."""
        try:
            row = cast("dict[str, Any]", self._ask("getProcessInfo", program))
        except (UnavailableError, xmlrpc.client.Fault):
            return 0
        return float(row["start"]) if row["statename"] in {"STARTING", "RUNNING"} else 0

    def stop(self) -> None:
        """Stop all programs in reverse order, then the supervisor."""
        pid = self.pid()
        if not pid:
            return
        with suppress(UnavailableError):
            for names in self._stages():
                for name in names:
                    with suppress(xmlrpc.client.Fault):  # it does not run
                        self._ask("stopProcess", name, False)
                until = time.monotonic() + STOP_SECONDS
                while time.monotonic() < until and any(
                    one.state in ALIVE for one in self.standings() if one.name in names
                ):
                    time.sleep(_POLL_SECONDS)
            self._ask("shutdown")
        until = time.monotonic() + STOP_SECONDS
        while _runs(pid) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
        if _runs(pid):
            os.kill(pid, signal.SIGKILL)  # its children are bound to it

    def _stages(self) -> list[set[str]]:
        """Return the programs' names, those that stop together in one set, the first to stop first."""
        stages: dict[int, set[str]] = {}
        for path in (self.home.run / "programs").glob("*.json"):
            described = json.loads(path.read_bytes())
            stages.setdefault(described.get("stage", 1), set()).add(described["name"])
        return [stages[stage] for stage in sorted(stages, reverse=True)]

    def _ask(self, method: str, *arguments: object) -> object:
        # A connection a question: `up` asks from several threads, and none of this is frequent.
        transport = SupervisorTransport(None, None, serverurl=f"unix://{self.socket}")
        try:
            with xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException) as exc:
            raise UnavailableError(
                "trục không chạy / the stack does not run: start it with `axis up`"
            ) from exc


def control_socket(home: Home) -> Path:
    """Return where the supervisor is spoken to; a long home needs a shorter place.

    Raises:
        SetupError: that place belongs to somebody else.
    """
    path = home.run / "supervisor.sock"
    if len(os.fsencode(path)) <= SOCKET_PATH_BYTES:
        return path
    folder = Path("/tmp") / f"axis-{os.geteuid()}-{sha256(os.fsencode(home.root)).hexdigest()[:12]}"  # noqa: S108
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.geteuid() or folder.is_symlink():
        raise SetupError(
            f"{folder} là của tài khoản khác / belongs to another account;"
            " remove it or set AXIS_HOME to a shorter path"
        )
    return folder / "supervisor.sock"


def configuration(home: Home, socket: Path, programs: Sequence[Program]) -> str:
    """Return the supervisor's configuration. It holds no secret.

    Its own files are named from the home, where it runs: it fills in percent
    signs of some paths once and of others twice.
    """
    lines = [
        "[unix_http_server]",
        f"file={_escaped(socket)}",
        "chmod=0600",
        "[supervisord]",
        "logfile=logs/supervisor.log",
        f"logfile_maxbytes={LOG_BYTES}",
        f"logfile_backups={LOG_BACKUPS}",
        "silent=true",
        "pidfile=run/supervisord.pid",
        "childlogdir=logs",
        "minfds=1024",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    wrapper = Path(waitfor.__file__)
    for number, program in enumerate(programs):
        description = home.run / "programs" / f"{program.name}.json"
        command = bound_wrapper(wrapper, description)
        lines += [
            f"[program:{program.name}]",
            f"command={command}",
            f"priority={program.stage * 100 + number}",  # for a supervisor that is told to end by others
            "autostart=false",
            "autorestart=true",
            "startsecs=1",
            "startretries=10",
            f"stopsignal={program.stop_signal}",
            f"stopwaitsecs={program.stop_seconds}",
            "redirect_stderr=true",
            f"stdout_logfile=logs/{program.name}.log",
            f"stdout_logfile_maxbytes={LOG_BYTES}",
            f"stdout_logfile_backups={LOG_BACKUPS}",
        ]
    return "\n".join(lines) + "\n"


def bound_wrapper(wrapper: Path, description: Path) -> str:
    """Return the command line that becomes a program once its needs listen."""
    parts = ("setpriv", "--pdeathsig=TERM", sys.executable, "-I", "-S", str(wrapper), str(description))
    return _escaped(" ".join(shlex.quote(part) for part in parts))


def end_orphans(name: str) -> int:
    """End what a killed supervisor of this stack left behind; return how many there were."""
    found = [pid for pid in _processes() if f"{_MARK}={name}".encode() in _environment(pid)]
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + START_SECONDS
    while any(_runs(pid) for pid in found) and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    for pid in found:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    return len(found)


def _processes() -> list[int]:
    own = str(os.getpid())
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if path.name != own]


def _environment(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _runs(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")
