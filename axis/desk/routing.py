"""Route: an accepted document reaches the mailboxes of its recipients' connections, in chunks."""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from axis import failpoints, metrics
from axis.contract.codec import decode_accepted
from axis.deadlines import answer_due
from axis.desk.office import Office
from axis.desk.setting_aside import set_aside
from axis.document import Delivery, Document, Event
from axis.errors import MalformedError
from axis.evidence.events import Kind, make_event
from axis.records import Route
from axis.register import Agency
from axis.routing import by_connection, deliveries_of
from axis.traffic import Incoming
from axis.violations import Code

_log = logging.getLogger(__name__)

CHUNK: Final = 500
"""Recipients of one document in one transaction: a fan-out to all communes holds no lock for long."""


async def route(office: Office, batch: Sequence[Incoming]) -> None:
    """Bring a batch of records of `axis.accepted.v1` to their ends.

    Raises:
        UnavailableError: our own database is away; nothing of the batch may be let go.
    """
    read = []
    for record in batch:
        try:
            read.append((record, decode_accepted(record.value, office.schemas).packet_id))
        except MalformedError as exc:
            await set_aside(office, record, exc.violation.code, exc.violation.detail)
    left = list(dict.fromkeys(name for _, name in read))
    strange = set(left)
    while left:
        at = office.now()
        routes, left = await office.memory.route(left, partial(_plan, office, at=at), chunk=CHUNK, at=at)
        failpoints.reached("route.committed")
        strange -= {one.document.packet_id for one in routes}
        for one in routes:
            name, count = one.document.packet_id, len(one.deliveries)
            _log.info("delivered", extra={"packet_id": name, "deliveries": count})
            for delivery in one.deliveries:
                metrics.DELIVERED.labels(delivery.level).inc()
    # What had nothing to route was routed before, or nobody took it.
    known = await office.memory.intakes(sorted(strange)) if strange else {}
    for record, name in read:
        if name in strange and name not in known:
            await set_aside(office, record, Code.QUARANTINE_ORPHAN, name)


def _plan(
    office: Office, document: Document, agencies: Sequence[Agency], sender: str, *, at: datetime
) -> Route:
    # An agency that lost its connection since admission cannot be reached: the sender is told.
    reachable = [agency for agency in agencies if agency.connection]
    lost = [agency for agency in agencies if not agency.connection]
    due = answer_due(at, document.priority, office.policy)
    deliveries = deliveries_of(document, reachable, at=at, answer_due_at=due)
    events = [_consigned(document, delivery, sender) for delivery in deliveries]
    events += [_failed(document, agency, sender, at=at) for agency in lost]
    boxes = {connection: tuple(codes) for connection, codes in by_connection(deliveries).items()}
    return Route(document=document, deliveries=deliveries, boxes=boxes, events=tuple(events))


def _consigned(document: Document, delivery: Delivery, sender: str) -> Event:
    return make_event(
        Kind.CONTENT_CONSIGNMENT,
        delivery.delivery_id,
        packet_id=document.packet_id,
        connection=sender,
        at=delivery.consigned_at,
        facts={
            "delivery_id": delivery.delivery_id,
            "recipient": delivery.recipient,
            "recipient_name": delivery.recipient_name,
            "level": str(delivery.level),
            "agency": document.agency,
            "document_id": document.document_id,
        },
    )


def _failed(document: Document, agency: Agency, sender: str, *, at: datetime) -> Event:
    return make_event(
        Kind.CONTENT_CONSIGNMENT_FAILURE,
        f"{document.packet_id}/{agency.code}",
        packet_id=document.packet_id,
        connection=sender,
        at=at,
        facts={
            "recipient": agency.code,
            "recipient_name": agency.name,
            "agency": document.agency,
            "document_id": document.document_id,
            "reason": "nơi nhận không còn kết nối / the recipient has no connection any more",
        },
    )
