"""The broker as deployment leaves it: topics, users, rights; and our publisher through its death."""

import asyncio
import time

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from axis.errors import SetupError, UnavailableError
from axis.kafka.admin import USERS, apply_rights, apply_topics, apply_users
from axis.kafka.connect import aiokafka_options, confluent_options
from axis.kafka.producer import EVENT_ID_HEADER, Publisher
from axis.topics import ACCEPTED, ACK, SUBMISSION, TOPICS, WORKER_GROUP
from axis.traffic import Outgoing


def row(topic, name):
    return Outgoing(topic=topic, key=b"k", value=name.encode(), event_id=name)


async def read(options, topic, *, group=None, seconds=10.0):
    """Return one record of a topic, or raise what the broker says."""
    consumer = AIOKafkaConsumer(topic, **options, group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        async with asyncio.timeout(seconds):
            return await consumer.getone()
    finally:
        await consumer.stop()


@pytest.fixture
async def publisher(kafka):
    publisher = Publisher(kafka.settings("keeper"), publish_seconds=3.0)
    yield publisher
    await publisher.stop()


def test_applying_again_changes_nothing(kafka):
    """Deployment may run as often as it likes."""
    admin = kafka.settings("admin")
    for _ in range(2):
        assert [(s.name, s.created, s.drift) for s in apply_topics(admin)] == sorted(
            (topic.name, False, ()) for topic in TOPICS
        )
        apply_rights(admin)


def test_drift_is_told_and_left_alone(kafka):
    """A topic that differs from the table is named with what differs."""
    admin = kafka.settings("admin")
    client = AdminClient(confluent_options(admin))

    def set_retention(operation, value=None):
        entry = ConfigEntry("retention.ms", value, incremental_operation=operation)
        resource = ConfigResource(ConfigResource.Type.TOPIC, ACK, incremental_configs=[entry])
        for future in client.incremental_alter_configs([resource]).values():
            future.result()

    set_retention(AlterConfigOpType.SET, "1000")
    try:
        drift = {state.name: state.drift for state in apply_topics(admin)}
        assert drift == {SUBMISSION: (), ACCEPTED: (), ACK: ("retention.ms: 1000, expected 604800000",)}
    finally:
        set_retention(AlterConfigOpType.SET, "604800000")


def test_a_right_that_nobody_should_have_is_taken_away(kafka):
    """What was granted by hand is gone after the next deployment."""
    from confluent_kafka.admin import (  # noqa: PLC0415 - only here
        AclBinding,
        AclBindingFilter,
        AclOperation,
        AclPermissionType,
        ResourcePatternType,
        ResourceType,
    )

    admin = kafka.settings("admin")
    client = AdminClient(confluent_options(admin))
    words = (ResourceType.TOPIC, ACCEPTED, ResourcePatternType.LITERAL, f"User:{USERS['gateway']}", "*")
    surplus = AclBinding(*words, AclOperation.ALTER, AclPermissionType.ALLOW)
    for future in client.create_acls([surplus]).values():
        future.result()
    asked = AclBindingFilter(*words, AclOperation.ANY, AclPermissionType.ANY)
    assert client.describe_acls(asked).result() == [surplus]
    apply_rights(admin)
    assert client.describe_acls(asked).result() == []


@pytest.mark.parametrize("role", sorted(USERS))
@pytest.mark.parametrize("topic", TOPICS, ids=lambda t: t.name)
async def test_each_identity_writes_its_own_topics_only(kafka, role, topic):
    """Who is not a writer in the table is refused by the broker, whatever our code does."""
    publisher = Publisher(kafka.settings(role))
    try:
        if role in topic.writers:
            await publisher.publish([row(topic.name, f"from-{role}")])
        else:
            with pytest.raises(UnavailableError, match="TopicAuthorizationFailed"):
                await publisher.publish([row(topic.name, f"from-{role}")])
    finally:
        await publisher.stop()


@pytest.mark.parametrize("role", ["gateway", "keeper"])
async def test_who_only_writes_cannot_read(kafka, role):
    """A door that is broken into does not give away what others sent."""
    with pytest.raises(TopicAuthorizationFailedError):
        await read(aiokafka_options(kafka.settings(role)), SUBMISSION)


@pytest.mark.parametrize(("role", "group"), [("keeper", WORKER_GROUP), ("worker", "axis.another")])
async def test_each_identity_joins_its_own_group_only(kafka, role, group):
    """Nobody can take the workers' place, and the workers can take nobody's."""
    with pytest.raises((GroupAuthorizationFailedError, TopicAuthorizationFailedError)):
        await read(aiokafka_options(kafka.settings(role)), SUBMISSION, group=group)


@pytest.mark.parametrize(
    "change", [{"kafka_user": "nobody"}, {"kafka_password": "wrong"}], ids=["unknown-user", "wrong-password"]
)
async def test_a_stranger_is_refused_in_words_that_help(kafka, change):
    """The message names the user and says that a wrong password looks like an outage."""
    settings = msgspec.structs.replace(kafka.settings("gateway"), **change)
    publisher = Publisher(settings)
    with pytest.raises(UnavailableError, match=f"{settings.kafka_user}.*mật khẩu sai"):
        await publisher.start()
    assert not await publisher.usable()
    await publisher.stop()


def test_a_process_may_not_administer(kafka):
    """The identities of our processes cannot change topics or rights."""
    for move in (apply_rights, lambda s: apply_users(s, {"worker": "mine now"})):
        with pytest.raises(SetupError, match="may not administer"):
            move(kafka.settings("worker"))


async def test_a_row_carries_its_event_id(kafka, publisher):
    """Every reader can deduplicate without reading the value."""
    await publisher.publish([row(SUBMISSION, "with-header")])
    assert await everything(kafka, "with-header") == ["with-header"]


async def test_publishing_goes_on_after_the_broker_was_killed(kafka, publisher):
    """Killed twice in mid-traffic: nothing published is missing, and an outage is told within seconds."""
    wanted, refused = [], 0
    await publisher.publish([row(SUBMISSION, "kill-first")])
    kafka.kill()
    try:
        started = time.monotonic()
        with pytest.raises(UnavailableError):
            await publisher.publish([row(SUBMISSION, f"kill-{n}") for n in range(50)])
        assert time.monotonic() - started < 5
        assert not await publisher.usable()
    finally:
        kafka.start()
    for n in range(200):
        rows = [row(SUBMISSION, f"kill-{m}") for m in range(n * 50, n * 50 + 50)]
        while True:
            try:
                await publisher.publish(rows)
                break
            except UnavailableError:
                refused += 1
                assert refused < 20
        wanted += [one.event_id for one in rows]
        if n == 100:
            kafka.kill()
            kafka.start()  # not in a thread: the broker dies with the thread that began it
    assert await publisher.usable()
    found = await everything(kafka, "kill-")
    assert set(wanted) <= set(found)
    assert len(found) - len(set(found)) <= 100, "an outage does not multiply records"


async def test_a_broker_that_does_not_answer_is_not_usable(kafka):
    """A port that nobody listens on is told within seconds."""
    publisher = Publisher(
        msgspec.structs.replace(kafka.settings("gateway"), kafka_bootstrap="127.0.0.1:9"), publish_seconds=2.0
    )
    assert not await publisher.usable()
    with pytest.raises(UnavailableError):
        await publisher.publish([row(SUBMISSION, "nowhere")])
    await publisher.stop()


async def everything(kafka, prefix):
    """Return the event ids in the submission topic that start so."""
    consumer = AIOKafkaConsumer(
        SUBMISSION, **aiokafka_options(kafka.settings("admin")), auto_offset_reset="earliest"
    )
    await consumer.start()
    found = []
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        for tp, end in ends.items():
            while await consumer.position(tp) < end:
                got = (await consumer.getmany(tp, timeout_ms=500, max_records=5000)).get(tp, [])
                found += [dict(record.headers).get(EVENT_ID_HEADER, b"").decode() for record in got]
    finally:
        await consumer.stop()
    return [name for name in found if name.startswith(prefix)]
