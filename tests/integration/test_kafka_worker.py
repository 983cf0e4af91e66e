"""The worker on a real broker: poison, kill -9, SIGTERM, an absent database, two workers."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from axis.contract.codec import Submission, encode_submission
from axis.contract.schemas import NEWEST, Schemas
from axis.errors import UnavailableError
from axis.kafka.connect import aiokafka_options, confluent_options
from axis.kafka.producer import Publisher
from axis.topics import BY_NAME, SUBMISSION, WORKER_GROUP
from axis.traffic import Outgoing
from axis.violations import Code

PROGRAM = Path(__file__).with_name("kafka_worker.py")
ROOT = PROGRAM.parents[2]
SCHEMAS = Schemas(ids={"submission.v1": 1}, writers={1: ("submission", NEWEST["submission"].parsed)})
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def value(packet_id, door="rest"):
    return encode_submission(
        Submission(
            event_id=packet_id,
            packet_id=packet_id,
            connection="bo-noi-vu",
            sha256="0" * 64,
            size=1,
            door=door,
            received_at=NOON,
            priority=0,
            take=1,
        ),
        SCHEMAS,
    )


def outgoing(name, count):
    return [
        Outgoing(topic=SUBMISSION, key=b"k%d" % n, value=value(f"{name}-{n}"), event_id=f"{name}-{n}")
        for n in range(count)
    ]


class Worker:
    """One worker process and what its desk wrote down."""

    def __init__(self, settings, notes, *, seconds=0.0):
        self.notes = notes
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = (notes.parent / f"worker-{settings.instance}-{self.port}.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, notes, str(seconds)],
            cwd=ROOT,
            stderr=self.log,
            stdout=self.log,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "AXIS_HOME": str(settings.home),
                "AXIS_INSTANCE": settings.instance,
                "AXIS_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
                "AXIS_KAFKA_USER": settings.kafka_user,
                "AXIS_KAFKA_PASSWORD": settings.kafka_password,
                "AXIS_KAFKA_CA": settings.kafka_ca,
                "AXIS_METRICS_PORT": str(self.port),
            },
        )

    def lines(self):
        try:
            return [json.loads(line) for line in self.notes.read_text().splitlines()]
        except FileNotFoundError:
            return []

    def handled(self, name):
        return [line["handled"] for line in self.lines() if line.get("handled", "").startswith(f"{name}-")]

    def said(self):
        return Path(self.log.name).read_text()

    def ready(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=6) as answer:
                return json.load(answer)["ready"]
        except (urllib.error.URLError, OSError):
            return False

    async def until(self, condition, *, seconds=40.0):
        """Wait for an effect; the log is told where it does not come."""
        end = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            await asyncio.sleep(0.1)

    def end(self, number=signal.SIGTERM):
        """Send a signal; return the exit code and the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(timeout=20)
        self.log.close()
        return code, time.monotonic() - started


@pytest.fixture
def start(kafka, tmp_path):
    workers = []

    def _start(instance="1", *, seconds=0.0):
        worker = Worker(
            msgspec.structs.replace(kafka.settings("worker"), instance=instance),
            tmp_path / "notes",
            seconds=seconds,
        )
        workers.append(worker)
        return worker

    yield _start
    for worker in workers:
        if worker.process.poll() is None:
            worker.end(signal.SIGKILL)


@pytest.fixture
async def publisher(kafka):
    publisher = Publisher(kafka.settings("gateway"))
    yield publisher
    await publisher.stop()


def lag(kafka):
    """Return how many records of the topic the group has not let go."""
    admin = AdminClient(confluent_options(kafka.settings("admin")))
    places = [TopicPartition(SUBMISSION, n) for n in range(BY_NAME[SUBMISSION].partitions)]
    ends = {
        tp: f.result().offset
        for tp, f in admin.list_offsets(dict.fromkeys(places, OffsetSpec.latest())).items()
    }
    asked = [ConsumerGroupTopicPartitions(WORKER_GROUP, places)]
    held = admin.list_consumer_group_offsets(asked)[WORKER_GROUP].result().topic_partitions
    committed = {(tp.topic, tp.partition): max(tp.offset, 0) for tp in held}
    return sum(end - committed.get((tp.topic, tp.partition), 0) for tp, end in ends.items())


async def send_raw(kafka, values):
    """Send bytes as they are, past all our own code."""
    producer = AIOKafkaProducer(**aiokafka_options(kafka.settings("keeper")), max_request_size=4_000_000)
    await producer.start()
    try:
        for key, content in values:
            await producer.send_and_wait(SUBMISSION, content, key=key)
    finally:
        await producer.stop()


GOOD = value("poison-neighbour")
POISON = {
    "junk": (b"k", b"no avro at all", Code.QUARANTINE_UNREADABLE),
    "unknown-schema": (b"k", b"\x00\x00\x00\xff\xff" + GOOD[5:], Code.QUARANTINE_SCHEMA),
    "truncated": (b"k", GOOD[:40], Code.QUARANTINE_UNREADABLE),
    "null-value": (b"k", None, Code.QUARANTINE_UNREADABLE),
    "null-key": (None, b"junk without a key", Code.QUARANTINE_UNREADABLE),
    "key-of-no-text": (b"\xff\xfe\x00", b"junk under bytes", Code.QUARANTINE_UNREADABLE),
    "huge": (b"k", b"\xff" * 65_000, Code.QUARANTINE_UNREADABLE),
}


