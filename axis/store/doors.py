"""What the Kafka door keeps: uploads, notices, and mailbox entries that the broker does not have yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.answers import Mail
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

_LIMITS: Final = """
SELECT name, bytes_per_second, requests_per_second, max_packet_bytes FROM connection WHERE name = $1
"""
_CONTACT: Final = """
UPDATE connection SET last_contact_at = $2::timestamptz
 WHERE name = $1 AND (last_contact_at IS NULL OR last_contact_at < $2::timestamptz - interval '1 minute')
"""
_UPLOAD: Final = """
INSERT INTO upload (connection, sha256, size, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (connection, sha256) DO UPDATE SET created_at = excluded.created_at
"""
_USE: Final = """
UPDATE upload SET used_at = coalesce(used_at, $3) WHERE connection = $1 AND sha256 = $2 RETURNING size
"""
_STALE: Final = """
DELETE FROM upload
 WHERE (connection, sha256) IN (
       SELECT connection, sha256 FROM upload WHERE used_at IS NULL AND created_at < $1
        ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING connection, sha256
"""
_NOT_WAITING: Final = """
SELECT g.connection, g.sha256, u.used_at IS NOT NULL AS used
  FROM unnest($1::text[], $2::text[]) AS g (connection, sha256)
  LEFT JOIN upload u USING (connection, sha256)
 WHERE u.sha256 IS NULL OR u.used_at IS NOT NULL
"""
_NOTE: Final = """
INSERT INTO notice (notice_id, connection, code, field, detail, reference, record, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT DO NOTHING
"""
_BOX: Final = """
INSERT INTO mailbox (connection, kind, subject, packet_id, created_at) VALUES ($1, 'notice', $2, '', $3)
ON CONFLICT (connection, kind, subject) DO NOTHING
"""
_NOTICE: Final = """
SELECT notice_id, connection, code, field, detail, reference, record, at
  FROM notice WHERE notice_id = $1 AND connection = $2
"""
_ENTRY: Final = """
SELECT kind FROM mailbox
 WHERE connection = $1 AND subject = $2 AND kind = ANY ('{document,status,receipt,notice}')
"""
_MARK: Final = """
UPDATE mailbox SET marked_at = coalesce(marked_at, $3)
 WHERE connection = $1 AND subject = $2 AND kind = ANY ('{document,status,receipt,notice}')
"""
_AGAIN: Final = """
INSERT INTO inbox_unpublished (entry_id, connection, priority)
SELECT m.entry_id, m.connection, m.priority FROM mailbox m JOIN connection c ON c.name = m.connection
 WHERE m.connection = $1 AND m.packet_id = $2 AND m.kind = 'receipt' AND c.kafka_user <> ''
ON CONFLICT DO NOTHING
"""
# A document waits until it is routed to all its recipients, so that its record is whole.
_UNPUBLISHED: Final = """
SELECT m.entry_id, m.connection, m.kind, m.subject, m.packet_id, m.recipients, m.priority, m.created_at,
       m.kind = 'document' AND m.marked_at IS NOT NULL AS stale,
       coalesce(d.agency, '') AS agency, coalesce(d.document_id, '') AS document_id,
       coalesce(d.number, '') AS number, coalesce(d.notation, '') AS notation,
       coalesce(d.type_name, '') AS type_name, coalesce(d.subject, '') AS title,
       coalesce(d.issued_on::text, '') AS issued_on
  FROM inbox_unpublished q
  JOIN mailbox m USING (entry_id)
  LEFT JOIN document d USING (packet_id)
 WHERE NOT q.connection = ANY ($1)
   AND (m.kind <> 'document' OR d.routed_to >= cardinality(d.recipients))
 ORDER BY q.priority DESC, q.entry_id
 LIMIT $2
"""
_PUBLISHED: Final = "DELETE FROM inbox_unpublished WHERE entry_id = ANY ($1::bigint[])"
_COUNT: Final = "SELECT count(*) FROM inbox_unpublished"


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection may do."""

    name: str
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """Why a record of a connection was not taken."""

    notice_id: str
    connection: str
    code: str
    field: str
    detail: str
    reference: str
    record: str
    """``topic[partition]@offset``."""
    at: datetime


class Unpublished(Mail, frozen=True, kw_only=True):
    """A mailbox entry that the broker does not have yet."""

    connection: str
    stale: bool
    """It is off the list already: nobody waits for it."""
    agency: str
    document_id: str
    number: str
    notation: str
    type_name: str
    title: str
    issued_on: str


class DoorMemory:
    """The door's own reads and writes. Each is durable when it returns."""

    def __init__(self, pool: "Pool") -> None:
        """Keep the pool."""
        self._pool = pool

    async def limits(self, connection: str) -> Limits | None:
        """Return what a connection may do; None: there never was one of this name."""
        with store_faults():
            row = await self._pool.fetchrow(_LIMITS, connection)
        return None if row is None else Limits(**dict(row))

    async def contact(self, connection: str, *, at: datetime) -> None:
        """Note that a connection was heard of."""
        with store_faults():
            await self._pool.execute(_CONTACT, connection, at)

    async def add_upload(self, connection: str, sha256: str, size: int, *, at: datetime) -> None:
        """Record that a connection uploaded content; its bytes are on disk."""
        with store_faults():
            await self._pool.execute(_UPLOAD, connection, sha256, size, at)

    async def use_upload(self, connection: str, sha256: str, *, at: datetime) -> int | None:
        """Take an upload into use; return its bytes, None where this connection uploaded no such content."""
        with store_faults():
            size: int | None = await self._pool.fetchval(_USE, connection, sha256, at)
        return size

    async def drop_uploads(self, *, before: datetime, limit: int) -> list[tuple[str, str]]:
        """Forget uploads that nobody used; return (connection, digest) of each."""
        with store_faults():
            rows = await self._pool.fetch(_STALE, before, limit)
        return [(row["connection"], row["sha256"]) for row in rows]

    async def not_waiting(self, uploads: Sequence[tuple[str, str]]) -> list[tuple[str, str, bool]]:
        """Return those of the uploads (connection, digest) that no row says wait to be handed in.

        With each whether it was: else there is no row of it, as after a restore.
        """
        with store_faults():
            rows = await self._pool.fetch(
                _NOT_WAITING, [name for name, _ in uploads], [sha256 for _, sha256 in uploads]
            )
        return [(row["connection"], row["sha256"], row["used"]) for row in rows]

    async def note(self, notice: Notice) -> bool:
        """Put a notice into its connection's mailbox; False where it is there already."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                done = await conn.execute(
                    _NOTE,
                    notice.notice_id,
                    notice.connection,
                    notice.code,
                    notice.field,
                    notice.detail,
                    notice.reference,
                    notice.record,
                    notice.at,
                )
                await conn.execute(_BOX, notice.connection, notice.notice_id, notice.at)
        return bool(done != "INSERT 0 0")

    async def notice(self, notice_id: str, connection: str) -> Notice | None:
        """Return a notice of this connection, or None."""
        with store_faults():
            row = await self._pool.fetchrow(_NOTICE, notice_id, connection)
        return None if row is None else Notice(**dict(row))

    async def entry_kind(self, connection: str, subject: str) -> str | None:
        """Return the kind of a mailbox entry of this connection, or None."""
        with store_faults():
            found: str | None = await self._pool.fetchval(_ENTRY, connection, subject)
        return found

    async def mark(self, connection: str, subject: str, *, at: datetime) -> None:
        """Take an entry off the list for good."""
        with store_faults():
            await self._pool.execute(_MARK, connection, subject, at)

    async def publish_again(self, connection: str, packet_id: str) -> None:
        """Let the receipts of a packet go into the inbox topic once more: the same bytes again."""
        with store_faults():
            await self._pool.execute(_AGAIN, connection, packet_id)

    async def unpublished(self, skip: Sequence[str], limit: int) -> list[Unpublished]:
        """Return what the broker does not have yet, urgent first; nothing of the connections to skip."""
        with store_faults():
            rows = await self._pool.fetch(_UNPUBLISHED, list(skip), limit)
        return [Unpublished(**{**dict(row), "recipients": tuple(row["recipients"])}) for row in rows]

    async def published(self, entries: Sequence[int]) -> None:
        """Forget entries that the broker has."""
        with store_faults():
            await self._pool.execute(_PUBLISHED, list(entries))

    async def count_unpublished(self) -> int:
        """Return how many entries the broker does not have yet."""
        with store_faults():
            count: int = await self._pool.fetchval(_COUNT)
        return count
