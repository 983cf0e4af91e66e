"""Ports of a stack: chosen free, kept, or set.

Chosen below the range the kernel gives to outgoing connections, so that a
stopped stack finds its ports free again.
"""

import os
import random
import socket
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Final

from axis.errors import SetupError

LOWEST: Final = 20_000
HIGHEST: Final = 32_000
TRIES: Final = 200
HOST: Final = "127.0.0.1"
PATIENCE_SECONDS: Final = 3.0


def is_free(port: int) -> bool:
    """Say whether somebody could listen on this port of the loopback address now."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def choose_ports(
    names: Iterable[str],
    kept: Mapping[str, int],
    environ: Mapping[str, str],
    *,
    patience: float = PATIENCE_SECONDS,
) -> tuple[dict[str, int], list[str]]:
    """Choose a port for every name.

    ``AXIS_PORT_<NAME>`` sets one; else the one kept from the last start if it
    is still free; else a free one.

    Args:
        names: of what listens.
        kept: ports of the last start.
        environ: of this process.
        patience: seconds for a process that was just killed to let go of its ports.

    Returns:
        The ports, and the names whose kept port was taken meanwhile.

    Raises:
        SetupError: a set port is taken or no number.
    """
    chosen: dict[str, int] = {}
    moved: list[str] = []
    until = time.monotonic() + patience
    for name in names:
        key = f"AXIS_PORT_{name.upper()}"
        if given := environ.get(key):
            chosen[name] = _set_port(key, given)
            continue
        port = kept.get(name, 0)
        if port and port not in chosen.values() and _becomes_free(port, until):
            chosen[name] = port
            continue
        if port:
            moved.append(name)
        chosen[name] = _free_port({*chosen.values(), *kept.values()})
    return chosen, moved


def _set_port(key: str, given: str) -> int:
    if not given.isascii() or not given.isdigit() or not 0 < int(given) < 1 << 16:
        raise SetupError(f"không phải số cổng / {key}={given} is no port number")
    if not is_free(int(given)):
        raise SetupError(f"cổng đã bị chiếm / port {given} ({key}) is taken by {owner(int(given))}")
    return int(given)


def _becomes_free(port: int, until: float) -> bool:
    while not (free := is_free(port)) and time.monotonic() < until:
        time.sleep(0.05)
    return free


def _free_port(taken: set[int]) -> int:
    for _ in range(TRIES):
        port = random.randrange(LOWEST, HIGHEST)  # noqa: S311 - no secret
        if port not in taken and is_free(port):
            return port
    raise SetupError(f"hết cổng trống / no free port between {LOWEST} and {HIGHEST} on {HOST}")


def owner(port: int) -> str:
    """Name the process that listens on a port, as far as this account may know."""
    wanted = f"0100007F:{port:04X}", f"00000000:{port:04X}"
    try:
        with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - a kernel table
            rows = [line.split() for line in table]
    except OSError:
        return "another process"
    sockets = {f"socket:[{row[9]}]" for row in rows[1:] if row[1] in wanted and row[3] == "0A"}
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208 - a kernel table
        try:
            links = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}  # noqa: PTH115, PTH208
            if links & sockets:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:  # noqa: PTH123
                    return f"{comm.read().strip()} (process {pid})"
        except OSError:
            continue
    return "another process"
