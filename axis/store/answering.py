"""Transactions of routing and answering: deliveries, handovers, handling statuses."""

from collections.abc import Callable, Sequence
from datetime import datetime

from axis.document import Agency, Document, Event
from axis.records import (
    Addressed,
    Handling,
    Route,
    StatusEnding,
)
from axis.store import (
    decisions,
    deliveries,
    directory,
    events,
    handlings,
)
from axis.store.faults import store_faults
from axis.store.over_pool import OverPool


class AnsweringLedger(OverPool):
    """What routing, fetching and answering record."""

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
                if handling is None or handling.state not in {"taken", "quarantined"}:
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
