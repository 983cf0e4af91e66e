"""Document packets, written the way the vendor's builder writes them.

The same envelope and files give the same bytes, on any machine: nothing
here reads a clock or draws a number, and nothing is compressed.
"""

import base64
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Final

from axis.edxml.archive import frame
from axis.edxml.attachments import extension
from axis.edxml.markup import DECLARATION, Markup, begin
from axis.edxml.names import NAMESPACE
from axis.edxml.values import day_text, moment_text
from axis.envelope import Envelope, Organ, ResponseFor

_BLOCK: Final = 48 * 1024  # divides by 3: each piece of base64 stands for itself
_PLAIN: Final = {
    ".pdf": "application/pdf",
    ".doc": "application/doc",
    ".docx": "application/docx",
    ".zip": "application/zip",
}
_ZIP_TYPE: Final = "application/zip"
_ENTRY_NAMES: Final = uuid.UUID("3f0f4ab1-6d0c-5f0e-9a52-6a8f6f2d7c11")


@dataclass(frozen=True, slots=True)
class PacketFile:
    """A file that goes into a packet."""

    name: str
    """What people see."""
    open: Callable[[], BinaryIO]
    """Opens it at its start; may be called more than once, and is closed each time."""


def build_packet(envelope: Envelope, files: Sequence[PacketFile], *, sent_at: datetime) -> Iterator[bytes]:
    """Write a packet: header, manifest, attachments, in the order of exchange-rules.md 1.2.

    Args:
        envelope: what the header says; empty values are left out. `others` and
            `xml_signature` are not written.
        files: in manifest order; the first PDF is the main document.
        sent_at: moment of the first trace header, timezone-aware.

    Returns:
        The packet's bytes in pieces, while the files are read.

    Raises:
        RefusedError: a value holds a character that XML cannot carry; before the first piece.

    Source:
        exchange-rules.md 1.2 and 1.3, rule 1.
    """
    head = _head(envelope, files, sent_at)
    return _packet(head, files, envelope.document_id)


def _packet(head: bytes, files: Sequence[PacketFile], document_id: str) -> Iterator[bytes]:
    yield head
    for at, file in enumerate(files):
        markup = Markup(level=2)
        markup.open("Attachment")
        markup.leaf("ContentId", _content_id(at))
        markup.leaf("AttachmentName", file.name)
        markup.leaf("Description", file.name)
        markup.leaf("ContentType", _PLAIN.get(extension(file.name), _ZIP_TYPE))
        yield markup.take() + f'      <edXML:ContentTransferEncoded xmlns:edXML="{NAMESPACE}">'.encode()
        plain = extension(file.name) in _PLAIN
        pieces = _file(file) if plain else _wrapped(file, f"{document_id}/{at}/{file.name}")
        yield from _base64(pieces)
        yield b"</edXML:ContentTransferEncoded>\n    </Attachment>\n"
    yield b"  </AttachmentEncoded>\n</edXML>\n"


def _head(envelope: Envelope, files: Sequence[PacketFile], sent_at: datetime) -> bytes:
    markup = begin()
    markup.open("edXML:edXMLHeader")
    _message(markup, envelope)
    _traces(markup, envelope, sent_at)
    markup.close("edXML:edXMLHeader")
    markup.open("edXML:edXMLBody")
    markup.open("edXML:edXMLManifest", ' version="1.0"')
    for at, file in enumerate(files):
        markup.group(
            "edXML:Reference",
            ("edXML:ContentId", _content_id(at)),
            ("edXML:ContentType", _ZIP_TYPE),  # whatever it is: the vendor's builder says so too
            ("edXML:Description", file.name),
            ("edXML:AttachmentName", file.name),
        )
    markup.close("edXML:edXMLManifest")
    markup.close("edXML:edXMLBody")
    markup.close("edXML:edXMLEnvelope")
    markup.open("AttachmentEncoded")
    return DECLARATION + markup.take()


def _content_id(at: int) -> str:
    return f"cid:{at + 1}"


