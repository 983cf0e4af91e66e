"""Bytes of a topic to nouns and back: Avro in the Confluent wire format.

A value is 0x00, the writer's schema id in four bytes (big-endian), then the
Avro binary. The record is read with the newest schema of this software, so old
and new writers are both understood. What cannot be read is malformed: decoding
raises nothing else, whatever the bytes are.
"""

import io
import struct
from datetime import datetime
from typing import Any, Final, TypeVar

import fastavro
import msgspec

from axis.contract.schemas import NEWEST, WRITTEN, Schemas
from axis.errors import MalformedError
from axis.violations import Code, Violation

MAX_VALUE_BYTES: Final = 64 * 1024
"""Largest value that is looked at, in bytes; the topics refuse larger records, so more is not ours."""

_FRAME: Final = struct.Struct(">bI")


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that was taken; see `avro/submission.v*.avsc` for each field."""

    event_id: str
    packet_id: str
    connection: str
    sha256: str
    size: int
    door: str
    received_at: datetime
    priority: int
    take: int


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is to be routed; see `avro/accepted.v*.avsc` for each field."""

    event_id: str
    packet_id: str
    agency: str
    document_id: str
    priority: int
    accepted_at: datetime


class Ack(msgspec.Struct, frozen=True, kw_only=True):
    """A handling status that was taken; see `avro/ack.v*.avsc` for each field."""

    event_id: str
    ack_id: str
    connection: str
    sha256: str
    received_at: datetime


def encode_submission(record: Submission, schemas: Schemas) -> bytes:
    """Return the value of one record of `axis.submission.v1`."""
    return encode_record("submission", record, schemas)


def encode_accepted(record: Accepted, schemas: Schemas) -> bytes:
    """Return the value of one record of `axis.accepted.v1`."""
    return encode_record("accepted", record, schemas)


def encode_ack(record: Ack, schemas: Schemas) -> bytes:
    """Return the value of one record of `axis.ack.v1`."""
    return encode_record("ack", record, schemas)


def decode_submission(value: bytes | None, schemas: Schemas) -> Submission:
    """Read one value of `axis.submission.v1`.

    Raises:
        MalformedError: these bytes are no submission; goes to quarantine with this reason.
    """
    return decode_record("submission", Submission, value, schemas)


def decode_accepted(value: bytes | None, schemas: Schemas) -> Accepted:
    """Read one value of `axis.accepted.v1`.

    Raises:
        MalformedError: these bytes are no acceptance; goes to quarantine with this reason.
    """
    return decode_record("accepted", Accepted, value, schemas)


def decode_ack(value: bytes | None, schemas: Schemas) -> Ack:
    """Read one value of `axis.ack.v1`.

    Raises:
        MalformedError: these bytes are no handling status; goes to quarantine with this reason.
    """
    return decode_record("ack", Ack, value, schemas)


def encode_record(record: str, value: msgspec.Struct, schemas: Schemas) -> bytes:
    """Write a noun as the record of this name, e.g. ``submission``, in the version that is written now."""
    version = WRITTEN[record]
    out = io.BytesIO()
    out.write(_FRAME.pack(0, schemas.ids[version.name]))
    fields = msgspec.to_builtins(value, builtin_types=(bytes, datetime))
    fastavro.schemaless_writer(out, version.parsed, fields, strict_allow_default=True)
    return out.getvalue()


_Noun = TypeVar("_Noun", bound=msgspec.Struct)


def decode_record(
    record: str, noun: type[_Noun], value: bytes | None, schemas: Schemas, most: int = MAX_VALUE_BYTES
) -> _Noun:
    """Read one value as a noun.

    Args:
        record: name of the record, e.g. ``submission``.
        noun: what it becomes; its fields are those of the newest version.
        value: as it came.
        schemas: the ids of the registry.
        most: largest value that is looked at, in bytes.

    Raises:
        MalformedError: these bytes are no such record.
    """
    if value is None:
        raise _unreadable("the record has no value")
    if not _FRAME.size < len(value) <= most:
        raise _unreadable(f"{len(value)} bytes are too few or too many")
    magic, schema_id = _FRAME.unpack_from(value)
    if magic != 0:
        raise _unreadable("the first byte is not 0x00")
    if schema_id not in schemas.writers:
        raise _unknown(f"schema id {schema_id} is not registered")
    written_as, writer = schemas.writers[schema_id]
    if written_as != record:
        raise _unknown(f"schema id {schema_id} is of {written_as}, not of {record}")
    body = io.BytesIO(value)
    body.seek(_FRAME.size)
    try:
        fields: Any = fastavro.schemaless_reader(body, writer, NEWEST[record].parsed)
        read = body.tell()
        # Also holds the types and the moments that Avro lets pass.
        result = msgspec.convert(fields, noun)
    except Exception as exc:  # whatever a reader raises on hostile bytes: they are unreadable
        # Only the kind of error: its text may quote the bytes.
        raise _unreadable(f"not a {record}: {type(exc).__name__}") from exc
    if read != len(value):
        raise _unreadable(f"{len(value) - read} bytes follow the record")
    return result


def _unreadable(detail: str) -> MalformedError:
    return MalformedError(Violation(Code.QUARANTINE_UNREADABLE, "value", detail))


def _unknown(detail: str) -> MalformedError:
    return MalformedError(Violation(Code.QUARANTINE_SCHEMA, "value", detail))
