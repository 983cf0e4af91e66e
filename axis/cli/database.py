"""A connection to the axis' database for one command."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from axis.cli.funnel import absent
from axis.settings import load_settings
from axis.store.pool import open_pool

if TYPE_CHECKING:
    from axis.kafka.doors import Doors
    from axis.store.pool import Connection

T = TypeVar("T")


@asynccontextmanager
async def database() -> "AsyncIterator[Connection]":
    """Open the database that the settings name.

    Raises:
        StopError: they name none: no stack runs here.
        UnavailableError: it is away.
        StoreError: it refuses.
    """
    settings = load_settings()
    if not settings.database_url:
        raise absent()
    pool = await open_pool(settings.database_url, size=1, application="axis-cli")
    try:
        async with pool.acquire() as connection:
            yield connection
    finally:
        await pool.close()


@asynccontextmanager
async def both() -> "AsyncIterator[tuple[Connection, Doors | None]]":
    """Open the database, and the broker where one is set."""
    settings = load_settings()
    doors = None
    if settings.kafka_bootstrap:
        from axis.kafka.doors import Doors as Made  # noqa: PLC0415 - loads the broker's client library

        doors = Made(settings)
    async with database() as conn:
        yield conn, doors


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one coroutine to its end."""
    return asyncio.run(work)
