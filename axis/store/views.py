"""What the gateway reads: packets, their recipients and histories, receipts. Nothing is written here."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from axis.answers import Document, Judgement, Told, Wait, Whereabouts
from axis.document import Intake
from axis.reports import Part
from axis.store.faults import store_faults
from axis.violations import Code, Violation

if TYPE_CHECKING:
    import asyncpg

    from axis.store.pool import Pool

_PACKET: Final = """
SELECT i.packet_id, i.connection, i.sha256, i.size, i.door, i.priority, i.received_at, i.state,
       p.code AS park_code, p.detail AS park_detail, p.since, p.next_try_at, p.deadline,
       d.verdict, d.violations, d.findings, d.parts, d.decided_at,
       d.rules_version, d.directory_version, d.trust_version, d.delivered_sha256,
       doc.agency, doc.document_id, doc.number, doc.notation, doc.type_name, doc.subject,
       doc.issued_on, doc.due_on
  FROM intake i
  LEFT JOIN parked p ON p.packet_id = i.packet_id
  LEFT JOIN decision d ON d.packet_id = i.packet_id AND d.take = i.take
  LEFT JOIN document doc ON doc.packet_id = i.packet_id
 WHERE i.packet_id = $1 AND i.connection = $2
"""

_RECIPIENTS: Final = """
SELECT delivery_id, recipient AS code, recipient_name AS name, level, state, consigned_at, fetched_at,
       answer_due_at, answered_at
  FROM delivery
 WHERE packet_id = $1
 ORDER BY delivery.recipient
 LIMIT $2
"""

_HISTORY: Final = """
SELECT h.ack_id, h.delivery_id, h.code, h.description, h.reported_at, h.recorded_at, h.findings
  FROM handling h
  JOIN delivery d USING (delivery_id)
 WHERE d.packet_id = $1 AND h.state = 'recorded'
 ORDER BY h.recorded_at, h.ack_id
 LIMIT $2
"""

_RECEIPTS: Final = """
SELECT e.event_id, e.kind, e.at, r.sealed_at
  FROM event e
  LEFT JOIN receipt r USING (event_id)
 WHERE e.packet_id = $1 AND e.connection = $2
 ORDER BY e.seq
 LIMIT $3
"""

# One row at least, whoever asks: state is null where the connection did not send such a packet.
_OUTCOME: Final = """
SELECT own.state, e.event_id, e.kind, e.at, e.sealed_at
  FROM (SELECT (SELECT state FROM intake WHERE packet_id = $1 AND connection = $2) AS state) AS own
  LEFT JOIN (SELECT event.event_id, event.kind, event.at, event.seq, receipt.sealed_at
               FROM event
               LEFT JOIN receipt USING (event_id)
              WHERE event.packet_id = $1 AND event.connection = $2
              ORDER BY event.seq
              LIMIT $3) AS e ON true
 ORDER BY e.seq
"""

_RECEIPT: Final = """
SELECT e.event_id, e.kind, e.at, e.body, r.leaf_index, r.proof, r.sealed_at,
       c.body AS checkpoint, c.signature
  FROM event e
  LEFT JOIN receipt r USING (event_id)
  LEFT JOIN checkpoint c USING (checkpoint_id)
 WHERE e.event_id = $1 AND e.connection = $2
"""

# One row, whoever asks: state is null where the connection did not send such a packet, known is false where
# it has nothing to do with it at all.
_NEWEST: Final = """
SELECT own.state, own.state IS NOT NULL OR e.event_id IS NOT NULL
                  OR EXISTS (SELECT FROM event WHERE packet_id = $1 AND connection = $2) AS known,
       e.event_id, e.kind, e.at, e.body, r.leaf_index, r.proof, r.sealed_at, c.body AS checkpoint, c.signature
  FROM (SELECT (SELECT state FROM intake WHERE packet_id = $1 AND connection = $2) AS state) AS own
  LEFT JOIN LATERAL (SELECT event_id, kind, at, body
                       FROM event
                      WHERE packet_id = $1 AND connection = $2 AND (kind = ANY ($3::text[]) OR $3 IS NULL)
                      ORDER BY seq DESC
                      LIMIT 1) AS e ON true
  LEFT JOIN receipt r USING (event_id)
  LEFT JOIN checkpoint c USING (checkpoint_id)
"""

_REPEATED: Final = """
SELECT k.sha256 AS request_sha256, i.packet_id, i.connection, i.sha256, i.size, i.received_at,
       i.door, i.priority, i.state
  FROM idempotency k
  JOIN intake i USING (packet_id)
 WHERE k.connection = $1 AND k.key = $2
"""

ROWS: Final = 20_000
"""Most recipients, statuses or receipts shown of one packet; policy allows 10,000 recipients."""


class Waiting(Wait, frozen=True, kw_only=True):
    """On what a packet waits."""

    reason: Violation


class Judged(Judgement, frozen=True, kw_only=True):
    """The decision that stands."""

    violations: tuple[Violation, ...]
    findings: tuple[Violation, ...]
    parts: dict[str, Part]


class PacketView(msgspec.Struct, frozen=True, kw_only=True):
    """One packet as its sender may see it."""

    intake: Intake
    waiting: Waiting | None = None
    judged: Judged | None = None
    document: Document | None = None


class HandlingView(Told, frozen=True, kw_only=True):
    """One handling status of a recipient."""

    findings: tuple[Violation, ...]


class RecipientView(Whereabouts, frozen=True, kw_only=True):
    """One recipient: where the document is there, and what was said about it."""

    history: tuple[HandlingView, ...] = ()


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt, sealed or about to be."""

    event_id: str
    kind: str
    at: datetime
    sealed_at: datetime | None


