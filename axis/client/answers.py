"""What only the library says: what was sent, received, and what stands in the mailbox."""

from datetime import date, datetime

import msgspec

from axis.answers import Mail


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that the axis has taken."""

    packet_id: str
    sha256: str
    size: int
    """Bytes."""
    received_at: datetime
    state: str
    """taken, waiting, accepted, refused, expired or quarantined."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed receipt with its exact bytes."""

    event_id: str
    kind: str
    at: datetime
    data: bytes


class Entry(Mail, frozen=True, kw_only=True):
    """One entry of the mailbox, with a few words on the document it speaks of."""

    agency: str | None
    document_id: str | None
    number: str | None
    notation: str | None
    type_name: str | None
    title: str | None
    issued_on: date | None
    event_kind: str | None = None
    """Of a receipt: what it is about, e.g. ``SubmissionAcceptance``."""
