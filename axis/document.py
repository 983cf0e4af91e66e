"""The nouns of the exchange, frozen.

Values only: nothing here reads a clock, a file or a network. All moments are
timezone-aware; all digests are lower-case hexadecimal SHA-256.
"""

import hashlib
from datetime import date, datetime
from enum import StrEnum, unique

import msgspec

from axis.register import Level
from axis.reports import Part
from axis.violations import Violation


def packet_id(connection: str, sha256: str) -> str:
    """Name a packet: the same through every retry and every door.

    Args:
        connection: name of the connection that sent it.
        sha256: digest of the packet's bytes, hexadecimal.

    Returns:
        32 hexadecimal digits.
    """
    return hashlib.sha256(f"packet\n{connection}\n{sha256}".encode()).hexdigest()[:32]


def delivery_id(packet: str, recipient: str) -> str:
    """Name the delivery of one packet to one recipient agency (32 hexadecimal digits)."""
    return hashlib.sha256(f"delivery\n{packet}\n{recipient}".encode()).hexdigest()[:32]


def event_id(kind: str, subject: str) -> str:
    """Name an event so that doing a move twice names it the same (32 hexadecimal digits)."""
    return hashlib.sha256(f"event\n{kind}\n{subject}".encode()).hexdigest()[:32]


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision was judged under. Half of its key; the packet is the other."""

    rules: str
    """Rules of this software and the digest of the policy data."""
    directory: int
    trust: str
    """Digest of the trust list."""


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that was taken: its content is on disk."""

    packet_id: str
    connection: str
    sha256: str
    size: int
    received_at: datetime
    door: str
    """``rest``, ``rest-built`` or ``kafka``."""
    priority: int = 0
    """Claimed in the envelope; 0 to 4."""
    state: str = "taken"
    """taken, waiting, answered or quarantined."""


@unique
class Verdict(StrEnum):
    """How the judging of a packet ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    """Not judged in time; the number was not taken."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement that stands for a packet under some versions."""

    packet_id: str
    versions: Versions
    verdict: Verdict
    violations: tuple[Violation, ...]
    findings: tuple[Violation, ...]
    decided_at: datetime
    parts: dict[str, Part] = {}
    """integrity, content, trust, authority."""
    delivered_sha256: str = ""
    """Digest of the packet with the axis' trace header; accepted ones only."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted document: the one that owns its id."""

    packet_id: str
    agency: str
    """Canonical code of the issuing agency."""
    document_id: str
    """NFC, as written otherwise."""
    number: str
    notation: str
    type_name: str
    subject: str
    issued_on: date
    due_on: date | None
    priority: int
    accepted_at: datetime
    splice_offset: int
    splice: bytes
    """What the axis adds at that offset in the delivered packet."""


@unique
class DeliveryState(StrEnum):
    """Transport state and handling state of one (document, recipient), as shown."""

    CONSIGNED = "consigned"
    """In the mailbox of the recipient's connection."""
    FETCHED = "fetched"
    ARRIVED = "01"
    REJECTED = "02"
    ACCEPTED = "03"
    ASSIGNED = "04"
    PROCESSING = "05"
    DONE = "06"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One document on its way to one recipient."""

    delivery_id: str
    packet_id: str
    recipient: str
    """Canonical code."""
    recipient_name: str
    level: Level
    connection: str
    state: DeliveryState
    consigned_at: datetime
    fetched_at: datetime | None = None
    answer_due_at: datetime | None = None
    """When an answer is overdue (NĐ 30/2020 Điều 21: the same working day)."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened: the raw material of evidence. Append only."""

    event_id: str
    kind: str
    """A name of ETSI EN 319 522-1 where it has one; see `axis.evidence.events`."""
    packet_id: str
    connection: str
    """Whose mailbox gets the receipt."""
    at: datetime
    body: bytes
    """Canonical JSON, exactly what is sealed."""
