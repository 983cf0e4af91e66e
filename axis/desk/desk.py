"""The desk of one process: its office and the moves, under one name."""

from collections.abc import Sequence

from axis.desk import acknowledging, admitting, routing, setting_aside, taking
from axis.desk.office import Office
from axis.document import Intake
from axis.envelope import Envelope
from axis.traffic import Incoming
from axis.violations import Code, Violation


class Desk:
    """The moves of `axis.desk`, bound to an office. Each is documented in its module."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def room(self) -> Violation | None:
        """See `axis.desk.taking.room`."""
        return await taking.room(self._office)

    async def take(
        self,
        *,
        connection: str,
        sha256: str,
        size: int,
        door: str,
        envelope: Envelope | None,
        idempotency: tuple[str, str] | None = None,
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

    async def fetched(self, *, connection: str, packet_id: str, recipient: str = "") -> int:
        """See `axis.desk.taking.fetched`."""
        return await taking.fetched(
            self._office, connection=connection, packet_id=packet_id, recipient=recipient
        )

    async def admit(self, batch: Sequence[Incoming]) -> None:
        """See `axis.desk.admitting.admit`."""
        await admitting.admit(self._office, batch)

    async def route(self, batch: Sequence[Incoming]) -> None:
        """See `axis.desk.routing.route`."""
        await routing.route(self._office, batch)

    async def acknowledge(self, batch: Sequence[Incoming]) -> None:
        """See `axis.desk.acknowledging.acknowledge`."""
        await acknowledging.acknowledge(self._office, batch)

    async def quarantine(self, incoming: Incoming, code: Code, detail: str) -> None:
        """See `axis.desk.setting_aside.set_aside`."""
        await setting_aside.set_aside(self._office, incoming, code, detail)
