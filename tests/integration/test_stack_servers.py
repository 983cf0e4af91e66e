"""The servers of the stack by themselves: they start, refuse strangers, survive a kill."""

import asyncio
import logging

import asyncpg
import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from axis.kafka.connect import confluent_options
from axis.stack.postgres import database_url
from axis.topics import ACCEPTED, SUBMISSION
from tests.lab.servers import Broker, Postgres, temporary_home

SILENT = logging.getLogger("silent")
SILENT.addHandler(logging.NullHandler())
SILENT.propagate = False


async def test_the_database_is_migrated_and_wants_a_password(pg_url):
    """A module's own database has the schema; a wrong password is refused."""
    connection = await asyncpg.connect(pg_url)
    assert await connection.fetchval("SELECT count(*) FROM migration") > 0
    await connection.close()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(pg_url.replace("axis:", "axis:no", 1))


def test_an_unknown_user_is_refused_by_the_broker(kafka):
    """Neither an unknown user nor a wrong password reaches a topic."""
    for user, password in (("nobody", "x"), ("axis-worker", "x")):
        options = confluent_options(kafka.settings("worker"))
        options |= {"sasl.username": user, "sasl.password": password, "logger": SILENT}
        with pytest.raises(KafkaException):
            AdminClient(options).list_topics(timeout=2)


def test_a_role_sees_its_own_topics_only(kafka):
    """The gateway may write submissions and sees nothing of accepted documents."""
    client = AdminClient(confluent_options(kafka.settings("gateway")))
    topics = client.list_topics(timeout=5).topics
    assert SUBMISSION in topics
    assert ACCEPTED not in topics
    refused = client.list_topics(ACCEPTED, timeout=5).topics[ACCEPTED].error
    assert refused.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.UNKNOWN_TOPIC_OR_PART)


def test_servers_come_back_after_a_kill_in_the_middle_of_their_making():
    """Half-made folders are made anew, killed servers start with what they had; in a Vietnamese folder."""
    with temporary_home("thử mục") as home:
        for name in ("postgres.new", "kafka.new", "tls.new"):
            (home.root / name).mkdir()
            (home.root / name / "half").write_text("x")
        database, broker = Postgres(home), Broker(home)
        try:
            database.start()
            broker.start()
            url = database_url(database.identity, database.port)
            asyncio.run(_execute(url, "CREATE TABLE kept AS SELECT 1 AS one"))
            broker.apply()
            database.child.kill()
            broker.kill()
            database.start()
            broker.start()
            asyncio.run(_execute(url, "SELECT one FROM kept"))
            client = AdminClient(confluent_options(broker.settings("admin")))
            assert SUBMISSION in client.list_topics(timeout=10).topics
        finally:
            database.stop()
            broker.stop()


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