class ReceiptParts(msgspec.Struct, frozen=True, kw_only=True):
    """All that one receipt is made of. Unsealed: only the first four are there."""

    event_id: str
    kind: str
    at: datetime
    body: bytes
    sealed_at: datetime | None
    leaf_index: int | None
    proof: bytes | None
    checkpoint: bytes | None
    signature: bytes | None


async def read_packet_view(pool: "Pool", packet_id: str, connection: str) -> PacketView | None:
    """Read one packet for its sender.

    Returns:
        None where there is none of this id, or another connection sent it.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        row = await pool.fetchrow(_PACKET, packet_id, connection)
    if row is None:
        return None
    waiting = judged = document = None
    if row["park_code"] is not None:
        waiting = Waiting(
            reason=Violation(Code(row["park_code"]), "", row["park_detail"]),
            since=row["since"],
            next_try_at=row["next_try_at"],
            deadline=row["deadline"],
        )
    if row["verdict"] is not None:
        judged = Judged(
            violations=_violations(row["violations"]),
            findings=_violations(row["findings"]),
            parts=msgspec.json.decode(row["parts"], type=dict[str, Part]),
            **_shared(row, Judgement),
        )
    if row["document_id"] is not None:
        document = Document(**_shared(row, Document))
    intake = Intake(**_shared(row, Intake))
    return PacketView(intake=intake, waiting=waiting, judged=judged, document=document)


async def read_recipients(pool: "Pool", packet_id: str) -> tuple[RecipientView, ...]:
    """Read every recipient of a packet with its history, by code. The caller has checked whose packet it is.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_RECIPIENTS, packet_id, ROWS)
        told = await pool.fetch(_HISTORY, packet_id, ROWS) if rows else []
    histories: dict[str, list[HandlingView]] = {}
    for row in told:
        entry = HandlingView(findings=_violations(row["findings"]), **_shared(row, Told))
        histories.setdefault(row["delivery_id"], []).append(entry)
    return tuple(
        RecipientView(history=tuple(histories.get(row["delivery_id"], ())), **_shared(row, Whereabouts))
        for row in rows
    )


async def list_receipts(pool: "Pool", packet_id: str, connection: str) -> tuple[ReceiptLine, ...]:
    """List the receipts about a packet that belong to this connection, oldest first."""
    with store_faults():
        rows = await pool.fetch(_RECEIPTS, packet_id, connection, ROWS)
    return tuple(ReceiptLine(**dict(row)) for row in rows)


async def read_outcome(
    pool: "Pool", packet_id: str, connection: str
) -> tuple[str | None, tuple[ReceiptLine, ...]]:
    """Read how far a packet is, at one moment, for whoever waits for it.

    Returns:
        The state of the intake, None where this connection sent no such packet; and what
        `list_receipts` lists.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_OUTCOME, packet_id, connection, ROWS)
    lines = tuple(
        ReceiptLine(event_id=row["event_id"], kind=row["kind"], at=row["at"], sealed_at=row["sealed_at"])
        for row in rows
        if row["event_id"] is not None
    )
    return rows[0]["state"], lines


async def read_newest(
    pool: "Pool", packet_id: str, connection: str, kinds: Sequence[str] | None
) -> tuple[bool, str | None, ReceiptParts | None]:
    """Read the newest receipt about a packet, with how far the packet is at that moment.

    Returns:
        Whether this connection has anything to do with the packet; the state of its intake, None where it
        did not send it; the receipt of these kinds (None: of any), sealed or about to be, if there is one.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        row = await pool.fetchrow(_NEWEST, packet_id, connection, kinds)
    assert row is not None, "one row, whoever asks"
    receipt = None if row["event_id"] is None else ReceiptParts(**_shared(row, ReceiptParts))
    return row["known"], row["state"], receipt


async def read_receipt(pool: "Pool", event_id: str, connection: str) -> ReceiptParts | None:
    """Read what a receipt is made of; None where there is none for this connection."""
    with store_faults():
        row = await pool.fetchrow(_RECEIPT, event_id, connection)
    return None if row is None else ReceiptParts(**dict(row))


async def find_repeated(pool: "Pool", connection: str, key: str) -> tuple[str, Intake] | None:
    """Find what an idempotency key was used for.

    Returns:
        Digest of that request and the packet that was taken; None: the key is new.
    """
    with store_faults():
        row = await pool.fetchrow(_REPEATED, connection, key)
    if row is None:
        return None
    return row["request_sha256"], Intake(**_shared(row, Intake))


def _shared(row: "asyncpg.Record", noun: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: row[name] for name in noun.__struct_fields__}


def _violations(data: bytes) -> tuple[Violation, ...]:
    return msgspec.json.decode(data, type=tuple[Violation, ...])
