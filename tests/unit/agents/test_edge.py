"""The edge: every record of a batch comes to its end, and nothing is let go before."""

import asyncio
import itertools

import pytest

from agents.edge import BUG_LIMIT, Edge, pauses
from agents.serving import BATCH_RECORDS, serve
from axis.errors import MalformedError, UnavailableError
from axis.traffic import Incoming
from axis.violations import Code, Violation

MALFORMED = MalformedError(Violation(Code.QUARANTINE_UNREADABLE, "value", "not a submission"))
AWAY = UnavailableError("database is away")


def record(value, offset=0):
    return Incoming(topic="axis.submission.v1", partition=1, offset=offset, key=None, value=value)


class Desk:
    """Answers by script: for each value the faults it meets before it goes well."""

    def __init__(self):
        self.faults = {}
        self.seen = []
        self.quarantine_faults = []

    async def handle(self, batch):
        for incoming in batch:
            if self.faults.get(incoming.value):
                fault = self.faults[incoming.value][0]
                if not isinstance(fault, itertools.repeat):
                    self.faults[incoming.value].pop(0)
                else:
                    fault = next(fault)
                raise fault
        self.seen.append(("handled", *(incoming.value for incoming in batch)))

    async def set_aside(self, incoming, code, detail):
        if self.quarantine_faults:
            raise self.quarantine_faults.pop(0)
        self.seen.append(("set aside", incoming.value, code, detail))


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def edge(desk):
    return Edge("admit", desk.handle, desk.set_aside, waits=lambda: itertools.repeat(0.0))


def test_pauses_grow_to_half_a_minute():
    """The first retry comes soon, and no outage is hammered."""
    assert list(itertools.islice(pauses(), 8)) == [0.5, 1, 2, 4, 8, 16, 30, 30]


async def test_a_good_batch_is_handled_at_once(edge, desk):
    """One call of the desk for the whole batch."""
    assert await edge.settle([record(b"a"), record(b"b")])
    assert desk.seen == [("handled", b"a", b"b")]


async def test_waits_on_the_same_batch_while_the_database_is_away(edge, desk):
    """Unavailable is no verdict: nothing is set aside, nothing is split, nothing is skipped."""
    desk.faults[b"a"] = [AWAY, AWAY, AWAY]
    assert await edge.settle([record(b"a"), record(b"b")])
    assert desk.seen == [("handled", b"a", b"b")]


@pytest.mark.parametrize(
    ("fault", "code", "detail"),
    [
        pytest.param(MALFORMED, Code.QUARANTINE_UNREADABLE, "not a submission", id="malformed"),
        pytest.param(ZeroDivisionError("secret"), Code.QUARANTINE_BUG, "ZeroDivisionError at ", id="our-bug"),
        pytest.param(MemoryError(), Code.QUARANTINE_BUG, "MemoryError at ", id="memory"),
    ],
)
async def test_a_record_that_fails_stands_alone(edge, desk, fault, code, detail):
    """One bad record reaches quarantine with its reason; its neighbours are served, in order."""
    desk.faults[b"bad"] = [itertools.repeat(fault)]
    assert await edge.settle([record(b"a", 1), record(b"bad", 2), record(b"b", 3)])
    assert [entry[:2] for entry in desk.seen] == [("handled", b"a"), ("set aside", b"bad"), ("handled", b"b")]
    assert desk.seen[1][2] is code
    assert desk.seen[1][3].startswith(detail)
    assert "secret" not in desk.seen[1][3], "the text of an unexpected error may quote a document"


async def test_what_goes_well_the_second_time_is_not_set_aside(edge, desk):
    """A fault that does not come back costs nothing but the second attempt."""
    desk.faults[b"a"] = [ZeroDivisionError()]
    assert await edge.settle([record(b"a"), record(b"b")])
    assert desk.seen == [("handled", b"a"), ("handled", b"b")]


async def test_the_database_going_away_in_the_middle_of_standing_alone(edge, desk):
    """Waiting and setting aside do not mix: each record still gets its own end."""
    desk.faults[b"a"] = [MALFORMED, AWAY, MALFORMED]
    desk.faults[b"b"] = [AWAY]
    assert await edge.settle([record(b"a"), record(b"b")])
    assert [entry[:2] for entry in desk.seen] == [("set aside", b"a"), ("handled", b"b")]


@pytest.mark.parametrize(
    "fault", [AWAY, OSError("disk full"), ZeroDivisionError()], ids=lambda e: type(e).__name__
)
async def test_a_quarantine_that_cannot_be_written_loses_nothing(edge, desk, fault):
    """The last way out is tried until it works."""
    desk.faults[b"bad"] = [itertools.repeat(MALFORMED)]
    desk.quarantine_faults = [fault, fault]
    assert await edge.settle([record(b"bad")])
    assert [entry[:2] for entry in desk.seen] == [("set aside", b"bad")]


async def test_a_whole_topic_is_not_set_aside_for_a_bug_of_ours(desk):
    """After a handful of bugs in a row the edge waits, until the bug is mended."""
    waited = []

    def waits():
        while True:
            waited.append(1)
            if len(waited) == 3:
                desk.faults.clear()  # the fix is deployed
            yield 0.0

    edge = Edge("admit", desk.handle, desk.set_aside, waits=waits)
    batch = [record(b"%d" % n, n) for n in range(BUG_LIMIT + 3)]
    desk.faults = {incoming.value: [itertools.repeat(ZeroDivisionError())] for incoming in batch}
    assert await edge.settle(batch)
    assert [entry[0] for entry in desk.seen] == ["set aside"] * BUG_LIMIT + ["handled"] * 3
    assert edge.waiting_for is None


