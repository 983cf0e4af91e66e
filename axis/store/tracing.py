"""The way of one packet as the memory has it: moments and states, never content."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from axis.store.pool import Connection

# Each line: when, what, a detail without anything of the document.
_STEPS: Final = """
SELECT received_at AS at, 'taken' AS what,
       format('door %s, connection %s, %s bytes, take %s, now %s', door, connection, size, take, state)
           AS detail
  FROM intake WHERE packet_id = $1
UNION ALL
SELECT decided_at, 'decided: ' || verdict,
       format('take %s, rules %s, directory %s, trust %s, reasons %s', take, rules_version, directory_version,
              left(trust_version, 12),
              coalesce((SELECT string_agg(one ->> 'code', ', ')
                          FROM jsonb_array_elements(violations) AS one), '-'))
  FROM decision WHERE packet_id = $1
UNION ALL
SELECT since, 'waits', format('%s, try %s, next %s, deadline %s', code, attempts, next_try_at, deadline)
  FROM parked WHERE packet_id = $1
UNION ALL
SELECT e.at, 'event ' || e.kind,
       format('%s, for %s, %s', e.event_id, e.connection, coalesce('sealed ' || r.sealed_at, 'NOT SEALED'))
  FROM event e LEFT JOIN receipt r USING (event_id) WHERE e.packet_id = $1
UNION ALL
SELECT h.recorded_at, 'status ' || h.code, format('%s from %s', h.ack_id, h.connection)
  FROM handling h JOIN delivery d USING (delivery_id)
 WHERE d.packet_id = $1 AND h.recorded_at IS NOT NULL
UNION ALL
SELECT consigned_at, 'delivered', format('to %s through %s, now %s', recipient, connection, state)
  FROM delivery WHERE packet_id = $1
UNION ALL
SELECT fetched_at, 'fetched', format('by %s', connection)
  FROM delivery WHERE packet_id = $1 AND fetched_at IS NOT NULL
UNION ALL
SELECT r.decided_at, 'content removed', format('%s, gone %s', r.why, coalesce(r.removed_at::text, 'not yet'))
  FROM content_removal r JOIN intake i USING (sha256) WHERE i.packet_id = $1
 ORDER BY 1, 2
"""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a packet."""

    at: datetime
    what: str
    detail: str


async def read_steps(conn: "Connection", packet_id: str) -> list[Step]:
    """Return what happened to a packet, oldest first; nothing where there is none of that id."""
    return [Step(**dict(row)) for row in await conn.fetch(_STEPS, packet_id)]
