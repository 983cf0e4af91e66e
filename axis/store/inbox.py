"""Mailboxes as their owners see them: list, open, mark."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import asyncpg
import msgspec

from axis.answers import Mail
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

_LIST: Final = """
SELECT m.entry_id, m.kind, m.subject, m.packet_id, m.recipients, m.priority, m.created_at, m.marked_at,
       d.agency, d.document_id, d.number, d.notation, d.type_name, d.subject AS title, d.issued_on::text,
       e.kind AS event_kind
  FROM mailbox m
  LEFT JOIN document d USING (packet_id)
  LEFT JOIN event e ON m.kind = 'receipt' AND e.event_id = m.subject
 WHERE m.connection = $1 AND m.marked_at IS NULL AND ($2 = '' OR m.kind = $2)
   AND ($4 = '' OR m.packet_id = $4)
 ORDER BY m.priority DESC, m.entry_id
 LIMIT $3
"""

_DOCUMENT: Final = """
SELECT i.sha256, i.size, doc.splice_offset, doc.splice, d.delivered_sha256
  FROM intake i
  JOIN document doc USING (packet_id)
  JOIN decision d ON d.packet_id = i.packet_id AND d.verdict = 'accepted'
 WHERE i.packet_id = $1
"""

_ENTRY: Final = """
SELECT m.entry_id, m.kind, m.subject, m.packet_id, m.recipients, m.priority, m.created_at, m.marked_at,
       d.agency, d.document_id, d.number, d.notation, d.type_name, d.subject AS title, d.issued_on::text,
       e.kind AS event_kind
  FROM mailbox m
  LEFT JOIN document d USING (packet_id)
  LEFT JOIN event e ON m.kind = 'receipt' AND e.event_id = m.subject
 WHERE m.connection = $1 AND m.entry_id = $2
"""

_STATUS: Final = "SELECT sha256 FROM handling WHERE ack_id = $1"

_MARK: Final = """
UPDATE mailbox
   SET marked_at = coalesce(marked_at, $3)
 WHERE connection = $1 AND entry_id = $2
"""

_REPORTED: Final = """
SELECT d.recipient, d.recipient_name, doc.agency, doc.document_id, doc.number, doc.notation, doc.issued_on
  FROM delivery d
  JOIN document doc USING (packet_id)
 WHERE d.packet_id = $1 AND d.connection = $2
   AND ($3 = d.recipient
        OR EXISTS (SELECT FROM agency a WHERE a.code = d.recipient AND a.code102 = $3 AND $3 <> ''))
"""


class Entry(Mail, frozen=True, kw_only=True):
    """One entry of a mailbox, with a few words on the document it speaks of."""

    marked_at: datetime | None
    agency: str | None = None
    document_id: str | None = None
    number: str | None = None
    notation: str | None = None
    type_name: str | None = None
    title: str | None = None
    issued_on: str | None = None
    event_kind: str | None = None
    """Of a receipt: what it is about, e.g. ``SubmissionAcceptance``."""


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """How the delivered packet is put together: stored bytes with one splice in them."""

    sha256: str
    """Of the stored packet."""
    size: int
    splice_offset: int
    splice: bytes
    delivered_sha256: str
    """Of the bytes that the recipient gets."""


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What a status packet must name: the recipient that speaks and the document it speaks of."""

    recipient: str
    recipient_name: str
    agency: str
    document_id: str
    number: str
    notation: str
    issued_on: str
    """``yyyy/MM/dd``."""


async def list_entries(
    pool: "Pool", connection: str, *, kind: str = "", packet_id: str = "", limit: int
) -> tuple[Entry, ...]:
    """List what is not marked yet, urgent first, then oldest first.

    Args:
        pool: of the gateway's role.
        connection: whose mailbox.
        kind: document, status or receipt; empty: all.
        packet_id: only about this document; empty: all.
        limit: most entries.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_LIST, connection, kind, limit, packet_id)
    return tuple(_entry(row) for row in rows)


async def read_entry(pool: "Pool", connection: str, entry_id: int) -> Entry | None:
    """Read one entry, marked or not; None where this mailbox has none of that id."""
    with store_faults():
        row = await pool.fetchrow(_ENTRY, connection, entry_id)
    return None if row is None else _entry(row)


async def read_delivered(pool: "Pool", packet_id: str) -> Delivered | None:
    """Read how an accepted packet is delivered. The caller has checked who asks."""
    with store_faults():
        row = await pool.fetchrow(_DOCUMENT, packet_id)
    return None if row is None else Delivered(**dict(row))


async def read_status_digest(pool: "Pool", ack_id: str) -> str | None:
    """Return the digest under which a status packet is kept. The caller has checked who asks."""
    with store_faults():
        found: str | None = await pool.fetchval(_STATUS, ack_id)
    return found


async def mark_entry(pool: "Pool", connection: str, entry_id: int, *, at: datetime) -> bool:
    """Take an entry out of the list for good; False where this mailbox has none of that id.

    Marking twice is marking once: the first moment stands.
    """
    with store_faults():
        done = await pool.execute(_MARK, connection, entry_id, at)
    return bool(done != "UPDATE 0")


async def read_reported(pool: "Pool", packet_id: str, connection: str, recipient: str) -> Reported | None:
    """Read what a status of this recipient must name.

    Args:
        pool: of the gateway's role.
        packet_id: of the delivered document.
        connection: the one that answers.
        recipient: code of the agency that answers, old or new.

    Returns:
        None where no such delivery went to this connection.
    """
    with store_faults():
        row = await pool.fetchrow(_REPORTED, packet_id, connection, recipient)
    if row is None:
        return None
    values = dict(row)
    values["issued_on"] = f"{row['issued_on']:%Y/%m/%d}"
    return Reported(**values)


def _entry(row: asyncpg.Record) -> Entry:
    values = dict(row)
    values["recipients"] = tuple(row["recipients"])
    return Entry(**values)
