"""What the memory knows, for comparison with topics and content; and bringing back what it forgot."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.document import Document, Intake
from axis.records import Handling, IntakeRow
from axis.store.decisions import lock_unrouted
from axis.store.handlings import insert_handling
from axis.store.intakes import insert_intake, select_intakes
from axis.store.outbox import add_outgoing
from axis.traffic import Outgoing

if TYPE_CHECKING:
    from axis.store.pool import Connection

_INTAKES: Final = "SELECT packet_id, sha256, state, take FROM intake"
_HANDLINGS: Final = "SELECT ack_id, sha256, state FROM handling"
_CONNECTIONS: Final = "SELECT name FROM connection"
_REMOVED: Final = "SELECT sha256 FROM content_removal"
_OPEN: Final = "SELECT count(*) FROM intake WHERE state = 'taken'"
_UNROUTED: Final = "SELECT packet_id FROM document WHERE routed_to < cardinality(recipients)"
# Everything else of the content store that a row names.
_NAMED: Final = """
SELECT sha256 FROM quarantine
UNION SELECT file ->> 'sha256' FROM directory_version, jsonb_array_elements(source -> 'files') AS file
"""
_EVENTS: Final = "SELECT event_id FROM event WHERE event_id = ANY($1::text[])"
_RETAKE: Final = """
UPDATE intake SET state = 'taken', take = $2
 WHERE packet_id = $1 AND take < $2 AND state = 'answered'
RETURNING packet_id
"""
_TOLD: Final = """
SELECT ack_id, connection, sha256, received_at, state, message_key
  FROM handling
 WHERE ack_id = ANY($1::text[])
"""
_RUNNING: Final = """
SELECT DISTINCT application_name FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
   AND application_name ~ '^axis-(gateway|worker|keeper|sealer|bell|bridge|console)'
"""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What the memory knows."""

    intakes: dict[str, tuple[str, str, int]]
    """Packet id → digest, state, take."""
    handlings: dict[str, tuple[str, str]]
    """Status id → digest, state."""
    connections: frozenset[str]
    named: frozenset[str]
    """Digests that other rows name: quarantine, files of the directory."""
    removed: frozenset[str]
    """Digests that were removed on purpose: nobody misses them."""
    unjudged: int
    """Packets that nobody has judged."""
    unrouted: frozenset[str]
    """Packets whose document has not reached all its recipients."""

    @property
    def unsettled(self) -> int:
        """How many packets and documents are on their way."""
        return self.unjudged + len(self.unrouted)


async def read_known(conn: "Connection") -> Known:
    """Read all of it, in one snapshot."""
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        return Known(
            intakes={row[0]: (row[1], row[2], row[3]) for row in await conn.fetch(_INTAKES)},
            handlings={row[0]: (row[1], row[2]) for row in await conn.fetch(_HANDLINGS)},
            connections=frozenset(row[0] for row in await conn.fetch(_CONNECTIONS)),
            named=frozenset(row[0] for row in await conn.fetch(_NAMED) if row[0]),
            removed=frozenset(row[0] for row in await conn.fetch(_REMOVED)),
            unjudged=await conn.fetchval(_OPEN),
            unrouted=frozenset(row[0] for row in await conn.fetch(_UNROUTED)),
        )


async def running(conn: "Connection") -> list[str]:
    """Return the names of our processes that are connected to this database now."""
    return sorted(row[0] for row in await conn.fetch(_RUNNING))


async def known_events(conn: "Connection", event_ids: Sequence[str]) -> frozenset[str]:
    """Return which of these events the memory has."""
    return frozenset(row[0] for row in await conn.fetch(_EVENTS, list(event_ids)))


async def put_aside(conn: "Connection") -> None:
    """Rename the schema that is there to ``before_restore`` and begin an empty one; an older one goes."""
    async with conn.transaction():
        await conn.execute("DROP SCHEMA IF EXISTS before_restore CASCADE")
        await conn.execute("ALTER SCHEMA public RENAME TO before_restore")
        await conn.execute("CREATE SCHEMA public")


async def messages_again(
    conn: "Connection",
    *,
    packet_ids: Sequence[str],
    ack_ids: Sequence[str],
    unrouted: Sequence[str],
    packet: Callable[[IntakeRow], Outgoing],
    status: Callable[[Handling, bytes], Outgoing],
    route: Callable[[Document], Outgoing],
) -> list[Outgoing]:
    """Make the records of packets, statuses and accepted documents that are there anew."""
    rows = await select_intakes(conn, packet_ids)
    told = await conn.fetch(_TOLD, list(ack_ids))
    messages = [packet(row) for row in rows.values()]
    for row in told:
        values = dict(row)
        key = values.pop("message_key")
        messages.append(status(Handling(**values), key))
    return messages + [route(one.document) for one in await lock_unrouted(conn, unrouted)]


async def take_back(
    conn: "Connection",
    packets: Sequence[tuple[Intake, bytes, Outgoing]],
    retaken: Sequence[tuple[str, int, Outgoing]],
    statuses: Sequence[tuple[Handling, bytes, Outgoing]],
    messages: Sequence[Outgoing],
    *,
    at: datetime,
) -> int:
    """Enter forgotten packets and statuses again, and put messages on the road again; all or nothing.

    Args:
        conn: its own connection.
        packets: each with its message key and the record that sends it to admission.
        retaken: packets that were taken anew, which take it was, and its record.
        statuses: likewise.
        messages: of rows that are there and whose record the road has lost.
        at: now.

    Returns:
        How many messages were put into the outbox.
    """
    async with conn.transaction():
        outgoing = list(messages)
        for intake, key, message in packets:
            if await insert_intake(conn, intake, key):
                outgoing.append(message)
        for name, take, message in retaken:
            if await conn.fetchval(_RETAKE, name, take) is not None:
                outgoing.append(message)
        for handling, key, message in statuses:
            if await insert_handling(conn, handling, key):
                outgoing.append(message)
        return len(await add_outgoing(conn, outgoing, at=at))
