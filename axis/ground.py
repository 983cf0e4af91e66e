"""What a process that makes moves stands on, opened in one way for all of them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from axis.checks.policy import load_policy
from axis.content.store import ContentStore
from axis.contract.schemas import Schemas
from axis.desk.courier import Courier
from axis.desk.office import Office
from axis.desk.trustlist import TrustDesk, open_trust
from axis.kafka.producer import Publisher
from axis.settings import Settings
from axis.store.clock import database_clock
from axis.store.ledger import Ledger
from axis.store.pool import open_pool
from axis.store.trust import Trusts

if TYPE_CHECKING:
    from axis.store.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Database, broker and content, opened, and the office over them."""

    pool: "Pool"
    ledger: Ledger
    publisher: Publisher
    courier: Courier
    """Carries nothing until its ``run`` is begun: `axis.process.beside`."""
    trust: TrustDesk
    """Notices a new list once its ``run`` is begun."""
    office: Office
    checks: Mapping[str, Callable[[], Awaitable[bool]]]
    """By the dependency's name, whether it is usable now."""

    async def ready(self) -> dict[str, bool]:
        """Ask each dependency at once."""
        answers = await asyncio.gather(*(check() for check in self.checks.values()))
        return dict(zip(self.checks, answers, strict=True))


@contextlib.asynccontextmanager
async def open_ground(
    settings: Settings, schemas: Schemas, *, process: str, step: str, connections: int, keyed: bool = False
) -> AsyncIterator[Ground]:
    """Open everything; close it at the end.

    Args:
        settings: of this process.
        schemas: of the records that it reads and writes.
        process: its name, as the database shows it.
        step: whose rows its courier carries, for failpoints.
        connections: most database connections.
        keyed: see `axis.store.pool.open_pool`.

    Raises:
        UnavailableError: the database is away.
        AxisError: something else is not there; the message says what.
    """
    policy = load_policy(settings.policy_file)
    content, publisher = ContentStore(Path(settings.content_dir)), Publisher(settings)
    async with contextlib.AsyncExitStack() as stack:
        pool = await open_pool(
            settings.database_url, size=connections, application=f"axis-{process}", keyed=keyed
        )
        stack.push_async_callback(pool.close)
        ledger, now = Ledger(pool), await stack.enter_async_context(database_clock(pool))
        stack.push_async_callback(publisher.stop)
        courier = Courier(publisher.publish, ledger.forget_outgoing, step=step)
        trust = await open_trust(Trusts(pool), settings.trust_file)
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
        yield Ground(
            pool=pool,
            ledger=ledger,
            publisher=publisher,
            courier=courier,
            trust=trust,
            office=office,
            checks={
                "database": ledger.usable,
                "broker": publisher.usable,
                "content": partial(asyncio.to_thread, content.usable),
            },
        )
