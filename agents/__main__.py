"""Run the stream worker: ``python -m agents``."""

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from agents.worker import Backing, run_worker
from axis import metrics
from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.freshness import EvidenceDesk
from axis.desk.office import Office
from axis.desk.trustlist import TrustSource, open_trust
from axis.errors import AxisError
from axis.gate.pool import GatePool
from axis.kafka.producer import Publisher
from axis.logs import start_logs
from axis.settings import Settings, load_settings
from axis.store.clock import database_clock
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.store.trust import Trusts
from signing.fetch import Fetcher

_log = logging.getLogger("agents")

POOL: Final = 6
"""Most database connections: three agents, a batch each, and what they look up beside it."""

COURIER_SECONDS: Final = 2.0
"""How long a stopping worker lets its messages leave; the keeper sweeps the others."""


@contextlib.asynccontextmanager
async def backing(settings: Settings, schemas: Schemas) -> AsyncIterator[Backing]:
    """Open everything the worker stands on; close it at the end.

    Raises:
        UnavailableError: the database or the broker is away.
        AxisError: something else is not there; the message says what.
    """
    policy = load_policy(settings.policy_file)
    content, publisher = ContentStore(Path(settings.content_dir)), Publisher(settings)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(publisher.stop)
        await publisher.start()
        pool = await open_pool(settings.database_url, size=POOL, application="axis-worker")
        stack.push_async_callback(pool.close)
        ledger, now = Ledger(pool), await stack.enter_async_context(database_clock(pool))
        trust = await open_trust(Trusts(pool), settings.trust_file)
        gate = GatePool(
            settings.gate_processes,
            policy,
            trust.current,
            on_death=lambda cause: metrics.GATE_DEATHS.labels(cause).inc(),
        )
        stack.push_async_callback(gate.close)
        await gate.start()
        fetcher = Fetcher(lambda: trust.current, now=now)
        stack.push_async_callback(fetcher.close)
        evidence = EvidenceDesk(
            ledger,
            partial(_crl_urls, trust),
            fetch_crl=fetcher.fetch_crl,
            fetch_need=fetcher.fetch_need,
            now=now,
            refresh_seconds=policy.evidence_refresh_seconds,
        )
        courier = Courier(publisher.publish, ledger.forget_outgoing, step="admit")
        for work in (trust.run, evidence.run, courier.run):
            task = asyncio.create_task(_for_ever(work))
            stack.callback(task.cancel)
        stack.push_async_callback(_leave, courier)
        office = Office(
            memory=ledger,
            content=content,
            policy=policy,
            trust=trust,
            schemas=schemas,
            courier=courier,
            now=now,
            judge=gate,
            evidence=evidence,
        )
        yield Backing(
            moves=Desk(office),
            checks={
                "broker": publisher.usable,
                "database": ledger.usable,
                "content": partial(asyncio.to_thread, content.usable),
            },
        )


def _crl_urls(trust: TrustSource) -> Mapping[str, Sequence[str]]:
    return trust.current.crl_urls()


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - a bug beside the agents must not end quietly what they rely on
            _log.exception("begun anew after a bug of ours")
            await asyncio.sleep(1)


async def _leave(courier: Courier) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(COURIER_SECONDS):
            await courier.drained()


def main() -> int:
    """Start; return the exit code: 0 after a signal, 1 where it cannot start or crashed."""
    try:
        settings = load_settings()
        start_logs("worker", settings.log_level)
        # What no waiting mends is said before anything starts.
        load_policy(settings.policy_file)
        return run_worker(settings, partial(backing, settings, load_schemas(settings)))
    except AxisError as exc:
        print(f"axis worker: {exc}", file=sys.stderr)  # noqa: T201 - the supervisor's log may be all there is
        return 1


if __name__ == "__main__":
    sys.exit(main())