async def test_bad_documents_are_no_bug_of_ours(edge, desk):
    """Malformed records may come in any number; each is set aside."""
    batch = [record(b"%d" % n, n) for n in range(BUG_LIMIT * 3)]
    desk.faults = {incoming.value: [itertools.repeat(MALFORMED)] for incoming in batch}
    assert await edge.settle(batch)
    assert len(desk.seen) == len(batch)


async def test_stopping_gives_up_a_batch_that_stands_still(desk):
    """A process that stops in an outage stops at once, and lets nothing go."""
    edge = Edge("admit", desk.handle, desk.set_aside, waits=lambda: itertools.repeat(60.0))
    desk.faults[b"a"] = [itertools.repeat(AWAY)]
    settling = asyncio.create_task(edge.settle([record(b"a")]))
    while edge.waiting_for is None:
        await asyncio.sleep(0)
    assert await edge.drain(1.0)
    assert await settling is False
    assert await edge.settle([record(b"b")]) is False
    assert desk.seen == []


async def test_stopping_lets_the_batch_under_way_end(desk):
    """A batch that moves is finished before the process stops."""
    gate = asyncio.Event()

    async def slow(batch):
        await gate.wait()
        await desk.handle(batch)

    edge = Edge("admit", slow, desk.set_aside)
    settling = asyncio.create_task(edge.settle([record(b"a")]))
    await asyncio.sleep(0)
    draining = asyncio.create_task(edge.drain(5.0))
    await asyncio.sleep(0)
    gate.set()
    assert await draining
    assert await settling


async def test_an_escaped_cancellation_is_a_bug_of_ours(edge, desk):
    """A cancellation that nobody asked for ends no loop."""
    desk.faults[b"a"] = [itertools.repeat(asyncio.CancelledError())]
    assert await edge.settle([record(b"a"), record(b"b")])
    assert [entry[:2] for entry in desk.seen] == [("set aside", b"a"), ("handled", b"b")]


async def test_our_own_cancellation_passes(desk):
    """Who cancels the agent is obeyed."""
    never = asyncio.Event()
    edge = Edge("admit", lambda _batch: never.wait(), desk.set_aside)
    settling = asyncio.create_task(edge.settle([record(b"a")]))
    await asyncio.sleep(0)
    settling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await settling
    assert desk.seen == []


class Stream:
    """Batches, each when the one before is let go, then the end; notes what was let go in the desk's list."""

    enable_acks = True

    def __init__(self, desk, batches):
        self.desk = desk
        self.batches = batches
        self.begun = 0

    async def events(self):
        assert not self.enable_acks, "Faust would let go by itself what is not handled yet"
        for batch in self.batches:
            for event in batch:
                self.begun += 1
                yield event
            while self.desk.seen[-1:] != [("let go", batch[-1].message.value)]:
                await asyncio.sleep(0)

    async def ack(self, event):
        self.desk.seen.append(("let go", event.message.value))


class Event:
    def __init__(self, value, headers=None):
        self.message = type(
            "Message",
            (),
            {"topic": "t", "partition": 0, "offset": 0, "key": None, "value": value, "headers": headers},
        )


async def test_records_are_let_go_last_and_in_order(edge, desk):
    """First all effects of a batch, then its records, in the order in which they came."""
    await serve(Stream(desk, [[Event(b"a"), Event(b"b")], [Event(b"c")]]), edge)
    assert desk.seen == [
        ("handled", b"a", b"b"),
        ("let go", b"a"),
        ("let go", b"b"),
        ("handled", b"c"),
        ("let go", b"c"),
    ]


async def test_no_more_is_taken_ahead_than_one_batch(desk):
    """While a batch stands still at most one more waits in this process; both are whole batches, in order."""
    many = [Event(b"%d" % number) for number in range(3 * BATCH_RECORDS)]
    stream, may_go = Stream(desk, [many]), asyncio.Event()
    sizes = []

    async def handle(batch):
        sizes.append(len(batch))
        await may_go.wait()

    serving = asyncio.create_task(serve(stream, Edge("admit", handle, desk.set_aside)))
    await asyncio.sleep(0.1)
    assert stream.begun <= 2 * BATCH_RECORDS + 1
    may_go.set()
    await serving
    assert [value for _, value in desk.seen] == [event.message.value for event in many]
    assert max(sizes) <= BATCH_RECORDS


async def test_what_breaks_the_stream_breaks_the_agent(edge, desk):
    """Faust is to know; what came before is settled."""

    class Broken(Stream):
        async def events(self):
            yield Event(b"a")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await serve(Broken(desk, []), edge)
    assert desk.seen == [("handled", b"a"), ("let go", b"a")]


async def test_a_given_up_batch_is_not_let_go(edge, desk):
    """A stopping loop acknowledges nothing and waits to be cancelled."""
    await edge.drain(0.0)
    serving = asyncio.create_task(serve(Stream(desk, [[Event(b"a")]]), edge))
    done, _ = await asyncio.wait([serving], timeout=0.05)
    assert not done
    serving.cancel()
    assert desk.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param([("axis-event-id", b"1"), ("empty", None)], id="pairs"),
        pytest.param({"axis-event-id": b"1", "empty": None}, id="mapping"),
    ],
)
async def test_a_record_arrives_as_it_was(headers):
    """Null key, null header and raw value pass unchanged into our own noun."""
    seen = []

    async def keep(batch):
        seen.extend(batch)

    await serve(Stream(Desk(), [[Event(None, headers)]]), Edge("admit", keep, keep))
    assert seen == [
        Incoming(
            topic="t",
            partition=0,
            offset=0,
            key=None,
            value=None,
            headers={"axis-event-id": b"1", "empty": b""},
        )
    ]
