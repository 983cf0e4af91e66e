"""A broker and a database on which connections are made, changed and ended by command."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from axis.kafka.connect import aiokafka_options
from axis.kafka.doors import Doors
from axis.topics import connection_topics

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def place(kafka, module_pg_url):
    """A broker and a database with some agencies, and `axis connection ...` run on them."""

    async def fill():
        conn = await asyncpg.connect(module_pg_url)
        await conn.executemany(
            "INSERT INTO agency (code, name, level, valid_from) VALUES ($1, $1, 'central', '2020-01-01')",
            [(f"G{n:02}",) for n in range(60)],
        )
        await conn.close()

    asyncio.run(fill())
    return Place(kafka, module_pg_url)


class Place:
    def __init__(self, broker, url):
        self.broker, self.url, self.admin = broker, url, broker.settings("admin")
        self.doors = Doors(self.admin)
        self._agencies = iter(f"G{n:02}" for n in range(60))

    def agency(self):
        return next(self._agencies)

    def run(self, *arguments, home, failpoint=""):
        environ = {
            **os.environ,
            "AXIS_HOME": str(home),
            "AXIS_DATABASE_URL": self.url,
            "AXIS_KAFKA_BOOTSTRAP": self.broker.bootstrap,
            "AXIS_KAFKA_USER": "admin",
            "AXIS_KAFKA_PASSWORD": self.admin.kafka_password,
            "AXIS_KAFKA_CA": str(self.broker.ca),
            "AXIS_FAILPOINT": failpoint,
        }
        command = [sys.executable, "-m", "axis.cli", "connection", *arguments, "--json"]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode in {0, 1, 64, -signal.SIGKILL}, done.stderr
        return done.returncode, lines

    def made(self, name, *more, home):
        code, lines = self.run("add", name, "--agency", self.agency(), "--kafka", *more, home=home)
        assert code == 0
        return lines[0]

    def on_broker(self, name):
        """Return (topics, users) of a connection as the broker has them."""
        held = self.doors.look()
        topics = {topic.name for topic in connection_topics(name)} & set(held.topics)
        users = {user for user in held.users if user.startswith(f"conn.{name}.")}
        assert {user for user in held.rights if user.startswith(f"conn.{name}.")} <= users
        return topics, users

    def as_user(self, told):
        settings = msgspec.structs.replace(
            self.admin, kafka_user=told["kafka_user"], kafka_password=told["kafka_password"]
        )
        return aiokafka_options(settings)

    async def rows(self, statement, *values):
        conn = await asyncpg.connect(self.url)
        try:
            return await conn.fetch(statement, *values)
        finally:
            await conn.close()


async def write(options, topic, value=b"x"):
    """Write one record; raise what the broker says."""
    producer = AIOKafkaProducer(**options, enable_idempotence=True, request_timeout_ms=5000)
    await producer.start()
    try:
        async with asyncio.timeout(10):
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def lets_in(options):
    producer = AIOKafkaProducer(**options, request_timeout_ms=3000)
    try:
        await producer.start()
    except KafkaError:
        return False
    finally:
        await producer.stop()
        await asyncio.sleep(0.1)  # its refused sockets close a moment later
    return True
