"""Fair share: how many packets of one connection may be taken and not yet judged. Rule T13.

Admission works each partition in order, so what one connection has handed in stands before
everybody else's next packet. Bounded at the doors, a flood costs others a moment and waits itself.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

LOOK_SECONDS: Final = 0.2
"""How long one count serves: under load a packet does not need a query each."""

FULL_SECONDS: Final = 0.05
"""How long a count serves that left no place: what is judged meanwhile makes room."""


@dataclass(slots=True)
class _Account:
    under_way: int = 0
    """Places held here now."""
    begun: int = 0
    """Places ever held here."""
    left: int = 0
    looked_at: float = float("-inf")
    look: asyncio.Lock = field(default_factory=asyncio.Lock)


class Share:
    """The places of each connection, as one process sees them.

    Several processes together may give more than the limit, each at most what it has under way.
    """

    def __init__(
        self,
        count: Callable[[str, int], Awaitable[int]],
        limit: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without a look.

        Args:
            count: (connection, most) → packets of it that are taken and not judged; it may stop at ``most``.
            limit: places of one connection.
            clock: seconds that never go back.
        """
        self._count = count
        self.limit = limit
        self._clock = clock
        self._accounts: dict[str, _Account] = {}

    async def left(self, connection: str) -> int:
        """Return how many more packets of a connection are welcome now, 0 or more.

        Raises:
            UnavailableError: the database is away.
        """
        account = self._accounts.setdefault(connection, _Account())
        if self._old(account):
            async with account.look:
                if self._old(account):
                    # What was under way before the count may be in it too: rather counted twice than not.
                    known, begun = account.under_way, account.begun
                    taken = await self._count(connection, self.limit)
                    account.left = self.limit - taken - known - (account.begun - begun)
                    account.looked_at = self._clock()
        return max(account.left, 0)

    @contextlib.contextmanager
    def held(self, connection: str, places: int = 1) -> Iterator[None]:
        """Hold places while packets are being taken; when that is over, the next count knows them."""
        account = self._accounts.setdefault(connection, _Account())
        account.under_way += places
        account.begun += places
        account.left -= places
        try:
            yield
        finally:
            account.under_way -= places

    def _old(self, account: _Account) -> bool:
        good_for = LOOK_SECONDS if account.left > 0 else FULL_SECONDS
        return self._clock() - account.looked_at >= good_for
