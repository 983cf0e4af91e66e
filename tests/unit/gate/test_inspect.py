"""Reading a file: what is in it is told, whatever the parsers below do."""

import errno
import hashlib
from datetime import UTC, datetime

import pytest

from axis.checks.policy import load_policy
from axis.gate import inspect as inspecting
from axis.gate import limits
from axis.gate.answers import Altered, InspectRequest, Kind
from axis.gate.inspect import Grounds, inspect, kind_of
from axis.reports import FileKind, Outcome, Part, PdfReport
from axis.violations import Code
from signing.evidence import NO_EVIDENCE
from tests.unit.edxml.packets import PDF, file, packet

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GOOD = Part(outcome=Outcome.ACCEPTED)
REPORT = PdfReport(integrity=GOOD, content=GOOD, trust=GOOD)


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Return a function that inspects bytes, the PDF verifier doing what it is told."""

    def looked(data, *, verify=lambda _data: REPORT, name="file", **request):
        monkeypatch.setattr(inspecting, "verify_pdf", lambda stream, **_grounds: verify(stream.read()))
        path = tmp_path / name
        path.write_bytes(data)
        grounds = Grounds(load_policy(), None, NO_EVIDENCE, tmp_path)
        return inspect(str(path), InspectRequest(at=NOW, **request), grounds)

    return looked


def fail(exc):
    def verify(_data):
        raise exc

    return verify


def test_a_packet_is_read_with_all_its_files(look):
    """PDFs are verified, other files reported, all in manifest order."""
    seen = []
    data = packet(file("a.pdf", PDF), file("b.docx", b"PK\x03\x04 words"), file("c.pdf", b"\n" + PDF))
    answer = look(data, verify=lambda pdf: seen.append(pdf) or REPORT)
    assert [(f.name, f.kind, f.pdf) for f in answer.report.files] == [
        ("a.pdf", FileKind.PDF, REPORT),
        ("b.docx", FileKind.OTHER, None),
        ("c.pdf", FileKind.PDF, REPORT),
    ]
    assert seen == [PDF, b"\n" + PDF]
    contents = (PDF, b"PK\x03\x04 words", b"\n" + PDF)
    assert [f.sha256 for f in answer.report.files] == [hashlib.sha256(one).hexdigest() for one in contents]
    assert answer.report.envelope.number == "123"
    assert answer.report.splice_offset is not None


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", PDF, FileKind.PDF),
        ("a.bin", PDF, FileKind.PDF),
        ("a.pdf", b"1 0 obj << >> endobj", FileKind.PDF),
        ("a.pdf", bytes(1024) + PDF, FileKind.PDF),
        ("A.PDF ", b"text", FileKind.PDF),
        ("a.pdf.", b"text", FileKind.PDF),
        ("a.p\u200bdf", b"text", FileKind.PDF),
        ("a.рdf", b"text", FileKind.PDF),
        ("a.pdf.txt", b"text", FileKind.OTHER),
        ("pdf", b"text", FileKind.OTHER),
    ],
    ids=["both", "by-its-beginning", "no-header", "header-too-late", "blank", "point", "unseen", "look-alike",
         "another-ending", "no-ending"],
)  # fmt: skip
def test_what_a_viewer_opens_as_a_pdf_is_judged_as_one(look, name, data, kind):
    """F16 lets unsigned files travel that are no PDF; half of all viewers take one without its header."""
    (found,) = look(packet(file(name, data))).report.files
    assert (found.kind, found.pdf is not None) == (kind, kind is FileKind.PDF)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_content_that_is_not_what_was_taken(look):
    """A packet whose digest differs is told apart from every verdict, a broken one too."""
    for data in (packet(), packet()[:-40], b"junk", b""):
        digest = hashlib.sha256(data).hexdigest()
        assert not isinstance(look(data, sha256=digest), Altered)
        assert look(data, sha256="00" * 32) == Altered(expected="00" * 32, found=digest)
        assert look(data, kind=Kind.PDF, sha256="00" * 32) == Altered(expected="00" * 32, found=digest)


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        *((exc, Code.PDF_UNREADABLE) for exc in (ValueError(), KeyError(1), AssertionError())),
        (OSError(errno.EINVAL, "seek"), Code.PDF_UNREADABLE),
        (RecursionError(), Code.LIMIT_NESTING),
    ],
)
def test_whatever_the_pdf_reader_raises_refuses_that_file(look, exc, code):
    """G1: an exception of any class is an unreadable PDF; the packet's other files have their own reports."""
    data = packet(file("a.pdf", PDF), file("b.pdf", PDF + b"good"))
    answer = look(data, verify=lambda pdf: REPORT if pdf.endswith(b"good") else fail(exc)(pdf))
    first, second = answer.report.files
    assert [one.code for one in first.pdf.integrity.reasons] == [code]
    assert first.pdf.integrity.outcome is Outcome.REFUSED
    assert second.pdf == REPORT


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (MemoryError(), Code.LIMIT_MEMORY),
        (OSError(errno.ENOMEM, "mmap"), Code.LIMIT_MEMORY),
        (limits.CpuLimitError(), Code.LIMIT_CPU),
    ],
)
def test_a_limit_keeps_what_was_found_before(look, exc, code):
    """The envelope and the files judged so far stay in the report; the rest says not judged."""
    data = packet(file("a.pdf", PDF + b"good"), file("b.pdf", PDF), file("c.pdf", PDF))
    answer = look(data, verify=lambda pdf: REPORT if pdf.endswith(b"good") else fail(exc)(pdf))
    assert answer.limited
    assert [(one.code, one.field) for one in answer.report.violations] == [(code, "files[1]")]
    assert answer.report.envelope is not None
    contents = (PDF + b"good", PDF, PDF)
    assert [f.sha256 for f in answer.report.files] == [hashlib.sha256(one).hexdigest() for one in contents]
    assert [f.pdf.integrity.outcome for f in answer.report.files] == [
        Outcome.ACCEPTED,
        Outcome.NOT_JUDGED,
        Outcome.NOT_JUDGED,
    ]


