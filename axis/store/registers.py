"""The registers of one agency (sổ văn bản đến, đi) as a clerk leafs through them: lists, newest first.

Every list goes along an index of its agency in pages: what a page costs does
not grow with history. A search looks at the next `WINDOW` entries and says how
far it got, so that one that finds nothing costs no more.
"""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec

from axis.store.faults import store_faults
from axis.store.finding import find_codes, patterns
from axis.store.handlings import LATEST_REQUEST
from axis.topics import document_id_of

if TYPE_CHECKING:
    from axis.store.pool import Pool

PAGE: Final = 25
WINDOW: Final = 5_000
"""Entries that one search looks at."""

_IN: Final = f"""
WITH looked AS MATERIALIZED (
    SELECT delivery_id, packet_id, recipient, recipient_name, sender, state, consigned_at AS at,
           answer_due_at, answered_at
      FROM delivery
     WHERE recipient = $1 AND (consigned_at, delivery_id) < ($2, $3) AND consigned_at >= $4
     ORDER BY consigned_at DESC, delivery_id DESC
     LIMIT $5)
SELECT v.delivery_id AS place, v.packet_id, v.at, v.state, v.answer_due_at AS due_at, v.answered_at,
       doc.number, doc.notation, doc.type_name, doc.subject, doc.issued_on, doc.priority,
       v.sender AS party, coalesce(a.name, '') AS party_name, 1::bigint AS parties,
       {LATEST_REQUEST} AS code
  FROM looked v
  JOIN document doc USING (packet_id)
  LEFT JOIN agency a ON a.code = v.sender
 WHERE doc.search LIKE ALL ($6::text[]) AND ($7::text[] IS NULL OR v.sender = ANY ($7))
 ORDER BY v.at DESC, v.delivery_id DESC
 LIMIT $8
"""  # noqa: S608 - constants
_IN_END: Final = """
SELECT consigned_at AS at, delivery_id AS place FROM delivery
 WHERE recipient = $1 AND (consigned_at, delivery_id) < ($2, $3) AND consigned_at >= $4
 ORDER BY consigned_at DESC, delivery_id DESC OFFSET $5 LIMIT 1
"""

_OUT_LINE: Final = """
SELECT v.packet_id AS place, v.packet_id, v.received_at AS at,
       CASE WHEN v.state = 'answered' THEN coalesce(d.verdict, 'taken') ELSE v.state END AS state,
       p.deadline AS due_at, NULL::timestamptz AS answered_at,
       coalesce(doc.number, d.report -> 'envelope' ->> 'number', '') AS number,
       coalesce(doc.notation, d.report -> 'envelope' ->> 'notation', '') AS notation,
       coalesce(doc.type_name, d.report -> 'envelope' ->> 'type_name', '') AS type_name,
       coalesce(doc.subject, d.report -> 'envelope' ->> 'subject', '') AS subject, doc.issued_on,
       v.priority, coalesce(r.recipient, '') AS party, coalesce(r.recipient_name, '') AS party_name,
       coalesce(cardinality(doc.recipients), 0)::bigint AS parties, coalesce(p.code, '') AS code,
       CASE WHEN doc.packet_id IS NULL AND d.verdict IS DISTINCT FROM 'refused'
            THEN v.message_key END AS claimed
"""
_OUT_JOIN: Final = """
  LEFT JOIN decision d ON d.packet_id = v.packet_id AND d.take = v.take
  LEFT JOIN document doc ON doc.packet_id = v.packet_id
  LEFT JOIN parked p ON p.packet_id = v.packet_id
  LEFT JOIN LATERAL (
       SELECT recipient, recipient_name FROM delivery WHERE packet_id = v.packet_id
        ORDER BY recipient LIMIT 1) r ON true
"""
# What was not accepted has no document: then its key, the document id as it was claimed, is searched.
_OUT: Final = f"""
WITH looked AS MATERIALIZED (
    SELECT packet_id, received_at, state, priority, take, message_key
      FROM intake
     WHERE sender = $1 AND sender <> '' AND (received_at, packet_id) < ($2, $3) AND received_at >= $4
     ORDER BY received_at DESC, packet_id DESC
     LIMIT $5)
{_OUT_LINE}
  FROM looked v {_OUT_JOIN}
 WHERE coalesce(doc.search, bare(encode(v.message_key, 'escape'))) LIKE ALL ($6::text[])
   AND ($7::text[] IS NULL OR doc.recipients && $7)
   AND ($9 = '' OR d.verdict = ANY (string_to_array($9, ',')) AND v.state = 'answered')
 ORDER BY v.received_at DESC, v.packet_id DESC
 LIMIT $8
"""  # noqa: S608 - constants of this module
_OUT_END: Final = """
SELECT received_at AS at, packet_id AS place FROM intake
 WHERE sender = $1 AND sender <> '' AND (received_at, packet_id) < ($2, $3) AND received_at >= $4
 ORDER BY received_at DESC, packet_id DESC OFFSET $5 LIMIT 1
"""
_OUT_OPEN: Final = f"""
{_OUT_LINE}
  FROM (SELECT packet_id, received_at, state, priority, take, message_key FROM intake
         WHERE sender = $1 AND state IN ('taken', 'waiting')
         ORDER BY received_at LIMIT $2) v {_OUT_JOIN}
 ORDER BY v.priority DESC, v.received_at
"""  # noqa: S608 - as above

