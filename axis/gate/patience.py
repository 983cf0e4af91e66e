"""How long a file may take whose process got too little of a busy machine.

The wall limit is for what blocks. A file that computes runs into its CPU limit,
which is its own doing and a verdict; on a busy machine the wall comes first, and
the file would wait for ever. So the second try, alone, goes on while it computes.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

TIMES: Final = 4
"""The wall limits that a second try may take, so long as it computes."""

_TICK_SECONDS: Final = 0.25
_WORTH_NAMING: Final = 0.02
"""Share of a processor below which a process counts as blocked."""
_CLOCK: Final = os.sysconf("SC_CLK_TCK")


async def idle(pid: int, seconds: float) -> None:
    """Return when a process has computed next to nothing for some time.

    Args:
        pid: of the process; where it is gone, whoever waits for its answer learns that.
        seconds: how long.
    """
    counted, since = cpu_seconds(pid), time.monotonic()
    while time.monotonic() - since < seconds:
        await asyncio.sleep(_TICK_SECONDS)
        used, now = cpu_seconds(pid), time.monotonic()
        if used - counted > max(_WORTH_NAMING * (now - since), 1 / _CLOCK):
            counted, since = used, now


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process so far; 0 where it is gone or its kernel does not tell."""
    try:
        # Its name stands in brackets and may hold anything; the numbers come behind.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK
    except (OSError, ValueError, IndexError):
        return 0.0
