"""Deliveries, and the mailbox entries through which connections get them."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.document import DeliveryState
from axis.records import Addressed, Route

if TYPE_CHECKING:
    from axis.store.pool import Connection

_INSERT: Final = """
INSERT INTO delivery (delivery_id, packet_id, recipient, recipient_name, level, connection, state,
                      priority, consigned_at, answer_due_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::smallint[], $9::timestamptz[], $10::timestamptz[])
ON CONFLICT DO NOTHING
"""
# One entry per (document, connection). Chunks of one fan-out add to its list of recipients.
_BOX: Final = """
INSERT INTO mailbox (connection, kind, subject, packet_id, recipients, priority, created_at)
SELECT connection, $1, subject, packet_id, ARRAY(SELECT jsonb_array_elements_text(recipients)), priority, $7
  FROM unnest($2::text[], $3::text[], $4::text[], $5::jsonb[], $6::smallint[])
       WITH ORDINALITY AS given (connection, subject, packet_id, recipients, priority, place)
 ORDER BY place
ON CONFLICT (connection, kind, subject) DO UPDATE
   SET recipients = (SELECT array_agg(DISTINCT code)
                       FROM unnest(mailbox.recipients || excluded.recipients) AS code)
"""

# The first fetch counts; a second one finds nothing to change.
_FETCH: Final = """
UPDATE delivery
   SET state = CASE WHEN state = 'consigned' THEN 'fetched' ELSE state END, fetched_at = $3
 WHERE connection = $1 AND packet_id = $2 AND fetched_at IS NULL
RETURNING delivery_id, recipient
"""
# One agency by itself, whichever system spoke for it when the document came.
_FETCH_ONE: Final = """
UPDATE delivery
   SET state = CASE WHEN state = 'consigned' THEN 'fetched' ELSE state END, fetched_at = $3
 WHERE recipient = $1 AND packet_id = $2 AND fetched_at IS NULL
RETURNING delivery_id, recipient
"""
_MARK: Final = """
UPDATE mailbox SET marked_at = $3
 WHERE connection = $1 AND kind = 'document' AND subject = $2 AND marked_at IS NULL
"""

# The delivery that a status speaks of; locked, so that two statuses come one after the other.
_FIND: Final = """
SELECT delivery.delivery_id, delivery.packet_id, delivery.recipient, delivery.connection, delivery.state,
       delivery.priority, document.agency, document.document_id, intake.connection AS sender_connection
  FROM delivery
  JOIN document USING (packet_id)
  JOIN intake USING (packet_id)
 WHERE document.agency = $1 AND document.document_id = $2 AND delivery.recipient = $3
   FOR UPDATE OF delivery
"""
_MOVE: Final = """
UPDATE delivery
   SET state = $2, answered_at = CASE WHEN $3 THEN coalesce(answered_at, $4) ELSE answered_at END
 WHERE delivery_id = $1
"""
_SENDER: Final = """
SELECT document.agency, document.document_id, intake.connection
  FROM document JOIN intake USING (packet_id)
 WHERE document.packet_id = $1
"""


async def insert_deliveries(conn: "Connection", routes: Sequence[Route]) -> None:
    """Add deliveries; those that exist stay as they are."""
    given = [(route.document, delivery) for route in routes for delivery in route.deliveries]
    await conn.execute(
        _INSERT,
        [d.delivery_id for _, d in given],
        [d.packet_id for _, d in given],
        [d.recipient for _, d in given],
        [d.recipient_name for _, d in given],
        [d.level for _, d in given],
        [d.connection for _, d in given],
        [d.state for _, d in given],
        [document.priority for document, _ in given],
        [d.consigned_at for _, d in given],
        [d.answer_due_at for _, d in given],
    )


async def box_documents(conn: "Connection", routes: Sequence[Route], *, at: datetime) -> None:
    """Put documents into the mailboxes of their recipients' connections."""
    entries = [
        (connection, route.document.packet_id, recipients, route.document.priority)
        for route in routes
        for connection, recipients in sorted(route.boxes.items())
    ]
    packets = [packet for _, packet, _, _ in entries]
    await conn.execute(
        _BOX,
        "document",
        [connection for connection, _, _, _ in entries],
        packets,
        packets,
        [msgspec.json.encode(recipients) for _, _, recipients, _ in entries],
        [priority for _, _, _, priority in entries],
        at,
    )


async def box_status(
    conn: "Connection", connection: str, *, ack_id: str, packet_id: str, recipient: str, at: datetime
) -> None:
    """Put a handling status into a mailbox."""
    recipients = msgspec.json.encode([recipient])
    await conn.execute(_BOX, "status", [connection], [ack_id], [packet_id], [recipients], [0], at)


async def mark_fetched(
    conn: "Connection", connection: str, packet_id: str, *, at: datetime, recipient: str = ""
) -> list[tuple[str, str]]:
    """Note that a connection fetched a document; return (delivery id, recipient) of the newly fetched.

    With a recipient only its own delivery: then the connection's system has not got the document, and its
    mailbox keeps the entry.
    """
    if recipient:
        rows = await conn.fetch(_FETCH_ONE, recipient, packet_id, at)
    else:
        rows = await conn.fetch(_FETCH, connection, packet_id, at)
        await conn.execute(_MARK, connection, packet_id, at)
    return [(row["delivery_id"], row["recipient"]) for row in rows]


async def find_delivery(
    conn: "Connection", *, agency: str, document_id: str, recipient: str
) -> Addressed | None:
    """Return the delivery of a document to a recipient, locked; None: there is none."""
    row = await conn.fetchrow(_FIND, agency, document_id, recipient)
    if row is None:
        return None
    values = dict(row)
    return Addressed(**{**values, "state": DeliveryState(values["state"])})


async def move_delivery(
    conn: "Connection", delivery: str, state: DeliveryState, *, answered: bool, at: datetime
) -> None:
    """Show another state; ``answered`` ends the wait for an answer."""
    await conn.execute(_MOVE, delivery, state, answered, at)


async def sender_of(conn: "Connection", packet_id: str) -> tuple[str, str, str] | None:
    """Return (agency, document id, connection) of whoever sent a document."""
    row = await conn.fetchrow(_SENDER, packet_id)
    return None if row is None else (row["agency"], row["document_id"], row["connection"])
