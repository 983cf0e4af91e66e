"""Transactions of the doors: packets and status packets are taken, once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from axis.document import Intake, Verdict
from axis.records import (
    Handling,
    IntakeRow,
    Taken,
)
from axis.store import (
    handlings,
    intakes,
    outbox,
)
from axis.store.faults import store_faults
from axis.traffic import Outgoing

if TYPE_CHECKING:
    from axis.store.pool import Connection

from axis.store.over_pool import OverPool
from axis.store.versions import NEWEST


class TakingLedger(OverPool):
    """What a door records."""

    async def take_packet(
        self,
        intake: Intake,
        message_key: bytes,
        outgoing: Callable[[int], Outgoing],
        *,
        rules: str,
        trust: str,
        idempotency: tuple[str, str] | None,
    ) -> Taken | None:
        """Take a packet, or find that it was taken before.

        A packet that was refused under other versions, or not judged in time,
        is opened again. Any other known packet is left as it is.

        Args:
            intake: the packet; its content is on disk.
            message_key: key of its record.
            outgoing: makes the record for the n-th taking.
            rules: version of the rules that would judge it now.
            trust: digest of the trust list that would.
            idempotency: key and digest of the request, where the client gave a key.

        Returns:
            What came of it; None where the idempotency key belongs to other content.
        """
        with store_faults():
            async with self._pool.acquire() as conn:
                if idempotency is None:
                    message = outgoing(1)
                    number = await intakes.take_fresh(conn, intake, message_key, message)
                    if number is not None:
                        return Taken(intake=intake, outbox=(number,), outgoing=(message,))
                return await self._take_known(
                    conn, intake, message_key, outgoing, rules=rules, trust=trust, idempotency=idempotency
                )

    async def _take_known(
        self,
        conn: "Connection",
        intake: Intake,
        message_key: bytes,
        outgoing: Callable[[int], Outgoing],
        *,
        rules: str,
        trust: str,
        idempotency: tuple[str, str] | None,
    ) -> Taken | None:
        """Take a packet that may be there already, or whose request may have come before."""
        async with conn.transaction():
            if idempotency is not None:
                key, digest = idempotency
                used = await intakes.use_key(
                    conn, intake.connection, key, digest, intake.packet_id, at=intake.received_at
                )
                if used is not None and used != (digest, intake.packet_id):
                    return None
            take = 1
            if not await intakes.insert_intake(conn, intake, message_key):
                row = (await intakes.select_intakes(conn, [intake.packet_id]))[intake.packet_id]
                again = await self._retake(conn, row, rules=rules, trust=trust, at=intake.received_at)
                if again is None:
                    return Taken(intake=row.intake)
                take = again
            message = outgoing(take)
            ids = await outbox.add_outgoing(
                conn, [message], at=intake.received_at, priority=intake.priority
            )
            return Taken(intake=intake, outbox=tuple(ids), outgoing=(message,))

    async def _retake(
        self, conn: "Connection", row: IntakeRow, *, rules: str, trust: str, at: datetime
    ) -> int | None:
        judged = await intakes.last_decision(conn, row.intake.packet_id)
        if row.intake.state != "answered" or judged is None or judged.verdict == Verdict.ACCEPTED:
            return None
        directory_version = await conn.fetchval(NEWEST)
        before = (judged.rules_version, judged.directory_version, judged.trust_version)
        if judged.verdict == Verdict.REFUSED and before == (rules, directory_version, trust):
            return None
        return await intakes.retake(conn, row.intake.packet_id, take=row.take, at=at)

    async def take_status(self, handling: Handling, message_key: bytes, outgoing: Outgoing) -> Taken | None:
        """Take a status packet; None where it was taken before."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                if not await handlings.insert_handling(conn, handling, message_key):
                    return None
                ids = await outbox.add_outgoing(conn, [outgoing], at=handling.received_at)
        intake = Intake(
            packet_id=handling.ack_id,
            connection=handling.connection,
            sha256=handling.sha256,
            size=0,
            received_at=handling.received_at,
            door="status",
        )
        return Taken(intake=intake, outbox=tuple(ids), outgoing=(outgoing,))

    async def open_intakes(self) -> tuple[int, datetime | None]:
        """Return how many packets have no answer yet, and when the oldest came."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await intakes.open_intakes(conn)

    async def count_unjudged(self, connection: str, most: int) -> int:
        """Count a connection's packets that are taken and not judged, at most so many."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await intakes.count_unjudged(conn, connection, most)

    async def count_unrecorded(self, connection: str, most: int) -> int:
        """Count a connection's statuses that are taken and not recorded, at most so many."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await handlings.count_unrecorded(conn, connection, most)

    async def forget_outgoing(self, ids: Sequence[int]) -> None:
        """Forget messages that the broker has."""
        with store_faults():
            async with self._pool.acquire() as conn:
                await outbox.delete_outgoing(conn, ids)
