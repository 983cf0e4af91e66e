"""Finds out whether a worker that runs also works. What it finds cannot be mended inside the process."""

import time
from collections.abc import Sequence
from typing import Final

import faust
from faust.types import TP

from agents.edge import Edge

BUSY_SECONDS: Final = 300.0
"""Most that one attempt at one batch may take. Judging and the database have their own, far lower limits."""

UNCOMMITTED_SECONDS: Final = 120.0
"""Most that settled work may stay uncommitted while the broker is there."""


class Watch:
    """Asked from time to time; remembers what it saw."""

    def __init__(self, app: faust.App, edges: Sequence[Edge]) -> None:
        """Look at nothing yet."""
        self._app = app
        self._edges = edges
        self._behind: dict[TP, tuple[int | None, float]] = {}

    def forgive(self) -> None:
        """Forget what was behind: the broker is away, and nobody could have committed."""
        self._behind.clear()

    def complaint(self) -> str | None:
        """Return why this process should end and be started anew, or None."""
        now = time.monotonic()
        for edge in self._edges:
            if edge.busy_since is not None and now - edge.busy_since > BUSY_SECONDS:
                return f"{edge.name}: one attempt has been running for {now - edge.busy_since:.0f} s"
        return self._commits_stuck(now)

    def _commits_stuck(self, now: float) -> str | None:
        consumer = self._app.consumer
        # Its own memory of what is committed, which the public sensors lose at a rebalance.
        committed: dict[TP, int] = consumer._committed_offset  # type: ignore[attr-defined]  # noqa: SLF001
        still_behind: dict[TP, tuple[int | None, float]] = {}
        for edge in self._edges:
            for (topic, partition), settled in edge.settled.items():
                tp = TP(topic, partition)
                held = committed.get(tp)
                if tp not in consumer.assignment() or (held is not None and held > settled):
                    continue
                before, since = self._behind.get(tp, (held, now))
                still_behind[tp] = (held, since if before == held else now)
                if now - still_behind[tp][1] > UNCOMMITTED_SECONDS:
                    return f"{topic}[{partition}]: settled up to {settled}, committed only up to {held}"
        self._behind = still_behind
        return None
