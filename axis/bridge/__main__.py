"""Run the Kafka door: ``python -m axis.bridge``."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final

from agents.edge import Edge
from axis import failpoints
from axis.bridge.loop import Rounds
from axis.bridge.pace import Pace
from axis.bridge.publishing import Pump, Sources
from axis.bridge.taking import Door
from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.content.uploads import Uploads
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.courier import Courier
from axis.desk.office import Office
from axis.desk.trustlist import open_trust
from axis.errors import AxisError, UnavailableError
from axis.gateway.moves import RestDesk
from axis.health import serve_health
from axis.kafka.producer import Publisher
from axis.kafka.quiet import quiet_repeats
from axis.kafka.reader import DoorReader
from axis.logs import start_logs
from axis.settings import Settings, load_settings
from axis.store import inbox, views
from axis.store.clock import database_clock
from axis.store.doors import DoorMemory
from axis.store.leader import BRIDGE, leadership
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.store.trust import Trusts

_log = logging.getLogger("axis.bridge")

POOL: Final = 10
GRACE_SECONDS: Final = 8.0
"""How long records under way may take to end at SIGTERM; others come again."""

AGAIN_SECONDS: Final = 1.0
RUNG_SECONDS: Final = 0.5
"""How long a missed notification may delay an inbox."""

MAILBOX: Final = "axis_mailbox"


async def run(settings: Settings, schemas: Schemas) -> None:
    """Take and publish until SIGTERM. Several bridges share the topics; one of them fills the inboxes."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    content = ContentStore(Path(settings.content_dir))
    publisher, reader = Publisher(settings), DoorReader(settings)
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url, size=POOL, application="axis-bridge")
        stack.push_async_callback(pool.close)
        ledger, now = Ledger(pool), await stack.enter_async_context(database_clock(pool))
        stack.push_async_callback(publisher.stop)
        courier = Courier(publisher.publish, ledger.forget_outgoing, step="take")
        trust = await open_trust(Trusts(pool), settings.trust_file)
        policy, memory, pace = load_policy(settings.policy_file), DoorMemory(pool), Pace()
        office = Office(
            memory=ledger,
            content=content,
            policy=policy,
            trust=trust,
            schemas=schemas,
            courier=courier,
            now=now,
            free_bytes_limit=settings.free_bytes_limit,
            backlog_limit=settings.backlog_limit,
        )
        door = Door(
            desk=RestDesk(office),
            memory=memory,
            reported=partial(inbox.read_reported, pool),
            content=content,
            uploads=Uploads(content.root),
            policy=policy,
            schemas=schemas,
            now=now,
            learn=pace.learn,
        )
        rounds = Rounds(
            reader,
            lambda _: Edge("bridge", door.handle, door.set_aside),
            pace,
            secrets=door.secrets,
            settled=_settled,
        )
        pump = Pump(
            memory,
            Sources(
                delivered=partial(inbox.read_delivered, pool),
                status_digest=partial(inbox.read_status_digest, pool),
                receipt=partial(views.read_receipt, pool),
            ),
            content,
            schemas,
            publisher.publish,
            published=partial(failpoints.reached, "bridge.published"),
        )

        async def ready() -> dict[str, bool]:
            database, broker, store, joined = await asyncio.gather(
                ledger.usable(), publisher.usable(), asyncio.to_thread(content.usable), reader.usable()
            )
            return {"database": database, "broker": broker, "content": store, "reader": joined}

        health = await serve_health(settings.metrics_host, settings.metrics_port, ready)
        stack.callback(health.close)
        for work in (courier.run, trust.run, partial(_fill, settings, pump)):
            task = asyncio.create_task(_for_ever(work))
            stack.callback(task.cancel)
        taking = asyncio.create_task(_take(reader, rounds))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        taking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await taking
        with contextlib.suppress(UnavailableError):
            await rounds.stop(GRACE_SECONDS)
        await reader.stop()


async def _take(reader: DoorReader, rounds: Rounds) -> None:
    while True:
        try:
            await reader.start()
            break
        except UnavailableError as exc:
            _log.warning("the broker is away: %s", exc)
            await asyncio.sleep(AGAIN_SECONDS)
    await _for_ever(rounds.run)


async def _fill(settings: Settings, pump: Pump) -> None:
    try:
        async with leadership(settings.database_url, BRIDGE) as lead:
            if lead is not None:
                await lead.listen(MAILBOX)
                while True:
                    while await pump.step():
                        pass
                    await lead.rung(RUNG_SECONDS)
    except UnavailableError as exc:
        _log.warning("the database is away: %s", exc)
    await asyncio.sleep(AGAIN_SECONDS)


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - a bug must not end quietly what others rely on
            _log.exception("begun anew after a bug of ours")
            await asyncio.sleep(AGAIN_SECONDS)


async def _settled() -> None:
    failpoints.reached("bridge.settled")


def main() -> int:
    """Start; return the exit code."""
    try:
        settings = load_settings()
        start_logs("bridge", settings.log_level)
        quiet_repeats()
        asyncio.run(run(settings, load_schemas(settings)))
    except AxisError as exc:
        print(f"axis bridge: {exc}", file=sys.stderr)  # noqa: T201 - before there are logs
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
