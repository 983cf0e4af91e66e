"""Status packets: read, written, refused."""

from datetime import UTC, datetime

import msgspec
import pytest

from axis.edxml.documentid import document_id
from axis.edxml.status import build_status, read_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.errors import RefusedError
from tests.unit.edxml.packets import ENVELOPE, LIMITS, packet, reading

STATUS = StatusPacket(
    sender=Organ(code="H37.02", name="Sở Thử Nghiệm"),
    response_for=ResponseFor(organ_code="H37.01", code="123/UBND-VP", document_id=ENVELOPE.document_id),
    code="02",
    description="Sai <nơi nhận> & thiếu tệp",
    reported_at=datetime(2026, 11, 20, 2, 15, tzinfo=UTC),
)
GOOD = build_status(STATUS)
DOCUMENT_ID = f"<edXML:DocumentId>{ENVELOPE.document_id}</edXML:DocumentId>"
CODE_TWICE = "<edXML:StatusCode>01</edXML:StatusCode><edXML:StatusCode>"


def test_what_was_written_is_read():
    """A status survives the round trip; its moment is the same instant."""
    assert read_status(GOOD, LIMITS) == (STATUS, ())


def test_unknown_codes_come_through():
    """A code that nobody knows is read like any other."""
    status, violations = read_status(build_status(msgspec.structs.replace(STATUS, code="103")), LIMITS)
    assert (status.code, violations) == ("103", ())


@pytest.mark.parametrize(
    ("old", "new", "code", "field"),
    [
        ("<edXML:StatusCode>02</edXML:StatusCode>", "", "status.malformed", "StatusCode"),
        ("<edXML:StatusCode>02", "<edXML:StatusCode>0123456789x", "status.malformed", "StatusCode"),
        ("<edXML:OrganId>H37.02</edXML:OrganId>", "", "status.malformed", "From.OrganId"),
        (DOCUMENT_ID, "", "status.malformed", "ResponseFor.DocumentId"),
        ("2026/11/20 09:15:00", "hôm nay", "status.malformed", "Timestamp"),
        ("<edXML:StatusCode>", CODE_TWICE, "status.malformed", "StatusCode"),
        ("<edXML:StatusCode>", "<x xmlns='urn:x'/><edXML:StatusCode>", "format.namespace", ""),
        ("<edXML:StatusCode>", "<!DOCTYPE x>", "format.xml-malformed", ""),
    ],
)
def test_a_broken_status_says_where(old, new, code, field):
    """K4 names the field; XML that is not sound keeps its own code."""
    data = GOOD.decode().replace(old, new, 1).encode()
    assert data != GOOD
    _, violations = read_status(data, LIMITS)
    assert [(str(v.code), v.field) for v in violations] == [(code, field)]


@pytest.mark.parametrize("data", [b"", b"junk", GOOD[:-10], GOOD + b" " * 2**20])
def test_what_is_no_status_gives_none(data):
    """Nothing to act upon comes of bytes that cannot be read."""
    status, violations = read_status(data, LIMITS)
    assert status is None
    assert len(violations) == 1


def test_documents_and_statuses_are_told_apart():
    """The reader of documents says that a packet is a status."""
    assert reading(GOOD).is_status
    assert not reading(packet()).is_status


def test_control_characters_are_refused_before_anything_is_written():
    """A value that XML cannot carry is the giver's to mend."""
    with pytest.raises(RefusedError, match="value-invalid"):
        packet(subject="a\x0cb")


def test_a_document_id_has_the_vendors_form():
    """The agency, the day and the number with its notation, set off by commas."""
    e = ENVELOPE
    assert document_id(e.sender.code, e.issued_on, e.number, e.notation) == e.document_id
