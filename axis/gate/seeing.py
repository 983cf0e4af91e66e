"""What a file looks like: advice and pictures, from a judging process.

Runs in a process of its own pool, with the limits of judging. PDFium is native code: where it ends the
process, there is no advice, and no verdict either.
"""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import msgspec

from axis.appearance.judge import judge, secrecy_stamp
from axis.appearance.look import UnseenError, draw, look
from axis.appearance.sheet import Claims
from axis.appearance.view import Picture
from axis.checks.format import main_document
from axis.checks.policy import Policy
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.gate import limits
from axis.gate.answers import Kind
from axis.gate.inspect import LIMITS, MAGIC_BYTES, is_pdf, kind_of
from axis.gate.seen import Seen, SeenFile, SeeRequest, decode_request, encode
from axis.reports import FileKind, FileReport

if TYPE_CHECKING:
    from axis.envelope import Envelope

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of pictures in one answer; further pages are not drawn."""


def see(path: str, question: bytes, policy: Policy, scratch: Path) -> bytes:
    """Look at one file within the limits; an encoded `Seen`.

    Raises:
        OSError: the machine's fault.
    """
    request = decode_request(question)
    files: list[SeenFile] = []
    try:
        with limits.limited(policy.limits):
            _see(path, request, policy, scratch, files)
    except LIMITS:
        limits.lift()
        files.append(SeenFile(place=len(files), unseen=True))
    return encode(Seen(files=tuple(files)))


def _see(path: str, request: SeeRequest, policy: Policy, scratch: Path, files: list[SeenFile]) -> None:
    with Path(path).open("rb") as file:
        kind = kind_of(file, path)
        if kind is Kind.PDF:
            files.append(_seen(file, SeenFile(), Claims(), request, policy))
        elif kind is Kind.PACKET:
            with AttachmentSink(scratch) as sink:
                reading = read_packet(cast("BinaryIO", file), policy.limits, sink)
                reports = tuple(_bare(one.file, one.name) for one in reading.attachments)
                main = main_document(reports)
                for place, attachment in enumerate(reading.attachments):
                    if reports[place].kind is FileKind.PDF:
                        about = SeenFile(name=attachment.name, place=place)
                        claims = claims_of(reading.envelope, policy, main=place == main)
                        files.append(_seen(attachment.file, about, claims, request, policy))


def _bare(file: BinaryIO, name: str) -> FileReport:
    file.seek(0)
    kind = FileKind.PDF if is_pdf(file.read(MAGIC_BYTES), name) else FileKind.OTHER
    return FileReport(content_id="", name=name, kind=kind, size=0, sha256="")


def claims_of(envelope: "Envelope | None", policy: Policy, *, main: bool) -> Claims:
    """Return what a packet says about one of its files; a copy is signed as an attachment is."""
    if envelope is None:
        return Claims(main=main)
    copy = envelope.type_name.casefold() in policy.copy_kinds
    return Claims(
        main=main and not copy,
        kind=envelope.type_name,
        number=envelope.number,
        notation=envelope.notation,
        issued_on=envelope.issued_on,
        signer=envelope.signer.full_name,
        priority=envelope.priority,
    )


def _seen(file: BinaryIO, about: SeenFile, claims: Claims, request: SeeRequest, policy: Policy) -> SeenFile:
    try:
        view = look(file, attachment=not claims.main)
        advice = judge(view, claims, request.standard, at=request.at)
        secrecy = secrecy_stamp(view, request.standard, policy.secret_marks)
        pictures = _within(draw(file)) if request.pictures else ()
    except MemoryError:
        raise
    except (UnseenError, ArithmeticError, LookupError, TypeError, ValueError, OSError):
        # Whatever a broken file does to the readers: there is no advice on it.
        return msgspec.structs.replace(about, unseen=True)
    return msgspec.structs.replace(
        about,
        pages=view.page_count,
        looked_at=len(view.pages),
        advice=advice,
        marks=view.marks,
        secrecy=secrecy,
        pictures=pictures,
    )


def _within(pictures: tuple[Picture, ...]) -> tuple[Picture, ...]:
    total, kept = 0, []
    for picture in pictures:
        total += len(picture.png)
        if total > LARGEST_ANSWER:
            break
        kept.append(picture)
    return tuple(kept)
