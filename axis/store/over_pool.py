"""What every part of the ledger stands on: one pool."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from axis.store.pool import Pool


class OverPool:
    """Transactions over one pool of connections."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
