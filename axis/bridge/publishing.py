"""Mailbox entries go into the inbox topics of their connections.

The mailbox is the outbox: an entry is queued in the transaction that made it, published with an id that
is the same for ever, and taken from the queue when the broker has it. A crash in between publishes it
once more, with the same id and the same bytes.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from axis import metrics
from axis.content.damage import tell_damage
from axis.content.store import ContentStore
from axis.contract.doors import ConnInbox, encode_conn_inbox, notice_bytes
from axis.contract.schemas import Schemas
from axis.desk.telling import sealed_bytes
from axis.document import event_id
from axis.edxml.trace import spliced
from axis.errors import UnavailableError
from axis.store.doors import DoorMemory, Unpublished
from axis.store.inbox import Delivered
from axis.store.views import ReceiptParts
from axis.topics import INBOX, INLINE_BYTES, connection_topic, document_key
from axis.traffic import Outgoing

_log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 64
"""Entries of one step: at most 16 MiB of content in memory."""

BLOCKED_SECONDS: Final = 15.0
"""How long a connection whose inbox the broker does not take is left alone."""

Publish = Callable[[Sequence[Outgoing]], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where the content of entries comes from, each bound to the database."""

    delivered: Callable[[str], Awaitable[Delivered | None]]
    """Packet id → how it is delivered."""
    status_digest: Callable[[str], Awaitable[str | None]]
    """Ack id → digest of the status packet."""
    receipt: Callable[[str, str], Awaitable[ReceiptParts | None]]
    """(event id, connection) → the receipt's parts."""
    why_removed: Callable[[str], Awaitable[str | None]]
    """Digest of stored content → why it is gone on purpose; None: it is not."""


class Pump:
    """Publishes what the broker does not have yet. One process works, others stand by."""

    def __init__(
        self,
        memory: DoorMemory,
        sources: Sources,
        content: ContentStore,
        schemas: Schemas,
        publish: Publish,
        *,
        published: Callable[[], None],
    ) -> None:
        """Keep the tools.

        Args:
            memory: the queue.
            sources: what entries are about.
            content: the content store.
            schemas: the ids of the registry.
            publish: returns when the broker has all rows.
            published: called when it has, before the queue forgets; for failpoints.
        """
        self._memory = memory
        self._sources = sources
        self._content = content
        self._schemas = schemas
        self._publish = publish
        self._published = published
        self._blocked: dict[str, float] = {}

    async def step(self) -> int:
        """Publish some entries; return how many were dealt with. 0: there is nothing to do now.

        Raises:
            UnavailableError: the database is away.
        """
        now = asyncio.get_running_loop().time()
        self._blocked = {name: until for name, until in self._blocked.items() if until > now}
        entries = await self._memory.unpublished(sorted(self._blocked), MOST_AT_ONCE)
        by_connection: dict[str, list[Unpublished]] = {}
        for entry in entries:
            by_connection.setdefault(entry.connection, []).append(entry)
        counts = await asyncio.gather(*(self._one(name, of) for name, of in by_connection.items()))
        return sum(counts)

    async def _one(self, connection: str, entries: list[Unpublished]) -> int:
        """Publish entries of one connection in order; another's trouble is not its own."""
        rows, done = [], [entry.entry_id for entry in entries if entry.stale]
        for entry in entries:
            if entry.stale:
                continue
            try:
                rows.append(await self._row(entry))
            except UnavailableError:
                raise
            except Exception:  # noqa: BLE001 - a bug about one entry waits there, visibly, and stops nobody else
                _log.exception("entry %d of %s cannot be made a record", entry.entry_id, connection)
                self._block(connection)
                break
            done.append(entry.entry_id)
        try:
            await self._publish(rows)
        except UnavailableError as exc:
            _log.warning("inbox of %s waits: %s", connection, exc)
            self._block(connection)
            return 0
        self._published()
        await self._memory.published(done)
        for entry in entries:
            metrics.INBOX_PUBLISHED.labels(entry.kind).inc()
        return len(done)

    def _block(self, connection: str) -> None:
        self._blocked[connection] = asyncio.get_running_loop().time() + BLOCKED_SECONDS

    async def _row(self, entry: Unpublished) -> Outgoing:
        sha256, size, content = await self._about(entry)
        name = event_id(f"inbox/{entry.kind}", f"{entry.connection}/{entry.subject}")
        record = ConnInbox(
            id=name,
            entry_id=entry.entry_id,
            kind=entry.kind,
            subject=entry.subject,
            packet_id=entry.packet_id,
            recipients=entry.recipients,
            priority=entry.priority,
            created_at=entry.created_at,
            agency=entry.agency,
            document_id=entry.document_id,
            number=entry.number,
            notation=entry.notation,
            type_name=entry.type_name,
            title=entry.title,
            issued_on=entry.issued_on,
            content=content,
            sha256=sha256,
            size=size,
        )
        key = document_key(entry.agency, entry.document_id) if entry.document_id else entry.packet_id.encode()
        return Outgoing(
            topic=connection_topic(entry.connection, INBOX),
            key=key or entry.subject.encode(),
            value=encode_conn_inbox(record, self._schemas),
            event_id=name,
        )

    async def _about(self, entry: Unpublished) -> tuple[str, int, bytes | None]:
        """Return (digest, size, bytes where they are few enough) of an entry's content."""
        if entry.kind == "document":
            how = await self._sources.delivered(entry.packet_id)
            assert how is not None, "only accepted documents are delivered"
            size = how.size + len(how.splice)
            inside = await self._document(entry.packet_id, how) if size <= INLINE_BYTES else None
            return how.delivered_sha256, size, inside
        if entry.kind == "status":
            digest = await self._sources.status_digest(entry.subject)
            assert digest is not None, "a boxed status was recorded"
            status = await asyncio.to_thread(self._content.read, digest)
            if status is None:
                tell_damage(entry.packet_id, digest)
                return digest, 0, None
            data = status
        elif entry.kind == "receipt":
            data = _receipt(await self._sources.receipt(entry.subject, entry.connection))
        else:
            found = await self._memory.notice(entry.subject, entry.connection)
            assert found is not None, "notice and entry are made in one transaction"
            data = notice_bytes(
                code=found.code,
                field=found.field,
                detail=found.detail,
                reference=found.reference,
                record=found.record,
            )
        return hashlib.sha256(data).hexdigest(), len(data), data if len(data) <= INLINE_BYTES else None

    async def _document(self, packet_id: str, how: Delivered) -> bytes | None:
        """Return the delivered packet, None where its stored bytes are not those that were judged.

        Others' entries go on; who asks for these bytes by REST gets them once they are put back.
        """
        whole = await asyncio.to_thread(self._whole, how)
        if whole is None and await self._sources.why_removed(how.sha256) is not None:
            return None  # T12: gone on purpose is no damage
        if whole is None or hashlib.sha256(whole).hexdigest() != how.delivered_sha256:
            tell_damage(packet_id, how.sha256)
            return None
        return whole

    def _whole(self, how: Delivered) -> bytes | None:
        """Return the delivered packet as its file has it; None where there is no file."""
        try:
            with self._content.open(how.sha256) as stream:
                return b"".join(spliced(stream, how.splice_offset, how.splice))
        except FileNotFoundError:
            return None
        except ValueError:  # it ends before the splice: other bytes than those that were judged
            return b""


def _receipt(found: ReceiptParts | None) -> bytes:
    assert found is not None, "a boxed receipt is its connection's"
    data = sealed_bytes(found)
    assert data is not None, "it is boxed when it is sealed"
    return data
