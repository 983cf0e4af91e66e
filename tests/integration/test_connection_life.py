"""A connection's topics, user, rights, credentials and rows: one act, whatever dies in the middle."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from axis import failpoints
from axis.desk.connecting import end_interrupted, expire
from axis.kafka.admin import admin_client
from axis.kafka.connect import aiokafka_options
from axis.kafka.doors import Doors
from axis.store.moving import move_agencies
from axis.store.pool import open_pool
from axis.store.tokens import issue_token
from axis.topics import Right, connection_topic, connection_topics

NOW = datetime.now(UTC)
ADDING = ("connection.begun", "connection.topics", "connection.user", "connection.rights")
REMOVING = ("connection.removed", "connection.user-closed", "connection.topics-closed")
TOLD = {
    "name", "agencies", "rest_url", "rest_client_id", "rest_client_secret", "rest_ca", "kafka_bootstrap",
    "kafka_user", "kafka_password", "kafka_ca", "registry_url", "registry_user", "registry_password",
    "topics",
}  # fmt: skip


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


def test_every_place_of_an_act_is_tried():
    """A failpoint that no test reaches proves nothing."""
    assert {*ADDING, *REMOVING, "connection.recorded"} == failpoints.ACTS


def test_a_new_connection_works_at_once_and_is_told_everything(place, tmp_path):
    """Topics, user, rights and credentials are there when the command returns; used within 5 s."""
    told = place.made("dms-a", home=tmp_path)
    since = time.monotonic()
    assert set(told) == TOLD
    assert told["topics"] == {
        kind: connection_topic("dms-a", kind) for kind in ("submission", "ack", "inbox")
    }

    async def use():
        options = place.as_user(told)
        await write(options, told["topics"]["submission"])
        await write(options, told["topics"]["ack"])
        consumer = AIOKafkaConsumer(
            told["topics"]["inbox"], **options, group_id="axis.conn.dms-a.main", auto_offset_reset="earliest"
        )
        await consumer.start()
        await consumer.getmany(timeout_ms=100)
        await consumer.stop()
        pool = await asyncpg.create_pool(place.url, min_size=1, max_size=1)
        assert await issue_token(pool, told["rest_client_id"], told["rest_client_secret"], at=NOW)
        await pool.close()

    asyncio.run(use())
    assert time.monotonic() - since < 5


def test_without_kafka_there_are_no_topics(place, tmp_path):
    """HTTP is enough for most; --kafka opens the other door later, with the secret's overlap."""
    code, (told,) = place.run("add", "dms-http", "--agency", place.agency(), home=tmp_path)
    assert code == 0
    assert "kafka_user" not in told
    assert place.on_broker("dms-http") == (set(), set())
    code, (told,) = place.run("rotate", "dms-http", "--kafka", home=tmp_path)
    assert set(told) == TOLD
    assert len(place.on_broker("dms-http")[0]) == 3


@pytest.mark.parametrize("failpoint", ADDING)
def test_an_addition_that_dies_is_undone(place, tmp_path, failpoint):
    """Nobody was told its secrets: nothing of it stays, and the name is free."""
    name = "dms-" + failpoint.rpartition(".")[2]
    agency = place.agency()
    code, _ = place.run("add", name, "--agency", agency, "--kafka", home=tmp_path, failpoint=failpoint)
    assert code == -signal.SIGKILL
    code, drift = place.run("check", home=tmp_path)
    assert (code, [(one["kind"], one["mended"]) for one in drift]) == (0, [("act-interrupted", True)])
    assert place.on_broker(name) == (set(), set())
    assert asyncio.run(place.rows("SELECT FROM connection WHERE name = $1", name)) == []
    assert place.run("check", home=tmp_path) == (0, [])
    assert place.run("add", name, "--agency", agency, "--kafka", home=tmp_path)[0] == 0


def test_an_addition_that_dies_before_it_told_is_whole(place, tmp_path):
    """All is made and nobody knows the secret: a rotation gives one."""
    code, _ = place.run(
        "add", "dms-mute", "--agency", place.agency(), "--kafka", home=tmp_path,
        failpoint="connection.recorded",
    )  # fmt: skip
    assert code == -signal.SIGKILL
    assert place.run("check", home=tmp_path) == (0, [])
    code, (told,) = place.run("rotate", "dms-mute", home=tmp_path)
    assert code == 0
    asyncio.run(write(place.as_user(told), told["topics"]["submission"]))


