"""Credentials that change hands under traffic, drift, and mail that moves with its agency."""

import asyncio
import signal
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource

from axis.desk.connecting import expire
from axis.kafka.admin import admin_client
from axis.kafka.connect import aiokafka_options
from axis.store.moving import move_agencies
from axis.store.pool import open_pool
from axis.store.tokens import issue_token
from axis.topics import Right, connection_topic
from tests.integration.test_connection_life import ADDING
from tests.lab.place import NOW, lets_in, place, write

__all__ = ["place"]


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