def _message(markup: Markup, envelope: Envelope) -> None:
    markup.open("edXML:MessageHeader")
    write_organ(markup, "edXML:From", envelope.sender)
    for recipient in envelope.recipients:
        write_organ(markup, "edXML:To", recipient)
    markup.leaf("edXML:DocumentId", envelope.document_id)
    markup.group(
        "edXML:Code", ("edXML:CodeNumber", envelope.number), ("edXML:CodeNotation", envelope.notation)
    )
    markup.group(
        "edXML:PromulgationInfo",
        ("edXML:Place", envelope.place),
        ("edXML:PromulgationDate", day_text(envelope.issued_on) if envelope.issued_on else ""),
    )
    markup.group(
        "edXML:DocumentType",
        ("edXML:Type", _number(envelope.type_group)),
        ("edXML:TypeDetail", _number(envelope.type_detail)),
        ("edXML:TypeName", envelope.type_name),
    )
    markup.leaf("edXML:Subject", envelope.subject)
    markup.may("edXML:Content", envelope.content)
    markup.group(
        "edXML:SignerInfo",
        ("edXML:Competence", envelope.signer.competence),
        ("edXML:Position", envelope.signer.position),
        ("edXML:FullName", envelope.signer.full_name),
    )
    markup.may("edXML:DueDate", day_text(envelope.due_on) if envelope.due_on else "")
    markup.group("edXML:OtherInfo", ("edXML:Priority", str(envelope.priority)))
    for answered in envelope.response_for:
        write_response(markup, answered)
    # Mandatory in the standard; 0 is the default of those who do not steer (1.8).
    markup.leaf("edXML:SteeringType", _number(envelope.steering_type) or "0")
    if envelope.to_places:
        markup.group("edXML:ToPlaces", *(("edXML:Place", place) for place in envelope.to_places))
    markup.close("edXML:MessageHeader")


def _traces(markup: Markup, envelope: Envelope, sent_at: datetime) -> None:
    markup.open("edXML:TraceHeaderList")
    markup.group(
        "edXML:Bussiness",
        ("edXML:DocumentId", envelope.target_document_id),
        ("edXML:BussinessDocType", str(envelope.business_type)),
        ("edXML:BussinessDocReason", envelope.business_reason),
        ("edXML:Paper", "0"),
    )
    markup.group(
        "edXML:TraceHeader",
        ("edXML:OrganId", envelope.sender.code),
        ("edXML:Timestamp", moment_text(sent_at)),
    )
    markup.close("edXML:TraceHeaderList")


def write_organ(markup: Markup, name: str, organ: Organ) -> None:
    """Write an agency (QCVN 1.1 and 1.2)."""
    markup.group(
        name,
        ("edXML:OrganId", organ.code),
        ("edXML:OrganizationInCharge", organ.in_charge),
        ("edXML:OrganName", organ.name),
        ("edXML:OrganAdd", organ.address),
        ("edXML:Email", organ.email),
        ("edXML:Telephone", organ.telephone),
        ("edXML:Fax", organ.fax),
        ("edXML:Website", organ.website),
    )


def write_response(markup: Markup, answered: ResponseFor) -> None:
    """Write which document is answered (QCVN 1.12)."""
    markup.group(
        "edXML:ResponseFor",
        ("edXML:OrganId", answered.organ_code),
        ("edXML:Code", answered.code),
        ("edXML:DocumentId", answered.document_id),
        ("edXML:PromulgationDate", answered.promulgation_date),
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


# --- content of attachments --------------------------------------------------


def _file(file: PacketFile) -> Iterator[bytes]:
    with file.open() as stream:
        while block := stream.read(_BLOCK):
            yield block


def _base64(pieces: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        data = rest + piece
        whole = len(data) - len(data) % 3
        yield base64.b64encode(data[:whole])
        rest = data[whole:]
    yield base64.b64encode(rest)


def _wrapped(file: PacketFile, place: str) -> Iterator[bytes]:
    """Yield a ZIP with the file as its one entry, under a name that no other ``place`` has."""
    kind = extension(file.name)
    suffix = kind if kind.isascii() and kind[1:].isalnum() else ".bin"
    before, after = frame(f"{uuid.uuid5(_ENTRY_NAMES, place)}{suffix}", _file(file))
    yield before
    yield from _file(file)
    yield after
