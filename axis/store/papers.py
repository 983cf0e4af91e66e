"""One document as people may see it: who may, what it is, its recipients, its receipts, its files.

`sight` is the one place that says which documents an agency may see; every
page, file, receipt and live message asks it or joins the same columns.
"""

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.reports import FileReport
from axis.store.faults import store_faults
from axis.topics import document_id_of
from axis.violations import Code, Violation

if TYPE_CHECKING:
    from collections.abc import Collection

    from axis.store.pool import Pool

_SIGHT: Final = """
SELECT (SELECT sender = $2 AND $2 <> '' FROM intake WHERE packet_id = $1) AS sent,
       (SELECT delivery_id FROM delivery WHERE packet_id = $1 AND recipient = $2) AS delivery_id
"""
_SEEN_BY: Final = """
SELECT sender AS agency, packet_id FROM intake
 WHERE packet_id = ANY ($1) AND sender = ANY ($2) AND sender <> ''
 UNION
SELECT recipient, packet_id FROM delivery WHERE packet_id = ANY ($1) AND recipient = ANY ($2)
"""
_PAPER: Final = """
SELECT i.packet_id, i.connection, i.sha256, i.size, i.priority, i.received_at, i.sender, i.take,
       CASE WHEN i.state = 'answered' THEN coalesce(d.verdict, 'taken') ELSE i.state END AS state,
       p.code AS park_code, p.since AS park_since, p.next_try_at, p.deadline,
       d.violations, d.findings, d.decided_at, d.delivered_sha256,
       d.report -> 'envelope' AS envelope, d.report -> 'files' AS files,
       doc.document_id, doc.number, doc.notation, doc.type_name, doc.subject, doc.issued_on, doc.due_on,
       cardinality(doc.recipients) AS recipients, coalesce(a.name, '') AS sender_name,
       CASE WHEN doc.packet_id IS NULL AND d.verdict IS DISTINCT FROM 'refused'
            THEN i.message_key END AS claimed
  FROM intake i
  LEFT JOIN parked p USING (packet_id)
  LEFT JOIN decision d ON d.packet_id = i.packet_id AND d.take = i.take
  LEFT JOIN document doc ON doc.packet_id = i.packet_id
  LEFT JOIN agency a ON a.code = i.sender
 WHERE i.packet_id = $1
"""
_STATES: Final = "SELECT state, count(*) AS n FROM delivery WHERE packet_id = $1 GROUP BY state"


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What an agency has to do with a packet."""

    sent: bool
    """It is the proven sender."""
    delivery_id: str
    """Of its own delivery; empty: it is no recipient."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A few words of the envelope, as claimed: of a refused packet there is nothing else."""

    document_id: str = ""
    number: str = ""
    notation: str = ""
    type_name: str = ""
    subject: str = ""


class Park(msgspec.Struct, frozen=True, kw_only=True):
    """Why a packet waits, and until when at most."""

    code: Code
    since: datetime
    next_try_at: datetime
    deadline: datetime


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """One packet, and its document once it is accepted."""

    packet_id: str
    connection: str
    sha256: str
    size: int
    priority: int
    received_at: datetime
    sender: str
    sender_name: str
    state: str
    park: Park | None
    violations: tuple[Violation, ...]
    findings: tuple[Violation, ...]
    decided_at: datetime | None
    delivered_sha256: str
    claimed: str
    """The document id as the packet says it, while it is not judged; else empty."""
    document_id: str
    number: str
    notation: str
    type_name: str
    subject: str
    issued_on: date | None
    due_on: date | None
    recipients: int
    files: tuple[FileReport, ...]
    """In manifest order; empty before the packet was judged."""


async def sight(pool: "Pool", packet_id: str, agency: str) -> Sight | None:
    """Tell what an agency may see of a packet; None: nothing, as if there were none.

    Raises:
        UnavailableError: the database is away.
    """
    if not agency:
        return None
    with store_faults():
        row = await pool.fetchrow(_SIGHT, packet_id, agency)
    assert row is not None, "a row of subqueries is always there"
    if not row["sent"] and not row["delivery_id"]:
        return None
    return Sight(sent=bool(row["sent"]), delivery_id=row["delivery_id"] or "")


async def seen_by(
    pool: "Pool", packet_ids: "Collection[str]", agencies: "Collection[str]"
) -> set[tuple[str, str]]:
    """Return (agency, packet id) of those packets that those agencies may see: the rule of `sight`."""
    with store_faults():
        rows = await pool.fetch(_SEEN_BY, list(packet_ids), list(agencies))
    return {(row["agency"], row["packet_id"]) for row in rows}


async def read_paper(pool: "Pool", packet_id: str) -> Paper | None:
    """Read one packet. The caller has checked who asks (`sight`)."""
    with store_faults():
        row = await pool.fetchrow(_PAPER, packet_id)
    if row is None:
        return None
    claimed = msgspec.json.decode(row["envelope"] or b"{}", type=Claimed | None) or Claimed()
    park = None
    if row["park_code"] is not None:
        park = Park(
            code=Code(row["park_code"]),
            since=row["park_since"],
            next_try_at=row["next_try_at"],
            deadline=row["deadline"],
        )
    known = {name: row[name] if row["document_id"] else getattr(claimed, name) for name in _WORDS}
    return Paper(
        park=park,
        violations=_violations(row["violations"]),
        findings=_violations(row["findings"]),
        delivered_sha256=row["delivered_sha256"] or "",
        recipients=row["recipients"] or 0,
        claimed=document_id_of(row["claimed"] or b""),
        files=msgspec.json.decode(row["files"] or b"[]", type=tuple[FileReport, ...]),
        **known,
        **{name: row[name] for name in _PLAIN},
    )


async def count_states(pool: "Pool", packet_id: str) -> dict[str, int]:
    """Count the deliveries of a packet by state."""
    with store_faults():
        return {row["state"]: row["n"] for row in await pool.fetch(_STATES, packet_id)}


_WORDS: Final = Claimed.__struct_fields__
_PLAIN: Final = (
    "packet_id", "connection", "sha256", "size", "priority", "received_at", "sender", "sender_name",
    "state", "decided_at", "issued_on", "due_on",
)  # fmt: skip


def _violations(data: bytes | None) -> tuple[Violation, ...]:
    return msgspec.json.decode(data or b"[]", type=tuple[Violation, ...])
