"""The one loop over a stream of Faust: batches in, settled by the edge, let go.

Faust acknowledges an event when the loop body raises, and drops what it cannot
decode. So nothing may raise out of a loop, topics carry raw bytes that the
axis decodes itself, and events are acknowledged by hand, as the last thing.
This module and `agents.edge` are the one place where all three hold.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

from axis.traffic import Incoming

BATCH_RECORDS: Final = 50
"""Most records of one batch: what one transaction may cost to do again."""

BATCH_SECONDS: Final = 0.005
"""How long a record that finds nothing under way waits for others."""


class Settle(Protocol):
    """What an agent needs of its edge."""

    async def settle(self, batch: Sequence[Incoming]) -> bool:
        """See `Edge.settle`."""


async def serve(stream: Any, edge: Settle) -> None:  # noqa: ANN401 - Faust's StreamT says too little
    """Settle what a stream brings, batch by batch, and let go last, in order.

    What comes while a batch is settled is the next batch. Faust's own `noack_take` would do, but for its
    clock: it looks whether something came fifty times a second, in four tasks each, also when nothing does.
    """
    stream.enable_acks = False  # let go by hand, below, whatever happens in between
    arrivals = _Arrivals(stream)
    pouring = asyncio.create_task(arrivals.pour())
    try:
        while events := await arrivals.batch():
            if not await edge.settle([incoming_of(event) for event in events]):
                await asyncio.Event().wait()  # until Faust cancels us: a loop that ends would be started anew
            for event in events:
                await stream.ack(event)
        await pouring
    finally:
        pouring.cancel()


class _Arrivals:
    """Events that came and are not handled yet: at most one batch of them, the others stay with Faust."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - as above
        self._stream = stream
        self._events: deque[Any] = deque()
        self._came = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False

    async def pour(self) -> None:
        """Take events from the stream until it ends."""
        try:
            async for event in self._stream.events():
                self._events.append(event)
                self._came.set()
                if len(self._events) >= BATCH_RECORDS:
                    self._room.clear()
                    await self._room.wait()
        finally:
            self._ended = True
            self._came.set()

    async def batch(self) -> list[Any]:
        """Return what has come, in order, as soon as something has; nothing when the stream has ended."""
        if not self._events and not self._ended:
            self._came.clear()
            await self._came.wait()
            # What is fetched together comes together: its first record waits for the others.
            await asyncio.sleep(BATCH_SECONDS)
        events = list(self._events)
        self._events.clear()
        self._room.set()
        return events


def incoming_of(event: Any) -> Incoming:  # noqa: ANN401 - EventT says too little of its message
    """Return the record behind a Faust event, undecoded."""
    message = event.message
    headers = message.headers or {}
    pairs = headers.items() if isinstance(headers, dict) else headers
    return Incoming(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        key=message.key,
        value=message.value,
        headers={name: value if value is not None else b"" for name, value in pairs},
    )
