"""The vendor's own packets go through, or are refused for the right reason."""

import re
from datetime import UTC, datetime

import pytest

from axis.checks.format import check_format
from axis.checks.policy import load_policy
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.edxml.status import build_status, read_status
from axis.edxml.writer import build_packet
from axis.envelope import StatusPacket
from axis.reports import FileKind, FileReport
from axis.violations import Code
from tests.unit.edxml.packets import LIMITS, SENT, file

pytestmark = pytest.mark.shared
POLICY = load_policy()
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def judged(path):
    """Return all reasons against a document packet of the vendor."""
    with path.open("rb") as stream, AttachmentSink() as sink:
        found = read_packet(stream, LIMITS, sink)
        if found.envelope is None:
            return [v.code for v in found.violations], found
        files = tuple(
            FileReport(
                content_id=a.content_id,
                name=a.name,
                kind=FileKind.PDF if a.file.read(5) == b"%PDF-" else FileKind.OTHER,
                size=a.size,
                sha256=a.sha256(),
                wrapped=a.wrapped,
            )
            for a in found.attachments
        )
        violations, _ = check_format(found.envelope, files, POLICY, at=NOW)
        return [v.code for v in (*found.violations, *violations)], found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("generated-with-vendor-sdk/edoc_all_fields_6_attachments.edxml", []),
        # Its one file is no PDF: the vendor put a text in place of the document.
        ("vendor-sdk-2022/edoc_0_new.edxml", [Code.MAIN_DOCUMENT_MISSING]),
        ("vendor-sdk-2022/edoc_1_revocation.edxml", [Code.MAIN_DOCUMENT_MISSING, Code.BUSINESS_TYPE]),
        ("vendor-sdk-2022/edoc_2_update.edxml", [Code.MAIN_DOCUMENT_MISSING, Code.BUSINESS_TYPE]),
        ("vendor-sdk-2022/edoc_3_replacement.edxml", [Code.MAIN_DOCUMENT_MISSING, Code.BUSINESS_TYPE]),
        ("vendor-sdk-2022/edoc_0_new_LEADING_JUNK.edxml", [Code.XML_MALFORMED]),
        ("vendor-sdk-2022/edoc_NOT_NAMESPACE_WELLFORMED.edxml", [Code.XML_MALFORMED]),
    ],
)
def test_document_samples_end_as_they_should(samples, name, expected):
    """Nothing in the vendor's packets is refused for a reason that is not theirs."""
    got, found = judged(samples / name)
    # What check_format adds to a packet that cannot be read in full is no news.
    assert got[: len(expected) or None] == expected
    assert "junk" not in name.lower() or "trước khai báo" in found.violations[0].detail
    assert "WELLFORMED" not in name or "tiền tố" in found.violations[0].detail


def test_every_value_of_the_golden_packet_is_read(samples):
    """The envelope holds what the vendor's builder was given."""
    _, found = judged(samples / "generated-with-vendor-sdk/edoc_all_fields_6_attachments.edxml")
    envelope = found.envelope
    assert [organ.code for organ in envelope.recipients] == ["H37.02", "H37.50"]
    assert (envelope.number, envelope.notation, envelope.priority) == ("123", "UBND-VP", 1)
    assert envelope.response_for[0].code == "45/STN-VP"
    assert ("OtherInfo.Appendixes.Appendix", "Phụ lục I") in envelope.others
    assert [a.name for a in found.attachments] == [
        "vanban.pdf",
        "old.doc",
        "phuluc.docx",
        "bang.xlsx",
        "goi.zip",
        "ghichu.txt",
    ]
    assert [a.wrapped for a in found.attachments] == [False, False, False, True, False, True]


def elements(text: str) -> list[str]:
    """Return start tags in order, with their prefixes and namespace declarations."""
    return re.findall(r"<([\w:]+(?: [^>]*)?)>", text)


def test_the_writer_keeps_the_vendors_order_and_shape(samples):
    """What we write is the golden packet, less the elements an envelope does not know."""
    path = samples / "generated-with-vendor-sdk/edoc_all_fields_6_attachments.edxml"
    golden = path.read_text()
    with path.open("rb") as stream, AttachmentSink() as sink:
        found = read_packet(stream, LIMITS, sink)
        files = [file(a.name, a.file.read()) for a in found.attachments]
        ours = b"".join(build_packet(found.envelope, files, sent_at=SENT)).decode()
    unknown = {"SphereOfPromulgation", "TyperNotation", "PromulgationAmount", "PageAmount", "ReplyFors"}
    unknown |= {"Direction", "ReferenceCodes", "Appendixes", "Appendix", "ResponseForTask", "TaskCode"}
    unknown |= {"ApplicationType", "StaffInfo", "Department", "Staff", "Mobile"}
    skipped = re.sub(r"(?s)<edXML:StaffInfo>.*?</edXML:StaffInfo>", "", golden)
    assert elements(ours) == [
        tag for tag in elements(skipped) if tag.partition(" ")[0].removeprefix("edXML:") not in unknown
    ]
    header = ours[: ours.index("<edXML:TraceHeaderList>")]
    assert all(line in golden for line in header.splitlines())
    types = re.findall(r"<ContentType>(.*?)<", golden)
    assert re.findall(r"<ContentType>(.*?)<", ours) == types


@pytest.mark.parametrize("code", ["01", "02", "03", "04", "05", "06", "13", "15", "16"])
def test_status_samples_are_read_and_written_again(samples, code):
    """All nine status packets of the vendor come through, and survive a round trip."""
    paths = list((samples / "vendor-sdk-2022").glob(f"status_*{code}.edxml"))
    assert paths, "the sample is gone"
    status, violations = read_status(paths[0].read_bytes(), LIMITS)
    assert isinstance(status, StatusPacket)
    assert (status.code, violations) == (code, ())
    assert status.response_for.document_id
    assert status.reported_at is not None
    assert read_status(build_status(status), LIMITS) == (status, ())
