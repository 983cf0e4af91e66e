"""What a connection cannot reach with credentials of its own, by Kafka and by REST, on a whole stack."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DeleteGroupsRequest, DescribeAclsRequest
from aiokafka.structs import TopicPartition

from axis.client import AxisClient, AxisRefusedError
from axis.contract.doors import ConnReport
from axis.kafka.admin import admin_client
from axis.kafka.doors import Doors
from axis.topics import TOPICS
from tests.lab.doorstep import counted, denied, notice, scene, turned_away
from tests.lab.speaker import Speaker

__all__ = ["scene"]

PREFIX = "apart"
TOPIC_NAMES = tuple(topic.name for topic in TOPICS)

async def test_another_connection_gets_nothing_by_kafka(scene):
    """With valid credentials of its own: others' topics and groups, and the inner ones, are closed to it."""
    other, mine = scene.sender, scene.receiver
    options = Speaker(mine, scene.schemas).options
    since, doors = denied(scene, mine["kafka_user"]), Doors(scene.settings)
    await asyncio.sleep(2)  # what earlier tests were refused is counted by then
    counted_before = counted(scene, mine["kafka_user"])
    before = doors.look()
    for topic in (*other["topics"].values(), *TOPIC_NAMES):
        with pytest.raises(KafkaError):
            await read_one(options, topic, group=None)
        with pytest.raises(KafkaError):
            await write_one(options, topic)
    with pytest.raises(KafkaError):
        await write_one(options, mine["topics"]["inbox"])
    with pytest.raises(KafkaError):
        await read_one(options, mine["topics"]["submission"], group=None)
    for group in (f"axis.conn.{PREFIX}-a.test", f"axis.conn.{PREFIX}-", "axis.bridge", "axis.worker", "mine"):
        with pytest.raises(KafkaError):
            await read_one(options, mine["topics"]["inbox"], group=group)
    settings = msgspec.structs.replace(
        scene.settings, kafka_user=mine["kafka_user"], kafka_password=mine["kafka_password"]
    )
    client = admin_client(settings)
    assert set(client.list_topics(timeout=10).topics) == set(mine["topics"].values())
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    place = TopicPartition(other["topics"]["inbox"], 0)
    with pytest.raises(KafkaError):
        await admin.delete_records({place: RecordsToDelete(before_offset=1)})
    for answer in (
        await admin.create_topics([NewTopic(f"axis.conn.{PREFIX}-a.more.v1", 1, 1)]),
        await admin.delete_topics([other["topics"]["inbox"]]),
    ):
        errors = getattr(answer, "topic_errors", None) or answer.topic_error_codes
        assert all(error[1] for error in errors)
    assert all(name.startswith(f"axis.conn.{PREFIX}-b.") for name, _ in await admin.list_consumer_groups())
    group = f"axis.conn.{PREFIX}-a.test"
    with pytest.raises(KafkaError):
        await admin.describe_consumer_groups([group])
    with pytest.raises(KafkaError):
        await admin.list_consumer_group_offsets(group)
    topic = other["topics"]["inbox"]
    answers = [
        *(await admin._send_request(DeleteGroupsRequest([group]))).results,
        await admin._send_request(DescribeAclsRequest(1, None, 1, None, None, 1, 1)),
        *(await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))[0].resources,
        *(await admin.describe_topics([topic])),
    ]
    await admin.close()
    for answer in answers:
        assert refused_code(answer), answer
    for name in (f"axis.conn.{PREFIX}-a.tx", "axis-bridge", mine["kafka_user"]):
        producer = AIOKafkaProducer(**options, transactional_id=name, request_timeout_ms=5000)
        with pytest.raises(KafkaError):
            await producer.start()
        await producer.stop()
    assert doors.look() == before
    # The broker has written each of them down, and the keeper has counted each line.
    refused = denied(scene, mine["kafka_user"]) - since
    assert refused >= 2 * len(TOPIC_NAMES) + len(answers)
    async with asyncio.timeout(20):
        while counted(scene, mine["kafka_user"]) - counted_before != refused:
            await asyncio.sleep(0.5)
            refused = denied(scene, mine["kafka_user"]) - since


async def test_another_connection_gets_nothing_by_rest(scene):
    """Packets, receipts, mail, uploads and statuses of another by their ids: all refused, and counted."""
    data = scene.packet()
    before = turned_away(scene, "gateway", "take.not-found")
    async with scene.client(scene.sender) as a, scene.client(scene.receiver) as b:
        sent = await a.send_packet(data)
        receipt = await a.wait_for_receipt(sent.packet_id)
        (entry, *_) = await a.inbox("receipt", packet_id=sent.packet_id)
        third = AxisClient(
            scene.loop["rest_url"],
            scene.loop["rest_client_id"],
            scene.loop["rest_client_secret"],
            ca=scene.loop["rest_ca"],
        )
        async with third:
            tries = [
                third.status(sent.packet_id),
                third.receipts(sent.packet_id),
                third.receipt(receipt.event_id),
                third.content(entry),
                third.mark(entry),
                third.answer(sent.packet_id, "H37", "03"),
                b.status(sent.packet_id),
            ]
            for one in tries:
                with pytest.raises(AxisRefusedError) as caught:
                    await one
                assert (caught.value.status, caught.value.code) == (404, "take.not-found")
    await until(lambda: turned_away(scene, "gateway", "take.not-found") - before == len(tries))
    async with scene.speaker(scene.loop) as third:
        before = turned_away(scene, "bridge", "take.not-found")
        await third.ack(received=receipt.event_id, reference="i1")
        at = datetime.now(UTC)
        await third.ack(
            report=ConnReport(packet_id=sent.packet_id, recipient="H37", code="03", reported_at=at),
            reference="i2",
        )
        for reference in ("i1", "i2"):
            await third.until(notice("take.not-found", reference))
        await until(lambda: turned_away(scene, "bridge", "take.not-found") - before == 2)


async def until(holds):
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.3)


async def read_one(options, topic, *, group):
    consumer = AIOKafkaConsumer(topic, **options, group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        async with asyncio.timeout(10):
            await consumer.getone()
    finally:
        await consumer.stop()


async def write_one(options, topic):
    producer = AIOKafkaProducer(**options, request_timeout_ms=5000)
    await producer.start()
    try:
        async with asyncio.timeout(15):
            await producer.send_and_wait(topic, b"x")
    finally:
        await producer.stop()


def refused_code(answer):
    """Return the error code of one answer, wherever its shape has it."""
    if isinstance(answer, dict):
        return answer["error_code"]
    if hasattr(answer, "error_code"):
        return answer.error_code
    return next(part for part in answer if isinstance(part, int))
