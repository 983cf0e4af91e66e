"""Take: bytes at a door become an intake. Every door goes through here. Rules T.

Taken means: the content is on disk and the intake row is committed. What a
packet is worth is judged later, by admission, never here.
"""

import asyncio
import hashlib
import logging
import unicodedata
from typing import Final

from axis import failpoints, metrics
from axis.contract.codec import Ack, Submission, encode_ack, encode_submission
from axis.contract.schemas import Schemas
from axis.desk.office import Office
from axis.document import Intake, event_id, packet_id
from axis.envelope import Envelope
from axis.errors import RefusedError, UnavailableError
from axis.evidence.events import Kind, make_event
from axis.records import Handling
from axis.topics import ACK, SUBMISSION, document_key
from axis.traffic import Outgoing
from axis.violations import Code, Violation

_log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 5.0
"""What a door without room tells clients to wait."""


async def room(office: Office) -> Violation | None:
    """Tell whether there is room for more; the violation says what there is too little of. Rule T8."""
    if office.content.free_bytes() < office.free_bytes_limit:
        return Violation(Code.TAKE_NO_ROOM, "disk", "hết chỗ lưu nội dung / the content store is full")
    waiting, _ = await office.memory.open_intakes()
    if waiting >= office.backlog_limit:
        return Violation(Code.TAKE_NO_ROOM, "backlog", f"{waiting} gói tin đang chờ / packets are waiting")
    return None


async def take(
    office: Office,
    *,
    connection: str,
    sha256: str,
    size: int,
    door: str,
    envelope: Envelope | None,
    idempotency: tuple[str, str] | None,
) -> Intake:
    """Take a packet whose content is on disk, or find that it was taken before.

    Args:
        office: of the door's process.
        connection: proven name of the sending system.
        sha256: digest of the packet; the content store has its bytes.
        size: its bytes.
        door: which door it came through.
        envelope: its header as far as it could be read; None: admission will say why not.
        idempotency: the client's key and the digest of the whole request.

    Returns:
        The intake that stands. The same packet again gives the same one.

    Raises:
        RefusedError: the idempotency key was used for other content (T4).
        UnavailableError: the database is away; nothing was taken.
    """
    failpoints.reached("take.content-written")
    now = office.now()
    priority = min(max(envelope.priority, 0), 4) if envelope else 0
    name = packet_id(connection, sha256)
    intake = Intake(
        packet_id=name,
        connection=connection,
        sha256=sha256,
        size=size,
        received_at=now,
        door=door,
        priority=priority,
    )
    key = await key_of(office, envelope) or name.encode()
    taken = await office.memory.take_packet(
        intake,
        key,
        lambda take: submission_message(office.schemas, intake, key, take),
        rules=office.policy.rules_version,
        trust=office.trust_version,
        idempotency=idempotency,
    )
    if taken is None:
        raise RefusedError(Violation(Code.TAKE_KEY_REUSED, "Idempotency-Key", ""))
    if taken.outbox:
        failpoints.reached("take.committed")
        metrics.TAKEN.labels(door).inc()
        _log.info("taken", extra={"packet_id": name, "connection": connection, "door": door, "size": size})
        office.courier.post(taken.outbox, taken.outgoing)
    return taken.intake


async def key_of(office: Office, envelope: Envelope | None) -> bytes | None:
    """Return the message key of a packet: its document's, or None where the header names none."""
    if envelope is None or not envelope.sender.code or not envelope.document_id:
        return None
    return await _document_key(office, envelope.sender.code, envelope.document_id)


async def _document_key(office: Office, code: str, document_id: str) -> bytes:
    canonical = await office.codes.canonical(code, office.memory.canonical_code)
    return document_key(canonical or code, unicodedata.normalize("NFC", document_id))


def submission_message(schemas: Schemas, intake: Intake, key: bytes, take: int) -> Outgoing:
    """Make the record that sends a packet to admission."""
    name = event_id("taken", f"{intake.packet_id}/{take}")
    record = Submission(
        event_id=name,
        packet_id=intake.packet_id,
        connection=intake.connection,
        sha256=intake.sha256,
        size=intake.size,
        door=intake.door,
        received_at=intake.received_at,
        priority=intake.priority,
        take=take,
    )
    return Outgoing(
        topic=SUBMISSION, key=key, value=encode_submission(record, schemas), event_id=name
    )


async def take_status(
    office: Office, *, connection: str, data: bytes, organ_code: str, document_id: str
) -> str:
    """Take a handling status packet; the same bytes again are the same status.

    Args:
        office: of the door's process.
        connection: proven name of the answering system.
        data: the edXML status packet, exactly as it came or as it was built.
        organ_code: ``ResponseFor/OrganId`` where it could be read, for the key.
        document_id: ``ResponseFor/DocumentId`` where it could be read, for the key.

    Returns:
        Its id, 32 hexadecimal digits.

    Raises:
        UnavailableError: the database is away, or the disk has no room; nothing was taken.
    """
    try:
        sha256 = await asyncio.to_thread(office.content.put, data)
    except OSError as exc:
        raise UnavailableError("the content store does not take it") from exc
    name = hashlib.sha256(f"ack\n{connection}\n{sha256}".encode()).hexdigest()[:32]
    handling = Handling(
        ack_id=name, connection=connection, sha256=sha256, received_at=office.now(), state="taken"
    )
    key = name.encode()
    if organ_code and document_id:
        key = await _document_key(office, organ_code, document_id)
    taken = await office.memory.take_status(handling, key, ack_message(office.schemas, handling, key))
    if taken is not None:
        _log.info("status taken", extra={"ack_id": name, "connection": connection})
        office.courier.post(taken.outbox, taken.outgoing)
    return name


def ack_message(schemas: Schemas, handling: Handling, key: bytes) -> Outgoing:
    """Make the record that sends a status packet to the acknowledging agent."""
    name = event_id("ack", handling.ack_id)
    record = Ack(
        event_id=name,
        ack_id=handling.ack_id,
        connection=handling.connection,
        sha256=handling.sha256,
        received_at=handling.received_at,
    )
    return Outgoing(topic=ACK, key=key, value=encode_ack(record, schemas), event_id=name)


async def fetched(office: Office, *, connection: str, packet_id: str, recipient: str = "") -> int:
    """Note that a connection fetched a document; return how many deliveries were newly fetched.

    With a recipient: only this agency has it, through a person on the page.

    Each gets its ContentHandover event. Doing it twice is doing it once.
    """
    now = office.now()
    through = {"fetched_through": "console"} if recipient else {}
    count = await office.memory.fetched(
        connection,
        packet_id,
        lambda delivery, recipient, document_id, sender: make_event(
            Kind.CONTENT_HANDOVER,
            delivery,
            packet_id=packet_id,
            connection=sender,
            at=now,
            facts={
                "delivery_id": delivery,
                "recipient": recipient,
                "document_id": document_id,
                "fetched_by": connection,
                **through,
            },
        ),
        at=now,
        recipient=recipient,
    )
    if count:
        metrics.FETCHED.inc(count)
        _log.info("fetched", extra={"packet_id": packet_id, "connection": connection, "deliveries": count})
    return count
