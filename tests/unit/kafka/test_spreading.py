"""Bridges share the topics of connections evenly, each kind by itself."""

from collections import Counter

import pytest

from axis.kafka.spreading import spread
from axis.topics import REPORTED, SUBMITTED, connection_topic

NAMES = [f"dms-{n:02}" for n in range(25)]
TOPICS = {connection_topic(name, kind): [0] for name in NAMES for kind in (SUBMITTED, REPORTED)}


@pytest.mark.parametrize("bridges", [1, 2, 3, 4, 7])
def test_each_kind_is_shared_evenly(bridges):
    """Every topic has one reader, and of no kind one bridge has two more than another."""
    shares = spread(TOPICS, {f"bridge-{n}": frozenset(TOPICS) for n in range(bridges)})
    assert Counter(topic for share in shares.values() for topic in share) == dict.fromkeys(TOPICS, 1)
    for kind in (SUBMITTED, REPORTED):
        counts = [sum(f".{kind}." in topic for topic in share) for share in shares.values()]
        assert max(counts) - min(counts) <= 1


def test_the_same_members_share_the_same_way():
    """A rebalance that changes nothing moves nothing, whoever computes it."""
    there = spread(TOPICS, {"b": frozenset(TOPICS), "a": frozenset(TOPICS)})
    back = spread(dict(reversed(TOPICS.items())), {"a": frozenset(TOPICS), "b": frozenset(TOPICS)})
    assert there == back


def test_a_topic_that_one_does_not_know_of_goes_to_who_does():
    """A new connection is seen by one bridge before the other."""
    new = connection_topic("new", SUBMITTED)
    shares = spread(
        {**TOPICS, new: [0]}, {"a": frozenset(TOPICS), "b": frozenset({*TOPICS, new})}
    )
    assert new in shares["b"]
    assert new not in shares["a"]
