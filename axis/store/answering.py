"""Transactions of routing and answering: deliveries, handovers, handling statuses."""

from collections.abc import Callable, Sequence
from datetime import datetime

from axis.document import Document, Event
from axis.records import (
    Addressed,
    Handling,
    Route,
    StatusEnding,
)
from axis.register import Agency
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
        packet_ids: Sequence[str],
        plan: Callable[[Document, Sequence[Agency], str], Route],
        *,
        chunk: int,
        at: datetime,
    ) -> tuple[list[Route], list[str]]:
        """Record the next chunk of deliveries of some documents, in one transaction.

        Args:
            packet_ids: of accepted documents; those that are routed already are passed over.
            plan: (document, recipients, sender's connection) → deliveries and events.
            chunk: most recipients of one document at once.
            at: when they reach the mailboxes.

        Returns:
            What was recorded, and the packets of which more is left.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                found = await decisions.lock_unrouted(conn, packet_ids)
                if not found:
                    return [], []
                parts = {
                    one.document.packet_id: one.recipients[one.routed_to : one.routed_to + chunk]
                    for one in found
                }
                codes = [code for part in parts.values() for code in part]
                view = await directory.view_for(conn, codes, ())
                routes = [
                    plan(
                        one.document,
                        [view.agencies[code] for code in parts[one.document.packet_id]],
                        one.sender,
                    )
                    for one in found
                ]
                await deliveries.insert_deliveries(conn, routes)
                await deliveries.box_documents(conn, routes, at=at)
                urgent = max(one.document.priority for one in found)
                made = [event for route in routes for event in route.events]
                await events.append_events(conn, made, priority=urgent)
                cursors = {
                    one.document.packet_id: one.routed_to + len(parts[one.document.packet_id])
                    for one in found
                }
                await decisions.mark_routed(conn, cursors)
        more = [
            one.document.packet_id for one in found if cursors[one.document.packet_id] < len(one.recipients)
        ]
        return routes, more

    async def fetched(
        self,
        connection: str,
        packet_id: str,
        make: Callable[[str, str, str, str], Event],
        *,
        at: datetime,
        recipient: str = "",
    ) -> int:
        """Note that a connection fetched a document.

        Args:
            connection: of the recipients.
            packet_id: of the document.
            make: (delivery id, recipient, document id, sender's connection) → event.
            at: when.
            recipient: only this agency has it now; empty: all that the connection speaks for.

        Returns:
            How many deliveries were newly fetched.
        """
        with store_faults():
            async with self._pool.acquire() as conn, conn.transaction():
                new = await deliveries.mark_fetched(conn, connection, packet_id, at=at, recipient=recipient)
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
