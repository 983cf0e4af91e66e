"""The courier: rows leave in order, many of them together, and none before the broker has it is forgotten."""

import asyncio
import contextlib

import pytest

from axis.desk.courier import Courier
from axis.errors import UnavailableError
from axis.traffic import Outgoing


def row(number):
    return (number,), (Outgoing(topic="t", key=b"", value=b"", event_id=str(number)),)


class Road:
    """A broker and a queue that remember what they were told."""

    def __init__(self):
        self.sent = []
        self.forgotten = []
        self.away = False
        self.courier = Courier(self.publish, self.forget, step="test")

    async def publish(self, messages):
        if self.away:
            raise UnavailableError("away")
        self.sent.append([int(one.event_id) for one in messages])

    async def forget(self, ids):
        self.forgotten += ids


@pytest.fixture
async def road():
    made = Road()
    task = asyncio.create_task(made.courier.run())
    yield made
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_a_row_by_itself_leaves_at_once_and_many_leave_together(road, monkeypatch):
    """Who comes soon after others waits for more; the order is that of posting, and all are forgotten."""
    monkeypatch.setattr("axis.desk.courier.BUSY_SECONDS", 60.0)
    monkeypatch.setattr("axis.desk.courier.GATHER_SECONDS", 60.0)
    road.courier.post(*row(0))
    await asyncio.wait_for(road.courier.drained(), 30)
    assert road.sent == [[0]]
    monkeypatch.setattr("axis.desk.courier.GATHER_SECONDS", 0.5)
    for number in range(1, 6):
        road.courier.post(*row(number))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await asyncio.wait_for(road.courier.drained(), 30)
    assert road.sent == [[0], [1, 2, 3, 4, 5]]
    assert road.forgotten == [0, 1, 2, 3, 4, 5]


async def test_what_the_broker_does_not_take_is_not_forgotten(road):
    """It stays in the outbox for the sweeper; what comes later leaves."""
    road.away = True
    road.courier.post(*row(1))
    await asyncio.wait_for(road.courier.drained(), 5)
    road.away = False
    road.courier.post(*row(2))
    await asyncio.wait_for(road.courier.drained(), 5)
    assert (road.sent, road.forgotten) == ([[2]], [2])


async def test_an_outage_holds_no_more_rows_than_it_may(road, monkeypatch):
    """What is over the limit is left to the sweeper."""
    monkeypatch.setattr("axis.desk.courier.QUEUE_LIMIT", 2)
    for number in range(4):
        road.courier.post(*row(number))
    await asyncio.wait_for(road.courier.drained(), 5)
    assert road.sent == [[0, 1]]
