"""What the axis says to a connection, as values: the gateway writes them, the library reads them.

A newer axis may add fields; whoever reads lets them pass.
"""

from datetime import date, datetime

import msgspec


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule or one finding, in both languages. Branch on ``code`` and on nothing else."""

    code: str
    rule: str
    """Number in RULES.md."""
    field: str
    vi: str
    en: str
    detail: str


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """Since when a packet waits, and until when at most."""

    since: datetime
    next_try_at: datetime
    deadline: datetime


class Waiting(Wait, frozen=True, kw_only=True):
    """On what the packet waits."""

    reason: Reason


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict that stands, and under what it was found."""

    verdict: str
    decided_at: datetime
    rules_version: str
    directory_version: int
    trust_version: str
    delivered_sha256: str


class Decision(Judgement, frozen=True, kw_only=True):
    """The judgement that stands, with its reasons."""

    reasons: tuple[Reason, ...]
    findings: tuple[Reason, ...]
    parts: dict[str, str]
    """Outcome of integrity, content, trust and authority."""


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


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipient said of a document, in its own words."""

    ack_id: str
    code: str
    description: str
    reported_at: datetime | None
    recorded_at: datetime | None


class Handling(Told, frozen=True, kw_only=True):
    """One handling status of a recipient."""

    findings: tuple[Reason, ...]


class Whereabouts(msgspec.Struct, frozen=True, kw_only=True):
    """Where a document is at one recipient."""

    delivery_id: str
    code: str
    name: str
    level: str
    state: str
    consigned_at: datetime
    fetched_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None


class Recipient(Whereabouts, frozen=True, kw_only=True):
    """One recipient: where the document is there, and what was said about it."""

    overdue: bool
    history: tuple[Handling, ...]


class ReceiptLine(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt: ``sealing`` for a moment, ``sealed`` for ever."""

    event_id: str
    kind: str
    at: datetime
    state: str
    sealed_at: datetime | None
    href: str


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
    links: dict[str, str]


class SentLine(msgspec.Struct, frozen=True, kw_only=True):
    """One packet that a connection sent."""

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
    """One agency, as a sender looks it up."""

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


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a mailbox: what it is, of which document, for whom."""

    entry_id: int
    kind: str
    """document, status or receipt."""
    subject: str
    """Packet id, ack id or event id."""
    packet_id: str
    recipients: tuple[str, ...]
    priority: int
    created_at: datetime


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """The connection behind the token, for whom it speaks and what it may ask for."""

    connection: str
    agencies: tuple[str, ...]
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int
    token_expires_at: datetime


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An access token (RFC 6749, 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds."""


class AckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A handling status that was taken."""

    ack_id: str


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that were brought: they wait to be handed in by their digest."""

    sha256: str
    size: int


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries are off the list now, and which this mailbox does not have."""

    marked: tuple[int, ...]
    unknown: tuple[int, ...]
