"""Status packets (exchange-rules.md 1.4): what a recipient did with a document."""

from axis.checks.policy import Limits
from axis.edxml import names
from axis.edxml.agencies import read_organ, read_response
from axis.edxml.listener import Kind
from axis.edxml.markup import DECLARATION, begin
from axis.edxml.notes import Element, Fields, Notes
from axis.edxml.scanner import Scanner
from axis.edxml.stops import StopError, over_limit
from axis.edxml.values import moment_text, read_moment
from axis.edxml.writer import write_organ, write_response
from axis.envelope import StatusPacket
from axis.violations import Code, Violation

STATUS_BYTES = 1024 * 1024
"""A status packet has no attachments; the vendor's are below 2 KiB."""
CODE_CHARACTERS = 10


class _Listener:
    """Collects the children of MessageHeader."""

    def __init__(self) -> None:
        self.message = Element("MessageHeader")
        self.notes = Notes()
        self.headers = 0

    def enter(self, path: str, prefix: str, at: int) -> Kind:  # noqa: ARG002 - the scanner's seam
        if path == names.MESSAGE:
            self.headers += 1
        if path in {names.ROOT, names.ENVELOPE, names.HEADER, names.MESSAGE}:
            return Kind.WALK
        return Kind.TREE if path.startswith(f"{names.MESSAGE}/") else Kind.SKIP

    def tree(self, path: str, element: Element) -> None:  # noqa: ARG002
        self.message.children.append(element)

    def foreign(self, path: str, namespace: str, name: str, at: int) -> None:  # noqa: ARG002
        if path == names.HEADER and namespace == names.XMLDSIG and name == "Signature":
            return
        self.notes.violate(Code.XML_NAMESPACE, "", "phần tử ngoài QCVN 102:2016 / foreign element")

    def stray(self, path: str) -> None:  # noqa: ARG002
        self.notes.violate(Code.STATUS_MALFORMED, "", "có chữ giữa các phần tử / text between elements")

    def raw(self, data: bytes) -> bool:  # noqa: ARG002
        return False

    def leave(self, path: str, at: int) -> None: ...
    def raw_end(self, *, plain: bool) -> None: ...
    def block(self, size: int) -> None: ...


def read_status(data: bytes, limits: Limits) -> tuple[StatusPacket | None, tuple[Violation, ...]]:
    """Read a status packet.

    Args:
        data: the whole packet.
        limits: caps of the policy; besides, a status has at most 1 MiB.

    Returns:
        The packet, and what is wrong with it. None where it cannot be read;
        with any violation it must not be acted upon. Unknown codes are fine.
    """
    listener = _Listener()
    scanner = Scanner(limits, listener)
    notes = listener.notes
    try:
        if len(data) > STATUS_BYTES:
            raise over_limit("status_bytes", STATUS_BYTES)
        scanner.feed(data)
        scanner.close()
    except StopError as stop:
        scanner.release()
        return None, (*notes.violations, *([stop.violation] if stop.violation else ()))
    if listener.headers != 1:
        notes.violate(Code.STATUS_MALFORMED, "MessageHeader", f"{listener.headers} lần / times")
        return None, tuple(notes.violations)
    fields = Fields(listener.message, "", notes)
    packet = _packet(fields, notes)
    return packet, tuple(_as_status(violation) for violation in notes.violations)


def _packet(fields: Fields, notes: Notes) -> StatusPacket:
    sender, answered = fields.one("From"), fields.one("ResponseFor")
    for name, element in (("From", sender), ("ResponseFor", answered)):
        if element is None:
            notes.violate(Code.STATUS_MALFORMED, name, "thiếu / missing")
    code = fields.need("StatusCode")
    if len(code) > CODE_CHARACTERS:
        notes.violate(Code.STATUS_MALFORMED, "StatusCode", f"> {CODE_CHARACTERS} ký tự / characters")
    response = read_response(Fields(answered, "ResponseFor", notes))
    if answered is not None and not response.document_id:
        # Number and notation alone name no document: another agency may use the same.
        notes.violate(Code.STATUS_MALFORMED, "ResponseFor.DocumentId", "thiếu / missing")
    stamp = fields.may("Timestamp")
    reported_at = read_moment(stamp)
    if stamp and reported_at is None:
        notes.violate(Code.STATUS_MALFORMED, "Timestamp", "không phải thời điểm / not a moment")
    return StatusPacket(
        sender=read_organ(Fields(sender, "From", notes)),
        response_for=response,
        code=code,
        description=fields.may("Description"),
        reported_at=reported_at,
    )


def _as_status(violation: Violation) -> Violation:
    """Say of a missing or repeated value that the status is malformed (K4); F rules are a document's."""
    if violation.code in {Code.ELEMENT_MISSING, Code.ELEMENT_REPEATED, Code.VALUE_INVALID}:
        return Violation(Code.STATUS_MALFORMED, violation.field, violation.detail)
    return violation


def build_status(status: StatusPacket) -> bytes:
    """Write a status packet, in the order of the vendor's builder.

    Args:
        status: empty values are left out; without ``reported_at`` there is no Timestamp.

    Raises:
        RefusedError: a value holds a character that XML cannot carry.
    """
    markup = begin()
    markup.open("edXML:edXMLHeader")
    markup.open("edXML:MessageHeader")
    write_organ(markup, "edXML:From", status.sender)
    write_response(markup, status.response_for)
    markup.leaf("edXML:StatusCode", status.code)
    markup.may("edXML:Description", status.description)
    markup.may("edXML:Timestamp", moment_text(status.reported_at) if status.reported_at else "")
    for name in ("edXML:MessageHeader", "edXML:edXMLHeader", "edXML:edXMLEnvelope", "edXML"):
        markup.close(name)
    return DECLARATION + markup.take()