async def test_poison_records_are_set_aside_byte_for_byte(start, publisher, kafka):
    """Each poison record reaches quarantine as it was, its neighbours are handled, the topic moves on."""
    worker = start()
    await publisher.publish(outgoing("before", 20))
    await send_raw(kafka, [(key, content) for key, content, _ in POISON.values()])
    await publisher.publish(outgoing("after", 20))
    await worker.until(lambda: len(set(worker.handled("before") + worker.handled("after"))) == 40)
    expected = {
        (code, content and content.hex(), key and key.hex()) for key, content, code in POISON.values()
    }
    aside = [(n["aside"], n["value"], n["key"]) for n in worker.lines() if "aside" in n]
    assert set(aside) == expected
    assert len(aside) == len(expected)
    await worker.until(lambda: lag(kafka) == 0)


async def test_a_record_larger_than_the_topic_allows_never_gets_in(kafka):
    """The broker refuses what no reader should have to hold."""
    with pytest.raises(MessageSizeTooLargeError):
        await send_raw(kafka, [(b"k", b"\x00" * 2_000_000)])


async def test_a_bug_costs_one_document_its_way_and_no_more(start, publisher, kafka):
    """A record on which our own code fails is set aside; the loop lives, and its neighbours are handled."""
    worker = start()
    row = Outgoing(topic=SUBMISSION, key=b"k1", value=value("bug-0", door="bug"), event_id="bug-0")
    await publisher.publish([*outgoing("near", 10), row, *outgoing("nearer", 10)])
    await worker.until(lambda: len(set(worker.handled("near") + worker.handled("nearer"))) == 20)
    await worker.until(lambda: any(n.get("aside") == Code.QUARANTINE_BUG for n in worker.lines()))
    await worker.until(lambda: lag(kafka) == 0)


async def test_kill_9_loses_nothing(start, publisher, kafka):
    """Killed in the middle of its work, three times, the worker has handled every record in the end."""
    await publisher.publish(outgoing("kill", 400))
    for _ in range(3):
        worker = start(seconds=0.3)
        before = len(worker.handled("kill"))
        await worker.until(lambda w=worker, n=before: len(w.handled("kill")) > n)
        worker.end(signal.SIGKILL)
        assert len(set(worker.handled("kill"))) < 400, "the test must kill in the middle"
    worker = start()
    await worker.until(lambda: len(set(worker.handled("kill"))) == 400)
    await worker.until(lambda: lag(kafka) == 0)


async def test_sigterm_finishes_what_is_under_way(start, publisher, kafka):
    """A stopping worker ends its batch, commits and leaves with 0 in seconds; nothing is done twice."""
    first = start(seconds=0.5)
    await first.until(first.ready)
    await publisher.publish(outgoing("term", 300))
    await first.until(lambda: len(first.handled("term")) > 0)
    code, seconds = first.end()
    assert code == 0
    assert seconds < 6
    done = len(first.handled("term"))
    assert done < 300, "the test must stop in the middle"
    second = start()
    await second.until(lambda: len(set(second.handled("term"))) == 300)
    await second.until(lambda: lag(kafka) == 0)
    assert len(second.handled("term")) == 300


async def test_an_absent_database_stops_the_worker_where_it_is(start, publisher, kafka):
    """While the database is away nothing is let go or set aside; SIGTERM still ends the worker at once."""
    worker = start()
    await worker.until(worker.ready)
    worker.notes.with_name("notes.away").touch()
    await publisher.publish(outgoing("away", 30))
    await worker.until(lambda: not worker.ready(), seconds=6)
    await asyncio.sleep(2)
    assert lag(kafka) >= 30
    code, seconds = worker.end()
    assert code == 0
    assert seconds < 6
    assert lag(kafka) >= 30
    assert worker.lines() == []
    again = start()
    await asyncio.sleep(3)
    worker.notes.with_name("notes.away").unlink()
    await again.until(lambda: len(set(again.handled("away"))) == 30)
    await again.until(lambda: lag(kafka) == 0)


async def test_workers_come_and_go_under_load(start, publisher, kafka):
    """Two workers share the partitions; one joins and one is killed while records flow: all are handled."""
    first = start("1", seconds=0.02)
    await first.until(first.ready)
    second = None
    for n in range(10):
        await publisher.publish(outgoing(f"flow{n}", 60))
        if n == 2:
            second = start("2", seconds=0.02)
            await second.until(second.ready)
        if n == 7:
            second.end(signal.SIGKILL)
        await asyncio.sleep(0.3)
    wanted = {f"flow{n}-{m}" for n in range(10) for m in range(60)}
    await first.until(lambda: wanted <= {line.get("handled") for line in first.lines()}, seconds=60)
    await first.until(lambda: lag(kafka) == 0)


async def test_a_killed_broker_is_outlived(start, publisher, kafka):
    """The worker goes on by itself when the broker is back, and no record is lost between the two."""
    worker = start(seconds=0.05)
    await worker.until(worker.ready)
    await publisher.publish(outgoing("outage", 200))
    await worker.until(lambda: len(worker.handled("outage")) > 0)
    kafka.kill()
    await asyncio.sleep(3)
    kafka.start()  # not in a thread: the broker dies with the thread that began it
    await publish_patiently(publisher, outgoing("return", 200))
    wanted = {f"{name}-{n}" for name in ("outage", "return") for n in range(200)}
    await worker.until(lambda: wanted <= {line.get("handled") for line in worker.lines()}, seconds=60)
    await worker.until(lambda: lag(kafka) == 0)


async def publish_patiently(publisher, rows):
    """Publish until the broker has them, as the keeper does."""
    for _ in range(20):
        with contextlib.suppress(UnavailableError):
            return await publisher.publish(rows)
    raise AssertionError("the broker did not come back")
