"""What is in a packet or a PDF: read once, within the limits, and told as a value.

Runs in a judging process. A document's fault is a violation in the report; our
own (an unreadable disk, a bug) is raised and told apart by the caller.
"""

import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from axis.checks.looks import visible
from axis.checks.policy import Policy
from axis.edxml.attachments import AttachmentSink, DecodedAttachment, extension, sha256_of
from axis.edxml.reader import PacketReading, read_packet
from axis.gate import limits
from axis.gate.answers import Altered, InspectRequest, Judged, Kind
from axis.reports import FileKind, FileReport, GateReport, Outcome, Part, PdfReport
from axis.violations import Code, Violation
from signing.causes import unreadable
from signing.evidence import Evidence
from signing.reading import OpenedPdf
from signing.trust import TrustList
from signing.verify import verify_pdf

PDF_MAGIC: Final = b"%PDF-"
MAGIC_BYTES: Final = 1024
"""Readers accept a PDF's header this far into a file, so that far it counts as one."""
_CHUNK: Final = 256 * 1024
_OURS: Final = frozenset({errno.ENOSPC, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EDQUOT, errno.ESTALE})
"""Faults of the machine. Any other OSError while reading is the document's."""
_NOT_JUDGED: Final = Part(outcome=Outcome.NOT_JUDGED)
LIMITS: Final = (MemoryError, limits.CpuLimitError)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a judging process judges by."""

    policy: Policy
    trust: TrustList | None
    """None: trust is not judged."""
    evidence: Evidence
    scratch: Path
    """Folder for decoded attachments, on a disk with room for them."""


def inspect(path: str, request: InspectRequest, grounds: Grounds) -> Judged | Altered:
    """Read a packet or a PDF and tell what is in it.

    Args:
        path: of the file.
        request: what it must be, its digest, and the moment of judgement.
        grounds: policy, trust list, evidence.

    Returns:
        The report, or `Altered` when the bytes are not those of the digest.

    Raises:
        OSError: the machine's fault.
    """
    with Path(path).open("rb") as file:
        kind = request.kind or kind_of(file, path)
        if kind is Kind.PACKET:
            hashed = _Hashing(file)
            answer = inspect_packet(cast("BinaryIO", hashed), request, grounds)
            found = hashed.digest() if request.sha256 else ""
        elif kind is Kind.PDF:
            answer = inspect_pdf(file, path, request, grounds)
            found = answer.report.files[0].sha256
        else:
            answer, found = _OTHER, _digest(file, [])
    if request.sha256 and found != request.sha256:
        return Altered(expected=request.sha256, found=found)
    return answer


def kind_of(file: BinaryIO, path: str) -> Kind:
    """Tell by the first bytes what a file is; where they say nothing, by its name.

    A file that only its name calls a PDF or a packet is judged as one: a broken
    document must be refused for what is broken.
    """
    head = file.read(MAGIC_BYTES)
    file.seek(0)
    if PDF_MAGIC in head:
        return Kind.PDF
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith((b"<", b"\xfe\xff", b"\xff\xfe")):
        return Kind.PACKET
    suffix = Path(path).suffix.lower()
    return {".pdf": Kind.PDF, ".edxml": Kind.PACKET, ".xml": Kind.PACKET}.get(suffix, Kind.OTHER)


def is_pdf(head: bytes, name: str) -> bool:
    """Tell whether an attachment is judged as a PDF: it begins as one, or its name says so.

    Half of all viewers open a PDF without its header, by its name.

    Args:
        head: its first `MAGIC_BYTES`.
        name: ``AttachmentName``.
    """
    return PDF_MAGIC in head or extension(visible(name).strip(" .")) == ".pdf"


def inspect_packet(stream: BinaryIO, request: InspectRequest, grounds: Grounds) -> Judged:
    """Read an edXML packet and every PDF attached to it.

    When a limit is reached, the report has what was found until then, the
    limit among its violations, and the rest as not judged.
    """
    with AttachmentSink(grounds.scratch) as sink:
        return _inspect_packet(stream, sink, request, grounds)


def _inspect_packet(
    stream: BinaryIO, sink: AttachmentSink, request: InspectRequest, grounds: Grounds
) -> Judged:
    reading: PacketReading | None = None
    files: list[FileReport] = []
    try:
        reading = read_packet(stream, grounds.policy.limits, sink)
        files.extend(_file(attachment) for attachment in reading.attachments)
        for index, attachment in enumerate(reading.attachments):
            if _pending(files[index]):
                opened: list[OpenedPdf] = []
                report = _verified(attachment.file, request, grounds, opened.append)
                sha256 = attachment.hashed or _digest(attachment.file, opened)
                files[index] = msgspec.structs.replace(files[index], pdf=report, sha256=sha256)
    except LIMITS as exc:
        limits.lift()
        where = next((f"files[{i}]" for i, file in enumerate(files) if _pending(file)), "")
        came = reading.attachments if reading is not None else ()
        files = [
            msgspec.structs.replace(f, pdf=_unjudged(), sha256=one.sha256()) if _pending(f) else f
            for f, one in zip(files, came, strict=False)
        ]
        limit = limits.limit_of(exc, where, grounds.policy)
        return _judged(Kind.PACKET, _report(reading, files, limit), limited=True)
    return _judged(Kind.PACKET, _report(reading, files))


def inspect_pdf(file: io.BufferedReader, path: str, request: InspectRequest, grounds: Grounds) -> Judged:
    """Verify a PDF that stands alone. The report has one file and no envelope."""
    size = file.seek(0, io.SEEK_END)
    name = os.fsencode(Path(path).name).decode("utf-8", "replace")
    alone = FileReport(content_id="", name=name, kind=FileKind.PDF, size=size, sha256="")
    opened: list[OpenedPdf] = []
    try:
        report = _verified(file, request, grounds, opened.append)
        alone = msgspec.structs.replace(alone, pdf=report, sha256=_digest(file, opened))
    except LIMITS as exc:
        limits.lift()
        alone = msgspec.structs.replace(alone, pdf=_unjudged(), sha256=_digest(file, []))
        return _judged(
            Kind.PDF, _report(None, [alone], limits.limit_of(exc, "", grounds.policy)), limited=True
        )
    return _judged(Kind.PDF, _report(None, [alone]))


def _digest(file: BinaryIO, opened: list[OpenedPdf]) -> str:
    # Where signatures were verified, nearly all of the file was hashed, and not to be hashed again.
    if opened:
        return opened[0].digests.whole()
    return sha256_of(file)


def _verified(
    file: BinaryIO,
    request: InspectRequest,
    grounds: Grounds,
    opened: Callable[[OpenedPdf], None] = lambda _: None,
) -> PdfReport:
    file.seek(0)
    try:
        with _faults_told_apart():
            return verify_pdf(
                file,
                trust=grounds.trust,
                evidence=grounds.evidence,
                at=request.at,
                limits=grounds.policy.limits,
                allow_claimed_time=grounds.policy.allow_claimed_time,
                own_evidence=request.own_evidence,
                embedded_files=grounds.policy.embedded_files == "allow",
                opened=opened,
            )
    except Exception as exc:
        if isinstance(exc, (MemoryError, _MachineError)):
            raise
        # G1: whatever the parser raises, the document cannot be read strictly.
        refused = Part(outcome=Outcome.REFUSED, reasons=(unreadable(exc),))
        return PdfReport(integrity=refused, content=_NOT_JUDGED, trust=_NOT_JUDGED)


class _MachineError(Exception):
    """The machine failed while a document was read."""


@contextmanager
def _faults_told_apart() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        if exc.errno == errno.ENOMEM:
            raise MemoryError from exc
        if exc.errno in _OURS:
            raise _MachineError(exc.strerror) from exc
        raise


def _file(attachment: DecodedAttachment) -> FileReport:
    attachment.file.seek(0)
    head = attachment.file.read(MAGIC_BYTES)
    return FileReport(
        content_id=attachment.content_id,
        name=attachment.name,
        kind=FileKind.PDF if is_pdf(head, attachment.name) else FileKind.OTHER,
        size=attachment.size,
        sha256=attachment.hashed,
        wrapped=attachment.wrapped,
    )


def _pending(file: FileReport) -> bool:
    return file.kind is FileKind.PDF and file.pdf is None


def _unjudged() -> PdfReport:
    return PdfReport(integrity=_NOT_JUDGED, content=_NOT_JUDGED, trust=_NOT_JUDGED)


def _report(
    reading: PacketReading | None, files: list[FileReport], limit: tuple[Violation, ...] = ()
) -> GateReport:
    if reading is None:
        return GateReport(envelope=None, violations=limit, files=tuple(files))
    return GateReport(
        envelope=reading.envelope,
        violations=(*reading.violations, *limit),
        findings=reading.findings,
        files=tuple(files),
        splice_offset=reading.splice_offset,
        splice_prefix=reading.splice_prefix,
        splice_list=reading.splice_list,
    )


def _judged(kind: Kind, report: GateReport, *, limited: bool = False) -> Judged:
    return Judged(kind=kind, report=report, limited=limited)


_OTHER: Final = _judged(
    Kind.OTHER,
    GateReport(
        envelope=None, violations=(Violation(Code.PDF_UNREADABLE, "", "neither a PDF nor an edXML packet"),)
    ),
)


class _Hashing(io.RawIOBase):
    """A stream that hashes what is read from it."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        """Read what is left and return the digest of the whole file."""
        while self.read(_CHUNK):
            pass
        return self._hash.hexdigest()
