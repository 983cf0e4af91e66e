"""Every process goes by the database's clock, whatever its host believes."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from axis import metrics
from axis.errors import UnavailableError
from axis.store import clock as module
from axis.store.clock import Clock, database_clock
from axis.store.pool import open_pool


@pytest.fixture
async def pool(pg_url):
    opened = await open_pool(pg_url, size=2)
    yield opened
    await opened.close()


class Wrong(datetime):
    """A host's clock that is an hour ahead."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(hours=1)


async def test_a_host_an_hour_ahead_tells_the_databases_time(pool, monkeypatch):
    """The database counts; the difference is shown, and nothing else comes of it."""
    monkeypatch.setattr(module, "datetime", Wrong)
    async with database_clock(pool) as now:
        told, true = now(), await pool.fetchval("SELECT clock_timestamp()")
    assert abs(told - true) < timedelta(seconds=1)
    assert 3599 < metrics.CLOCK_OFFSET.collect()[0].samples[0].value < 3601


async def test_it_goes_on_while_the_database_is_away(pool):
    """A question without an answer leaves the clock running on what it knew."""
    clock = Clock(pool)
    await clock.ask()
    await pool.close()
    before = clock.now()
    with pytest.raises((UnavailableError, asyncpg.InterfaceError)):
        await clock.ask()
    assert before <= clock.now() < before + timedelta(seconds=5)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
