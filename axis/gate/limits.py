"""CPU and memory limits of a judging process, set anew for each file.

What runs into one of them is the file's own doing, and is told apart from
whatever else may end a process. Only soft limits move: a lowered hard limit
could not be raised again. The CPU limit is a timer, since the kernel's own limit
counts whole seconds from the start of the process; that one stands behind it, for
code that never comes back to the interpreter (it ends the process by SIGXCPU).
"""

import math
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from axis.checks.policy import Limits, Policy
from axis.violations import Code, Violation

_PAGE = os.sysconf("SC_PAGE_SIZE")
_AGAIN_SECONDS = 0.5
_NATIVE_SECONDS = 2
"""What a library's own code may compute beyond the limit before the kernel ends the process."""
_armed = False


class CpuLimitError(BaseException):
    """The CPU limit was reached.

    No `Exception` on purpose: parsers that swallow every exception must not swallow this.
    """


def install() -> None:
    """Prepare this process: it dies at once when told to, and leaves no core file."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, _on_cpu_limit)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """Limit what the body may use, counted from now.

    The CPU limit shows between two Python instructions: where one call of a
    library runs on, the kernel ends the process some seconds later.

    Raises:
        CpuLimitError: the body used ``limits.cpu_seconds``.
        MemoryError: the body asked for more than ``limits.memory_bytes`` of address space.
    """
    global _armed  # noqa: PLW0603 - a process has one set of limits
    _soft(resource.RLIMIT_AS, address_space() + limits.memory_bytes)
    _soft(resource.RLIMIT_FSIZE, limits.decoded_bytes + limits.packet_bytes)
    _soft(resource.RLIMIT_CPU, math.ceil(time.process_time()) + limits.cpu_seconds + _NATIVE_SECONDS)
    _armed = True
    # It repeats: should one raise where Python drops exceptions (a destructor), the next gets through.
    signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds, _AGAIN_SECONDS)
    try:
        yield
    finally:
        lift()


def lift() -> None:
    """Lift the limits: what remains is to say that one was reached."""
    global _armed  # noqa: PLW0603 - as above
    _armed = False
    signal.setitimer(signal.ITIMER_PROF, 0)
    for what in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU):
        resource.setrlimit(what, (resource.getrlimit(what)[1], resource.getrlimit(what)[1]))


def limit_of(exc: BaseException, where: str, policy: Policy) -> tuple[Violation]:
    """Name the limit that ended the reading (G9)."""
    if isinstance(exc, MemoryError):
        allowed = policy.limits.memory_bytes
        return (Violation(Code.LIMIT_MEMORY, where, f"more than {allowed} bytes of memory"),)
    return (Violation(Code.LIMIT_CPU, where, f"more than {policy.limits.cpu_seconds} s of computing"),)


def address_space() -> int:
    """Return the bytes of address space this process has now."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - read for every file, and fast
        return int(file.read().split(maxsplit=1)[0]) * _PAGE


def _soft(what: int, value: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))


def _on_cpu_limit(_signum: int, _frame: FrameType | None) -> None:
    if _armed:
        raise CpuLimitError
