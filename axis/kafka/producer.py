"""Publishing outbox rows: a publish returns when the broker has every one.

Faust's own producer is not idempotent, so no process of the axis sends through it.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from axis import metrics
from axis.errors import UnavailableError
from axis.kafka.connect import aiokafka_options, away
from axis.settings import Settings
from axis.traffic import Outgoing

EVENT_ID_HEADER: Final = "axis-event-id"

PUBLISH_SECONDS: Final = 10.0
"""How long one publish waits for the broker before it says that it is away."""

PATIENCE: Final = 6
"""Publishes in a row that got no answer, after which the client is made anew: it may hold addresses of
brokers that have moved away for good."""

_STOP_SECONDS: Final = 3.0
_USABLE_SECONDS: Final = 2.0

_Row = tuple[str, bytes, str]


class Publisher:
    """The one way of this process to write to a topic.

    Idempotent, acks=all, no lingering. A row whose acknowledgement did not come
    in time is still on its way inside the client; publishing it again waits
    for that same send, so that an outage does not multiply records.
    """

    def __init__(self, settings: Settings, *, publish_seconds: float = PUBLISH_SECONDS) -> None:
        """Prepare; nothing connects yet.

        Args:
            settings: where the broker is and who we are.
            publish_seconds: patience of one `publish`.
        """
        self._settings = settings
        self._seconds = publish_seconds
        self._producer: AIOKafkaProducer | None = None
        self._opening = asyncio.Lock()
        self._unanswered = 0
        self._under_way: dict[_Row, asyncio.Future[object]] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Connect now. `publish` does it by itself too.

        Raises:
            UnavailableError: the broker is away, or refuses the credentials.
            SetupError: the settings cannot be right.
        """
        try:
            async with asyncio.timeout(self._seconds):
                await self._open()
        except TimeoutError as exc:
            raise UnavailableError(away(self._settings, "timeout")) from exc

    async def stop(self) -> None:
        """Let go of the broker; what it did not acknowledge stays in the outbox."""
        self._retire()
        if self._farewells:
            await asyncio.wait(self._farewells)

    async def publish(self, rows: Sequence[Outgoing]) -> None:
        """Send all rows and wait until the broker has every one.

        Args:
            rows: in the order in which they are to stand in their partitions.

        Raises:
            UnavailableError: the broker did not take all of them; nobody knows which. Publish all again.
        """
        if not rows:
            return
        try:
            async with asyncio.timeout(self._seconds):
                producer = await self._open()
                sent = [await self._send(producer, row) for row in rows]
                await asyncio.wait(sent)
                for future in sent:
                    future.result()
        except (TimeoutError, KafkaTimeoutError) as exc:
            self._unanswered += 1
            if self._unanswered % PATIENCE == 0:
                self._retire()
            raise UnavailableError(away(self._settings, "timeout")) from exc
        except UnavailableError:
            raise
        except Exception as exc:
            # Whatever the reason, the rows are not known to be out. A producer that failed
            # may never work again (lost sequence, refused identity): start anew with another.
            self._retire()
            raise UnavailableError(away(self._settings, exc)) from exc
        self._unanswered = 0
        for row in rows:
            metrics.PUBLISHED.labels(row.topic).inc()

    async def usable(self) -> bool:
        """Tell within 2 s whether the broker answers this process."""
        try:
            async with asyncio.timeout(_USABLE_SECONDS):
                producer = await self._open()
                return bool(await producer.client.force_metadata_update())
        except (UnavailableError, TimeoutError, KafkaError, OSError):
            return False

    async def _send(self, producer: AIOKafkaProducer, row: Outgoing) -> "asyncio.Future[object]":
        name = (row.topic, row.key, row.event_id)
        if (known := self._under_way.get(name)) is not None:
            return known
        future: asyncio.Future[object] = await producer.send(
            row.topic,
            key=row.key,
            value=row.value,
            headers=[(EVENT_ID_HEADER, row.event_id.encode())],
        )
        self._under_way[name] = future
        future.add_done_callback(lambda done: self._forget(name, done))
        return future

    def _forget(self, name: _Row, done: "asyncio.Future[object]") -> None:
        if self._under_way.get(name) is done:
            del self._under_way[name]
        if not done.cancelled():
            done.exception()  # it was told to whoever waited; nobody may be left

    async def _open(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **aiokafka_options(self._settings),
                    client_id=f"{self._settings.kafka_user}-{self._settings.instance}",
                    enable_idempotence=True,
                    acks="all",
                    linger_ms=0,
                    request_timeout_ms=int(self._seconds * 1000),
                    retry_backoff_ms=100,
                )
                try:
                    await producer.start()
                except (KafkaError, OSError) as exc:
                    await self._close(producer)
                    raise UnavailableError(away(self._settings, exc)) from exc
                except asyncio.CancelledError:
                    self._part_from(producer)
                    raise
                self._producer = producer
            return self._producer

    def _retire(self) -> None:
        producer, self._producer = self._producer, None
        self._under_way.clear()
        if producer is not None:
            self._part_from(producer)

    def _part_from(self, producer: AIOKafkaProducer) -> None:
        task = asyncio.get_running_loop().create_task(self._close(producer))
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    @staticmethod
    async def _close(producer: AIOKafkaProducer) -> None:
        # An idempotent aiokafka producer retries for ever, so its own stop() may not end.
        with contextlib.suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(_STOP_SECONDS):
                await producer.stop()
                return
        with contextlib.suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(_STOP_SECONDS):
                await producer._sender.close()  # noqa: SLF001 - its only way to end the endless retrying
        with contextlib.suppress(TimeoutError, KafkaError, OSError):
            async with asyncio.timeout(_STOP_SECONDS):
                await producer.client.close()
