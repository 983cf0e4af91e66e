"""Places of a connection for packets that are not judged yet."""

import asyncio

import pytest

from axis.desk.share import FULL_SECONDS, LOOK_SECONDS, Share
from axis.errors import UnavailableError


class Books:
    """What the database would count, and how often it was asked."""

    def __init__(self):
        self.taken, self.asked, self.now, self.away = 0, 0, 0.0, False

    async def count(self, connection, most):
        self.asked += 1
        await asyncio.sleep(0)
        if self.away:
            raise UnavailableError("away")
        return min(self.taken, most) if connection == "a" else 0

    def share(self, limit):
        return Share(self.count, limit, lambda: self.now)


@pytest.fixture
def books():
    return Books()


async def test_a_count_serves_for_a_moment(books):
    """A thousand packets in that moment cost one query, and what was let in is known without one."""
    share = books.share(2000)
    for n in range(1000):
        assert await share.left("a") == 2000 - n
        with share.held("a"):
            pass
    assert books.asked == 1
    books.now += LOOK_SECONDS
    books.taken = 1990
    assert await share.left("a") == 10
    assert await share.left("b") == 2000


async def test_what_is_under_way_counts_until_the_next_count_knows_it(books):
    """Nobody slips in between a packet's commit and the count that sees it."""
    share = books.share(3)
    with share.held("a", 2):
        assert await share.left("a") == 1
        books.now += LOOK_SECONDS
        assert await share.left("a") == 1
        books.taken = 2  # committed, and still under way here: counted twice rather than not
        books.now += LOOK_SECONDS
        assert await share.left("a") == 0
    books.now += LOOK_SECONDS
    assert await share.left("a") == 1


async def test_many_at_once_share_one_count_and_its_places(books):
    """Of ten who come in the same moment, three are let in."""
    share, let_in = books.share(3), []

    async def come(n):
        if await share.left("a"):
            with share.held("a"):
                let_in.append(n)
                await asyncio.sleep(0.01)

    await asyncio.gather(*(come(n) for n in range(10)))
    assert (len(let_in), books.asked) == (3, 1)


async def test_a_full_connection_is_looked_at_again_soon(books):
    """Who was turned away finds the place that is free now, not the one of the last count."""
    share = books.share(1)
    books.taken = 1
    assert await share.left("a") == 0
    books.taken, books.now = 0, FULL_SECONDS
    assert await share.left("a") == 1


async def test_a_count_that_failed_is_no_count(books):
    """While the database is away nobody is let in on an old figure, and the next one asks again."""
    share = books.share(3)
    books.away = True
    for _ in range(2):
        with pytest.raises(UnavailableError):
            await share.left("a")
    books.away = False
    assert await share.left("a") == 3
    assert books.asked == 3
