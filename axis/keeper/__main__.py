"""Run the keeper: ``python -m axis.keeper``."""

import asyncio
import contextlib
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from axis import metrics
from axis.content.uploads import Uploads
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.connecting import end_interrupted
from axis.desk.connecting import expire as expire_credentials
from axis.desk.keeping import expire, resume, sweep
from axis.desk.office import Office
from axis.desk.removing import end_removals
from axis.errors import UnavailableError
from axis.ground import Ground, open_ground
from axis.health import serve_health
from axis.kafka.doors import Doors
from axis.kafka.producer import Publisher
from axis.keeper.leftover import Leftover
from axis.keeper.refusals import Refusals
from axis.keeper.showing import Showing
from axis.process import beside, start, until_stopped
from axis.settings import Settings
from axis.store.doors import DoorMemory
from axis.store.faults import store_faults
from axis.store.leader import KEEPER, leadership
from axis.store.ledger import Ledger
from axis.store.tokens import expire_tokens
from signing.ends import file_ends_at, trust_ends_at

if TYPE_CHECKING:
    from datetime import datetime

    from axis.store.pool import Pool

_log = logging.getLogger("axis.keeper")

ROUND_SECONDS: Final = 1.0
STANDBY_SECONDS: Final = 1.0
BROKER_SECONDS: Final = 5.0
"""Patience of one question about connections: a stop waits for it, and so do the figures. What got no answer
is asked again in the next round."""
UNUSED: Final = timedelta(hours=24)
"""How long an upload waits to be handed in."""

MOST_UPLOADS: Final = 200
SPOOL_SECONDS: Final = 24 * 3600.0
"""Age at which a half-written file of the content store is a crash's, not an upload's."""


async def serve(settings: Settings, schemas: Schemas) -> None:
    """Keep until SIGTERM. Only the process that holds the leadership works; the others stand by."""
    opening = open_ground(settings, schemas, process="keeper", step="keep", connections=4)
    async with opening as ground, contextlib.AsyncExitStack() as stack:
        metrics.CERTIFICATE_ENDS.labels("broker-authority").set(file_ends_at(settings.kafka_ca).timestamp())
        health = await serve_health(settings.metrics_host, settings.metrics_port, ground.ready)
        stack.callback(health.close)
        # What moves leave in the outbox, the sweep takes; a courier beside it would send it twice.
        beside(stack, ground.trust.run)
        await until_stopped(_work(settings, ground, _beside(settings, ground)))


def _beside(settings: Settings, ground: Ground) -> Callable[[], Awaitable[None]]:
    """Return what is kept in each round beside the documents."""
    pool, content, trust, now = ground.pool, ground.office.content, ground.trust, ground.office.now
    doors = Doors(settings, seconds=BROKER_SECONDS)
    doorstep, uploads = DoorMemory(pool), Uploads(content.root)
    leftover = Leftover(doorstep, content, seconds=UNUSED.total_seconds())
    showing, watch = Showing(pool, content, trust.crl_urls), Refusals(settings.kafka_denials)

    async def keep() -> None:
        await _broker_permitting(lambda: _end_acts(pool, doors, now()))
        await expire_tokens(pool, at=now())
        async with pool.acquire() as conn:
            await end_removals(conn, content, at=now())
        for name, sha256 in await doorstep.drop_uploads(before=now() - UNUSED, limit=MOST_UPLOADS):
            await asyncio.to_thread(uploads.drop, name, sha256)
        await leftover.keep()
        await watch.show()
        metrics.INBOX_UNPUBLISHED.set(await doorstep.count_unpublished())
        await showing.show(now())
        ends = trust_ends_at(trust.current, now())
        metrics.CERTIFICATE_ENDS.labels("trust-list").set(ends.timestamp())

    return keep


async def _work(settings: Settings, ground: Ground, keep: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            async with leadership(settings.database_url, KEEPER) as lead:
                while lead is not None:
                    await _round(ground.office, ground.ledger, ground.publisher)
                    await keep()
                    await lead.rung(ROUND_SECONDS)
        except UnavailableError as exc:
            _log.warning("our own database is away: %s", exc)
        await asyncio.sleep(STANDBY_SECONDS)


async def _round(office: Office, ledger: Ledger, publisher: Publisher) -> None:
    await resume(office)
    while await _broker_permitting(lambda: sweep(office, publisher.publish)):
        pass
    await expire(office)
    await _show(ledger, office.now())
    await asyncio.to_thread(office.content.sweep, time.time() - SPOOL_SECONDS)


async def _end_acts(pool: "Pool", doors: Doors, at: "datetime") -> int:
    """End interrupted acts on connections, and credentials whose time is over."""
    with store_faults():
        async with pool.acquire() as conn:
            return await end_interrupted(conn, doors) + await expire_credentials(conn, doors, at=at)


async def _broker_permitting(step: Callable[[], Awaitable[int]]) -> int:
    # A broker that is away must not keep deadlines and figures from being kept.
    try:
        return await step()
    except UnavailableError as exc:
        _log.warning("the broker is away; this waits: %s", exc)
        return 0


async def _show(ledger: Ledger, now: "datetime") -> None:
    figures = await ledger.figures()
    metrics.UNANSWERED.set(figures.open)
    metrics.OLDEST_UNDELIVERED.set((now - figures.oldest).total_seconds() if figures.oldest else 0)
    metrics.UNSEALED.set(figures.unsealed)
    metrics.WAITING.clear()
    for code, count in figures.waiting.items():
        metrics.WAITING.labels(code).set(count)


def run(settings: Settings) -> None:
    """Keep until the end."""
    asyncio.run(serve(settings, load_schemas(settings)))


if __name__ == "__main__":
    sys.exit(start("keeper", run))
