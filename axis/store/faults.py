"""asyncpg's errors become ours, at this one place, with their cause."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from axis.errors import AxisError, UnavailableError


class StoreError(AxisError):
    """The server refused a statement: a bug of ours, or a rule of the schema."""


@contextmanager
def store_faults() -> Iterator[None]:
    """Wrap asyncpg errors; keep the cause.

    Raises:
        UnavailableError: connection lost, pool closed, server starting or
            stopping, out of room, deadlock, timeout. The same statement may work later.
        StoreError: anything else the server said no to.
    """
    try:
        yield
    except (
        asyncpg.PostgresConnectionError,
        asyncpg.CannotConnectNowError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.TooManyConnectionsError,
        asyncpg.InsufficientResourcesError,  # disk full, out of memory
        asyncpg.QueryCanceledError,  # statement_timeout
        asyncpg.LockNotAvailableError,
        asyncpg.ReadOnlySQLTransactionError,  # a standby, in the middle of a fail-over
        asyncpg.TransactionRollbackError,  # deadlock, serialization failure
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        TimeoutError,
        OSError,
    ) as exc:
        raise UnavailableError("database is away") from exc
    except asyncpg.PostgresError as exc:
        raise StoreError(f"SQLSTATE {exc.sqlstate}") from exc
