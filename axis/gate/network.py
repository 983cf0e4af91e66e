"""No network for a process that reads what strangers sent."""

import ctypes
import os
import sys
from typing import Final

NAMESPACE: Final = "namespace"
"""The process is alone in a network of its own, by the kernel."""
INTERPRETER: Final = "interpreter"
"""The kernel did not allow that; the interpreter refuses to connect."""

_CLONE_NEWNET: Final = 0x40000000
_CLONE_NEWUSER: Final = 0x10000000
_CLOSED: Final = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
_STARTED: Final = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork")


def close_network() -> str:
    """Close the network, and the starting of programs, for the rest of this process.

    As root the kernel gives the process an empty network; as an ordinary user
    it does so within a user namespace, where that is allowed. Must be called
    while the process has one thread.

    Returns:
        `NAMESPACE` or `INTERPRETER`.
    """
    sys.addaudithook(_refuse)
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWNET | _CLONE_NEWUSER
    try:
        return NAMESPACE if libc.unshare(wanted) == 0 else INTERPRETER
    except AttributeError:  # not Linux
        return INTERPRETER


def _refuse(event: str, _args: tuple[object, ...]) -> None:
    if event in _CLOSED or event in _STARTED:
        raise PermissionError(f"{event} is closed where documents are judged")
