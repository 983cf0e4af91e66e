"""What pages ask about the row of events, to tell what they missed."""

from typing import TYPE_CHECKING, Final

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from axis.store.pool import Pool

MOST: Final = 1_000
"""Events looked back at; a page that missed more is told of its lists, and asks."""

_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM event"
_SINCE: Final = """
SELECT DISTINCT packet_id
  FROM (SELECT packet_id FROM event WHERE seq > $1 ORDER BY seq LIMIT $2) AS missed
 WHERE packet_id <> ''
"""

_OPEN: Final = """
SELECT asked.agency, open.packet_id, open.state, open.next_try_at
  FROM unnest($1::text[]) AS asked (agency)
  CROSS JOIN LATERAL (
       SELECT i.packet_id, i.state, p.next_try_at
         FROM intake i
         LEFT JOIN parked p USING (packet_id)
        WHERE i.sender = asked.agency AND i.state IN ('taken', 'waiting')
        ORDER BY i.received_at DESC
        LIMIT $2) open
"""
OPEN_MOST: Final = 100
"""Packets of one agency that are looked at, the newest."""


async def open_packets(
    pool: "Pool", agencies: "Collection[str]"
) -> set[tuple[str, str, str, "datetime | None"]]:
    """Return what these agencies sent and is not judged yet: agency, packet id, state, next try.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_OPEN, list(agencies), OPEN_MOST)
    return {(row["agency"], row["packet_id"], row["state"], row["next_try_at"]) for row in rows}


async def newest_event(pool: "Pool") -> int:
    """Return the number of the newest event; 0: there is none.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        return int(await pool.fetchval(_NEWEST))


async def packets_since(pool: "Pool", number: int) -> tuple[int, set[str]]:
    """Return the newest event's number, and of which packets events came after ``number``."""
    newest = await newest_event(pool)
    with store_faults():
        rows = await pool.fetch(_SINCE, number, MOST)
    return newest, {row["packet_id"] for row in rows}
