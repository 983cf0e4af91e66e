"""The transactions that the desk needs, one method each.

Every method either does all it says, durably, or raises and did nothing.
Doing one twice is doing it once: the rows say what was done.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from axis.document import Agency, DirectoryView, Document, Event, Intake, Outgoing, Quarantined, Verdict
from axis.records import (
    Addressed,
    Figures,
    Handling,
    IntakeRow,
    Kept,
    Parked,
    Parking,
    Route,
    Ruling,
    Settled,
    StatusEnding,
    Taken,
    Unsealed,
)
from axis.store import (
    decisions,
    deliveries,
    directory,
    events,
    handlings,
    intakes,
    outbox,
    quarantine,
    revocation,
)
from axis.store.faults import store_faults

if TYPE_CHECKING:
    from axis.store.pool import Connection, Pool

_DIRECTORY_VERSION: Final = "SELECT coalesce(max(version), 0) FROM directory_version"
_PING: Final = "SELECT 1"


class Ledger:
    """The memory of the axis, over one pool."""

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool

    async def ping(self) -> None:
        """Return if the database answers.

        Raises:
            UnavailableError: it does not.
        """
        with store_faults():
            await self._pool.fetchval(_PING)

    # --- taking ------------------------------------------------------------

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
            async with self._pool.acquire() as conn, conn.transaction():
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
        directory_version = await conn.fetchval(_DIRECTORY_VERSION)
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

    async def forget_outgoing(self, ids: Sequence[int]) -> None:
        """Forget messages that the broker has."""
        with store_faults():
            async with self._pool.acquire() as conn:
                await outbox.delete_outgoing(conn, ids)

    # --- admitting ---------------------------------------------------------

    async def intakes(self, packet_ids: Sequence[str]) -> dict[str, IntakeRow]:
        """Return the intakes that exist, by packet id."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await intakes.select_intakes(conn, packet_ids)

    async def parked(self, packet_ids: Sequence[str]) -> dict[str, Parked]:
        """Return how long packets have been waiting, by packet id."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await intakes.select_parked(conn, packet_ids)

    async def directory_view(self, codes: Sequence[str], fingerprints: Sequence[str]) -> DirectoryView:
        """Return the part of the directory in force that concerns these codes and certificates."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await directory.view_for(conn, codes, fingerprints)

    async def record_rulings(
        self, rulings: Sequence[Ruling], *, at: datetime
    ) -> list[tuple[Settled, list[int]]]:
        """Record judged packets in one transaction.

        Returns:
            For each ruling that ended now, its ending and the outbox rows to
            publish. One that another worker ended meanwhile is left out.
        """
        ended: list[tuple[Settled, list[int]]] = []
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                # In a fixed order, so that two workers never wait for one another.
                for ruling in sorted(rulings, key=_document_order):
                    ending = await _end(conn, ruling)
                    if ending is None:
                        continue
                    priority = ruling.row.intake.priority
                    await events.append_events(conn, ending.events, priority=priority)
                    ids = await outbox.add_outgoing(conn, ending.outgoing, at=at, priority=priority)
                    ended.append((ending, ids))
                await intakes.mark_answered(conn, [ending.decision.packet_id for ending, _ in ended])
        return ended

    async def park(self, parkings: Sequence[Parking]) -> None:
        """Let packets wait by name."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                for parking in sorted(parkings, key=lambda parking: parking.intake.packet_id):
                    await intakes.park(
                        conn,
                        parking.intake,
                        code=parking.code,
                        detail=parking.detail,
                        at=parking.at,
                        next_try_at=parking.next_try_at,
                        deadline=parking.deadline,
                    )

    async def quarantine(self, record: Quarantined, *, packet_id: str | None = None) -> bool:
        """Set a record aside, and its intake with it where it has one; False where it was already."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                if packet_id is not None:
                    await intakes.mark_state(conn, packet_id, "quarantined")
                return await quarantine.insert_quarantine(conn, record)

    # --- routing and answering ---------------------------------------------

    async def route(
        self,
        packet_id: str,
        plan: Callable[[Document, Sequence[Agency], str], Route],
        *,
        chunk: int,
        at: datetime,
    ) -> tuple[Route, bool] | None:
        """Record the next chunk of a document's deliveries.

        Args:
            packet_id: of the accepted document.
            plan: makes deliveries and events for some recipients.
            chunk: most recipients at once.
            at: when they reach the mailboxes.

        Returns:
            The chunk and whether more is left; None where nothing was left, or there is no such document.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                found = await decisions.lock_document(conn, packet_id)
                if found is None or found.routed_to >= len(found.recipients):
                    return None
                codes = found.recipients[found.routed_to : found.routed_to + chunk]
                view = await directory.view_for(conn, codes, ())
                sender = await deliveries.sender_of(conn, packet_id)
                assert sender is not None, "a document has its intake"
                route = plan(found.document, [view.agencies[code] for code in codes], sender[2])
                await deliveries.insert_deliveries(conn, found.document, route.deliveries)
                await deliveries.box_document(conn, found.document, route.boxes, at=at)
                await events.append_events(conn, route.events, priority=found.document.priority)
                done = found.routed_to + len(codes)
                await decisions.mark_routed(conn, packet_id, done)
                return route, done < len(found.recipients)

    async def fetched(
        self, connection: str, packet_id: str, make: Callable[[str, str, str, str], Event], *, at: datetime
    ) -> int:
        """Note that a connection fetched a document.

        Args:
            connection: of the recipients.
            packet_id: of the document.
            make: (delivery id, recipient, document id, sender's connection) → event.
            at: when.

        Returns:
            How many deliveries were newly fetched.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                new = await deliveries.mark_fetched(conn, connection, packet_id, at=at)
                sender = await deliveries.sender_of(conn, packet_id)
                if not new or sender is None:
                    return 0
                made = [make(delivery, recipient, sender[1], sender[2]) for delivery, recipient in new]
                await events.append_events(conn, made)
                return len(new)

    async def handling(self, ack_id: str) -> Handling | None:
        """Return a status packet that was taken, or None."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await handlings.lock_handling(conn, ack_id)

    async def answer(
        self,
        ack_id: str,
        key: tuple[str, str, str] | None,
        decide: Callable[[Addressed | None], StatusEnding],
        *,
        at: datetime,
    ) -> StatusEnding | None:
        """End a status packet.

        Args:
            ack_id: the status packet.
            key: (agency, document id, recipient) of the delivery it speaks of; None: unreadable.
            decide: what the packet does to that delivery. Pure.
            at: when.

        Returns:
            How it ended; None where it had ended before.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                handling = await handlings.lock_handling(conn, ack_id)
                if handling is None or handling.state != "taken":
                    return None
                delivery = None
                if key is not None:
                    delivery = await deliveries.find_delivery(
                        conn, agency=key[0], document_id=key[1], recipient=key[2]
                    )
                ending = decide(delivery)
                await handlings.record_handling(
                    conn,
                    ack_id,
                    delivery=ending.delivery.delivery_id if ending.delivery else None,
                    code=ending.code,
                    description=ending.description,
                    reported_at=ending.reported_at,
                    violations=ending.violations,
                    findings=ending.findings,
                    at=at,
                )
                await events.append_events(conn, [ending.event])
                if ending.delivery is not None and not ending.violations:
                    if ending.state is not None:
                        await deliveries.move_delivery(
                            conn, ending.delivery.delivery_id, ending.state, answered=ending.answered, at=at
                        )
                    await deliveries.box_status(
                        conn,
                        ending.inform,
                        ack_id=ack_id,
                        packet_id=ending.delivery.packet_id,
                        recipient=ending.delivery.recipient,
                        at=at,
                    )
                return ending

    # --- sealing -----------------------------------------------------------

    async def unsealed(self, limit: int) -> list[Unsealed]:
        """Return the next events to seal."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await events.unsealed_events(conn, limit)

    async def record_round(
        self,
        sealed: Sequence[Unsealed],
        proofs: Sequence[bytes],
        *,
        checkpoint: bytes,
        signature: bytes,
        at: datetime,
    ) -> None:
        """Record one sealed round: all its receipts, or none."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                await events.record_round(
                    conn, sealed, proofs, checkpoint=checkpoint, signature=signature, at=at
                )

    # --- keeping -----------------------------------------------------------

    async def sweep(
        self,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
        *,
        before: datetime,
        limit: int,
    ) -> Sequence[Outgoing]:
        """Publish messages that a crash left behind, and forget them.

        Args:
            publish: awaited; returns when the broker has all.
            before: younger rows belong to the process that wrote them.
            limit: most rows at once.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                ids, messages = await outbox.claim_outgoing(conn, before=before, limit=limit)
                if ids:
                    await publish(messages)
                    await outbox.delete_outgoing(conn, ids)
        return messages

    async def send_again(
        self,
        make: Callable[[IntakeRow], Outgoing],
        *,
        at: datetime,
        again_at: datetime,
        stuck_before: datetime,
        limit: int,
    ) -> int:
        """Send due waiting packets, and those whose record was lost, to be judged again; return how many."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                due = await intakes.claim_due(conn, at=at, again_at=again_at, limit=limit)
                due += await intakes.claim_stuck(conn, at=at, before=stuck_before, limit=limit)
                rows = await intakes.select_intakes(conn, due)
                await outbox.add_outgoing(conn, [make(row) for row in rows.values()], at=stuck_before)
                return len(rows)

    async def answer_again(
        self, make: Callable[[Handling, bytes], Outgoing], *, before: datetime, limit: int
    ) -> int:
        """Send status packets whose record was lost to be recorded again; return how many."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                stuck = await handlings.stuck_handlings(conn, before=before, limit=limit)
                await outbox.add_outgoing(conn, [make(*one) for one in stuck], at=before)
                return len(stuck)

    async def past_deadline(self, *, at: datetime, limit: int) -> list[IntakeRow]:
        """Return waiting packets whose time is over."""
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                late = await intakes.past_deadline(conn, at=at, limit=limit)
                return list((await intakes.select_intakes(conn, late)).values())

    async def directory_version(self) -> int:
        """Return the version of the directory in force; 0: none was imported."""
        with store_faults():
            version: int = await self._pool.fetchval(_DIRECTORY_VERSION)
            return version

    async def put_evidence(self, kept: Kept) -> None:
        """Keep the newest answer of a revocation source."""
        with store_faults():
            async with self._pool.acquire() as conn:
                await revocation.put_evidence(conn, kept)

    async def all_evidence(self) -> list[Kept]:
        """Return the revocation evidence that is kept."""
        with store_faults():
            async with self._pool.acquire() as conn:
                return await revocation.all_evidence(conn)

    async def figures(self) -> Figures:
        """Return the figures that the keeper shows."""
        with store_faults():
            row = await self._pool.fetchrow(_FIGURES)
        assert row is not None, "aggregates always have a row"
        waiting = msgspec.json.decode(row["waiting"], type=dict[str, int])
        return Figures(
            open=row["open"], oldest=row["oldest"], unsealed=row["unsealed"], waiting=waiting
        )


_FIGURES: Final = """
SELECT (SELECT count(*) FROM intake WHERE state IN ('taken', 'waiting')) AS open,
       (SELECT min(received_at) FROM intake WHERE state IN ('taken', 'waiting')) AS oldest,
       (SELECT count(*) FROM unsealed) AS unsealed,
       (SELECT coalesce(jsonb_object_agg(code, n), '{}') FROM
               (SELECT code, count(*) AS n FROM parked GROUP BY code) AS by_code) AS waiting
"""


def _document_order(ruling: Ruling) -> tuple[str, str, str]:
    document = ruling.document
    packet = ruling.row.intake.packet_id
    return (document.agency, document.document_id, packet) if document else ("", "", packet)


async def _end(conn: "Connection", ruling: Ruling) -> Settled | None:
    ending = ruling.ending
    if ruling.document is not None:
        owner = await decisions.take_document_id(conn, ruling.document, ruling.recipients)
        if owner != ruling.document.packet_id:
            assert ruling.id_taken is not None, "an accepted ruling knows its other ending"
            ending = ruling.id_taken
    fresh = await decisions.insert_decision(
        conn, ending.decision, take=ruling.row.take, report=ruling.report
    )
    return ending if fresh else None
