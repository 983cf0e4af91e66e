"""A connection's topics, user, rights, credentials and rows: one act, whatever dies in the middle."""

import asyncio
import signal
import time

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from axis import failpoints
from axis.desk.connecting import end_interrupted
from axis.kafka.connect import aiokafka_options
from axis.store.tokens import issue_token
from axis.topics import connection_topic
from tests.lab.place import NOW, lets_in, place, write

__all__ = ["place"]

ADDING = ("connection.begun", "connection.topics", "connection.user", "connection.rights")
REMOVING = ("connection.removed", "connection.user-closed", "connection.topics-closed")
TOLD = {
    "name", "agencies", "rest_url", "rest_client_id", "rest_client_secret", "rest_ca", "kafka_bootstrap",
    "kafka_user", "kafka_password", "kafka_ca", "registry_url", "registry_user", "registry_password",
    "topics",
}  # fmt: skip


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


@pytest.mark.parametrize("failpoint", REMOVING)
def test_a_removal_that_dies_is_carried_through(place, tmp_path, failpoint):
    """Once begun, the old credentials never come back."""
    name = "dms-x" + failpoint.rpartition(".")[2]
    told = place.made(name, home=tmp_path)
    assert place.run("remove", name, home=tmp_path, failpoint=failpoint)[0] == -signal.SIGKILL

    async def keeper():
        conn = await asyncpg.connect(place.url)
        try:
            async with asyncio.timeout(10):
                # The database lets go of the dead one's lock when it notices; the keeper comes again too.
                while not (ended := await end_interrupted(conn, place.doors)):
                    await asyncio.sleep(0.1)
            return ended + await end_interrupted(conn, place.doors)
        finally:
            await conn.close()

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
