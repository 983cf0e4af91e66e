"""What a connection says of what it got: statuses, and what is safe at its side."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

from axis.checks.policy import Policy
from axis.contract.doors import ConnAck, ConnReport
from axis.desk.telling import write_status
from axis.document import Intake
from axis.edxml.status import read_status
from axis.envelope import Envelope
from axis.errors import RefusedError
from axis.store.doors import DoorMemory
from axis.store.inbox import Reported
from axis.topics import INLINE_BYTES
from axis.traffic import Incoming
from axis.violations import Code, Violation


class Desk(Protocol):
    """The moves that the door asks for; see `axis.desk.desk.Desk`."""

    async def take(  # noqa: D102
        self,
        *,
        connection: str,
        sha256: str,
        size: int,
        door: str,
        envelope: Envelope | None,
        idempotency: tuple[str, str] | None = None,
    ) -> Intake: ...
    async def take_status(  # noqa: D102
        self, *, connection: str, data: bytes, organ_code: str, document_id: str
    ) -> str: ...
    async def fetched(self, *, connection: str, packet_id: str) -> int: ...  # noqa: D102
    async def room(self) -> Violation | None: ...  # noqa: D102
    async def quarantine(self, incoming: Incoming, code: Code, detail: str) -> None: ...  # noqa: D102


class Answers:
    """Takes records of ack topics."""

    def __init__(
        self,
        *,
        desk: Desk,
        memory: DoorMemory,
        reported: Callable[[str, str, str], Awaitable[Reported | None]],
        policy: Policy,
        now: Callable[[], datetime],
    ) -> None:
        """Keep the tools; see `axis.bridge.taking.Door`."""
        self._desk = desk
        self._memory = memory
        self._reported = reported
        self._policy = policy
        self._now = now

    async def take(self, name: str, ack: ConnAck) -> None:
        """Take what a connection says of what it got.

        Raises:
            RefusedError: it cannot be taken; the connection is told why.
            UnavailableError: the database is away.
        """
        given = [one for one in (ack.status_packet, ack.report, ack.received) if one is not None]
        if len(given) != 1:
            raise refuse(Code.TAKE_MALFORMED, "", "give exactly one of status_packet, report and received")
        if ack.received is not None:
            await self._received(name, ack.received)
            return
        data = ack.status_packet if ack.report is None else await self._built(name, ack.report)
        assert data is not None, "one of the three is given"
        if len(data) > INLINE_BYTES:
            raise refuse(Code.TAKE_TOO_LARGE, "status_packet", f"at most {INLINE_BYTES} bytes")
        status, violations = read_status(data, self._policy.limits)
        if status is None:
            raise RefusedError(violations[0])
        await self._desk.take_status(
            connection=name,
            data=data,
            organ_code=status.response_for.organ_code,
            document_id=status.response_for.document_id,
        )

    async def _received(self, name: str, subject: str) -> None:
        kind = await self._memory.entry_kind(name, subject)
        if kind is None:
            raise refuse(Code.TAKE_NOT_FOUND, "received", "no such entry in this inbox")
        if kind == "document":
            await self._desk.fetched(connection=name, packet_id=subject)
        await self._memory.mark(name, subject, at=self._now())

    async def _built(self, name: str, told: ConnReport) -> bytes:
        known = await self._reported(told.packet_id, name, told.recipient)
        if known is None:
            raise refuse(
                Code.TAKE_NOT_FOUND, "report", "no such document was delivered to this recipient of yours"
            )
        return write_status(
            known, code=told.code, description=told.description, reported_at=told.reported_at
        )


def refuse(code: Code, field: str, detail: str) -> RefusedError:
    """Make the error that ends a record with a notice."""
    return RefusedError(Violation(code, field, detail))
