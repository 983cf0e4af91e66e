"""The desk as the gateway's handlers see it: the look at the room is kept for a moment."""

import time
from typing import Final

from axis.desk.desk import Desk
from axis.desk.office import Office
from axis.desk.share import Share
from axis.violations import Violation

ROOM_SECONDS: Final = 0.25
"""How long a look at backlog and free space is good for: a count for each request would cost too much."""


class RestDesk(Desk):
    """The moves of an office for many small requests."""

    def __init__(self, office: Office) -> None:
        """Keep the office."""
        super().__init__(office)
        places = office.policy.limits.open_packets
        self.share = Share(office.memory.count_unjudged, places)
        self.status_share = Share(office.memory.count_unrecorded, places)
        self._room: Violation | None = None
        self._looked_at = float("-inf")

    async def room(self) -> Violation | None:
        """See `axis.desk.taking.room`."""
        if time.monotonic() - self._looked_at >= ROOM_SECONDS:
            self._room = await super().room()
            self._looked_at = time.monotonic()
        return self._room
