"""Fixtures of every tier: real servers once a session, the shared samples."""

import asyncio
import os
import re
from pathlib import Path

import pytest

from tests.lab.loops import PatientPolicy

asyncio.set_event_loop_policy(PatientPolicy())

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared samples; skipped where it does not exist, failed in CI."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"CI must have the shared samples at {SHARED}")
        pytest.skip(f"no shared samples at {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL server; its `axis` database is the migrated template of all others."""
    from tests.lab.servers import Postgres, temporary_home  # noqa: PLC0415 - unit tests need none of it

    with temporary_home() as home:
        server = Postgres(home)
        try:
            server.start()
            server.make_template()
            yield server
        finally:
            server.stop()


@pytest.fixture
def pg_url(request, postgres):
    """Address of an own, migrated and empty database for this test."""
    name = re.sub(r"[^a-z0-9_]", "_", request.node.name.lower())[:50]
    yield postgres.make_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def module_pg_url(request, postgres):
    """Address of one migrated database for all tests of a module that keep out of each other's way."""
    name = re.sub(r"[^a-z0-9_]", "_", request.module.__name__.rpartition(".")[2].lower())[:50]
    yield postgres.make_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def kafka():
    """A real broker of this module's own: `.bootstrap`, `.ca`, `.settings(role)`."""
    from tests.lab.servers import Broker, temporary_home  # noqa: PLC0415 - unit tests need none of it

    with temporary_home() as home:
        broker = Broker(home)
        try:
            broker.start()
            broker.apply()
            yield broker
        finally:
            broker.stop()


@pytest.fixture(scope="session")
def registry(postgres):
    """A real schema registry (`tests.lab.servers.Registry`): `.settings("deployer" or "reader")`."""
    from tests.lab.servers import Registry  # noqa: PLC0415 - unit tests need none of it

    server = Registry(postgres)
    try:
        yield server
    finally:
        server.child.stop()


@pytest.fixture(scope="session")
def stack():
    """A whole local stack; gives its home folder. Settings: ``load_settings({"AXIS_HOME": str(stack)})``."""
    from axis.stack.life import remove, up  # noqa: PLC0415 - unit tests need none of it
    from tests.lab.servers import temporary_home  # noqa: PLC0415 - unit tests need none of it

    with temporary_home() as home:
        try:
            up(home.root)
            yield home.root
        finally:
            remove(home.root)
