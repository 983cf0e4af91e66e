"""Rounds of the door: each its share, each place in order, offsets last."""

import asyncio
import contextlib
from functools import partial

import pytest

from axis.bridge.loop import SHARE_RECORDS, Rounds
from axis.bridge.pace import BURST_SECONDS, Pace
from axis.desk.share import Share
from axis.errors import UnavailableError
from axis.store.doors import Limits
from axis.topics import REPORTED, SUBMITTED, connection_topic
from axis.traffic import Incoming

A, B = ((connection_topic(name, SUBMITTED), 0) for name in ("dms-a", "dms-b"))


class Log:
    """What the broker would hold: records by place, and what was let go."""

    def __init__(self, **counts):
        self.records = {
            place: [
                Incoming(topic=place[0], partition=0, offset=n, key=None, value=b"x" * 10)
                for n in range(count)
            ]
            for place, count in ((A, counts.get("a", 0)), (B, counts.get("b", 0)))
        }
        self.next = dict.fromkeys(self.records, 0)
        self.paused, self.committed, self.erased = set(), {}, []
        self.mine = set(self.records)

    def ours(self):
        return frozenset(self.mine)

    async def fetch(self, seconds):
        await asyncio.sleep(0)
        found = {}
        for place, records in self.records.items():
            new = records[self.next[place] :]
            if place not in self.paused and place in self.mine and new:
                found[place] = new
                self.next[place] = len(records)
        return found

    def pause(self, places):
        self.paused |= set(places)

    def resume(self, places):
        self.paused -= set(places)

    async def commit(self, done):
        for place, offset in done.items():
            assert offset > self.committed.get(place, 0), "offsets go forward"
        self.committed.update(done)

    async def erase(self, place, before):
        self.erased.append((place, before))


class Edge:
    """Settles; stands still for a place that is stuck."""

    def __init__(self, seen, stuck):
        self.seen, self.stuck = seen, stuck

    async def settle(self, batch):
        if (batch[0].topic, 0) in self.stuck:
            await asyncio.Event().wait()
        await asyncio.sleep(0.001)
        self.seen += batch
        return True

    async def drain(self, seconds):
        return True


async def nothing_open(_connection, _most, *, kind):
    return 0


def rounds(log, *, pace=None, stuck=(), secrets=None, count=nothing_open):
    seen = []

    async def settled():
        pass

    made = Rounds(
        log,
        lambda _: Edge(seen, stuck),
        pace or Pace(),
        {kind: Share(partial(count, kind=kind), 10) for kind in (SUBMITTED, REPORTED)},
        secrets={} if secrets is None else secrets,
        settled=settled,
    )
    return made, seen


async def while_running(made, until):
    task = asyncio.create_task(made.run())
    async with asyncio.timeout(10):
        while not until():
            await asyncio.sleep(0.005)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_everything_is_settled_in_order_and_let_go():
    """Each place by itself, and the offset behind the last record at the end."""
    log = Log(a=95, b=3)
    made, seen = rounds(log)
    await while_running(made, lambda: log.committed == {A: 95, B: 3})
    for place, count in ((A, 95), (B, 3)):
        assert [r.offset for r in seen if (r.topic, 0) == place] == list(range(count))
    assert log.paused == set()


async def test_a_flood_leaves_its_neighbour_its_share():
    """Ten thousand records of one do not stand before three of another."""
    log = Log(a=10_000, b=3)
    made, seen = rounds(log)
    await while_running(made, lambda: log.committed.get(B) == 3)
    before = [r for r in seen[: [r.topic for r in seen].index(B[0]) + 1] if r.topic == A[0]]
    assert len(before) <= 2 * SHARE_RECORDS


async def test_a_place_that_stands_still_holds_up_nobody():
    """Nothing of it is let go, and all of the other is."""
    log = Log(a=5, b=50)
    made, _ = rounds(log, stuck={A})
    await while_running(made, lambda: log.committed.get(B) == 50)
    assert A not in log.committed