_OWED_LINE: Final = f"""
SELECT v.delivery_id AS place, v.packet_id, v.consigned_at AS at, v.state, v.answer_due_at AS due_at,
       v.answered_at, doc.number, doc.notation, doc.type_name, doc.subject, doc.issued_on, doc.priority,
       CASE WHEN v.recipient = $1 THEN v.sender ELSE v.recipient END AS party,
       CASE WHEN v.recipient = $1 THEN coalesce(a.name, '') ELSE v.recipient_name END AS party_name,
       1::bigint AS parties, {LATEST_REQUEST} AS code
  FROM delivery v
  JOIN document doc USING (packet_id)
  LEFT JOIN agency a ON a.code = v.sender
"""  # noqa: S608 - constants
_BY_US: Final = f"""
{_OWED_LINE} WHERE v.recipient = $1 AND v.answered_at IS NULL
   AND ($2::timestamptz IS NULL OR v.answer_due_at <= $2)
 ORDER BY v.answer_due_at, v.delivery_id LIMIT $3
"""
_TO_US: Final = f"""
{_OWED_LINE} WHERE v.sender = $1 AND v.answered_at IS NULL AND v.answer_due_at <= $2
 ORDER BY v.answer_due_at, v.delivery_id LIMIT $3
"""
_REFUSED_BY_THEM: Final = f"""
{_OWED_LINE} JOIN (SELECT delivery_id, refused_at FROM refusal
         WHERE sender = $1 AND (refused_at, delivery_id) < ($2, $3)
         ORDER BY refused_at DESC, delivery_id DESC LIMIT $4) f USING (delivery_id)
 ORDER BY f.refused_at DESC, f.delivery_id DESC
"""  # noqa: S608 - constants of this module

_COUNTS: Final = """
SELECT (SELECT count(*) FROM (
            SELECT FROM delivery WHERE recipient = $1 AND answered_at IS NULL LIMIT 100) a) AS unanswered,
       (SELECT count(*) FROM (
            SELECT FROM intake
             WHERE sender = $1 AND state IN ('taken', 'waiting') LIMIT 100) b) AS judging,
       (SELECT count(*) FROM (
            SELECT FROM delivery WHERE recipient = $1 AND answered_at IS NULL
               AND answer_due_at <= $2 LIMIT 100) c) AS overdue_by_us,
       (SELECT count(*) FROM (
            SELECT FROM delivery WHERE sender = $1 AND answered_at IS NULL
               AND answer_due_at <= $2 LIMIT 100) d) AS overdue_to_us
"""

LATEST: Final = (datetime(9999, 1, 1, tzinfo=UTC), "~")
"""After everything: where the first page begins."""
EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)
MOST_OPEN: Final = 200
"""Lines of a list that is worked off; what is beyond shows up as these go."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One document in a list."""

    place: str
    """Where it stands among those of the same moment: delivery or packet id."""
    packet_id: str
    at: datetime
    """Consigned (incoming) or taken (outgoing)."""
    state: str
    due_at: datetime | None
    answered_at: datetime | None
    number: str
    notation: str
    type_name: str
    subject: str
    issued_on: date | None
    priority: int
    party: str
    """The other side: sender, or the first of the recipients."""
    party_name: str
    parties: int
    """How many recipients."""
    code: str
    """Why it waits, a reason code; of a delivery the last word on giving it back, or empty."""
    claimed: str = ""
    """The document id as the packet says it, while it is not judged; else empty."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for. Empty: everything."""

    words: str = ""
    """Parts of number, notation or subject; with or without diacritics."""
    agency: str = ""
    """Code, or a part of the name, of the other side."""
    since: datetime | None = None
    until: datetime | None = None
    """Half-open."""

    @property
    def empty(self) -> bool:
        """Tell whether everything is wanted."""
        return not (self.words.strip() or self.agency.strip())


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list."""

    lines: tuple[Line, ...]
    after: tuple[datetime, str] | None
    """Where the next page begins; None: that was all."""
    searched_to: datetime | None = None
    """The search stopped here for now; None: it came to the page's end."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done; 100 means 100 or more."""

    unanswered: int
    judging: int
    overdue_by_us: int
    overdue_to_us: int


