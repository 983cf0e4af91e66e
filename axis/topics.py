"""The one table of topics: what crosses Kafka, how, and who may touch it.

Inner topics carry ids and digests only, never content. Keys are the UTF-8 of
``<canonical agency>|<document id>`` of the target document where the door
could read it, else of the packet id: all events of one document stay in order.
"""

from typing import Final

import msgspec

SUBMISSION: Final = "axis.submission.v1"
ACCEPTED: Final = "axis.accepted.v1"
ACK: Final = "axis.ack.v1"

WORKER_GROUP: Final = "axis.worker"
"""Consumer group of the stream workers; the only group their identity may join."""

DAY_MS: Final = 24 * 3600 * 1000


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic, as `axis topics apply` makes it and the tests check it."""

    name: str
    key: str
    """What the key is, in words."""
    schema: str
    """File of `avro/` without its ending, e.g. ``submission.v1``."""
    partitions: int
    """Never changed in place: order within a document hangs on it."""
    retention_ms: int
    """PostgreSQL is the memory; Kafka keeps long enough to look back a week."""
    max_record_bytes: int
    writers: tuple[str, ...]
    """Roles of our own processes that may write."""
    readers: tuple[str, ...]


TOPICS: Final[tuple[Topic, ...]] = (
    Topic(
        name=SUBMISSION,
        key="target document, or packet id where the packet is unreadable",
        schema="submission.v1",
        partitions=12,
        retention_ms=7 * DAY_MS,
        max_record_bytes=64 * 1024,
        writers=("gateway", "keeper", "worker"),
        readers=("worker",),
    ),
    Topic(
        name=ACCEPTED,
        key="document",
        schema="accepted.v1",
        partitions=12,
        retention_ms=7 * DAY_MS,
        max_record_bytes=64 * 1024,
        writers=("worker", "keeper"),
        readers=("worker",),
    ),
    Topic(
        name=ACK,
        key="document the status speaks of",
        schema="ack.v1",
        partitions=12,
        retention_ms=7 * DAY_MS,
        max_record_bytes=64 * 1024,
        writers=("gateway", "keeper"),
        readers=("worker",),
    ),
)

BY_NAME: Final[dict[str, Topic]] = {topic.name: topic for topic in TOPICS}


def document_key(agency: str, document_id: str) -> bytes:
    """Return the key of every record about one document."""
    return f"{agency}|{document_id}".encode()