async def test_who_is_too_fast_waits_on_the_broker():
    """Its rate and a burst, then its partition is paused; nothing is refused or lost."""
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    pace.learn(Limits(name="dms-a", bytes_per_second=1_000_000, requests_per_second=2, max_packet_bytes=1))
    log = Log(a=30, b=30)
    made, seen = rounds(log, pace=pace)
    burst = int(2 * BURST_SECONDS)
    await while_running(made, lambda: log.committed.get(A) == burst and log.committed.get(B) == 30)
    assert A in log.paused

    def later():
        clock[0] += 0.5
        return log.committed.get(A) == 30

    made, seen = rounds(log, pace=pace)
    log.next[A] = burst
    log.paused.clear()
    await while_running(made, later)
    assert [r.offset for r in seen] == list(range(burst, 30))


async def test_who_has_too_much_that_is_not_judged_waits_on_the_broker():
    """T13: up to its places, then its partition is paused until some are free; the neighbour goes on."""
    judged = 0

    async def count(name, _most, *, kind):
        assert kind == SUBMITTED
        taken = sum(record.topic == (A if name == "dms-a" else B)[0] for record in seen)
        return taken - judged if name == "dms-a" else 0

    log = Log(a=25, b=300)
    made, seen = rounds(log, count=count)
    await while_running(made, lambda: log.committed.get(B) == 300)
    assert log.committed[A] == 10
    assert A in log.paused

    log = Log(a=25)
    made, seen = rounds(log, count=count)

    def judging():
        nonlocal judged
        judged = log.committed.get(A, 0)
        return judged == 25

    await while_running(made, judging)
    assert [record.offset for record in seen] == list(range(25))


async def test_statuses_have_places_of_their_own():
    """T13: who has too many that are not recorded waits with them alone, and has its packets judged."""
    recorded = 0
    told = (connection_topic("dms-a", REPORTED), 0)

    async def count(_name, _most, *, kind):
        taken = sum(record.topic == told[0] for record in seen)
        return taken - recorded if kind == REPORTED else 0

    log = Log(a=100)
    log.records[told] = [
        Incoming(topic=told[0], partition=0, offset=n, key=None, value=b"") for n in range(25)
    ]
    log.next[told] = 0
    log.mine.add(told)
    made, seen = rounds(log, count=count)
    await while_running(made, lambda: log.committed.get(A) == 100)
    assert log.committed[told] == 10
    assert told in log.paused


async def test_bytes_count_too():
    """A record may take the level into debt; the next one waits for it."""
    clock = [0.0]
    pace = Pace(lambda: clock[0])
    pace.learn(Limits(name="x", bytes_per_second=100, requests_per_second=1000, max_packet_bytes=1))
    assert pace.may("x", 5000)
    assert not pace.may("x", 1)
    clock[0] += 44
    assert not pace.may("x", 1)
    clock[0] += 2
    assert pace.may("x", 1)


async def test_what_went_to_another_reader_is_left_to_it():
    """After a rebalance nothing that waits here is settled twice."""
    log = Log(a=500)
    made, seen = rounds(log)
    task = asyncio.create_task(made.run())
    while not seen:
        await asyncio.sleep(0.001)
    log.mine.discard(A)
    await asyncio.sleep(0.1)
    count = len(seen)
    await asyncio.sleep(0.1)
    assert len(seen) == count < 500
    task.cancel()


async def test_secrets_are_erased_before_they_are_let_go():
    """A crash in between erases once more; the other order could forget."""
    log, secrets = Log(a=3), {A: 3}
    made, _ = rounds(log, secrets=secrets)
    order = []
    erase, commit = log.erase, log.commit

    async def erased(place, before):
        order.append("erase")
        await erase(place, before)

    async def committed(done):
        order.append("commit")
        await commit(done)

    log.erase, log.commit = erased, committed
    await while_running(made, lambda: bool(log.committed))
    assert (order[0], log.erased, secrets) == ("erase", [(A, 3)], {})


@pytest.mark.parametrize("step", ["fetch", "commit", "erase"])
async def test_a_broker_that_is_away_is_waited_for(step, monkeypatch):
    """Nothing ends, and what was settled is let go as soon as that is possible."""
    monkeypatch.setattr("axis.bridge.loop.AWAY_SECONDS", 0.01)
    log = Log(a=5)
    made, seen = rounds(log, secrets={A: 5})
    real, failures = getattr(log, step), iter([True, True, False])

    async def away(*arguments):
        if next(failures, False):
            raise UnavailableError("away")
        return await real(*arguments)

    setattr(log, step, away)
    await while_running(made, lambda: log.committed.get(A) == 5)
    assert (len(seen), log.erased[-1]) == (5, (A, 5))
