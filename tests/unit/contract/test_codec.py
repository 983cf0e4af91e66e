"""Bytes of a topic to nouns and back; whatever the bytes are, only one kind of error."""

import contextlib
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.contract.codec import (
    MAX_VALUE_BYTES,
    Accepted,
    Ack,
    Submission,
    decode_accepted,
    decode_ack,
    decode_submission,
    encode_accepted,
    encode_ack,
    encode_submission,
)
from axis.contract.schemas import NEWEST, Schemas
from axis.errors import MalformedError
from axis.violations import Code

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
SCHEMAS = Schemas(
    ids={"submission.v1": 7, "accepted.v1": 8, "ack.v1": 9},
    writers={
        number: (name, NEWEST[name].parsed)
        for number, name in ((7, "submission"), (8, "accepted"), (9, "ack"))
    },
)
SUBMISSION = Submission(
    event_id="e" * 32,
    packet_id="a" * 32,
    connection="bo-noi-vu",
    sha256="0" * 64,
    size=200_000_000,
    door="rest",
    received_at=NOON,
    priority=3,
    take=2,
)
ACCEPTED = Accepted(
    event_id="e" * 32,
    packet_id="a" * 32,
    agency="000.00.00.H29",
    document_id="Số 7816/VPCP-TTĐT",
    priority=0,
    accepted_at=NOON,
)
ACK = Ack(event_id="e" * 32, ack_id="c" * 32, connection="bo-noi-vu", sha256="1" * 64, received_at=NOON)
GOOD = encode_submission(SUBMISSION, SCHEMAS)


@pytest.mark.parametrize(
    ("record", "encode", "decode"),
    [
        pytest.param(SUBMISSION, encode_submission, decode_submission, id="submission"),
        pytest.param(ACCEPTED, encode_accepted, decode_accepted, id="accepted"),
        pytest.param(ACK, encode_ack, decode_ack, id="ack"),
    ],
)
def test_what_was_written_is_read(record, encode, decode):
    """Every field comes back, to the microsecond and the diacritic."""
    assert decode(encode(record, SCHEMAS), SCHEMAS) == record


def test_the_frame_is_confluents():
    """0x00, then the schema's id, big-endian: readers in any language find the schema."""
    assert GOOD[:5] == b"\x00\x00\x00\x00\x07"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(None, Code.QUARANTINE_UNREADABLE, id="null"),
        pytest.param(b"", Code.QUARANTINE_UNREADABLE, id="empty"),
        pytest.param(b"\x00\x00\x00\x00\x07", Code.QUARANTINE_UNREADABLE, id="frame-only"),
        pytest.param(b"junk, and more junk", Code.QUARANTINE_UNREADABLE, id="junk"),
        pytest.param(b"\x01" + GOOD[1:], Code.QUARANTINE_UNREADABLE, id="other-magic"),
        pytest.param(b"\x00" * (MAX_VALUE_BYTES + 1), Code.QUARANTINE_UNREADABLE, id="huge"),
        pytest.param(GOOD + b"\x00", Code.QUARANTINE_UNREADABLE, id="something-follows"),
        pytest.param(
            GOOD[:5] + b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            Code.QUARANTINE_UNREADABLE,
            id="huge-length",
        ),
        pytest.param(GOOD[:5] + b"\x01" * 100, Code.QUARANTINE_UNREADABLE, id="negative-length"),
        pytest.param(GOOD[:5] + b"\x02\xff" * 60, Code.QUARANTINE_UNREADABLE, id="no-utf-8"),
        pytest.param(
            struct.pack(">bI", 0, 4_000_000_000) + GOOD[5:], Code.QUARANTINE_SCHEMA, id="unknown-schema"
        ),
        pytest.param(encode_ack(ACK, SCHEMAS), Code.QUARANTINE_SCHEMA, id="another-topics-record"),
    ],
)
def test_a_poison_record_has_its_reason(value, code):
    """Bytes that are no submission say why, and that is all they do."""
    with pytest.raises(MalformedError) as caught:
        decode_submission(value, SCHEMAS)
    assert caught.value.violation.code is code


@pytest.mark.parametrize("length", range(5, len(GOOD)))
def test_every_truncation_is_malformed(length):
    """A record cut anywhere is never taken for a shorter one."""
    with pytest.raises(MalformedError):
        decode_submission(GOOD[:length], SCHEMAS)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body):
    """Behind a valid frame, arbitrary bytes are a submission or malformed, nothing else."""
    with contextlib.suppress(MalformedError):
        decode_submission(GOOD[:5] + body, SCHEMAS)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_no_flipped_byte_raises_anything_else(place, byte):
    """One wrong byte anywhere is a submission or malformed, nothing else."""
    with contextlib.suppress(MalformedError):
        decode_submission(GOOD[:place] + bytes([byte]) + GOOD[place + 1 :], SCHEMAS)


def test_the_reason_quotes_no_content():
    """What goes to logs and lists says where it broke, not what stood there."""
    with pytest.raises(MalformedError) as caught:
        decode_submission(GOOD[:5] + b"\x14TUYET MAT!" + b"\xff" * 50, SCHEMAS)
    assert "MAT" not in str(caught.value)
