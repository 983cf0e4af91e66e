"""The three topics of a connection, as its client uses them."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError

from axis.client.answers import Entry
from axis.client.failures import UnreachableError
from axis.client.seen import Arrived
from axis.contract.doors import (
    ConnAck,
    ConnInbox,
    ConnSubmission,
    decode_conn_inbox,
    encode_conn_ack,
    encode_conn_submission,
)
from axis.contract.schemas import Schemas
from axis.kafka.connect import aiokafka_options
from axis.settings import Settings
from axis.topics import INBOX, REPORTED, SUBMITTED, connection_group, connection_topic

GROUP: Final = "client"
AGAIN_SECONDS: Final = 0.5


class Topics:
    """Writes records until the broker has them; keeps what comes before it lets go of it."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        keep: Callable[[Arrived, str], None],
        schemas: Callable[[], Awaitable[Schemas]],
    ) -> None:
        """Prepare; nothing connects yet.

        Args:
            name: of the connection.
            settings: where the broker is and who we are.
            keep: makes a record durable at our side.
            schemas: reads the ids of the registry.
        """
        self._name = name
        self._settings = settings
        self._keep = keep
        self._read = schemas
        self._schemas: Schemas | None = None
        self._producer: AIOKafkaProducer | None = None
        self._consumer: AIOKafkaConsumer | None = None
        self._opening = asyncio.Lock()
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        """Let go of the broker."""
        for one in (self._producer, self._consumer):
            if one is not None:
                with contextlib.suppress(KafkaError, OSError, TimeoutError):
                    async with asyncio.timeout(5):
                        await one.stop()
        self._producer = self._consumer = None

    async def submit(self, record: ConnSubmission, *, patience: float) -> None:
        """Write a submission; see `_write`."""
        await self._write(SUBMITTED, lambda schemas: encode_conn_submission(record, schemas), patience)

    async def ack(self, record: ConnAck, *, patience: float) -> None:
        """Write an ack; see `_write`."""
        await self._write(REPORTED, lambda schemas: encode_conn_ack(record, schemas), patience)

    async def receive(self, seconds: float) -> int:
        """Keep what has come within so many seconds; return how many records came.

        Raises:
            UnreachableError: the broker does not answer, or refuses the credentials.
        """
        async with self._reading:
            consumer = await self._open_consumer()
            schemas = await self._known()
            try:
                found = await consumer.getmany(timeout_ms=int(seconds * 1000))
                count = 0
                for records in found.values():
                    for record in records:
                        told = decode_conn_inbox(record.value, schemas)
                        await asyncio.to_thread(self._keep, _arrived(told), told.id)
                        count += 1
                if count:
                    # Only now: what is kept twice is kept once.
                    await consumer.commit()
            except (KafkaError, OSError) as exc:
                raise UnreachableError(f"the broker: {type(exc).__name__}: {exc}") from exc
            return count

    async def _write(self, kind: str, encode: Callable[[Schemas], bytes], patience: float) -> None:
        """Write one record, again while that may help.

        Raises:
            UnreachableError: the broker did not take it within the patience.
        """
        until = asyncio.get_running_loop().time() + patience
        while True:
            try:
                async with asyncio.timeout_at(until):
                    value = encode(await self._known())
                    producer = await self._open_producer()
                    await producer.send_and_wait(connection_topic(self._name, kind), value)
                    return
            except (KafkaError, OSError, TimeoutError, UnreachableError) as exc:
                if asyncio.get_running_loop().time() + AGAIN_SECONDS > until:
                    raise UnreachableError(f"the broker: {type(exc).__name__}: {exc}") from exc
                await self._drop_producer()
                await asyncio.sleep(AGAIN_SECONDS)

    async def _known(self) -> Schemas:
        async with self._opening:
            if self._schemas is None:
                self._schemas = await self._read()
            return self._schemas

    async def _open_producer(self) -> AIOKafkaProducer:
        async with self._opening:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **aiokafka_options(self._settings), enable_idempotence=True, acks="all"
                )
                try:
                    await producer.start()
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            return self._producer

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(5):
                    await producer.stop()

    async def _open_consumer(self) -> AIOKafkaConsumer:
        async with self._opening:
            if self._consumer is None:
                consumer = AIOKafkaConsumer(
                    connection_topic(self._name, INBOX),
                    **aiokafka_options(self._settings),
                    group_id=f"{connection_group(self._name)}{GROUP}",
                    auto_offset_reset="earliest",
                    enable_auto_commit=False,
                )
                try:
                    await consumer.start()
                except (KafkaError, OSError) as exc:
                    await consumer.stop()
                    raise UnreachableError(f"the broker: {type(exc).__name__}: {exc}") from exc
                self._consumer = consumer
            return self._consumer


def _arrived(told: ConnInbox) -> Arrived:
    there = bool(told.document_id)
    entry = Entry(
        entry_id=told.entry_id,
        kind=told.kind,
        subject=told.subject,
        packet_id=told.packet_id,
        recipients=told.recipients,
        priority=told.priority,
        created_at=told.created_at,
        agency=told.agency if there else None,
        document_id=told.document_id if there else None,
        number=told.number if there else None,
        notation=told.notation if there else None,
        type_name=told.type_name if there else None,
        title=told.title if there else None,
        issued_on=date.fromisoformat(told.issued_on) if told.issued_on else None,
    )
    return Arrived(entry=entry, content=told.content, sha256=told.sha256)
