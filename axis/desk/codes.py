"""Canonical codes of senders, kept for a moment: a door asks for one with every packet."""

import time
from collections.abc import Awaitable, Callable
from typing import Final

KEEP_SECONDS: Final = 10.0
"""How long a code is believed. It goes into a key: that says where a packet stands, not what it is worth."""

MOST: Final = 10_000
"""Codes kept."""


class Codes:
    """Canonical codes that were asked for lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty.

        Args:
            clock: seconds that never go back.
        """
        self._clock = clock
        self._kept: dict[str, tuple[float, str]] = {}

    async def canonical(self, code: str, ask: Callable[[str], Awaitable[str | None]]) -> str | None:
        """Return the canonical code of the agency with a code of either generation; None: unknown.

        What is unknown is asked again each time: its agency may be imported the next moment.

        Args:
            code: as a header names it.
            ask: the directory.

        Raises:
            UnavailableError: the database is away.
        """
        now = self._clock()
        since, known = self._kept.get(code, (float("-inf"), ""))
        if now - since < KEEP_SECONDS:
            return known
        found = await ask(code)
        if found is not None:
            if len(self._kept) >= MOST:
                self._kept.clear()
            self._kept[code] = (now, found)
        return found
