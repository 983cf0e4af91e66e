"""The pool of database connections: UTC, bounded waits."""

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import asyncpg
import msgspec

from axis.store.faults import store_faults

if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[asyncpg.Record]
    Connection: TypeAlias = (
        asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    )


# A plan that is made once must not rest on how small a table was then.
_KEYED: Final = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}


async def open_pool(url: str, *, size: int = 8, application: str = "axis", keyed: bool = False) -> "Pool":
    """Open a pool.

    Args:
        url: ``postgresql://user:password@host:port/name``.
        size: most connections held at once.
        application: name shown in ``pg_stat_activity``.
        keyed: every statement finds its rows by their keys, however many are asked for, so each is planned
            once. Else the server plans lists of keys anew each time, which takes longer than to find them.

    Raises:
        UnavailableError: the server does not answer.
        StoreError: it answers no (wrong password, no such database).
    """
    with store_faults():
        return await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=size,
            init=_init,
            # Nothing of ours outlives its transaction, so the RESET of every release would be a wasted trip.
            reset=_keep,
            timeout=5,
            command_timeout=30,
            server_settings={
                "application_name": application,
                "timezone": "UTC",
                "statement_timeout": "30s",
                "lock_timeout": "10s",
                "idle_in_transaction_session_timeout": "30s",
                **(_KEYED if keyed else {}),
            },
        )


async def _init(connection: Any) -> None:  # noqa: ANN401 - asyncpg hands a proxy without a public type
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        # jsonb's wire form is a version byte, then JSON text; values are kept as bytes.
        encoder=lambda data: b"\x01" + (data if isinstance(data, bytes) else msgspec.json.encode(data)),
        decoder=lambda data: bytes(data[1:]),
    )


async def _keep(connection: Any) -> None:  # noqa: ANN401 - as above
    """Leave the session as it is."""