def test_a_rotation_that_dies_leaves_the_old_credentials(place, tmp_path):
    """At each place; the next rotation works, and what was in use still holds for its overlap."""
    first = place.made("dms-turn", home=tmp_path)
    for number, failpoint in enumerate((*ADDING, "connection.recorded")):
        home = tmp_path / str(number)
        home.mkdir()
        assert place.run("rotate", "dms-turn", home=home, failpoint=failpoint)[0] == -signal.SIGKILL
        asyncio.run(write(place.as_user(first), first["topics"]["submission"]))
    assert place.run("check", home=tmp_path)[0] == 0
    code, (last,) = place.run("rotate", "dms-turn", home=tmp_path)
    assert code == 0

    async def both_hold():
        pool = await asyncpg.create_pool(place.url, min_size=1, max_size=1)
        for told in (first, last):
            await write(place.as_user(told), told["topics"]["submission"])
            assert await issue_token(pool, told["rest_client_id"], told["rest_client_secret"], at=NOW)
        await pool.close()

    asyncio.run(both_hold())
    # first, the one that was recorded and never told, and the last
    assert len(place.on_broker("dms-turn")[1]) == 3


def test_a_leaked_secret_ends_at_once(place, tmp_path):
    """``--now``: no overlap, at neither door, not even for connections that are open."""
    old = place.made("dms-leak", home=tmp_path)

    async def story():
        producer = AIOKafkaProducer(**place.as_user(old), request_timeout_ms=3000)
        await producer.start()
        await producer.send_and_wait(old["topics"]["submission"], b"before")
        code, (new,) = await asyncio.to_thread(place.run, "rotate", "dms-leak", "--now", home=tmp_path)
        assert code == 0
        with pytest.raises(KafkaError):
            await producer.send_and_wait(old["topics"]["submission"], b"after")
        await producer.stop()
        assert not await lets_in(place.as_user(old))
        await write(place.as_user(new), new["topics"]["submission"])
        pool = await asyncpg.create_pool(place.url, min_size=1, max_size=1)
        assert not await issue_token(
            pool, old["rest_client_id"], old["rest_client_secret"], at=datetime.now(UTC)
        )
        await pool.close()

    asyncio.run(story())
    assert place.on_broker("dms-leak")[1] != {old["kafka_user"]}
    assert len(place.on_broker("dms-leak")[1]) == 1


def test_rotating_under_traffic_loses_nothing(place, tmp_path):
    """The system goes on with the old credentials, changes over, and every record is there once."""
    old = place.made("dms-busy", home=tmp_path)
    topic = old["topics"]["submission"]

    async def story():
        sent, done = [], asyncio.Event()

        async def traffic():
            told, number = old, 0
            producer = AIOKafkaProducer(**place.as_user(told), enable_idempotence=True)
            await producer.start()
            while not done.is_set():
                await producer.send_and_wait(topic, str(number).encode())
                sent.append(number)
                number += 1
                if told is old and new:
                    await producer.stop()
                    told = new[0]
                    producer = AIOKafkaProducer(**place.as_user(told), enable_idempotence=True)
                    await producer.start()
                await asyncio.sleep(0.01)
            await producer.stop()

        new = []
        task = asyncio.create_task(traffic())
        await asyncio.sleep(0.5)
        new += (await asyncio.to_thread(place.run, "rotate", "dms-busy", home=tmp_path))[1]
        await asyncio.sleep(1)
        done.set()
        await task
        # After the overlap, as the keeper does it.
        conn = await asyncpg.connect(place.url)
        later = datetime.now(UTC) + timedelta(hours=2)
        assert await expire(conn, place.doors, at=later, name="dms-busy") == 1
        await conn.close()
        assert not await lets_in(place.as_user(old))
        consumer = AIOKafkaConsumer(topic, **aiokafka_options(place.admin), auto_offset_reset="earliest")
        await consumer.start()
        found = []
        while len(found) < len(sent):
            for records in (await consumer.getmany(timeout_ms=2000)).values():
                found += [int(record.value) for record in records]
        await consumer.stop()
        assert found == sent
        assert len(sent) > 50

    asyncio.run(story())


@pytest.mark.parametrize("failpoint", REMOVING)
def test_a_removal_that_dies_is_carried_through(place, tmp_path, failpoint):
    """Once begun, the old credentials never come back."""
    name = "dms-x" + failpoint.rpartition(".")[2]
    told = place.made(name, home=tmp_path)
    assert place.run("remove", name, home=tmp_path, failpoint=failpoint)[0] == -signal.SIGKILL

    async def keeper():
        conn = await asyncpg.connect(place.url)
        ended = await end_interrupted(conn, place.doors)
        await conn.close()
        return ended

    assert asyncio.run(keeper()) == 1
    assert place.on_broker(name) == (set(), set())
    assert not asyncio.run(lets_in(place.as_user(told)))
    assert place.run("add", name, "--agency", place.agency(), "--kafka", home=tmp_path)[0] == 64


