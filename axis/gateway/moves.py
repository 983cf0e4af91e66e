"""The desk as the gateway's handlers see it: the moves of one office."""

import time
from typing import Final

from axis.desk import taking
from axis.desk.office import Office
from axis.document import Envelope, Intake
from axis.violations import Violation

ROOM_SECONDS: Final = 0.25
"""How long a look at backlog and free space is good for: a count for each request would cost too much."""


class RestDesk:
    """Moves of an office, with the look at the room kept for a moment."""

    def __init__(self, office: Office) -> None:
        """Keep the office."""
        self._office = office
        self._room: Violation | None = None
        self._looked_at = float("-inf")

    async def take(
        self,
        *,
        connection: str,
        sha256: str,
        size: int,
        door: str,
        envelope: Envelope | None,
        idempotency: tuple[str, str] | None,
    ) -> Intake:
        """See `axis.desk.taking.take`."""
        return await taking.take(
            self._office,
            connection=connection,
            sha256=sha256,
            size=size,
            door=door,
            envelope=envelope,
            idempotency=idempotency,
        )

    async def take_status(self, *, connection: str, data: bytes, organ_code: str, document_id: str) -> str:
        """See `axis.desk.taking.take_status`."""
        return await taking.take_status(
            self._office, connection=connection, data=data, organ_code=organ_code, document_id=document_id
        )

    async def fetched(self, *, connection: str, packet_id: str) -> None:
        """See `axis.desk.taking.fetched`."""
        await taking.fetched(self._office, connection=connection, packet_id=packet_id)

    async def room(self) -> Violation | None:
        """See `axis.desk.taking.room`."""
        if time.monotonic() - self._looked_at >= ROOM_SECONDS:
            self._room = await taking.room(self._office)
            self._looked_at = time.monotonic()
        return self._room
