"""Long polls: a client may wait for what it asks about, up to half a minute."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

from fastapi import Query

from axis.store.bell import Bell

T = TypeVar("T")

CHANNEL: Final = "axis_mailbox"
"""Rung with ``<connection> <packet id>`` when that connection's mailbox got something about that packet."""

LONGEST_SECONDS: Final = 30
LOOK_SECONDS: Final = 1.0
"""Who waits looks again this often by itself: the bell is a hint, not a promise."""

Wait = Annotated[
    float,
    Query(ge=0, le=LONGEST_SECONDS, description="Chờ tối đa bao nhiêu giây · wait at most so many seconds"),
]


def news_of(connection: str, packet_id: str = "") -> str:
    """Return what is rung on `CHANNEL` for a packet, or for anything of a connection."""
    return f"{connection} {packet_id}".rstrip()


async def wait_until(
    look: Callable[[], Awaitable[T]],
    happened: Callable[[T], bool],
    *,
    bell: Bell,
    connection: str,
    packet_id: str = "",
    seconds: float,
    for_news: bool = False,
) -> T:
    """Look until it happened or the time is up; return what was seen last.

    Args:
        look: one cheap read.
        happened: whether that is what the client waits for.
        bell: rings when it may be worth looking again.
        connection: whose news to hear.
        packet_id: only news of this packet; empty: all.
        seconds: 0 looks once.
        for_news: it cannot have happened before there was news of the packet; where none came since it was
            taken here, the first look waits for some.
    """
    if seconds <= 0:
        return await look()
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    payload = news_of(connection, packet_id)
    with bell.listening(CHANNEL, payload) as rung:
        if for_news and bell.quiet(CHANNEL, payload):
            await rung(min(seconds, LOOK_SECONDS))
        while True:
            seen = await look()
            left = until - loop.time()
            if happened(seen) or left <= 0:
                return seen
            await rung(min(left, LOOK_SECONDS))
