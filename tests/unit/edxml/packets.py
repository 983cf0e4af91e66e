"""Packets for the tests of reading: a good one, and one change a test."""

import base64
import dataclasses
import io
import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

from axis.checks.policy import Limits, load_policy
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import PacketReading, read_packet
from axis.edxml.writer import PacketFile, build_packet
from axis.envelope import Envelope, Organ, ResponseFor, SignerInfo

NS = "http://www.mic.gov.vn/TBT/QCVN_102_2016"
LIMITS = load_policy().limits
SENT = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
PDF = b"%PDF-1.7\nnot a real one\n%%EOF\n"

ENVELOPE = Envelope(
    sender=Organ(code="H37.01", name="Văn phòng UBND tỉnh Thử Nghiệm", email="vt@example.gov.vn"),
    recipients=(
        Organ(code="H37.02", name="Sở Thử Nghiệm"),
        Organ(code="000.00.00.G22", name="Văn phòng Thử Nghiệm", in_charge="Chính phủ & bạn"),
    ),
    document_id="H37.01,2026/11/20,123/UBND-VP",
    number="123",
    notation="UBND-VP",
    place="Thử Nghiệm",
    issued_on=date(2026, 11, 20),
    type_group=2,
    type_detail=18,
    type_name="Công văn",
    subject="V/v thử <liên thông> & hơn nữa",
    content="Tóm tắt",
    signer=SignerInfo(competence="KT. CHỦ TỊCH", position="PHÓ CHỦ TỊCH", full_name="Nguyễn Văn Thử"),
    due_on=date(2026, 12, 1),
    priority=3,
    steering_type=1,
    response_for=(
        ResponseFor(
            organ_code="H37.02",
            code="45/STN-VP",
            document_id="H37.02,2026/11/01,45/STN-VP",
            promulgation_date="2026/11/01",
        ),
    ),
    to_places=("Như trên", "Lưu: VT, VP"),
    business_reason="Văn bản mới",
)


def file(name: str, data: bytes) -> PacketFile:
    """Return a packet file that holds ``data``."""
    return PacketFile(name, lambda: io.BytesIO(data))


def packet(*files: PacketFile, **changes: object) -> bytes:
    """Return a good packet with these changes in its envelope."""
    envelope = msgspec.structs.replace(ENVELOPE, **changes)
    return b"".join(build_packet(envelope, files or (file("vanban.pdf", PDF),), sent_at=SENT))


def with_content(content: bytes, name: str = "vanban.pdf") -> bytes:
    """Return a good packet whose one attachment has this text where base64 should be."""
    head, _, rest = packet(file("@.pdf", b"@")).replace(b"@.pdf", name.encode()).partition(b"QA==")
    return head + content + rest


def with_file(data: bytes, name: str) -> bytes:
    """Return a good packet whose one attachment holds ``data`` as it is, under any name."""
    return with_content(base64.b64encode(data), name)


def zipped(entries: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return out.getvalue()


def reading(data: bytes, limits: Limits = LIMITS) -> PacketReading:
    """Read a packet; the attachments' files are closed afterwards."""
    with AttachmentSink() as sink:
        found = read_packet(io.BytesIO(data), limits, sink)
        hashed = tuple(dataclasses.replace(one, hashed=one.sha256()) for one in found.attachments)
        return dataclasses.replace(found, attachments=hashed)


def contents(data: bytes) -> list[bytes]:
    """Return the attachments' bytes of a packet."""
    with AttachmentSink() as sink:
        return [a.file.read() for a in read_packet(io.BytesIO(data), LIMITS, sink).attachments]


def codes(data: bytes, limits: Limits = LIMITS) -> list[str]:
    """Return what a packet is refused for, each code once, in order."""
    return list(dict.fromkeys(str(violation.code) for violation in reading(data, limits).violations))


def told(found: PacketReading) -> dict[str, object]:
    """Return all that a reading tells, without its open files."""
    return {name: getattr(found, name) for name in PacketReading.__slots__ if name != "attachments"} | {
        "files": [
            (a.content_id, a.name, a.content_type, a.size, a.sha256(), a.wrapped) for a in found.attachments
        ]
    }
