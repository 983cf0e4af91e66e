"""What the axis answers, as values. Fields that a newer axis adds are let pass."""

from datetime import date, datetime

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule or one finding, in both languages."""

    code: str
    rule: str
    field: str
    vi: str
    en: str
    detail: str


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that the axis has taken."""

    packet_id: str
    sha256: str
    size: int
    """Bytes."""
    received_at: datetime
    state: str
    """taken, waiting, accepted, refused, expired or quarantined."""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """On what a packet waits, and until when at most."""

    reason: Reason
    since: datetime
    next_try_at: datetime
    deadline: datetime


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement that stands."""

    verdict: str
    decided_at: datetime
    reasons: tuple[Reason, ...]
    findings: tuple[Reason, ...]
    parts: dict[str, str]
    rules_version: str
    directory_version: int
    trust_version: str
    delivered_sha256: str


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted document in a few words."""

    agency: str
    document_id: str
    number: str
    notation: str
    type_name: str
    subject: str
    issued_on: date
    due_on: date | None


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """One handling status of a recipient."""

    ack_id: str
    code: str
    description: str
    reported_at: datetime | None
    recorded_at: datetime | None
    findings: tuple[Reason, ...]


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient: where the document is there, and what was said about it."""

    delivery_id: str
    code: str
    name: str
    level: str
    state: str
    consigned_at: datetime
    fetched_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    overdue: bool
    history: tuple[Handling, ...]


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt in a list; ``state`` is sealing or sealed."""

    event_id: str
    kind: str
    at: datetime
    state: str
    sealed_at: datetime | None


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed receipt with its exact bytes."""

    event_id: str
    kind: str
    at: datetime
    data: bytes


class PacketStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Everything its sender may know of a packet."""

    packet_id: str
    sha256: str
    size: int
    received_at: datetime
    priority: int
    state: str
    """taken, waiting, accepted, refused, expired or quarantined."""
    waiting: Waiting | None
    decision: Decision | None
    document: Document | None
    recipients: tuple[Recipient, ...]
    receipts: tuple[ReceiptLine, ...]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the mailbox."""

    entry_id: int
    kind: str
    """document, status or receipt."""
    subject: str
    """Packet id, ack id or event id."""
    packet_id: str
    recipients: tuple[str, ...]
    priority: int
    created_at: datetime
    agency: str | None
    document_id: str | None
    number: str | None
    notation: str | None
    type_name: str | None
    title: str | None
    issued_on: date | None
    event_kind: str | None = None
    """Of a receipt: what it is about, e.g. ``SubmissionAcceptance``."""


class SentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One packet in the list of what was sent."""

    packet_id: str
    received_at: datetime
    size: int
    state: str
    document_id: str | None
    number: str | None
    notation: str | None
    type_name: str | None
    subject: str | None
    recipients: int
    fetched: int
    answered: int


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery whose answer is due and missing."""

    packet_id: str
    recipient: str
    recipient_name: str
    level: str
    state: str
    consigned_at: datetime
    fetched_at: datetime | None
    answer_due_at: datetime
    agency: str
    document_id: str
    number: str
    notation: str
    subject: str
    direction: str
    """``in``: we owe the answer; ``out``: it is owed to us."""


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """One agency of the directory."""

    code: str
    code102: str
    name: str
    level: str
    parent: str
    locked: bool
    connected: bool
    valid_from: date
    valid_until: date | None
    successors: tuple[str, ...]


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """The connection behind the credentials."""

    connection: str
    agencies: tuple[str, ...]
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int
    token_expires_at: datetime


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An access token; for the wire only."""

    access_token: str
    expires_in: int
    """Seconds."""


class AckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A status that was taken; for the wire only."""

    ack_id: str


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that were brought; for the wire only."""

    sha256: str
    size: int


class MarkedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are off the list; for the wire only."""

    marked: tuple[int, ...]
    unknown: tuple[int, ...]
