"""Run the Kafka door: ``python -m axis.bridge``."""

import asyncio
import contextlib
import logging
import sys
from functools import partial
from typing import Final

from agents.edge import Edge
from axis import failpoints
from axis.bridge.loop import Rounds
from axis.bridge.pace import Pace
from axis.bridge.publishing import Pump, Sources
from axis.bridge.taking import Door
from axis.content.uploads import Uploads
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.errors import UnavailableError
from axis.gateway.moves import RestDesk
from axis.ground import Ground, open_ground
from axis.health import serve_health
from axis.kafka.quiet import quiet_repeats
from axis.kafka.reader import DoorReader
from axis.process import beside, for_ever, start, until_stopped
from axis.settings import Settings
from axis.store import inbox, removals, views
from axis.store.doors import DoorMemory
from axis.store.leader import BRIDGE, leadership
from axis.topics import REPORTED, SUBMITTED

_log = logging.getLogger("axis.bridge")

POOL: Final = 10
GRACE_SECONDS: Final = 8.0
"""How long records under way may take to end at SIGTERM; others come again."""

AGAIN_SECONDS: Final = 1.0
RUNG_SECONDS: Final = 0.5
"""How long a missed notification may delay an inbox."""

INBOX: Final = "axis_inbox"
"""Rung when an entry is queued for an inbox topic; mailboxes of connections without one are silent here."""


async def serve(settings: Settings, schemas: Schemas) -> None:
    """Take and publish until SIGTERM. Several bridges share the topics; one of them fills the inboxes."""
    opening = open_ground(settings, schemas, process="bridge", step="take", connections=POOL)
    async with opening as ground, contextlib.AsyncExitStack() as stack:
        reader = DoorReader(settings)
        rounds, pump = _rounds(ground, schemas, reader), _pump(ground, schemas)
        beside(stack, ground.courier.run, ground.trust.run, partial(_fill, settings, pump))

        async def ready() -> dict[str, bool]:
            checks, joined = await asyncio.gather(ground.ready(), reader.usable())
            return {**checks, "reader": joined}

        health = await serve_health(settings.metrics_host, settings.metrics_port, ready)
        stack.callback(health.close)
        await until_stopped(_take(reader, rounds))
        with contextlib.suppress(UnavailableError):
            await rounds.stop(GRACE_SECONDS)
        await reader.stop()


def _rounds(ground: Ground, schemas: Schemas, reader: DoorReader) -> Rounds:
    """Put together what takes records from the topics of connections."""
    office, pace = ground.office, Pace()
    desk = RestDesk(office)
    door = Door(
        desk=desk,
        memory=DoorMemory(ground.pool),
        reported=partial(inbox.read_reported, ground.pool),
        content=office.content,
        uploads=Uploads(office.content.root),
        policy=office.policy,
        schemas=schemas,
        now=office.now,
        learn=pace.learn,
    )
    return Rounds(
        reader,
        lambda _: Edge("bridge", door.handle, door.set_aside),
        pace,
        {SUBMITTED: desk.share, REPORTED: desk.status_share},
        secrets=door.secrets,
        settled=_settled,
    )


def _pump(ground: Ground, schemas: Schemas) -> Pump:
    """Put together what fills the inbox topics."""
    pool = ground.pool
    return Pump(
        DoorMemory(pool),
        Sources(
            delivered=partial(inbox.read_delivered, pool),
            status_digest=partial(inbox.read_status_digest, pool),
            receipt=partial(views.read_receipt, pool),
            why_removed=partial(removals.why_removed, pool),
        ),
        ground.office.content,
        schemas,
        ground.publisher.publish,
        published=partial(failpoints.reached, "bridge.published"),
    )


async def _take(reader: DoorReader, rounds: Rounds) -> None:
    while True:
        try:
            await reader.start()
            break
        except UnavailableError as exc:
            _log.warning("the broker is away: %s", exc)
            await asyncio.sleep(AGAIN_SECONDS)
    await for_ever(rounds.run)


async def _fill(settings: Settings, pump: Pump) -> None:
    try:
        async with leadership(settings.database_url, BRIDGE) as lead:
            if lead is not None:
                await lead.listen(INBOX)
                while True:
                    while await pump.step():
                        pass
                    await lead.rung(RUNG_SECONDS)
    except UnavailableError as exc:
        _log.warning("the database is away: %s", exc)
    await asyncio.sleep(AGAIN_SECONDS)


async def _settled() -> None:
    failpoints.reached("bridge.settled")


def run(settings: Settings) -> None:
    """Serve until the end."""
    quiet_repeats()
    asyncio.run(serve(settings, load_schemas(settings)))


if __name__ == "__main__":
    sys.exit(start("bridge", run))
