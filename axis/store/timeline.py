"""What happened to one document: its deliveries with their histories, and its receipts, in pages."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.store.faults import store_faults
from axis.store.views import HandlingView, ReceiptLine, ReceiptParts, RecipientView
from axis.violations import Violation

if TYPE_CHECKING:
    from axis.store.pool import Pool

PAGE: Final = 50
"""Recipients on one page of a document."""
RECEIPTS: Final = 100
"""Receipts on one page of a document."""
HISTORY: Final = 40
"""Statuses shown of one delivery, the newest; who sends more is shown those."""

_DELIVERIES: Final = """
SELECT delivery_id, recipient AS code, recipient_name AS name, level, state, consigned_at, fetched_at,
       answer_due_at, answered_at
  FROM delivery
 WHERE packet_id = $1 AND recipient > $2 AND ($3 = '' OR delivery_id = $3)
 ORDER BY recipient
 LIMIT $4
"""
_HISTORY: Final = """
SELECT h.*
  FROM unnest($1::text[]) AS asked (delivery_id)
  CROSS JOIN LATERAL (
       SELECT ack_id, delivery_id, code, description, reported_at, recorded_at, findings
         FROM handling
        WHERE delivery_id = asked.delivery_id AND state = 'recorded'
        ORDER BY recorded_at DESC, ack_id
        LIMIT $2) h
 ORDER BY h.recorded_at, h.reported_at, h.ack_id
"""
_RECEIPTS: Final = """
SELECT e.event_id, e.kind, e.at, r.sealed_at, e.seq, coalesce(v.recipient_name, '') AS recipient_name,
       coalesce(convert_from(e.body, 'UTF8')::jsonb ->> 'status_code', '') AS status_code
  FROM event e
  LEFT JOIN receipt r USING (event_id)
  LEFT JOIN delivery v ON v.packet_id = e.packet_id
                      AND v.recipient = convert_from(e.body, 'UTF8')::jsonb ->> 'recipient'
 WHERE e.packet_id = $1 AND e.connection = $2 AND e.seq > $3
 ORDER BY e.seq
 LIMIT $4
"""
_RECEIPT: Final = """
SELECT e.event_id, e.kind, e.at, e.body, r.leaf_index, r.proof, r.sealed_at,
       c.body AS checkpoint, c.signature, e.packet_id,
       CASE WHEN e.connection = i.connection THEN i.sender ELSE '' END AS owner
  FROM event e
  LEFT JOIN intake i USING (packet_id)
  LEFT JOIN receipt r USING (event_id)
  LEFT JOIN checkpoint c USING (checkpoint_id)
 WHERE e.event_id = $1
"""
_EVIDENCE: Final = """
SELECT e.seq, e.event_id, e.kind, e.at, e.packet_id, e.connection, r.sealed_at
  FROM event e
  LEFT JOIN receipt r USING (event_id)
 WHERE e.seq < $1
 ORDER BY e.seq DESC
 LIMIT $2
"""
_EVIDENCE_OF: Final = """
SELECT e.seq, e.event_id, e.kind, e.at, e.packet_id, e.connection, r.sealed_at
  FROM event e
  LEFT JOIN receipt r USING (event_id)
 WHERE e.packet_id = $3 AND e.packet_id <> '' AND e.seq < $1
 ORDER BY e.seq DESC
 LIMIT $2
"""


class NumberedLine(ReceiptLine, frozen=True, kw_only=True):
    """One receipt, with its place among all events, and about whom it is."""

    seq: int
    recipient_name: str
    status_code: str


class OwnedReceipt(ReceiptParts, frozen=True, kw_only=True):
    """All of a receipt, and whose it is."""

    packet_id: str
    owner: str
    """Agency whose receipt it is, the packet's proven sender; empty: nobody's on the page."""


class EvidenceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One event as an auditor sees it in a list."""

    seq: int
    event_id: str
    kind: str
    at: datetime
    packet_id: str
    connection: str
    sealed_at: datetime | None


async def read_deliveries(
    pool: "Pool", packet_id: str, *, only: str = "", after: str = "", limit: int = PAGE
) -> tuple[RecipientView, ...]:
    """Read deliveries of a packet with their histories, by recipient. The caller has checked who asks.

    Args:
        pool: of the console.
        packet_id: of the document.
        only: id of the one delivery that may be seen; empty: all may.
        after: recipient code after which to begin.
        limit: most deliveries.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_DELIVERIES, packet_id, after, only, limit)
        told = await pool.fetch(_HISTORY, [row["delivery_id"] for row in rows], HISTORY) if rows else []
    histories: dict[str, list[HandlingView]] = {}
    for row in told:
        values = dict(row)
        findings = msgspec.json.decode(values.pop("findings"), type=tuple[Violation, ...])
        histories.setdefault(values.pop("delivery_id"), []).append(HandlingView(findings=findings, **values))
    return tuple(
        RecipientView(history=tuple(histories.get(row["delivery_id"], ())), **dict(row)) for row in rows
    )


async def receipts_of(
    pool: "Pool", packet_id: str, connection: str, *, after: int = 0, limit: int = RECEIPTS
) -> tuple[NumberedLine, ...]:
    """List receipts about a packet that belong to its sender, oldest first."""
    with store_faults():
        rows = await pool.fetch(_RECEIPTS, packet_id, connection, after, limit)
    return tuple(NumberedLine(**dict(row)) for row in rows)


async def read_owned_receipt(pool: "Pool", event_id: str) -> OwnedReceipt | None:
    """Read a receipt and whose it is; the caller decides who may see it."""
    with store_faults():
        row = await pool.fetchrow(_RECEIPT, event_id)
    return None if row is None else OwnedReceipt(**{**dict(row), "owner": row["owner"] or ""})


async def list_evidence(
    pool: "Pool", *, before: int, packet_id: str = "", limit: int = PAGE
) -> tuple[EvidenceLine, ...]:
    """List events, newest first.

    Args:
        pool: of the console.
        before: only events before this number.
        packet_id: only of this packet; empty: all.
        limit: most lines.
    """
    with store_faults():
        if packet_id:
            rows = await pool.fetch(_EVIDENCE_OF, before, limit, packet_id)
        else:
            rows = await pool.fetch(_EVIDENCE, before, limit)
    return tuple(EvidenceLine(**dict(row)) for row in rows)
