"""How fast each connection is taken from: its own rates, with room for a burst.

At this door nobody is refused for speed: what is too fast waits on the broker.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from axis.store.doors import Limits

BURST_SECONDS: Final = 5.0
"""A connection that was quiet may use this much of its rates at once."""


@dataclass(slots=True)
class _Level:
    records: float
    size: float
    at: float


class Pace:
    """Token buckets by connection."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin; connections without limits yet pass.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._limits: dict[str, Limits] = {}
        self._levels: dict[str, _Level] = {}

    def learn(self, limits: Limits) -> None:
        """Take up what a connection may do now."""
        self._limits[limits.name] = limits

    def may(self, name: str, size: int) -> bool:
        """Tell whether one record more is welcome now, and count it if so.

        A record may take the level of bytes into debt, which later ones wait for.
        """
        limits = self._limits.get(name)
        if limits is None:
            return True
        now, records, bytes_ = self._clock(), limits.requests_per_second, limits.bytes_per_second
        level = self._levels.setdefault(name, _Level(records * BURST_SECONDS, bytes_ * BURST_SECONDS, now))
        level.records = min(records * BURST_SECONDS, level.records + (now - level.at) * records)
        level.size = min(bytes_ * BURST_SECONDS, level.size + (now - level.at) * bytes_)
        level.at = now
        if level.records < 1 or level.size < 0:
            return False
        level.records -= 1
        level.size -= size
        return True