async def incoming(pool: "Pool", agency: str, search: Search, after: tuple[datetime, str] | None) -> Page:
    """List what was delivered to an agency, newest first.

    Raises:
        UnavailableError: the database is away.
    """
    return await _page(pool, (_IN, _IN_END), agency, search, after)


async def outgoing(
    pool: "Pool", agency: str, search: Search, after: tuple[datetime, str] | None, *, verdicts: str = ""
) -> Page:
    """List what an agency sent, newest first.

    Args:
        pool: of the console.
        agency: the sender, canonical code.
        search: what to look for.
        after: where the page begins; None: at the newest.
        verdicts: only packets decided so, e.g. ``refused,expired``; empty: all.
    """
    return await _page(pool, (_OUT, _OUT_END), agency, search, after, verdicts=verdicts)


async def judging(pool: "Pool", agency: str) -> tuple[Line, ...]:
    """List what an agency sent and the axis has not judged yet, urgent first."""
    with store_faults():
        return _lines(await pool.fetch(_OUT_OPEN, agency, MOST_OPEN))


async def owed_by(pool: "Pool", agency: str, *, due: datetime | None = None) -> tuple[Line, ...]:
    """List deliveries that an agency has not answered, soonest due first; with ``due``: due by then."""
    with store_faults():
        return _lines(await pool.fetch(_BY_US, agency, due, MOST_OPEN))


async def owed_to(pool: "Pool", agency: str, *, due: datetime) -> tuple[Line, ...]:
    """List deliveries of an agency's documents whose answer was due by then and is missing."""
    with store_faults():
        return _lines(await pool.fetch(_TO_US, agency, due, MOST_OPEN))


async def refused_by_recipients(pool: "Pool", agency: str) -> tuple[Line, ...]:
    """List the newest deliveries of an agency's documents that their recipients refused (02)."""
    with store_faults():
        return _lines(await pool.fetch(_REFUSED_BY_THEM, agency, *LATEST, MOST_OPEN))


async def counts(pool: "Pool", agency: str, *, at: datetime) -> Counts:
    """Count what is to be done, each up to 100."""
    with store_faults():
        row = await pool.fetchrow(_COUNTS, agency, at)
    assert row is not None, "a row of subqueries is always there"
    return Counts(**dict(row))


async def _page(
    pool: "Pool",
    queries: tuple[str, str],
    agency: str,
    search: Search,
    after: tuple[datetime, str] | None,
    *,
    verdicts: str | None = None,
) -> Page:
    at, place = after or ((search.until, "") if search.until else LATEST)
    place_in = (agency, at, place, search.since or EARLIEST)
    filtered = not search.empty or bool(verdicts)
    window = WINDOW if filtered else PAGE + 1
    with store_faults():
        codes = await find_codes(pool, search.agency) if search.agency.strip() else None
        more: tuple[Any, ...] = () if verdicts is None else (verdicts,)
        rows = await pool.fetch(
            queries[0], *place_in, window, patterns(search.words), codes, PAGE + 1, *more
        )
        end = None
        if filtered and len(rows) <= PAGE:
            end = await pool.fetchrow(queries[1], *place_in, WINDOW - 1)
    lines = _lines(rows[:PAGE])
    if len(rows) > PAGE:
        return Page(lines=lines, after=(lines[-1].at, lines[-1].place))
    if end is not None:
        return Page(lines=lines, after=(end["at"], end["place"]), searched_to=end["at"])
    return Page(lines=lines, after=None)


def _lines(rows: list[Any]) -> tuple[Line, ...]:
    return tuple(Line(**{**row, "claimed": document_id_of(row.get("claimed") or b"")}) for row in rows)
