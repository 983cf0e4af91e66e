"""An accepted document and its recipients become deliveries. Pure."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from axis.document import Delivery, DeliveryState, Document, delivery_id
from axis.register import Agency


def deliveries_of(
    document: Document, recipients: Sequence[Agency], *, at: datetime, answer_due_at: datetime
) -> tuple[Delivery, ...]:
    """Return one delivery per recipient, named so that routing twice names the same.

    Args:
        document: the accepted document.
        recipients: agencies of the directory, each with a connection.
        at: when they reach the mailboxes.
        answer_due_at: when an answer is overdue.
    """
    return tuple(
        Delivery(
            delivery_id=delivery_id(document.packet_id, agency.code),
            packet_id=document.packet_id,
            recipient=agency.code,
            recipient_name=agency.name,
            level=agency.level,
            connection=agency.connection,
            state=DeliveryState.CONSIGNED,
            consigned_at=at,
            answer_due_at=answer_due_at,
        )
        for agency in recipients
    )


def by_connection(deliveries: Iterable[Delivery]) -> dict[str, list[str]]:
    """Return the recipients that each connection answers for: one mailbox entry each."""
    boxes: dict[str, list[str]] = {}
    for delivery in deliveries:
        boxes.setdefault(delivery.connection, []).append(delivery.recipient)
    return boxes
