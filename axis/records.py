"""Rows of the memory, as the ledger hands them to the desk. Values only."""

from datetime import datetime

import msgspec

from axis.document import Decision, Delivery, DeliveryState, Document, Event, Intake
from axis.traffic import Outgoing
from axis.violations import Code, Violation


class IntakeRow(msgspec.Struct, frozen=True, kw_only=True):
    """An intake as the table holds it."""

    intake: Intake
    message_key: bytes
    take: int


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """How long a packet has been waiting."""

    packet_id: str
    attempts: int
    since: datetime
    deadline: datetime


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Under what a packet was judged last."""

    verdict: str
    rules_version: str
    directory_version: int
    trust_version: str


class Routable(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted document and how far its fan-out has come."""

    document: Document
    recipients: tuple[str, ...]
    """Canonical codes, in the order of the envelope."""
    routed_to: int
    """How many of them have their delivery."""
    sender: str
    """Connection that sent it."""


class Addressed(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery with both its ends."""

    delivery_id: str
    packet_id: str
    recipient: str
    connection: str
    """Of the recipient."""
    state: DeliveryState
    priority: int
    agency: str
    """Of the sender."""
    document_id: str
    sender_connection: str


class Unsealed(msgspec.Struct, frozen=True, kw_only=True):
    """An event that has no receipt yet."""

    seq: int
    event_id: str
    packet_id: str
    connection: str
    at: datetime
    body: bytes
    priority: int


class Handling(msgspec.Struct, frozen=True, kw_only=True):
    """A status packet that was taken."""

    ack_id: str
    connection: str
    sha256: str
    received_at: datetime
    state: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One CRL or OCSP response."""

    source: str
    kind: str
    """``crl`` or ``ocsp``."""
    der: bytes
    sha256: str
    fetched_at: datetime
    next_update: datetime
    this_update: datetime | None = None
    """What its maker says of its age: older never replaces newer."""


class Shelved(msgspec.Struct, frozen=True, kw_only=True):
    """One CRL or OCSP response, without its bytes."""

    source: str
    kind: str
    sha256: str
    fetched_at: datetime


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Revocation evidence that a decision rests on."""

    sha256: str
    kind: str
    der: bytes


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What taking a packet came to."""

    intake: Intake
    outbox: tuple[int, ...] = ()
    """Rows to publish now; empty where nothing is to be done."""
    outgoing: tuple[Outgoing, ...] = ()


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """One possible ending of a packet: the decision and what follows from it."""

    decision: Decision
    events: tuple[Event, ...]
    outgoing: tuple[Outgoing, ...] = ()


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A state secret that was found after taking: that it happened, and nothing of what it was."""

    field: str
    """Where the mark stood."""
    at: datetime


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """A judged packet, ready to be recorded."""

    row: IntakeRow
    report: bytes
    """The gate's report as JSON."""
    document: Document | None
    """What would be accepted; None: it is refused."""
    recipients: tuple[str, ...]
    """Canonical codes."""
    ending: Settled
    """The ending, unless another document owns the id."""
    id_taken: Settled | None
    """The ending in that case."""
    evidence: tuple[Proof, ...] = ()
    """What trust rests on, to be kept once each."""
    incident: Incident | None = None
    """The packet bears a state-secret mark: its content goes, and only this stays."""


class Parking(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that must wait, and for what."""

    intake: Intake
    code: Code
    detail: str
    at: datetime
    next_try_at: datetime
    deadline: datetime


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One chunk of a fan-out, ready to be recorded."""

    document: Document
    deliveries: tuple[Delivery, ...]
    boxes: dict[str, tuple[str, ...]]
    """Connection → recipients it answers for."""
    events: tuple[Event, ...]


class StatusEnding(msgspec.Struct, frozen=True, kw_only=True):
    """How a status packet ends, ready to be recorded."""

    violations: tuple[Violation, ...]
    """Empty: it is recorded; otherwise refused."""
    findings: tuple[Violation, ...] = ()
    code: str = ""
    description: str = ""
    reported_at: datetime | None = None
    delivery: Addressed | None = None
    state: DeliveryState | None = None
    """The state to show from now on; None: unchanged."""
    answered: bool = False
    inform: str = ""
    """Connection whose mailbox gets the status."""
    event: Event


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """How much is under way now."""

    open: int
    """Packets without an answer."""
    oldest: datetime | None
    """When the oldest of them came that does not wait by name either."""
    unsealed: int
    """Events without a receipt."""
    waiting: dict[str, int]
    """Waiting documents by reason code."""
