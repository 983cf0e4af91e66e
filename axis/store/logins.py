"""Failed logins of the last minutes, shared by all processes; keys are digests of account and address."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Pool

FAILURE_WINDOW: Final = timedelta(minutes=15)
"""How far back failed logins count."""

_NOTE: Final = "INSERT INTO login_failure (key, at) SELECT unnest($1::text[]), $2"
_FORGET: Final = "DELETE FROM login_failure WHERE at < $1"
_COUNT: Final = """
SELECT key, count(*) AS n FROM login_failure WHERE key = ANY ($1) AND at > $2 GROUP BY key
"""
_FORGIVE: Final = "DELETE FROM login_failure WHERE key = $1"
_TAKE_BACK: Final = """
DELETE FROM login_failure WHERE ctid IN (
    SELECT max(ctid) FROM login_failure WHERE key = ANY ($1) AND at = $2 GROUP BY key)
"""


async def count_failures(pool: "Pool", keys: Sequence[str], *, at: datetime) -> dict[str, int]:
    """Count the failed logins of the last `FAILURE_WINDOW` by each key.

    Raises:
        UnavailableError: the database is away.
    """
    with store_faults():
        rows = await pool.fetch(_COUNT, list(keys), at - FAILURE_WINDOW)
    return dict.fromkeys(keys, 0) | {row["key"]: row["n"] for row in rows}


async def note_failure(pool: "Pool", keys: Sequence[str], *, at: datetime) -> None:
    """Note an attempt under each key; forget those that count no more."""
    with store_faults():
        await pool.execute(_FORGET, at - FAILURE_WINDOW)
        await pool.execute(_NOTE, list(keys), at)


async def forgive(pool: "Pool", own: str, others: Sequence[str], *, at: datetime) -> None:
    """Take an attempt back that turned out right.

    Args:
        pool: of the console.
        own: key of this person at this address: her slips are forgotten too.
        others: keys that others share: only this attempt is taken back.
        at: the moment under which it was noted.
    """
    with store_faults():
        await pool.execute(_FORGIVE, own)
    await take_back(pool, others, at=at)


async def take_back(pool: "Pool", keys: Sequence[str], *, at: datetime) -> None:
    """Take back one attempt that was noted at this moment under these keys."""
    with store_faults():
        await pool.execute(_TAKE_BACK, list(keys), at)
