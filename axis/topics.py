"""The one table of topics: what crosses Kafka, how, and who may touch it.

Inner topics carry ids and digests only, never content. Keys are the UTF-8 of
``<canonical agency>|<document id>`` of the target document where the door
could read it, else of the packet id: all events of one document stay in order.
"""

import re
from typing import Final

import msgspec

SUBMISSION: Final = "axis.submission.v1"
ACCEPTED: Final = "axis.accepted.v1"
ACK: Final = "axis.ack.v1"

CONNECTION_PREFIX: Final = "axis.conn."
"""Topics of connections that speak Kafka begin so: the topic is the identity, for Kafka does not stamp
a record with who wrote it."""

SUBMITTED: Final = "submission"
REPORTED: Final = "ack"
INBOX: Final = "inbox"

INLINE_BYTES: Final = 256 * 1024
"""Up to here content rides inside a record of a connection's topic; larger content goes by its digest."""

BRIDGE_GROUP: Final = "axis.bridge"

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
    compression: str = "producer"
    """``uncompressed``: the broker unpacks what comes, within ``max_record_bytes``, so that no record
    grows in a reader's memory."""


TOPICS: Final[tuple[Topic, ...]] = (
    Topic(
        name=SUBMISSION,
        key="target document, or packet id where the packet is unreadable",
        schema="submission.v1",
        partitions=12,
        retention_ms=7 * DAY_MS,
        max_record_bytes=64 * 1024,
        writers=("bridge", "gateway", "keeper", "worker"),
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
        writers=("bridge", "console", "gateway", "keeper"),
        readers=("worker",),
    ),
)

BY_NAME: Final[dict[str, Topic]] = {topic.name: topic for topic in TOPICS}


def document_key(agency: str, document_id: str) -> bytes:
    """Return the key of every record about one document."""
    return f"{agency}|{document_id}".encode()


def document_id_of(key: bytes) -> str:
    """Return the document id in the key of a packet's record; empty: its header named none."""
    return key.partition(b"|")[2].decode(errors="replace")


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a user may do on the broker."""

    kind: str
    """topic, group or cluster."""
    name: str
    operation: str
    """As Kafka names it, lower case: read, write, ..."""
    prefixed: bool = False
    """``name`` is the beginning of names."""


_NAME: Final = r"[a-z0-9-]{1,40}"
_OF_CONNECTION: Final = re.compile(rf"axis\.conn\.({_NAME})\.({SUBMITTED}|{REPORTED}|{INBOX})\.v1")
TAKEN_FROM: Final = rf"^axis\.conn\.{_NAME}\.({SUBMITTED}|{REPORTED})\.v1$"
"""Pattern of the topics that the bridge reads."""


def connection_topic(connection: str, kind: str) -> str:
    """Return the name of a connection's topic of one kind: submission, ack or inbox."""
    return f"{CONNECTION_PREFIX}{connection}.{kind}.v1"


def connection_of(topic: str) -> tuple[str, str] | None:
    """Return (connection, kind) of a connection's topic; None for any other."""
    found = _OF_CONNECTION.fullmatch(topic)
    return None if found is None else (found[1], found[2])


def connection_topics(connection: str) -> tuple[Topic, ...]:
    """Return the three topics of a connection that speaks Kafka.

    One partition each: a connection's records stay in order, and a country of connections stays within
    what a broker carries.
    """
    return tuple(
        Topic(
            name=connection_topic(connection, kind),
            key=key,
            schema=f"conn-{kind}.v1",
            partitions=1,
            retention_ms=7 * DAY_MS,
            max_record_bytes=1024 * 1024,
            writers=writers,
            readers=readers,
            compression="uncompressed",
        )
        for kind, key, writers, readers in (
            (SUBMITTED, "anything: the door makes its own", ("connection",), ("bridge",)),
            (REPORTED, "anything: the door makes its own", ("connection",), ("bridge",)),
            (INBOX, "document", ("bridge",), ("connection",)),
        )
    )


def connection_group(connection: str) -> str:
    """Return how the names of a connection's consumer groups begin."""
    return f"{CONNECTION_PREFIX}{connection}."


def connection_rights(connection: str) -> frozenset[Right]:
    """Return all that a connection may do on the broker."""
    return frozenset(
        {
            *(
                Right(
                    kind="topic",
                    name=topic.name,
                    operation="write" if "connection" in topic.writers else "read",
                )
                for topic in connection_topics(connection)
            ),
            Right(kind="group", name=connection_group(connection), operation="read", prefixed=True),
        }
    )


EXTRA_RIGHTS: Final[dict[str, tuple[Right, ...]]] = {
    "bridge": (
        Right(kind="topic", name=CONNECTION_PREFIX, operation="read", prefixed=True),
        Right(kind="topic", name=CONNECTION_PREFIX, operation="write", prefixed=True),
        # A record that bears a state-secret mark is deleted from the log as soon as it was answered.
        Right(kind="topic", name=CONNECTION_PREFIX, operation="delete", prefixed=True),
    ),
    # The keeper ends what an interrupted command left, and credentials whose time is over.
    "keeper": (
        *(
            Right(kind="topic", name=CONNECTION_PREFIX, operation=operation, prefixed=True)
            for operation in ("create", "delete", "describe", "describe_configs")
        ),
        *(
            Right(kind="cluster", name="kafka-cluster", operation=operation)
            for operation in ("alter", "describe")
        ),
        Right(kind="group", name=BRIDGE_GROUP, operation="describe"),
    ),
}
"""What a role may do beside the table of inner topics."""
