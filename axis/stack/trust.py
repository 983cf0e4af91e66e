"""The trust list of the local stack: the test authority's, unless an operator put another one in force."""

from datetime import UTC, datetime
from typing import Final

from axis.settings import Settings
from axis.store.pool import open_pool
from axis.store.trust import import_trust, list_trust
from signing.trust import load_trust_with_bytes

STACK: Final = "axis up"
"""Source of the versions that the stack itself put in force."""


async def put_trust_in_force(settings: Settings) -> None:
    """Import the test authority's list where it is not in force yet: its addresses may have moved.

    Raises:
        SetupError: it cannot be read.
        UnavailableError: the database is away.
    """
    trust, body = load_trust_with_bytes(settings.trust_file)
    pool = await open_pool(settings.database_url, size=1, application="axis-up")
    try:
        async with pool.acquire() as conn, conn.transaction():
            newest = await list_trust(conn, limit=1)
            if not newest or newest[0].source == STACK:
                await import_trust(
                    conn,
                    digest=trust.digest,
                    body=body,
                    name=trust.version,
                    source=STACK,
                    by=STACK,
                    at=datetime.now(UTC),
                )
    finally:
        await pool.close()
