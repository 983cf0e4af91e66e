"""Each way in which the format of a packet can be wrong is refused under a code of its own, in Vietnamese."""

import io
import zipfile
from datetime import UTC, date, datetime

import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.gate.answers import InspectRequest, Kind
from axis.gate.check import judged_result
from axis.gate.inspect import Grounds, inspect
from axis.reports import Outcome
from axis.violations import REASONS, Code
from signing.evidence import NO_EVIDENCE
from tests.lab.documents import a_packet, the_packet
from tests.lab.pdfs import plain
from tests.unit.edxml.packets import ENVELOPE, file, packet, with_content, with_file, zipped

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
AGAIN = (ENVELOPE.recipients[0], ENVELOPE.recipients[0])
BARE = packet()[packet().index(b"?>") + 2 :]
ACTION = b"<< /Type /Action /S /JavaScript /JS (app.alert\\(1\\)) >>"
NESTED = zipped([("a.zip", zipped([("x.pdf", b"%PDF-")]))])


def encrypted():
    """Return an archive whose one entry says that it is encrypted."""
    data = bytearray(zipped([("x.pdf", b"%PDF-1.7")]))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def bomb():
    """Return an archive that grows a thousandfold."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.pdf", b"%PDF-" + bytes(50_000_000))
    return out.getvalue()


REFUSALS = {
    "no-xml": (b"<edXML", Code.XML_MALFORMED),
    "doctype": (b'<!DOCTYPE x [<!ENTITY a "b">]>' + BARE, Code.XML_FORBIDDEN),
    "utf-16": (packet().decode().encode("utf-16"), Code.XML_ENCODING),
    "namespace": (packet().replace(b"QCVN_102_2016", b"QCVN_102_2015"), Code.XML_NAMESPACE),
    "element-missing": (packet(subject=""), Code.ELEMENT_MISSING),
    "element-repeated": (
        packet().replace(b"</edXML:Subject>", b"</edXML:Subject><edXML:Subject>x</edXML:Subject>"),
        Code.ELEMENT_REPEATED,
    ),
    "value": (packet().replace(b"Type>2<", b"Type>x<"), Code.VALUE_INVALID),
    "date-broken": (packet().replace(b"Date>2026/11/20<", b"Date>2026/02/30<"), Code.DATE_INVALID),
    "date-in-the-future": (packet(issued_on=date(2026, 11, 26)), Code.DATE_FUTURE),
    "recipient-twice": (packet(recipients=AGAIN), Code.RECIPIENT_REPEATED),
    "base64": (with_content(b"JVBER*=="), Code.ATTACHMENT_ENCODING),
    "archive-nested": (with_file(NESTED, "a.zip"), Code.ARCHIVE_REFUSED),
    "archive-encrypted": (with_file(encrypted(), "a.zip"), Code.ARCHIVE_REFUSED),
    "archive-bomb": (with_file(bomb(), "a.zip"), Code.ARCHIVE_LIMIT),
    "no-pdf": (packet(file("a.txt", b"text")), Code.MAIN_DOCUMENT_MISSING),
    "business-type": (packet(business_type=9), Code.BUSINESS_TYPE),
    "pdf-end-missing": (packet(file("a.pdf", b"%PDF-1.7\nnothing\n%%EOF\n")), Code.PDF_END),
    "pdf-unsigned": (packet(file("a.pdf", plain())), Code.SIGNATURE_NONE),
    "pdf-active": (packet(file("a.pdf", plain("/OpenAction 8 0 R", n8=ACTION))), Code.CONTENT_JAVASCRIPT),
}  # fmt: skip


def judged(data, tmp_path, trust=None, at=AT):
    """Judge a packet as `axis check` does, in this process."""
    path = tmp_path / "packet.edxml"
    path.write_bytes(data)
    policy = load_policy()
    request = InspectRequest(at=at, kind=Kind.PACKET)
    answer = inspect(str(path), request, Grounds(policy, trust, NO_EVIDENCE, tmp_path))
    return judged_result(path, answer, policy, at=at, trust=trust is not None)


@pytest.mark.parametrize("name", REFUSALS)
def test_each_fault_of_format_refuses_under_its_own_code(tmp_path, name):
    """The packet is refused, the reason is there, and it is told in Vietnamese and English."""
    data, code = REFUSALS[name]
    result = judged(data, tmp_path)
    found = {one.code for part in (result.integrity, result.content) for one in part.reasons}
    assert result.outcome is Outcome.REFUSED
    assert code in found
    words = REASONS[code]
    assert not words.vi.isascii()
    assert words.vi != words.en


def test_the_good_packet_has_none_of_them(tmp_path):
    """What is refused above is not refused for being in these tests."""
    result = judged(the_packet(), tmp_path, at=datetime.now(UTC))  # the sandbox issues it today
    assert result.integrity.outcome is Outcome.ACCEPTED
    assert result.content.outcome is Outcome.ACCEPTED
    assert msgspec.json.decode(result.line())["outcome"] == "waiting"
    assert judged(a_packet(fault="broken-base64"), tmp_path).outcome is Outcome.REFUSED
