"""Acknowledge: handling statuses of recipients are recorded and passed to the sender. Rules K."""

import asyncio
import logging
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from axis import failpoints, metrics
from axis.contract.codec import decode_ack
from axis.desk.office import Office
from axis.desk.setting_aside import set_aside
from axis.document import Event
from axis.edxml.status import read_status
from axis.envelope import StatusPacket
from axis.errors import MalformedError
from axis.evidence.events import Kind, make_event, moment
from axis.records import Addressed, Handling, StatusEnding
from axis.register import DirectoryView
from axis.status import AGREED, FROM_SENDER, apply_status, check_status, settles
from axis.traffic import Incoming
from axis.violations import REASONS, Code, Violation

OPEN_STATES: Final = frozenset({"taken", "quarantined"})
"""A record that comes for a quarantined status was replayed: it is recorded anew."""

_log = logging.getLogger(__name__)


async def acknowledge(office: Office, batch: Sequence[Incoming]) -> None:
    """Bring a batch of records of `axis.ack.v1` to their ends.

    Raises:
        UnavailableError: our own database is away; nothing of the batch may be let go.
    """
    for record in batch:
        try:
            ack = decode_ack(record.value, office.schemas)
        except MalformedError as exc:
            await set_aside(office, record, exc.violation.code, exc.violation.detail)
            continue
        handling = await office.memory.handling(ack.ack_id)
        if handling is None:
            await set_aside(office, record, Code.QUARANTINE_ORPHAN, ack.ack_id)
        elif handling.state in OPEN_STATES:
            await _answer(office, record, handling)


async def _answer(office: Office, record: Incoming, handling: Handling) -> None:
    data = await asyncio.to_thread(office.content.read, handling.sha256)
    if data is None:
        await set_aside(office, record, Code.QUARANTINE_CONTENT, handling.sha256)
        return
    at = office.now()
    packet, broken = read_status(data, office.policy.limits)
    if packet is None:
        ending = _refused(handling, None, broken, at=at)
        done = await office.memory.answer(handling.ack_id, None, lambda _: ending, at=at)
    else:
        broken = (*broken, *check_status(packet))
        codes = [packet.sender.code, packet.response_for.organ_code]
        view = await office.memory.directory_view(codes, [])
        done = await office.memory.answer(
            handling.ack_id,
            _key(packet, view),
            lambda delivery: decide(handling, packet, broken, delivery, view, at=at),
            at=at,
        )
    failpoints.reached("ack.committed")
    if done is not None:
        metrics.ANSWERED.labels(done.code if not done.violations else "refused").inc()
        said = {"packet_id": done.event.packet_id, "ack_id": handling.ack_id, "status": done.code}
        why = ", ".join(sorted({str(one.code) for one in done.violations}))
        _log.info("status refused" if why else "status recorded", extra={**said, "codes": why})


def _key(packet: StatusPacket, view: DirectoryView) -> tuple[str, str, str] | None:
    said_by, about = packet.sender.code, packet.response_for.organ_code
    # 13 comes from the original sender: the roles in the packet flip (exchange-rules 1.4).
    sender, recipient = (said_by, about) if packet.code in FROM_SENDER else (about, said_by)
    if sender not in view.agencies or recipient not in view.agencies:
        return None
    document_id = unicodedata.normalize("NFC", packet.response_for.document_id)
    return view.agencies[sender].code, document_id, view.agencies[recipient].code


def decide(
    handling: Handling,
    packet: StatusPacket,
    broken: tuple[Violation, ...],
    delivery: Addressed | None,
    view: DirectoryView,
    *,
    at: datetime,
) -> StatusEnding:
    """Decide what a readable status packet does. Pure.

    Args:
        handling: who sent it, proven by the door.
        packet: what it says.
        broken: what is wrong with the packet itself (K3, K4).
        delivery: the delivery that it speaks of; None: there is none.
        view: the directory's part with both agencies.
        at: when.
    """
    # K1: it speaks of a delivery that exists.
    if delivery is None:
        spot = packet.response_for.document_id
        broken = (*broken, Violation(Code.STATUS_NO_DELIVERY, "ResponseFor.DocumentId", spot))
        return _refused(handling, packet, broken, at=at)
    # K2: the connection speaks for the party that says it.
    from_sender = packet.code in FROM_SENDER
    party = delivery.sender_connection if from_sender else delivery.connection
    speaker = view.agencies.get(packet.sender.code)
    if handling.connection != party and (speaker is None or speaker.connection != handling.connection):
        broken = (*broken, Violation(Code.STATUS_NOT_RECIPIENT, "From.OrganId", packet.sender.code))
    if broken:
        return _refused(handling, packet, broken, at=at)
    move = apply_status(delivery.state, packet.code)
    return StatusEnding(
        violations=(),
        findings=move.findings,
        code=packet.code,
        description=packet.description,
        reported_at=packet.reported_at,
        delivery=delivery,
        # A return that is agreed to moves nothing, and still ends the wait for an answer.
        state=move.state if move.state != delivery.state or packet.code == AGREED else None,
        answered=settles(move.state, packet.code),
        inform=delivery.connection if from_sender else delivery.sender_connection,
        event=_event(handling, packet, delivery, move.findings, at=at),
    )


def _event(
    handling: Handling,
    packet: StatusPacket,
    delivery: Addressed,
    findings: tuple[Violation, ...],
    *,
    at: datetime,
) -> Event:
    from_sender = packet.code in FROM_SENDER
    return make_event(
        Kind.HANDLING_STATUS,
        handling.ack_id,
        packet_id=delivery.packet_id,
        connection=delivery.connection if from_sender else delivery.sender_connection,
        at=at,
        facts={
            "ack_id": handling.ack_id,
            "sha256": handling.sha256,
            "said_by": packet.sender.code,
            "said_through": handling.connection,
            "delivery_id": delivery.delivery_id,
            "recipient": delivery.recipient,
            "agency": delivery.agency,
            "document_id": delivery.document_id,
            "status_code": packet.code,
            "reported_at": moment(packet.reported_at) if packet.reported_at else "",
            "findings": [str(finding.code) for finding in findings],
        },
    )


def _refused(
    handling: Handling, packet: StatusPacket | None, broken: tuple[Violation, ...], *, at: datetime
) -> StatusEnding:
    reasons = [
        {"code": str(one.code), "rule": one.rule, "field": one.field, "vi": REASONS[one.code].vi}
        for one in broken
    ]
    return StatusEnding(
        violations=broken or (Violation(Code.STATUS_MALFORMED, "", ""),),
        code=packet.code if packet else "",
        description=packet.description if packet else "",
        reported_at=packet.reported_at if packet else None,
        event=make_event(
            Kind.HANDLING_STATUS_REJECTION,
            handling.ack_id,
            packet_id="",
            connection=handling.connection,
            at=at,
            facts={"ack_id": handling.ack_id, "sha256": handling.sha256, "reasons": reasons},
        ),
    )
