"""A worker that runs and does not work is found out; one that only waits is left alone."""

import types

import pytest
from faust.types import TP

from agents import watch
from agents.edge import Edge
from agents.watch import BUSY_SECONDS, UNCOMMITTED_SECONDS, Watch

PLACE = TP("axis.submission.v1", 3)


class Consumer:
    def __init__(self):
        self._committed_offset = {}
        self.owned = {PLACE}

    def assignment(self):
        return self.owned


@pytest.fixture
def consumer():
    return Consumer()


@pytest.fixture
def edge():
    return Edge("admit", lambda _batch: None, lambda *_args: None)


@pytest.fixture
def clock(monkeypatch):
    clock = types.SimpleNamespace(now=1000.0)
    monkeypatch.setattr(watch.time, "monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def watched(consumer, edge):
    return Watch(types.SimpleNamespace(consumer=consumer), [edge])


def test_an_attempt_that_never_ends_is_found_out(watched, edge, clock):
    """Judging and the database have their own limits; what outlasts them all is stuck."""
    edge.busy_since = clock.now
    clock.now += BUSY_SECONDS
    assert watched.complaint() is None
    clock.now += 1
    assert "admit" in watched.complaint()


def test_standing_still_is_not_being_stuck(watched, edge, clock):
    """A worker that waits for its database must not be killed for it."""
    edge.waiting_for = "the database"
    edge.busy_since = None
    clock.now += 10 * BUSY_SECONDS
    assert watched.complaint() is None


def test_work_that_is_never_committed_is_found_out(watched, edge, consumer, clock):
    """Settled and never committed means that all of it would come again, and more each minute."""
    consumer._committed_offset[PLACE] = 5
    edge.settled[PLACE] = 9
    assert watched.complaint() is None
    clock.now += UNCOMMITTED_SECONDS + 1
    assert "committed only up to 5" in watched.complaint()


@pytest.mark.parametrize("change", ["commits", "revoked", "forgiven"])
def test_a_moving_partition_is_left_alone(watched, edge, consumer, clock, change):
    """Commits that come, a partition that went to another worker, or a broker that was away: no complaint."""
    consumer._committed_offset[PLACE] = 5
    edge.settled[PLACE] = 9
    assert watched.complaint() is None
    clock.now += UNCOMMITTED_SECONDS - 1
    if change == "commits":
        consumer._committed_offset[PLACE] = 7
    elif change == "revoked":
        consumer.owned = set()
    else:
        watched.forgive()
    assert watched.complaint() is None
    clock.now += 2
    assert watched.complaint() is None


def test_everything_committed_is_no_complaint(watched, edge, consumer, clock):
    """The committed offset is the next one to read."""
    consumer._committed_offset[PLACE] = 10
    edge.settled[PLACE] = 9
    watched.complaint()
    clock.now += 10 * UNCOMMITTED_SECONDS
    assert watched.complaint() is None
