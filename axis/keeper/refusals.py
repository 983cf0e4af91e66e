"""Counts what the broker refused to whom."""

import asyncio
import logging
from pathlib import Path
from typing import Final

from axis import metrics
from axis.kafka.denials import Denials

_log = logging.getLogger("axis.keeper")

MOST_USERS: Final = 200
"""Users that have a line of their own; further ones are counted together."""
OTHERS: Final = "others"


class Refusals:
    """Follows the broker's log, in the keeper that leads."""

    def __init__(self, path: str) -> None:
        """Begin; an empty path is a log that nobody gave: the metric says that it is not read."""
        self._denials = Denials(Path(path)) if path else None
        self._users: set[str] = set()
        self._unread = False
        metrics.BROKER_DENIALS_READ.set(0)

    async def show(self) -> None:
        """Count what came since the last look."""
        if self._denials is None:
            return
        try:
            found = await asyncio.to_thread(self._denials.read)
        except OSError as exc:
            if not self._unread:
                _log.warning("the broker's refusals cannot be read: %s", exc)
            self._unread = True
            metrics.BROKER_DENIALS_READ.set(0)
            return
        self._unread = False
        metrics.BROKER_DENIALS_READ.set(1)
        for (user, operation), count in found.items():
            if user not in self._users and len(self._users) < MOST_USERS:
                self._users.add(user)
            label = user if user in self._users else OTHERS
            metrics.BROKER_DENIED.labels(label, operation).inc(count)
