"""Named places at which a test may kill this process, at every effect boundary.

``AXIS_FAILPOINT=name:n`` kills the process with SIGKILL the n-th time that it
comes to that place (``name`` alone: the first time). Nothing else can be done
with them: a failpoint cannot change what the axis decides. A marker file under
``AXIS_HOME`` makes one setting kill once, so that the supervisor's restart lives.
"""

import os
import signal
from pathlib import Path
from typing import Final

NAMES: Final = frozenset(
    {
        "take.content-written",  # content on disk, intake row not committed
        "take.committed",  # intake row committed, not published
        "take.published",  # published, outbox row not deleted
        "admit.judged",  # verdict computed, not recorded
        "admit.committed",
        "admit.published",
        "route.committed",
        "ack.committed",
        "seal.signed",  # checkpoint signed, not recorded
        "seal.committed",
    }
)

ACTS: Final = frozenset(
    {
        "connection.begun",  # intent committed, nothing done
        "connection.topics",  # topics made
        "connection.user",  # user made
        "connection.rights",  # rights given; the database does not know yet
        "connection.recorded",  # all done, not told
        "connection.removed",  # removed in the database, not on the broker
        "connection.user-closed",
        "connection.topics-closed",
    }
)
"""Places in commands that act on connections."""

DOOR: Final = frozenset(
    {
        "bridge.settled",  # effect durable, offsets not committed
        "bridge.published",  # the broker has it, the queue does not know
    }
)
"""Places in the bridge."""

_name, _, _count = os.environ.get("AXIS_FAILPOINT", "").partition(":")
_left = int(_count or 1)


def reached(name: str) -> None:
    """Say that this process is at a named place; die there if a test asked for it."""
    global _left  # noqa: PLW0603 - one counter per process is the point
    assert name in NAMES | ACTS | DOOR, name
    if name != _name:
        return
    _left -= 1
    marker = Path(os.environ.get("AXIS_HOME", "/nonexistent")) / f"failpoint.{name}.hit"
    if _left > 0 or marker.exists():
        return
    marker.touch()
    os.kill(os.getpid(), signal.SIGKILL)
