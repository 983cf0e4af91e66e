"""What is said about a broker that cannot be used, and what each role may do there."""

import logging
from pathlib import Path

import pytest
from confluent_kafka.admin import AclOperation, ResourceType

from axis.errors import SetupError, UnavailableError
from axis.kafka.admin import GROUPS, USERS, binding, rights, topic_config
from axis.kafka.connect import away, confluent_options
from axis.kafka.producer import Publisher
from axis.kafka.quiet import RepeatFilter
from axis.settings import Settings
from axis.topics import (
    BY_NAME,
    EXTRA_RIGHTS,
    SUBMISSION,
    TOPICS,
    WORKER_GROUP,
    connection_of,
    connection_rights,
    connection_topics,
)
from axis.traffic import Outgoing

HOME = Path("/nonexistent")


def test_an_outage_and_a_wrong_password_are_both_named():
    """From here the two look the same, so the operator is told of both, in both languages."""
    settings = Settings(home=HOME, kafka_bootstrap="kafka:9093", kafka_user="axis-worker")
    text = away(settings, TimeoutError())
    for part in ("kafka:9093", "axis-worker", "mật khẩu sai", "refuses this user's password", "TimeoutError"):
        assert part in text


def test_nothing_connects_without_credentials_and_authority():
    """There is no way to speak to the broker in the clear or as nobody."""
    with pytest.raises(SetupError, match="AXIS_KAFKA_USER, AXIS_KAFKA_PASSWORD, AXIS_KAFKA_CA"):
        confluent_options(Settings(home=HOME, kafka_bootstrap="kafka:9093"))


async def test_publishing_without_settings_is_no_outage():
    """Waiting would not help, but nothing raises into a move: it is told as unavailable, with the reason."""
    row = Outgoing(topic=SUBMISSION, key=b"k", value=b"v", event_id="e")
    with pytest.raises(UnavailableError, match="AXIS_KAFKA_BOOTSTRAP"):
        await Publisher(Settings(home=HOME)).publish([row])


async def test_publishing_nothing_needs_no_broker():
    """An empty outbox is published without a connection."""
    await Publisher(Settings(home=HOME)).publish([])


def test_rights_are_the_tables():
    """Each role may write and read what the table of topics says, join its own group, and nothing more."""
    for role in USERS:
        extra = {binding(USERS[role], right) for right in EXTRA_RIGHTS.get(role, ())}
        held = {(right.restype, right.name, right.operation) for right in set(rights(role)) - extra}
        assert held == (
            {(ResourceType.TOPIC, t.name, AclOperation.WRITE) for t in TOPICS if role in t.writers}
            | {(ResourceType.TOPIC, t.name, AclOperation.READ) for t in TOPICS if role in t.readers}
            | {(ResourceType.GROUP, GROUPS[role], AclOperation.READ) for _ in "1" if role in GROUPS}
        )


def test_only_the_keeper_may_change_users_and_rights():
    """It ends what interrupted commands left; doors and workers can give nobody anything."""
    cluster = {role for role, extra in EXTRA_RIGHTS.items() for right in extra if right.kind == "cluster"}
    assert cluster == {"keeper"}
    assert set(EXTRA_RIGHTS) == {"bridge", "keeper"}


def test_a_connection_may_write_two_topics_read_one_and_join_its_own_groups():
    """Nothing else: not even to describe what is another's."""
    assert {(r.kind, r.name, r.operation, r.prefixed) for r in connection_rights("dms-a")} == {
        ("topic", "axis.conn.dms-a.submission.v1", "write", False),
        ("topic", "axis.conn.dms-a.ack.v1", "write", False),
        ("topic", "axis.conn.dms-a.inbox.v1", "read", False),
        ("group", "axis.conn.dms-a.", "read", True),
    }


@pytest.mark.parametrize(
    "topic",
    ["axis.conn.a.b.inbox.v1", "axis.conn..inbox.v1", "axis.conn.A.inbox.v1", "axis.submission.v1", "x"],
)
def test_a_topic_of_no_connection_is_nobodys(topic):
    """The name of the topic is the identity: what does not fit exactly stands for nobody."""
    assert connection_of(topic) is None
    assert connection_of("axis.conn.dms-a.inbox.v1") == ("dms-a", "inbox")


def test_every_role_of_the_table_has_a_user():
    """No writer or reader is forgotten, and only readers have a group."""
    roles = {role for topic in TOPICS for role in (*topic.writers, *topic.readers)}
    assert roles == set(USERS)
    readers = {role for topic in (*TOPICS, *connection_topics("x")) for role in topic.readers}
    assert readers - {"connection"} == set(GROUPS)
    assert GROUPS["worker"] == WORKER_GROUP


def test_a_topic_refuses_what_is_larger_than_the_table_says():
    """The broker itself keeps huge records away from every reader."""
    topic = BY_NAME[SUBMISSION]
    assert topic_config(topic)["max.message.bytes"] == str(topic.max_record_bytes)


def test_a_flood_of_one_complaint_becomes_one_line():
    """While a broker is down its clients say so once, our own lines all pass."""
    repeat = RepeatFilter()

    def passes(name, message, *args):
        return repeat.filter(logging.LogRecord(name, logging.ERROR, "", 0, message, args, None))

    assert [passes("aiokafka.conn", "cannot reach %s", n) for n in range(5)] == [True, *[False] * 4]
    assert passes("aiokafka.conn", "another complaint")
    assert all(passes("agents.edge", "standing still") for _ in range(5))
