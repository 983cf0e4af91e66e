"""Records of connections' topics: what outsiders write is read as what it is, or not at all."""

import contextlib
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axis.contract.doors import (
    MOST_BYTES,
    ConnAck,
    ConnInbox,
    ConnReport,
    ConnSubmission,
    decode_conn_ack,
    decode_conn_inbox,
    decode_conn_submission,
    encode_conn_ack,
    encode_conn_inbox,
    encode_conn_submission,
    notice_bytes,
)
from axis.contract.schemas import NEWEST, Schemas
from axis.errors import MalformedError
from axis.violations import Code

NAMES = tuple(NEWEST)
SCHEMAS = Schemas(
    ids={f"{name}.v1": number for number, name in enumerate(NAMES)},
    writers={number: (name, NEWEST[name].parsed) for number, name in enumerate(NAMES)},
)
NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
SUBMISSION = ConnSubmission(packet=b"<edXML/>", reference="số 1")
INBOX = ConnInbox(
    id="a", entry_id=7, kind="receipt", subject="e", packet_id="p", created_at=NOON, content=b"{}"
)
GOOD = encode_conn_submission(SUBMISSION, SCHEMAS)


@pytest.mark.parametrize(
    ("record", "encode", "decode"),
    [
        pytest.param(SUBMISSION, encode_conn_submission, decode_conn_submission, id="inline"),
        pytest.param(
            ConnSubmission(sha256="0" * 64), encode_conn_submission, decode_conn_submission, id="digest"
        ),
        pytest.param(ConnAck(status_packet=b"<edXML/>"), encode_conn_ack, decode_conn_ack, id="status"),
        pytest.param(ConnAck(received="e"), encode_conn_ack, decode_conn_ack, id="received"),
        pytest.param(
            ConnAck(report=ConnReport(packet_id="p", recipient="H37", code="03", reported_at=NOON)),
            encode_conn_ack,
            decode_conn_ack,
            id="report",
        ),
        pytest.param(INBOX, encode_conn_inbox, decode_conn_inbox, id="inbox"),
    ],
)
def test_what_was_written_is_read(record, encode, decode):
    """Every field comes back."""
    assert decode(encode(record, SCHEMAS), SCHEMAS) == record


@pytest.mark.parametrize(
    ("value", "code"),
    [
        pytest.param(None, Code.QUARANTINE_UNREADABLE, id="null"),
        pytest.param(b"\x00" * (MOST_BYTES + 1), Code.QUARANTINE_UNREADABLE, id="huge"),
        pytest.param(GOOD + b"\x00", Code.QUARANTINE_UNREADABLE, id="something-follows"),
        pytest.param(encode_conn_inbox(INBOX, SCHEMAS), Code.QUARANTINE_SCHEMA, id="another-topics-record"),
        pytest.param(b"\x00\x77\x77\x77\x77" + GOOD[5:], Code.QUARANTINE_SCHEMA, id="unknown-schema"),
    ],
)
def test_a_poison_record_has_its_reason(value, code):
    """Bytes that are no submission say why, and that is all they do."""
    with pytest.raises(MalformedError) as caught:
        decode_conn_submission(value, SCHEMAS)
    assert caught.value.violation.code is code


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body):
    """Behind a valid frame, arbitrary bytes are a record or malformed, nothing else."""
    for decode, record in ((decode_conn_submission, "conn-submission"), (decode_conn_ack, "conn-ack")):
        frame = b"\x00" + SCHEMAS.ids[f"{record}.v1"].to_bytes(4, "big")
        with contextlib.suppress(MalformedError):
            decode(frame + body, SCHEMAS)


def test_a_notice_says_what_the_other_door_says():
    """Problem details, with the sender's own word."""
    data = notice_bytes(code="take.too-large", field="packet", detail="d", reference="r", record="t[0]@1")
    told = msgspec.json.decode(data)
    assert (told["code"], told["rule"], told["type"]) == (
        "take.too-large",
        "T1",
        "/v1/reasons/take.too-large",
    )
    assert (told["reference"], told["record"]) == ("r", "t[0]@1")
    assert told["title"]
    assert told["title_en"]
