"""The stack of this machine as commands see it: where it is, whether it runs, its addresses."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.funnel import FULL, absent
from axis.errors import SetupError, UnavailableError
from axis.settings import Settings, default_home, load_settings
from axis.stack import life
from axis.stack.life import ProgramStatus
from axis.stack.places import Home
from axis.stack.supervision import Supervisor


def root() -> Path:
    """Return the folder of the stack."""
    return default_home(os.environ)


def runs() -> bool:
    """Tell whether the stack's supervisor answers."""
    try:
        return bool(life.status(root()))
    except (UnavailableError, SetupError):
        return False


def is_ready() -> bool:
    """Tell whether every process of the stack is ready."""
    try:
        return all(one.state == "ready" for one in life.status(root()))
    except (UnavailableError, SetupError):
        return False


def standings() -> list[ProgramStatus]:
    """Return how every process stands.

    Raises:
        StopError: no stack runs.
    """
    try:
        return life.status(root())
    except UnavailableError as exc:
        raise absent() from exc


def processes() -> dict[str, int]:
    """Return the process numbers of the stack by name, with the supervisor, which writes all their logs.

    Raises:
        StopError: no stack runs.
    """
    supervisor = Supervisor(Home(root().expanduser().absolute()))
    return {"supervisord": supervisor.pid(), **{one.name: one.pid for one in standings() if one.pid}}


def ports() -> dict[str, int]:
    """Return the ports of the stack, by name."""
    path = root() / "stack.json"
    try:
        found: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))["ports"]
    except (OSError, ValueError, KeyError) as exc:
        raise absent() from exc
    return found


def addresses(settings: Settings) -> list[tuple[str, str]]:
    """Return what a person may open: name and address."""
    found = [("REST /v1 + OpenAPI", f"{settings.gateway_url}/v1/docs")]
    if settings.console_url:
        found.append(("trang văn thư / the page", f"{settings.console_url}/"))
    there = ports()
    found += [
        (f"metrics {name.removeprefix('metrics_')}", f"http://127.0.0.1:{port}/metrics")
        for name, port in there.items()
        if name.startswith("metrics_")
    ]
    if described().get("prometheus"):
        found.append(("Prometheus", f"http://127.0.0.1:{there['prometheus']}/"))
    found.append(("nhật ký / logs", str(root() / "logs")))
    return found


def gateway_url() -> str:
    """Return the door's address as the stack described it; empty: there is no description."""
    settings = described().get("settings")
    return str(settings.get("gateway_url", "")) if isinstance(settings, dict) else ""


def described() -> dict[str, object]:
    """Return the description that the stack wrote of itself; empty: there is none."""
    try:
        found: dict[str, object] = json.loads((root() / "stack.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def running_settings() -> Settings:
    """Return the settings of the stack that runs.

    Raises:
        StopError: none does.
    """
    standings()
    return load_settings()


@contextmanager
def starting() -> Iterator[None]:
    """Turn what hinders a start into a line and an exit code.

    A port that is taken, Java that is missing, data that is half made: the
    machine is to be mended, so the code is "unavailable"; a full disk has its own.
    """
    try:
        yield
    except (SetupError, UnavailableError) as exc:
        cause = exc.__cause__
        full = isinstance(cause, OSError) and cause.errno in FULL
        if isinstance(cause, PermissionError) or (isinstance(cause, OSError) and cause.errno == errno.EROFS):
            raise StopError(exits.CREDENTIALS, str(exc), "no permission there") from exc
        code = exits.NO_ROOM if full else exits.UNAVAILABLE
        raise StopError(code, f"trục không khởi động được: {exc}", "the stack does not start") from exc
