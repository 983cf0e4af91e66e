"""Decisions, and the documents that own their ids."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.document import Decision, Document
from axis.records import Routable

if TYPE_CHECKING:
    from axis.store.pool import Connection

# One decision a take: a second run of the same record changes nothing.
_INSERT: Final = """
INSERT INTO decision (packet_id, take, rules_version, directory_version, trust_version, verdict,
                      violations, findings, parts, report, delivered_sha256, decided_at)
SELECT * FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[], $5::text[], $6::text[],
                     $7::jsonb[], $8::jsonb[], $9::jsonb[], $10::jsonb[], $11::text[], $12::timestamptz[])
ON CONFLICT (packet_id, take) DO NOTHING
RETURNING packet_id
"""

# Only an accepted document takes its id; whoever comes second learns it from what is missing here.
_TAKE_IDS: Final = """
INSERT INTO document (packet_id, agency, document_id, number, notation, type_name, subject, issued_on,
                      due_on, priority, accepted_at, splice_offset, splice, recipients)
SELECT packet_id, agency, document_id, number, notation, type_name, subject, issued_on,
       due_on, priority, accepted_at, splice_offset, splice,
       ARRAY(SELECT code FROM jsonb_array_elements_text(recipients) WITH ORDINALITY AS r (code, n)
              ORDER BY n)
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::date[],
              $9::date[], $10::smallint[], $11::timestamptz[], $12::bigint[], $13::bytea[], $14::jsonb[])
       WITH ORDINALITY
       AS given (packet_id, agency, document_id, number, notation, type_name, subject, issued_on,
                 due_on, priority, accepted_at, splice_offset, splice, recipients, place)
 ORDER BY place
ON CONFLICT DO NOTHING
RETURNING packet_id
"""
_OWNERS: Final = """
SELECT given.packet_id AS asked, document.packet_id AS owner
  FROM unnest($1::text[], $2::text[], $3::text[]) AS given (packet_id, agency, document_id)
  JOIN document USING (agency, document_id)
"""

# In a fixed order, so that two workers never wait for one another.
_DOCUMENTS: Final = """
SELECT document.packet_id, agency, document_id, number, notation, type_name, subject, issued_on, due_on,
       document.priority, accepted_at, splice_offset, splice, recipients, routed_to,
       intake.connection AS sender
  FROM document JOIN intake USING (packet_id)
 WHERE packet_id = ANY($1::text[]) AND routed_to < cardinality(recipients)
 ORDER BY packet_id
   FOR UPDATE OF document
"""
_UNROUTED: Final = """
UPDATE document SET nudged_at = $1
 WHERE packet_id IN (
       SELECT packet_id FROM document
        WHERE routed_to < cardinality(recipients)
          AND accepted_at < $2 AND (nudged_at IS NULL OR nudged_at < $2)
        ORDER BY accepted_at LIMIT $3 FOR UPDATE SKIP LOCKED)
RETURNING packet_id, agency, document_id, number, notation, type_name, subject, issued_on, due_on,
          priority, accepted_at, splice_offset, splice
"""
_ROUTED: Final = """
UPDATE document SET routed_to = given.routed_to
  FROM unnest($1::text[], $2::integer[]) AS given (packet_id, routed_to)
 WHERE document.packet_id = given.packet_id
"""


async def insert_decisions(
    conn: "Connection", decided: Sequence[tuple[Decision, int, bytes]]
) -> frozenset[str]:
    """Record decisions; a taking that has one already keeps it.

    Args:
        conn: in the caller's transaction.
        decided: each decision, which taking of its packet it answers, and the
            gate's report as JSON: the evidence of the verdict.

    Returns:
        The packets whose decision is new.
    """
    rows = await conn.fetch(
        _INSERT,
        [one.packet_id for one, _, _ in decided],
        [take for _, take, _ in decided],
        [one.versions.rules for one, _, _ in decided],
        [one.versions.directory for one, _, _ in decided],
        [one.versions.trust for one, _, _ in decided],
        [one.verdict for one, _, _ in decided],
        [msgspec.json.encode(one.violations) for one, _, _ in decided],
        [msgspec.json.encode(one.findings) for one, _, _ in decided],
        [msgspec.json.encode(one.parts) for one, _, _ in decided],
        [report for _, _, report in decided],
        [one.delivered_sha256 for one, _, _ in decided],
        [one.decided_at for one, _, _ in decided],
    )
    return frozenset(row["packet_id"] for row in rows)


async def take_document_ids(
    conn: "Connection", given: Sequence[tuple[Document, Sequence[str]]]
) -> dict[str, str]:
    """Give documents their ids.

    Args:
        conn: in the caller's transaction.
        given: documents with their recipients; of two with one id the first has it. In an order that
            two callers share: they wait for one another only along it.

    Returns:
        For each packet the one that owns its document's id: itself, or the earlier one.
    """
    if not given:
        return {}
    documents = [document for document, _ in given]
    fresh = await conn.fetch(
        _TAKE_IDS,
        [one.packet_id for one in documents],
        [one.agency for one in documents],
        [one.document_id for one in documents],
        [one.number for one in documents],
        [one.notation for one in documents],
        [one.type_name for one in documents],
        [one.subject for one in documents],
        [one.issued_on for one in documents],
        [one.due_on for one in documents],
        [one.priority for one in documents],
        [one.accepted_at for one in documents],
        [one.splice_offset for one in documents],
        [one.splice for one in documents],
        [msgspec.json.encode(recipients) for _, recipients in given],
    )
    owners: dict[str, str] = {row["packet_id"]: row["packet_id"] for row in fresh}
    rest = [one for one in documents if one.packet_id not in owners]
    if rest:
        # A separate statement on purpose: inside the INSERT's own snapshot a row
        # committed meanwhile by another worker would be invisible.
        rows = await conn.fetch(
            _OWNERS,
            [one.packet_id for one in rest],
            [one.agency for one in rest],
            [one.document_id for one in rest],
        )
        owners |= {row["asked"]: row["owner"] for row in rows}
    return owners


async def lock_unrouted(conn: "Connection", packet_ids: Sequence[str]) -> list[Routable]:
    """Return accepted documents whose fan-out has not ended, locked for the caller's transaction."""
    found = []
    for row in await conn.fetch(_DOCUMENTS, list(packet_ids)):
        values = dict(row)
        recipients, routed_to = values.pop("recipients"), values.pop("routed_to")
        sender = values.pop("sender")
        document = Document(**values)
        found.append(
            Routable(document=document, recipients=tuple(recipients), routed_to=routed_to, sender=sender)
        )
    return found


async def mark_routed(conn: "Connection", cursors: Mapping[str, int]) -> None:
    """Move the cursors of fan-outs on, by packet id."""
    await conn.execute(_ROUTED, list(cursors), list(cursors.values()))


async def claim_unrouted(
    conn: "Connection", *, at: datetime, before: datetime, limit: int
) -> list[Document]:
    """Claim documents accepted before ``before`` whose fan-out did not end: their record was lost."""
    return [Document(**dict(row)) for row in await conn.fetch(_UNROUTED, at, before, limit)]
