"""The transactions that the desk needs, one method each.

Every method either does all it says, durably, or raises and did nothing.
Doing one twice is doing it once: the rows say what was done.
"""

from typing import Final

from axis.errors import AxisError
from axis.store.answering import AnsweringLedger
from axis.store.faults import store_faults
from axis.store.judging import JudgingLedger
from axis.store.keeping import KeepingLedger
from axis.store.taking_in import TakingLedger

_PING: Final = "SELECT 1"


class Ledger(TakingLedger, JudgingLedger, AnsweringLedger, KeepingLedger):
    """The memory of the axis, over one pool."""

    async def ping(self) -> None:
        """Return if the database answers.

        Raises:
            UnavailableError: it does not.
        """
        with store_faults():
            await self._pool.fetchval(_PING)

    async def usable(self) -> bool:
        """Tell whether the database answers."""
        try:
            await self.ping()
        except AxisError:
            return False
        return True
