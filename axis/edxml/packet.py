"""The frame of a packet: which element is whose, and what must match what."""

from collections import Counter
from typing import Final
from unicodedata import normalize

from axis.checks.policy import Limits
from axis.edxml import names
from axis.edxml.archive import ArchiveError, ArchiveLimitError
from axis.edxml.attachments import AttachmentSink, DecodedAttachment, Decoding, TooLargeError, finish
from axis.edxml.header import HeaderBuilder
from axis.edxml.listener import Kind
from axis.edxml.notes import Element, Fields, Notes
from axis.edxml.stops import StopError, forbidden, over_limit
from axis.envelope import Envelope, Reference
from axis.violations import Code, Violation

HEADER_BYTES: Final = 16 * 1024 * 1024
"""Of the header: ten thousand recipients with all their details."""

_WALKED: Final = names.FRAME | {names.ROOT, names.ATTACHMENT}
_TREES: Final = frozenset({names.MESSAGE, names.TRACES})
_ATTACHMENT_TEXTS: Final = frozenset({"ContentId", "AttachmentName", "ContentType"})
_HREF: Final = f"{names.XLINK} href"


class PacketListener:
    """Sorts what the scanner meets; notes what breaks the rules of the frame."""

    def __init__(self, limits: Limits, sink: AttachmentSink | None) -> None:
        """Begin.

        Args:
            limits: caps of the policy.
            sink: where attachments go; None: only the header is wanted, and reading stops after it.
        """
        self._limits = limits
        self._sink = sink
        self.notes = Notes()
        self.header = HeaderBuilder(limits, self.notes)
        self.envelope: Envelope | None = None
        self.references: list[Reference] = []
        self._attachments: list[DecodedAttachment] = []
        self._held: list[tuple[str, str]] = []
        """Content id and name of each attachment."""
        self.splice_offset: int | None = None
        self.splice_prefix = ""
        self.splice_list = False
        self._seen: Counter[str] = Counter()
        self._prefixes: dict[str, str] = {}
        self._opened: dict[str, int] = {}
        self._children: Counter[str] = Counter()
        self._attachment = Element("Attachment")
        self._decoding: Decoding | None = None
        self._decoded = 0

    # --- what the scanner tells ---------------------------------------------

    def enter(self, path: str, prefix: str, at: int) -> Kind:
        """Say what is wanted of an element."""
        parent, _, name = path.rpartition("/")
        self._children[parent] += 1
        if not parent and path != names.ROOT:
            raise StopError(
                Violation(Code.ELEMENT_MISSING, "edXML", "phần tử gốc khác / another root element")
            )
        if path in _WALKED:
            return self._enter_frame(path, prefix, at)
        if path == names.CONTENT:
            return self._enter_content()
        if name == "Signature":
            self._signature(path, at)
            return Kind.SKIP
        known = (
            parent in _TREES
            or path == names.REFERENCE
            or (parent == names.ATTACHMENT and name in _ATTACHMENT_TEXTS)
        )
        return Kind.TREE if known else Kind.SKIP

    def leave(self, path: str, at: int) -> None:
        """Hear that an element of the frame ended."""
        if path == names.MESSAGE:
            self.header.end_message()
        elif path == names.TRACES:
            self._end_traces(path, at)
        elif path == names.HEADER:
            self._end_header(path, at)
        elif path == names.ATTACHMENT and self._sink is not None:
            self._end_attachment(self._sink)

    def tree(self, path: str, element: Element) -> None:
        """Receive a collected element."""
        parent = path.rpartition("/")[0]
        if parent == names.MESSAGE:
            self.header.message_child(element)
        elif parent == names.TRACES:
            self.header.trace_child(element)
        elif path == names.REFERENCE:
            self._reference(element)
        else:
            self._attachment.children.append(element)

    def raw(self, data: bytes) -> bool:
        """Receive base64; tell that it is nothing else."""
        if not self._decoding:
            return False
        try:
            return self._decoding.feed(data)
        except TooLargeError:
            raise over_limit("decoded_bytes", self._limits.decoded_bytes) from None

    def raw_end(self, *, plain: bool) -> None:
        """Hear that the base64 ended."""
        if self._decoding:
            self._decoding.close(plain=plain)
            self._decoded += self._decoding.scratch.size

    def foreign(self, path: str, namespace: str, name: str, at: int) -> None:
        """F5: only edXML, but for a signature in the header."""
        if not path:
            old = " (cũ / old)" if namespace in names.OLD_NAMESPACES else ""
            detail = f"phần tử gốc ngoài QCVN 102:2016 / root element outside it{old}"
            raise StopError(Violation(Code.XML_NAMESPACE, "", detail))
        if namespace == names.XMLDSIG and name == "Signature":
            self._signature(f"{path}/{name}", at)
            return
        self.notes.violate(
            Code.XML_NAMESPACE, _dotted(path), "phần tử con ngoài QCVN 102:2016 / foreign child"
        )

    def stray(self, path: str) -> None:
        """F8: text between elements belongs to none of them."""
        self.notes.violate(
            Code.VALUE_INVALID, _dotted(path), "có chữ giữa các phần tử / text between elements"
        )

    def block(self, size: int) -> None:
        """F4: a header ends within its limit."""
        if names.HEADER in self._opened and size - self._opened[names.HEADER] > HEADER_BYTES:
            raise over_limit("header_bytes", HEADER_BYTES)

    def end(self) -> None:
        """Hear that the packet ended well-formed. F6, F11."""
        for path in (names.ENVELOPE, names.HEADER, names.MESSAGE):
            if not self._seen[path]:
                self.notes.violate(Code.ELEMENT_MISSING, _dotted(path), "thiếu / missing")
                break
        self._match()

    # --- the frame ----------------------------------------------------------

    def _enter_frame(self, path: str, prefix: str, at: int) -> Kind:
        self._seen[path] += 1
        if path in names.FRAME and self._seen[path] > 1:
            self.notes.violate(Code.ELEMENT_REPEATED, _dotted(path), "chỉ được có một / may stand once")
            return Kind.SKIP
        self._prefixes[path] = f"{prefix}:" if prefix else ""
        self._opened[path] = at
        if path == names.ATTACHMENT:
            if self._seen[path] > self._limits.attachments:
                raise over_limit("attachments", self._limits.attachments)
            self._attachment = Element("Attachment")
            self._decoding = None
            self._seen[names.CONTENT] = 0
        return Kind.WALK

    def _signature(self, path: str, at: int) -> None:
        if path != names.SIGNATURE:
            raise forbidden("Signature ngoài phần đầu / outside the header")
        self.header.signatures += 1
        if self.header.signatures > 1:
            self.notes.violate(Code.ELEMENT_REPEATED, "Signature", "chỉ được có một / may stand once")
        elif self.splice_offset is None:
            self._set_splice(names.HEADER, at, with_list=True)

    def _set_splice(self, path: str, at: int, *, with_list: bool) -> None:
        self.splice_offset = at
        self.splice_prefix = self._prefixes[path]
        self.splice_list = with_list

    def _end_traces(self, path: str, at: int) -> None:
        if not self._children[path]:
            # An empty tag has no inside to write into; both spellings of it are treated alike.
            detail = "rỗng / empty: thiếu TraceHeader"
            self.notes.violate(Code.ELEMENT_MISSING, "TraceHeaderList.TraceHeader", detail)
            self.splice_offset = None
            return
        self._set_splice(path, at, with_list=False)

    def _end_header(self, path: str, at: int) -> None:
        del self._opened[path]
        if self._seen[names.MESSAGE]:
            self.header.end_header()
            self.envelope = self.header.envelope()
            if self.splice_offset is None and not self._seen[names.TRACES]:
                self._set_splice(path, at, with_list=True)
        else:
            self.notes.violate(Code.ELEMENT_MISSING, "MessageHeader", "thiếu / missing")
        if self._sink is None:
            raise StopError(None)

    # --- manifest and attachments -------------------------------------------

    def _reference(self, element: Element) -> None:
        at = len(self.references)
        if at >= self._limits.attachments:
            raise over_limit("attachments", self._limits.attachments)
        fields = Fields(element, f"Reference[{at}]", self.notes)
        links = (value for key, value in element.attributes.items() if key.startswith(_HREF))
        content_id = fields.may("ContentId") or next(links, "").strip()
        if not content_id:
            self.notes.violate(Code.ELEMENT_MISSING, fields.where("ContentId"), "thiếu / missing")
        self.references.append(
            Reference(
                content_id=content_id,
                content_type=fields.may("ContentType"),
                name=fields.may("AttachmentName"),
                description=fields.may("Description"),
            )
        )

    def _enter_content(self) -> Kind:
        self._seen[names.CONTENT] += 1
        if self._seen[names.CONTENT] > 1:
            where = f"Attachment[{self._seen[names.ATTACHMENT] - 1}].ContentTransferEncoded"
            self.notes.violate(Code.ELEMENT_REPEATED, where, "chỉ được có một / may stand once")
        if self._sink is not None:
            # A repeated one replaces the first; the packet is refused anyway.
            self._decoding = Decoding(self._sink, self._limits.decoded_bytes - self._decoded)
        return Kind.RAW

    def _end_attachment(self, sink: AttachmentSink) -> None:
        where = f"Attachment[{self._seen[names.ATTACHMENT] - 1}]"
        fields = Fields(self._attachment, where, self.notes)
        content_id, name = fields.need("ContentId"), fields.may("AttachmentName")
        content_type = fields.may("ContentType")
        decoding, self._decoding = self._decoding, None
        self._held.append((content_id, name))
        if decoding is None:
            detail = "thiếu / missing"
            self.notes.violate(Code.ELEMENT_MISSING, f"{where}.ContentTransferEncoded", detail)
            return
        if decoding.broken:
            self.notes.violate(Code.ATTACHMENT_ENCODING, where, decoding.broken)
            return
        others = sum(attachment.size for attachment in self._attachments)
        try:
            done = finish(
                decoding.scratch,
                sink,
                content_id=content_id,
                name=name or self._name_in_manifest(content_id),
                content_type=content_type,
                most=self._limits.decoded_bytes - others,
            )
        except ArchiveError as exc:
            # F19: beyond the caps; F14: broken, nested or encrypted.
            limit = isinstance(exc, ArchiveLimitError)
            self.notes.violate(Code.ARCHIVE_LIMIT if limit else Code.ARCHIVE_REFUSED, where, str(exc))
        except TooLargeError:
            raise over_limit("decoded_bytes", self._limits.decoded_bytes) from None
        else:
            self._attachments.append(done)

    def _name_in_manifest(self, content_id: str) -> str:
        return next((line.name for line in self.references if line.content_id == content_id), "")

    def _match(self) -> None:
        """F11: each line of the manifest has its attachment, and the other way round."""
        listed = Counter(line.content_id for line in self.references)
        held = Counter(content_id for content_id, _ in self._held)
        for at, line in enumerate(self.references):
            if line.content_id and (listed[line.content_id] > 1 or held[line.content_id] != 1):
                detail = f"{listed[line.content_id]} dòng / lines, {held[line.content_id]} tệp / files"
                self.notes.violate(Code.ATTACHMENT_UNMATCHED, f"Reference[{at}].ContentId", detail)
        for at, (content_id, name) in enumerate(self._held):
            if content_id and not listed[content_id]:
                detail = "không có trong bản kê / not in the manifest"
                self.notes.violate(Code.ATTACHMENT_UNMATCHED, f"Attachment[{at}].ContentId", detail)
            # Which of the two is shown depends on the recipient's system.
            told = self._name_in_manifest(content_id)
            if name and told and normalize("NFC", name) != normalize("NFC", told):
                detail = "tên khác bản kê / another name than in the manifest"
                self.notes.violate(Code.ATTACHMENT_UNMATCHED, f"Attachment[{at}].AttachmentName", detail)

    def in_manifest_order(self) -> list[DecodedAttachment]:
        """Return the attachments as the manifest lists them; unlisted ones last."""
        places: dict[str, int] = {}
        for at, line in enumerate(self.references):
            places.setdefault(line.content_id, at)
        return sorted(self._attachments, key=lambda a: places.get(a.content_id, len(places)))


def _dotted(path: str) -> str:
    """Return a path of the frame as violations name it: dotted, below the root, MessageHeader left out."""
    short = path.removeprefix(f"{names.MESSAGE}/").removeprefix(f"{names.HEADER}/")
    return short.removeprefix(f"{names.ROOT}/").replace("/", ".")
