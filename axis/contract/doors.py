"""Records of the topics of connections, to nouns and back."""

from datetime import datetime
from typing import Final

import msgspec

from axis.contract.codec import decode_record, encode_record
from axis.contract.schemas import Schemas
from axis.violations import REASONS, Code

MOST_BYTES: Final = 1024 * 1024
"""Largest value that is looked at: what the topics let pass."""


class ConnSubmission(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that a connection hands in; see `avro/conn-submission.v*.avsc` for each field."""

    packet: bytes | None = None
    sha256: str | None = None
    reference: str = ""


class ConnReport(msgspec.Struct, frozen=True, kw_only=True):
    """A handling status in a few words; see `avro/conn-ack.v*.avsc` for each field."""

    packet_id: str
    recipient: str
    code: str
    reported_at: datetime
    description: str = ""


class ConnAck(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection says of what it got; see `avro/conn-ack.v*.avsc` for each field."""

    status_packet: bytes | None = None
    report: ConnReport | None = None
    received: str | None = None
    reference: str = ""


class ConnInbox(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a mailbox; see `avro/conn-inbox.v*.avsc` for each field."""

    id: str
    entry_id: int
    kind: str
    subject: str
    packet_id: str
    created_at: datetime
    recipients: tuple[str, ...] = ()
    priority: int = 0
    agency: str = ""
    document_id: str = ""
    number: str = ""
    notation: str = ""
    type_name: str = ""
    title: str = ""
    issued_on: str = ""
    content: bytes | None = None
    sha256: str = ""
    size: int = 0


def encode_conn_submission(record: ConnSubmission, schemas: Schemas) -> bytes:
    """Return the value of one record of a submission topic."""
    return encode_record("conn-submission", record, schemas)


def encode_conn_ack(record: ConnAck, schemas: Schemas) -> bytes:
    """Return the value of one record of an ack topic."""
    return encode_record("conn-ack", record, schemas)


def encode_conn_inbox(record: ConnInbox, schemas: Schemas) -> bytes:
    """Return the value of one record of an inbox topic."""
    return encode_record("conn-inbox", record, schemas)


def decode_conn_submission(value: bytes | None, schemas: Schemas) -> ConnSubmission:
    """Read one value of a submission topic.

    Raises:
        MalformedError: these bytes are no submission.
    """
    return decode_record("conn-submission", ConnSubmission, value, schemas, MOST_BYTES)


def decode_conn_ack(value: bytes | None, schemas: Schemas) -> ConnAck:
    """Read one value of an ack topic.

    Raises:
        MalformedError: these bytes are no ack.
    """
    return decode_record("conn-ack", ConnAck, value, schemas, MOST_BYTES)


def decode_conn_inbox(value: bytes | None, schemas: Schemas) -> ConnInbox:
    """Read one value of an inbox topic.

    Raises:
        MalformedError: these bytes are no entry.
    """
    return decode_record("conn-inbox", ConnInbox, value, schemas, MOST_BYTES)


def notice_bytes(*, code: str, field: str, detail: str, reference: str, record: str) -> bytes:
    """Return why a record was not taken, as problem details (RFC 9457): what the REST door says of the same.

    Args:
        code: the published reason.
        field: which part of the record.
        detail: for a developer's eyes.
        reference: the sender's own word.
        record: ``topic[partition]@offset``.
    """
    words = REASONS[Code(code)]
    return msgspec.json.encode(
        {
            "type": f"/v1/reasons/{code}",
            "title": words.vi,
            "title_en": words.en,
            "code": code,
            "rule": words.rule,
            "field": field,
            "detail": detail,
            "reference": reference,
            "record": record,
        }
    )
