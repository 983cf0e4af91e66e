"""Run the stream worker: ``python -m agents``."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from agents.worker import Backing, run_worker
from axis import metrics
from axis.checks.policy import load_policy
from axis.contract.registry import load_schemas
from axis.contract.schemas import Schemas
from axis.desk.courier import Courier
from axis.desk.desk import Desk
from axis.desk.freshness import EvidenceDesk
from axis.desk.trustlist import TrustSource
from axis.gate.pool import GatePool
from axis.ground import open_ground
from axis.process import beside, start
from axis.settings import Settings
from signing.fetch import Fetcher

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
    opening = open_ground(settings, schemas, process="worker", step="admit", connections=POOL, keyed=True)
    async with opening as ground, contextlib.AsyncExitStack() as stack:
        await ground.publisher.start()
        trust, policy, now = ground.trust, ground.office.policy, ground.office.now
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
            ground.ledger,
            partial(_crl_urls, trust),
            fetch_crl=fetcher.fetch_crl,
            fetch_need=fetcher.fetch_need,
            now=now,
            refresh_seconds=policy.evidence_refresh_seconds,
        )
        beside(stack, trust.run, evidence.run, ground.courier.run)
        stack.push_async_callback(_leave, ground.courier)
        office = replace(ground.office, judge=gate, evidence=evidence)
        yield Backing(moves=Desk(office), checks=ground.checks)


def _crl_urls(trust: TrustSource) -> Mapping[str, Sequence[str]]:
    return trust.current.crl_urls()


async def _leave(courier: Courier) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(COURIER_SECONDS):
            await courier.drained()


def run(settings: Settings) -> int:
    """Work until the end; return the exit code: 0 after a signal, 1 after a crash."""
    # What no waiting mends is said before anything starts.
    load_policy(settings.policy_file)
    return run_worker(settings, partial(backing, settings, load_schemas(settings)))


if __name__ == "__main__":
    sys.exit(start("worker", run))
