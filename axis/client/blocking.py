"""The same client without asyncio: each call runs on a loop in a thread of its own.

The calls are those of `AxisClient`, signatures and all; none is written twice.
"""

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any, Concatenate, ParamSpec, Self, TypeVar, cast

from axis.client.answers import Entry
from axis.client.client import AxisClient, Verify
from axis.client.seen import Store
from axis.client.wire import PATIENCE_SECONDS

P = ParamSpec("P")
R = TypeVar("R")


def _blocking(
    call: Callable[Concatenate[AxisClient, P], Coroutine[Any, Any, R]],
) -> Callable[Concatenate["Axis", P], R]:
    @functools.wraps(call)
    def blocked(self: "Axis", /, *args: P.args, **named: P.kwargs) -> R:
        # By name: a client over Kafka has its own ways of the same calls.
        work: Coroutine[Any, Any, R] = getattr(self._client, call.__name__)(*args, **named)
        return self._run(work)

    return cast("Callable[Concatenate[Axis, P], R]", blocked)


async def _next(entries: AsyncIterator[Entry]) -> Entry:
    return await anext(entries)


class Axis:
    """One registered system speaking to the axis. Use it as a context manager; safe across threads."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        ca: str | None = None,
        verify: Verify | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Prepare; the arguments are those of `AxisClient`."""
        self._begin(AxisClient(url, client_id, client_secret, ca=ca, verify=verify, patience=patience))

    @classmethod
    def over(cls, client: AxisClient) -> Self:
        """Give the blocking face of a client, e.g. of one over Kafka; closing this closes it."""
        made = cls.__new__(cls)
        made._begin(client)  # noqa: SLF001 - our own, before it is given out
        return made

    def _begin(self, client: AxisClient) -> None:
        self._client = client
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="axis-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections and the thread. Harmless when done twice."""
        if self._loop.is_closed():
            return
        self._run(self._client.close())
        self._run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    send_packet = _blocking(AxisClient.send_packet)
    upload = _blocking(AxisClient.upload)
    send_document = _blocking(AxisClient.send_document)
    status = _blocking(AxisClient.status)
    sent = _blocking(AxisClient.sent)
    overdue = _blocking(AxisClient.overdue)
    receipts = _blocking(AxisClient.receipts)
    receipt = _blocking(AxisClient.receipt)
    wait_for_receipt = _blocking(AxisClient.wait_for_receipt)
    inbox = _blocking(AxisClient.inbox)
    fetch = _blocking(AxisClient.fetch)
    content = _blocking(AxisClient.content)
    mark = _blocking(AxisClient.mark)
    mark_many = _blocking(AxisClient.mark_many)
    answer = _blocking(AxisClient.answer)
    send_status = _blocking(AxisClient.send_status)
    agencies = _blocking(AxisClient.agencies)
    whoami = _blocking(AxisClient.whoami)

    def receive(self, store: Store, *, kind: str = "", wait: float = 25.0) -> Iterator[Entry]:
        """Give every entry at least once; see `AxisClient.receive`."""
        entries = self._client.receive(store, kind=kind, wait=wait)
        try:
            while True:
                yield self._run(_next(entries))
        finally:
            if not self._loop.is_closed():
                self._run(entries.aclose())

    def _run(self, work: Coroutine[Any, Any, R]) -> R:
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            # Ctrl-C while it waits: the request is dropped, not left running behind.
            future.cancel()
            raise
