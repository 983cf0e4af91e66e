"""What the keeper shows of the whole axis: queues, sources, certificates, disk, connections."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from axis import metrics
from axis.content.store import ContentStore
from axis.document import Verdict
from axis.store.observing import read_connections, read_queues, read_sources

if TYPE_CHECKING:
    from axis.store.pool import Pool

_log = logging.getLogger("axis.keeper")

SLOWLY: Final = timedelta(seconds=15)
"""How often what costs a look at every connection is shown anew."""


class Showing:
    """Sets the gauges of the keeper that leads."""

    def __init__(self, pool: "Pool", content: ContentStore, sources: Callable[[], Sequence[str]]) -> None:
        """Prepare.

        Args:
            pool: of the keeper.
            content: the store whose disk is watched.
            sources: addresses of the revocation lists of the trust list in force.
        """
        self._pool = pool
        self._content = content
        self._sources = sources
        self._looked_at: datetime | None = None

    async def show(self, at: datetime) -> None:
        """Show everything that is due.

        Raises:
            UnavailableError: the database is away.
        """
        metrics.CONTENT_FREE.set(self._content.free_bytes())
        metrics.CONTENT_SIZE.set(self._content.size_bytes())
        await self._queues(at)
        await self._revocation()
        if self._looked_at is None or not timedelta(0) <= at - self._looked_at < SLOWLY:
            await self._connections(at)
            self._looked_at = at

    async def _queues(self, at: datetime) -> None:
        queues = await read_queues(self._pool, at=at)
        metrics.OLDEST_UNSEALED.set(_age(queues.oldest_unsealed, at))
        metrics.OUTBOX.set(queues.outbox)
        metrics.OLDEST_OUTBOX.set(_age(queues.oldest_outbox, at))
        metrics.OVERDUE.set(queues.overdue)
        metrics.OLDEST_WAITING.clear()
        for code, since in queues.waiting_since.items():
            metrics.OLDEST_WAITING.labels(code).set(max(at.timestamp() - since, 0))
        metrics.QUARANTINE_OPEN.clear()
        for code, count in queues.quarantined.items():
            metrics.QUARANTINE_OPEN.labels(code).set(count)

    async def _revocation(self) -> None:
        sources = tuple(sorted(set(self._sources())))
        held = await read_sources(self._pool, sources)
        for gauge in (metrics.SOURCE_FETCHED, metrics.SOURCE_ENDS):
            gauge.clear()
        for source in sources:
            state = held.get(source)
            metrics.SOURCE_FETCHED.labels(source).set(state.fetched_at.timestamp() if state else 0)
            metrics.SOURCE_ENDS.labels(source).set(state.next_update.timestamp() if state else 0)

    async def _connections(self, at: datetime) -> None:
        states = await read_connections(self._pool, at=at)
        for gauge in (
            metrics.CONNECTION_DECIDED,
            metrics.CONNECTION_CONTACT,
            metrics.CONNECTION_HELD,
            metrics.CONNECTION_UNJUDGED,
        ):
            gauge.clear()
        for name, state in states.items():
            metrics.CONNECTION_CONTACT.labels(name).set(state.heard_at.timestamp())
            metrics.CONNECTION_HELD.labels(name).set(state.held)
            metrics.CONNECTION_UNJUDGED.labels(name).set(state.unjudged)
            for verdict in Verdict:
                metrics.CONNECTION_DECIDED.labels(name, verdict).set(state.decided.get(verdict, 0))


def _age(since: datetime | None, at: datetime) -> float:
    return max((at - since).total_seconds(), 0) if since else 0.0
