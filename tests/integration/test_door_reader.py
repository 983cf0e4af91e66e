"""The bridge's consumer on a real broker: new topics, hostile records, offsets."""

import asyncio
import os
import subprocess
import sys
import time

import pytest
from aiokafka import AIOKafkaProducer

from axis.kafka.connect import aiokafka_options
from axis.kafka.doors import Doors
from axis.kafka.reader import UNREADABLE_HEADERS, DoorReader
from axis.topics import SUBMITTED, connection_topic

A, B = ((connection_topic(name, SUBMITTED), 0) for name in ("dms-a", "dms-b"))


def write_loud(kafka, topic, value):
    """Write a record whose header's name is no UTF-8."""
    admin = kafka.settings("admin")
    environ = {
        **os.environ,
        "AXIS_HOME": str(kafka.home.root),
        "AXIS_KAFKA_BOOTSTRAP": kafka.bootstrap,
        "AXIS_KAFKA_USER": "admin",
        "AXIS_KAFKA_PASSWORD": admin.kafka_password,
        "AXIS_KAFKA_CA": str(kafka.ca),
    }
    command = [sys.executable, "-m", "tests.lab.loud", topic, value.hex()]
    subprocess.run(command, env=environ, capture_output=True, check=True)


async def gathered(reader, count, seconds=30):
    """Fetch until so many records came; each place's in order."""
    found = {}
    async with asyncio.timeout(seconds):
        while sum(len(records) for records in found.values()) < count:
            for place, records in (await reader.fetch(0.5)).items():
                found.setdefault(place, []).extend(records)
    return {place: [(one.offset, one.value) for one in records] for place, records in found.items()}


@pytest.fixture
async def reader(kafka):
    reader = DoorReader(kafka.settings("bridge"))
    yield reader
    await reader.stop()


async def test_a_record_that_cannot_be_parsed_costs_nobody_a_record(kafka, reader):
    """Good ones before, between and behind it, its own bytes, and another's: all, in order, once."""
    doors = Doors(kafka.settings("admin"))
    for name in ("dms-a", "dms-b"):
        doors.make_topics(name)
    producer = AIOKafkaProducer(**aiokafka_options(kafka.settings("admin")))
    await producer.start()
    wanted = {A: [], B: []}

    async def good(place, *values):
        futures = [await producer.send(place[0], value) for value in values]
        wanted[place] += [
            ((await future).offset, value) for future, value in zip(futures, values, strict=True)
        ]

    async def bad(place, value):
        await asyncio.to_thread(write_loud, kafka, place[0], value)
        wanted[place].append((len(wanted[place]), value))

    await good(A, b"a0", b"a1")
    await bad(A, b"loud 2")
    await bad(A, b"loud 3")
    await good(A, b"a4")
    await good(B, b"b0", b"b1")
    await bad(B, b"loud 2")
    await reader.start()
    assert await gathered(reader, 8) == wanted
    before = {place: len(records) for place, records in wanted.items()}
    await good(B, b"b3")
    await bad(A, b"loud 5")
    fresh = await gathered(reader, 2)
    assert fresh == {place: records[before[place] :] for place, records in wanted.items()}
    await reader.commit({A: 6, B: 4})
    await producer.stop()

    again = DoorReader(kafka.settings("bridge"))
    await reader.stop()
    await again.start()
    assert await again.fetch(2) == {}
    await again.stop()


async def test_a_new_topic_is_read_within_seconds(kafka, reader):
    """Nobody restarts anything; others' topics that only look alike are left alone."""
    await reader.start()
    await reader.fetch(0.1)
    Doors(kafka.settings("admin")).make_topics("dms-new")
    topic = connection_topic("dms-new", SUBMITTED)
    producer = AIOKafkaProducer(**aiokafka_options(kafka.settings("admin")))
    await producer.start()
    await producer.send_and_wait(topic, b"hello")
    await producer.send_and_wait(connection_topic("dms-new", "inbox"), b"not for us")
    since = time.monotonic()
    found = await gathered(reader, 1)
    assert time.monotonic() - since < 5
    assert found == {(topic, 0): [(0, b"hello")]}
    await producer.stop()


async def test_what_was_erased_is_gone(kafka, reader):
    """Everything below the offset; what stands behind it is read."""
    Doors(kafka.settings("admin")).make_topics("dms-secret")
    topic = connection_topic("dms-secret", SUBMITTED)
    producer = AIOKafkaProducer(**aiokafka_options(kafka.settings("admin")))
    await producer.start()
    for value in (b"secret", b"plain"):
        await producer.send_and_wait(topic, value)
    await producer.stop()
    await reader.erase((topic, 0), 1)
    await reader.start()
    assert (await gathered(reader, 1))[topic, 0] == [(1, b"plain")]


def test_the_unreadable_are_told_apart():
    """By a header that no client may write by accident."""
    assert UNREADABLE_HEADERS.startswith("axis-")
