"""Events: what each move writes down, as canonical bytes.

Names follow ETSI EN 319 522-1, Annex A of the semantics of evidence, where it
has one; those of our own say so.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum, unique

from axis.document import Event, event_id


@unique
class Kind(StrEnum):
    """Kinds of events. Append only: receipts already issued quote them."""

    SUBMISSION_ACCEPTANCE = "SubmissionAcceptance"
    SUBMISSION_REJECTION = "SubmissionRejection"
    SUBMISSION_EXPIRY = "SubmissionExpiry"
    """Ours: not judged in time; the document id was not taken."""
    CONTENT_CONSIGNMENT = "ContentConsignment"
    """Put into the mailbox of the recipient's connection."""
    CONTENT_CONSIGNMENT_FAILURE = "ContentConsignmentFailure"
    """The recipient lost its connection between admission and routing."""
    CONTENT_HANDOVER = "ContentHandover"
    """Fetched by the recipient's system."""
    HANDLING_STATUS = "HandlingStatus"
    """Ours: an edXML status of the recipient."""
    HANDLING_STATUS_REJECTION = "HandlingStatusRejection"
    """Ours: a status packet that could not be applied."""


def canonical(value: Mapping[str, object]) -> bytes:
    """Return the one spelling of a JSON object: keys sorted, no blanks, UTF-8.

    Source:
        RFC 8785 in so far as our values need it: text, integers, lists, objects.
    """
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def moment(at: datetime) -> str:
    """Return a moment as evidence writes it: UTC, microseconds, ``Z``.

    Raises:
        ValueError: a moment without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_event(
    kind: Kind, subject: str, *, packet_id: str, connection: str, at: datetime, facts: Mapping[str, object]
) -> Event:
    """Write one event down.

    Args:
        kind: what happened.
        subject: what it happened to; (kind, subject) names the event, so that
            a move done twice writes it once.
        packet_id: the document's packet.
        connection: whose mailbox gets the receipt.
        at: when, by our clock.
        facts: everything else that the receipt says.
    """
    name = event_id(kind, subject)
    body = canonical(
        {
            "event_id": name,
            "kind": str(kind),
            "packet_id": packet_id,
            "connection": connection,
            "at": moment(at),
            **facts,
        }
    )
    return Event(event_id=name, kind=kind, packet_id=packet_id, connection=connection, at=at, body=body)