def test_a_full_disk_is_no_verdict(look):
    """A fault of the machine is raised, and so never becomes the document's."""
    for verify in (fail(OSError(errno.ENOSPC, "full")), fail(OSError(errno.EIO, "broken"))):
        with pytest.raises(Exception, match=r"full|broken"):
            look(packet(), verify=verify)


def test_a_bare_pdf(look):
    """A PDF alone has one file and no envelope; its limit is its violation."""
    answer = look(PDF, kind=None)
    assert (answer.kind, answer.report.envelope) == (Kind.PDF, None)
    assert answer.report.files[0].pdf == REPORT
    assert answer.report.files[0].size == len(PDF)
    answer = look(PDF, kind=None, verify=fail(MemoryError()))
    assert [one.code for one in answer.report.violations] == [Code.LIMIT_MEMORY]


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (PDF, "x", Kind.PDF),
        (b"junk before" + PDF, "x.xml", Kind.PDF),
        (b"", "x.pdf", Kind.PDF),
        (b"junk", "x.PDF", Kind.PDF),
        (b"\xef\xbb\xbf\n<edXML/>", "x", Kind.PACKET),
        ("<a/>".encode("utf-16"), "x", Kind.PACKET),
        (b"junk", "x.edxml", Kind.PACKET),
        (b"\x7fELF", "x", Kind.OTHER),
        (b"", "x", Kind.OTHER),
    ],
)
def test_kinds_are_told_by_the_first_bytes_then_by_name(tmp_path, data, name, kind):
    """A broken document is judged as what it claims to be; only what claims nothing is something else."""
    path = tmp_path / name
    path.write_bytes(data)
    with path.open("rb") as stream:
        assert kind_of(stream, str(path)) is kind
        assert stream.tell() == 0


def test_something_else_is_refused(look):
    """What is neither a PDF nor a packet has its own words."""
    answer = look(b"\x7fELF", kind=None)
    assert [one.code for one in answer.report.violations] == [Code.PDF_UNREADABLE]
