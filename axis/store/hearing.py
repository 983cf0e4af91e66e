"""What pages ask about the row of events, to tell what they missed."""

from typing import TYPE_CHECKING, Final

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

MOST: Final = 1_000
"""Events looked back at; a page that missed more is told of its lists, and asks."""

_NEWEST: Final = "SELECT coalesce(max(seq), 0) FROM event"
_SINCE: Final = """
SELECT DISTINCT packet_id
  FROM (SELECT packet_id FROM event WHERE seq > $1 ORDER BY seq LIMIT $2) AS missed
 WHERE packet_id <> ''
"""


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