def test_topics_outlive_a_removal_until_they_are_read_out(place, tmp_path):
    """What was sent before the removal is not thrown away with the topic."""
    told = place.made("dms-full", home=tmp_path)
    asyncio.run(write(place.as_user(told), told["topics"]["submission"]))
    code, (answer,) = place.run("remove", "dms-full", home=tmp_path)
    assert (code, answer["topics_removed"]) == (0, False)
    topics, users = place.on_broker("dms-full")
    assert (len(topics), users) == (3, set())

    async def bridge_reads():
        consumer = AIOKafkaConsumer(
            told["topics"]["submission"],
            **aiokafka_options(place.broker.settings("bridge")),
            group_id="axis.bridge",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        await consumer.getone()
        await consumer.commit()
        await consumer.stop()

    asyncio.run(bridge_reads())
    assert place.run("check", home=tmp_path)[0] == 0
    assert place.on_broker("dms-full") == (set(), set())


def test_drift_is_found_and_mended(place, tmp_path):
    """Whatever somebody did by hand on the broker: told, put right, and told once more only if it stays."""
    told = place.made("dms-drift", home=tmp_path)
    user, topics = told["kafka_user"], told["topics"]
    surplus = Right(kind="topic", name=connection_topic("dms-a", "inbox"), operation="read")
    missing = Right(kind="topic", name=topics["ack"], operation="write")
    place.doors.add_rights(user, [surplus])
    place.doors.take_rights(user, [missing])
    place.doors.add_rights("axis-gateway", [surplus])
    place.doors.make_user("conn.nobody.0000", "x" * 20)
    client = admin_client(place.admin)
    entry = ConfigEntry("retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topics["inbox"], incremental_configs=[entry])
    for future in client.incremental_alter_configs([resource]).values():
        future.result()
    for future in client.delete_topics([topics["ack"]]).values():
        future.result()
    place.doors.make_topics("orphan")

    found = {one["kind"] for one in place.run("check", "--dry-run", home=tmp_path)[1]}
    expected = {
        "right-surplus", "right-missing", "user-surplus", "topic-config", "topic-missing", "topic-surplus",
    }  # fmt: skip
    assert found == expected
    code, drift = place.run("check", home=tmp_path)
    assert (code, {one["mended"] for one in drift}) == (0, {True})
    assert place.run("check", home=tmp_path) == (0, [])

    place.doors.close_user(user)
    code, drift = place.run("check", home=tmp_path)
    assert code == 1
    assert ("user-missing", False) in {(one["kind"], one["mended"]) for one in drift}
    code, (new,) = place.run("rotate", "dms-drift", "--now", home=tmp_path)
    asyncio.run(write(place.as_user(new), topics["ack"]))
    assert place.run("check", home=tmp_path) == (0, [])


async def test_mail_not_yet_fetched_moves_with_its_agency(place):
    """The new connection finds it; what was fetched, and what is another agency's, stays."""
    pool = await open_pool(place.url, size=1)
    conn = await pool.acquire()
    codes = [place.agency() for _ in range(3)]
    for name, held in (("old", codes), ("new", [])):
        await conn.execute("INSERT INTO connection VALUES ($1, $1, $1, 1, 1, 1, $2)", f"mail-{name}", NOW)
        await conn.execute("UPDATE agency SET connection = $1 WHERE code = ANY ($2)", f"mail-{name}", held)
    for packet in ("p1", "p2"):
        await conn.execute(
            "INSERT INTO intake VALUES ($1, 'x', 's', 1, 'rest', 0, $2, 'answered', '', 1, NULL)", packet, NOW
        )
        await conn.execute(
            "INSERT INTO document VALUES ($1, 'G00', $1, '1', 'n', 't', 's', '2026-01-01', NULL, 0, $2, 0,"
            " '', $3, 3, NULL)",
            packet, NOW, codes,
        )  # fmt: skip
        for code in codes:
            await conn.execute(
                "INSERT INTO delivery VALUES ($1, $2, $3, $3, 'central', 'mail-old', 'consigned', 0, $4, $5)",
                f"{packet}{code}", packet, code, NOW, NOW if packet == "p2" else None,
            )  # fmt: skip
        await conn.execute(
            "INSERT INTO mailbox (connection, kind, subject, packet_id, recipients, created_at, marked_at)"
            " VALUES ('mail-old', 'document', $1, $1, $2, $3, $4)",
            packet, codes, NOW, NOW if packet == "p2" else None,
        )  # fmt: skip
    async with conn.transaction():
        moved = await move_agencies(conn, "mail-old", "mail-new", codes[:2], at=NOW)
    assert moved == (tuple(sorted(codes[:2])), 2)

    async def box(name):
        rows = await conn.fetch(
            "SELECT packet_id, recipients FROM mailbox WHERE connection = $1 AND marked_at IS NULL", name
        )
        return [(row["packet_id"], sorted(row["recipients"])) for row in rows]

    assert await box("mail-new") == [("p1", sorted(codes[:2]))]
    assert await box("mail-old") == [("p1", [codes[2]])]
    async with conn.transaction():
        await move_agencies(conn, "mail-old", "mail-new", [], at=NOW)
    assert await box("mail-new") == [("p1", sorted(codes))]
    assert await box("mail-old") == []
    await pool.release(conn)
    await pool.close()
