"""A connection that speaks Kafka, as a test sees it: raw records out, decoded records in."""

import asyncio
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from axis.contract.doors import (
    ConnAck,
    ConnSubmission,
    decode_conn_inbox,
    encode_conn_ack,
    encode_conn_submission,
)
from axis.kafka.connect import aiokafka_options
from axis.settings import Settings


class Speaker:
    """Writes to the topics of one connection and keeps what its inbox brings."""

    def __init__(self, told, schemas):
        """Take what `axis connection add --json` printed."""
        self.told, self.schemas = told, schemas
        self.name, self.topics = told["name"], told["topics"]
        self.options = aiokafka_options(
            Settings(
                home=Path("/nonexistent"),
                kafka_bootstrap=told["kafka_bootstrap"],
                kafka_user=told["kafka_user"],
                kafka_password=told["kafka_password"],
                kafka_ca=told["kafka_ca"],
            )
        )
        self.inbox = []
        """(header, record, bytes), as they came, repeats included."""

    async def __aenter__(self):
        self.producer = AIOKafkaProducer(**self.options, enable_idempotence=True)
        self.consumer = AIOKafkaConsumer(
            self.topics["inbox"],
            **self.options,
            group_id=f"axis.conn.{self.name}.test",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await self.producer.start()
        await self.consumer.start()
        return self

    async def __aexit__(self, *_):
        await self.producer.stop()
        await self.consumer.stop()

    async def raw(self, value, *, kind="submission", key=None, headers=()):
        """Write any bytes."""
        return await self.producer.send_and_wait(self.topics[kind], value, key=key, headers=list(headers))

    async def submit(self, packet=None, **more):
        """Write a submission."""
        return await self.raw(
            encode_conn_submission(ConnSubmission(packet=packet, **more), self.schemas), kind="submission"
        )

    async def ack(self, **more):
        """Write an ack."""
        return await self.raw(encode_conn_ack(ConnAck(**more), self.schemas), kind="ack")

    async def until(self, wanted, *, seconds=40.0):
        """Read the inbox until a record fits; return the first that does, of all that came so far."""
        async with asyncio.timeout(seconds):
            while True:
                for _, record, _ in self.inbox:
                    if wanted(record):
                        return record
                await self.read()

    async def read(self, milliseconds=500):
        """Read what has come."""
        for records in (await self.consumer.getmany(timeout_ms=milliseconds)).values():
            for record in records:
                header = dict(record.headers)["axis-event-id"].decode()
                self.inbox.append((header, decode_conn_inbox(record.value, self.schemas), record.value))
