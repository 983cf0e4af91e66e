"""Reads three of the four books from the real servers: database, topics, content store."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import asyncpg
import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from axis.contract.codec import decode_accepted, decode_ack, decode_submission
from axis.contract.schemas import Schemas
from axis.errors import MalformedError
from axis.kafka.connect import confluent_options
from axis.kafka.producer import EVENT_ID_HEADER
from axis.settings import Settings
from axis.topics import ACCEPTED, ACK, SUBMISSION, TOPICS, WORKER_GROUP
from tests.lab.books import Aside, Event, Intake, Memory, Record, Road, Ruling

QUEUES = ("outbox", "unsealed", "parked")
SECONDS = 15.0


async def read_memory(url: str) -> Memory:
    """Read the tables, all in one snapshot."""
    line = await asyncpg.connect(url, timeout=10)
    try:
        async with line.transaction(isolation="repeatable_read", readonly=True):
            return Memory(
                intakes={
                    row["packet_id"]: Intake(
                        row["connection"], row["sha256"], row["state"], row["take"], row["door"]
                    )
                    for row in await line.fetch(
                        "SELECT packet_id, connection, sha256, state, take, door FROM intake"
                    )
                },
                rulings=[
                    Ruling(row[0], row[1], row[2], _codes(row[3]), row[4])
                    for row in await line.fetch(
                        "SELECT packet_id, take, verdict, violations, delivered_sha256 FROM decision"
                    )
                ],
                recipients={
                    row[0]: tuple(row[1])
                    for row in await line.fetch("SELECT packet_id, recipients FROM document")
                },
                deliveries=[
                    (row[0], row[1], row[2])
                    for row in await line.fetch("SELECT delivery_id, packet_id, recipient FROM delivery")
                ],
                events=[
                    _event(row)
                    for row in await line.fetch("SELECT event_id, kind, packet_id, body FROM event")
                ],
                sealed=[row[0] for row in await line.fetch("SELECT event_id FROM receipt")],
                handlings=dict(await line.fetch("SELECT ack_id, state FROM handling")),
                quarantine=[
                    Aside(*row)
                    for row in await line.fetch('SELECT topic, partition, "offset", sha256 FROM quarantine')
                ],
                left={name: await line.fetchval(f"SELECT count(*) FROM {name}") for name in QUEUES},
            )
    finally:
        await line.close()


def _codes(violations: str) -> tuple[str, ...]:
    return tuple(one["code"] for one in msgspec.json.decode(violations))


def _event(row: asyncpg.Record) -> Event:
    facts = msgspec.json.decode(row["body"])
    subject = facts.get("delivery_id") or facts.get("ack_id") or ""
    return Event(row["event_id"], row["kind"], row["packet_id"], subject, row["body"])


def read_road(settings: Settings, schemas: Schemas) -> Road:
    """Re-read every topic from offset 0, as an administrator, and see how far the workers are."""
    reader = Consumer({**confluent_options(settings), "group.id": WORKER_GROUP, "enable.auto.commit": False})
    try:
        places = [TopicPartition(topic.name, n) for topic in TOPICS for n in range(topic.partitions)]
        marks = {
            (place.topic, place.partition): reader.get_watermark_offsets(place, timeout=SECONDS)
            for place in places
        }
        ends = {place: end for place, (_, end) in marks.items()}
        # Asked, not joined: the workers keep their places.
        behind = {
            (place.topic, place.partition): ends[place.topic, place.partition] - max(place.offset, 0)
            for place in reader.committed(places, timeout=SECONDS)
        }
        reader.assign([TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in places])
        left = sum(end - start for start, end in marks.values())
        records = []
        while left:
            message = reader.poll(SECONDS)
            assert message is not None, f"{left} records are missing from the topics"
            if message.error():
                raise KafkaException(message.error())
            if message.offset() < ends[message.topic(), message.partition()]:
                records.append(_record(message, schemas))
                left -= 1
    finally:
        reader.close()
    return Road(records=records, behind=behind)


def _record(message, schemas: Schemas) -> Record:
    headers = dict(message.headers() or [])
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        event_id=headers.get(EVENT_ID_HEADER, b"").decode(),
        about=about(message.topic(), message.value(), schemas),
    )


def about(topic: str, value: bytes | None, schemas: Schemas) -> str:
    """Return the packet or status that a record is about; empty: it cannot be read."""
    try:
        if topic == SUBMISSION:
            return decode_submission(value, schemas).packet_id
        if topic == ACCEPTED:
            return decode_accepted(value, schemas).packet_id
        assert topic == ACK, topic
        return decode_ack(value, schemas).ack_id
    except MalformedError:
        return ""


def read_content(root: Path, digests: Iterable[str]) -> dict[str, bool]:
    """Hash what the content store has under each digest."""
    found = {}
    for digest in digests:
        path = root / "sha256" / digest[:2] / digest[2:4] / digest
        found[digest] = path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest
    return found
