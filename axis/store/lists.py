"""Lists a clerk asks for: what was sent, what is overdue, who is in the directory."""

from datetime import datetime
from typing import TYPE_CHECKING, Final

from axis.answers import Agency, Overdue, SentLine
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

_SENT: Final = """
SELECT i.packet_id, i.received_at, i.size,
       CASE WHEN i.state = 'answered' THEN coalesce(d.verdict, 'taken') ELSE i.state END AS state,
       doc.document_id, doc.number, doc.notation, doc.type_name, doc.subject,
       v.recipients, v.fetched, v.answered
  FROM intake i
  CROSS JOIN LATERAL (
       SELECT count(*) AS recipients, count(fetched_at) AS fetched, count(answered_at) AS answered
         FROM delivery
        WHERE packet_id = i.packet_id
       ) v
  LEFT JOIN decision d ON d.packet_id = i.packet_id AND d.take = i.take
  LEFT JOIN document doc ON doc.packet_id = i.packet_id
 WHERE i.connection = $1 AND i.received_at < $2
 ORDER BY i.received_at DESC, i.packet_id
 LIMIT $3
"""

_OVERDUE: Final = """
SELECT v.packet_id, v.recipient, v.recipient_name, v.level, v.state, v.consigned_at, v.fetched_at,
       v.answer_due_at, doc.agency, doc.document_id, doc.number, doc.notation, doc.subject,
       CASE WHEN v.connection = $1 THEN 'in' ELSE 'out' END AS direction
  FROM delivery v
  JOIN document doc USING (packet_id)
  JOIN intake i USING (packet_id)
 WHERE v.answered_at IS NULL AND v.answer_due_at <= $2
   AND (v.connection = $1 OR i.connection = $1)
 ORDER BY v.priority DESC, v.answer_due_at, v.delivery_id
 LIMIT $3
"""

_BY_CODE: Final = """
SELECT code, code102, name, level, parent, locked, connection <> '' AS connected,
       valid_from, valid_until, successors
  FROM agency
 WHERE code = $1 OR (code102 = $1 AND $1 <> '')
 LIMIT $2
"""

_BY_WORDS: Final = """
SELECT code, code102, name, level, parent, locked, connection <> '' AS connected,
       valid_from, valid_until, successors
  FROM agency
 WHERE search LIKE '%' || $1 || '%'
 ORDER BY length(search), code
 LIMIT $2
"""

_NAMES: Final = """
SELECT asked.code, a.name
  FROM unnest($1::text[]) AS asked (code)
  JOIN agency a ON a.code = asked.code OR (a.code102 = asked.code AND asked.code <> '')
"""

_AGENCIES: Final = """
SELECT code
  FROM agency
 WHERE connection = $1
 ORDER BY code
 LIMIT 1000
"""


async def list_sent(pool: "Pool", connection: str, *, before: datetime, limit: int) -> tuple[SentLine, ...]:
    """List what a connection sent, newest first.

    Args:
        pool: of the gateway's role.
        connection: the sender.
        before: only what was taken earlier than this: the page's end.
        limit: most lines.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_SENT, connection, before, limit)
    return tuple(SentLine(**dict(row)) for row in rows)


async def list_overdue(pool: "Pool", connection: str, *, at: datetime, limit: int) -> tuple[Overdue, ...]:
    """List deliveries, from and to this connection, whose answer was due by ``at`` and is missing."""
    with store_faults():
        rows = await pool.fetch(_OVERDUE, connection, at, limit)
    return tuple(Overdue(**dict(row)) for row in rows)


async def find_agencies(
    pool: "Pool", *, code: str = "", words: str = "", limit: int
) -> tuple[Agency, ...]:
    """Look agencies up by code, old or new, or by a part of the name.

    Args:
        pool: of the gateway's role.
        code: exactly; goes before ``words``.
        words: part of the name as `axis.register.searchable` spells it.
        limit: most lines.
    """
    # A wildcard in the words would be a wildcard of ours: taken literally instead.
    literal = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    with store_faults():
        rows = await (pool.fetch(_BY_CODE, code, limit) if code else pool.fetch(_BY_WORDS, literal, limit))
    return tuple(Agency(**{**dict(row), "successors": tuple(row["successors"])}) for row in rows)


async def agency_names(pool: "Pool", codes: tuple[str, ...]) -> dict[str, str]:
    """Return the names of agencies by the codes asked for; unknown codes are left out."""
    with store_faults():
        rows = await pool.fetch(_NAMES, list(codes))
    return {row["code"]: row["name"] for row in rows}


async def agencies_of(pool: "Pool", connection: str) -> tuple[str, ...]:
    """Return the codes a connection speaks for, at most 1,000."""
    with store_faults():
        rows = await pool.fetch(_AGENCIES, connection)
    return tuple(row["code"] for row in rows)
