"""Agencies and the mail they have not fetched go from one connection to another."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.store.connections import assign_agencies, require_connection
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection

# A delivery nobody fetched yet is fetched by whoever speaks for its recipient from now on.
_DELIVERIES: Final = """
UPDATE delivery SET connection = $2
 WHERE connection = $1 AND fetched_at IS NULL AND recipient = ANY ($3)
RETURNING packet_id, recipient
"""
_ENTRIES: Final = """
INSERT INTO mailbox (connection, kind, subject, packet_id, recipients, priority, created_at)
SELECT $1, 'document', moved.packet_id, moved.packet_id, moved.recipients, document.priority, $4
  FROM (SELECT packet_id, array_agg(recipient ORDER BY recipient) AS recipients
          FROM unnest($2::text[], $3::text[]) AS given (packet_id, recipient) GROUP BY packet_id) AS moved
  JOIN document USING (packet_id)
ON CONFLICT (connection, kind, subject) DO UPDATE
   SET recipients = (SELECT array_agg(DISTINCT code)
                       FROM unnest(mailbox.recipients || excluded.recipients) AS code),
       marked_at = NULL
"""
# What is left for the old connection; an entry without recipients is no mail any more.
_LEAVE: Final = """
UPDATE mailbox
   SET recipients = ARRAY (SELECT code FROM unnest(recipients) AS code WHERE NOT code = ANY ($3)),
       marked_at = CASE WHEN recipients <@ $3 THEN coalesce(marked_at, $4) ELSE marked_at END
 WHERE connection = $1 AND kind = 'document' AND packet_id = ANY ($2)
"""


async def move_agencies(
    conn: "Connection", source: str, target: str, agencies: Sequence[str], *, at: datetime
) -> tuple[tuple[str, ...], int]:
    """Let ``target`` speak for agencies of ``source``; mail not fetched yet goes along. In a transaction.

    Args:
        conn: in a transaction.
        source: a connection in use.
        target: another one.
        agencies: canonical codes; empty: all that ``source`` speaks for.
        at: now, timezone-aware.

    Returns:
        The agencies, and how many deliveries went along.

    Raises:
        SetupError: no such connection or agency.
    """
    held = (await require_connection(conn, source)).agencies
    codes = await assign_agencies(conn, target, list(agencies) or list(held), at=at)
    with store_faults():
        moved = await conn.fetch(_DELIVERIES, source, target, list(codes))
        if moved:
            packets, recipients = [row[0] for row in moved], [row[1] for row in moved]
            await conn.execute(_ENTRIES, target, packets, recipients, at)
            await conn.execute(_LEAVE, source, sorted(set(packets)), list(codes), at)
    return codes, len(moved)
