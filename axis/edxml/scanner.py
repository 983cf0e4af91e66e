"""One pass over XML bytes, with hard limits and no surprises.

A namespace-aware expat parser behind rules F1 to F5: UTF-8 only; no DOCTYPE,
no entity, no processing instruction; everything that can grow has a cap. The
bytes are parsed in blocks of one size whatever size they come in, so that the
same bytes always give the same reading. Base64 content is taken from the raw
bytes, past the parser: that shows comments, CDATA sections and character
references for what they are. A block that is nothing but base64 the parser does
not see at all: to look for markup in it is most of what reading a packet costs.
"""

from typing import Final
from xml.parsers import expat

from axis.checks.policy import Limits
from axis.edxml.listener import Kind, Listener
from axis.edxml.names import NAMESPACE, SCHEMA_INSTANCE
from axis.edxml.notes import Element
from axis.edxml.rawtext import RawText, Unseen
from axis.edxml.stops import NAME, NAMES, URI, StopError, check_encoding, forbidden, over_limit, refusal
from axis.violations import Code, Violation

BLOCK: Final = 64 * 1024
"""Bytes parsed at a time."""
TOKEN: Final = 2 * BLOCK
"""Bytes of one tag or comment: expat holds a whole one in memory."""

_HANDLERS: Final = (
    "XmlDeclHandler",
    "StartDoctypeDeclHandler",
    "ProcessingInstructionHandler",
    "StartNamespaceDeclHandler",
    "StartElementHandler",
    "EndElementHandler",
    "CharacterDataHandler",
    "CommentHandler",
    "StartCdataSectionHandler",
)


def _split(name: str) -> tuple[str, str, str]:
    """Take expat's composed name apart: namespace, local name, prefix."""
    if " " not in name:
        return "", name, ""
    space, local, *prefix = name.split(" ")
    return space, local, prefix[0] if prefix else ""


class Scanner:
    """Feeds bytes to expat and tells a listener what of it is edXML."""

    def __init__(self, limits: Limits, listener: Listener) -> None:
        """Begin before the first byte.

        Args:
            limits: caps of the policy.
            listener: is told; may raise `StopError`.
        """
        self._limits = limits
        self._listener = listener
        self._names: dict[str, str] = {}
        self._parser = expat.ParserCreate("utf-8", " ", intern=self._names)
        self._parser.namespace_prefixes = True
        self._listen()
        self._pending = bytearray()
        self._block = self._before = b""
        self._start = 0
        self._depth = self._elements = self._declarations = 0
        self._paths: list[str] = []
        self._tree: list[Element] = []
        self._skipped = 0  # depth inside a skipped element
        self._text = 0  # bytes of text in an element that is not collected
        self._raw: RawText | None = None
        self._unseen = Unseen(self._parser)

    def feed(self, data: bytes) -> None:
        """Take the next bytes, in pieces of any size.

        Raises:
            StopError: the packet cannot be read on; or the listener has seen enough.
        """
        self._pending += data
        while len(self._pending) >= BLOCK:
            block = bytes(self._pending[:BLOCK])
            del self._pending[:BLOCK]
            self._parse(block, final=False)

    def close(self) -> None:
        """Parse what is left: there is no more.

        Raises:
            StopError: as `feed`.
        """
        block = bytes(self._pending)
        self._pending.clear()
        self._parse(block, final=True)
        self.release()

    def release(self) -> None:
        """Let go of the parser, which would otherwise hold this object in a cycle."""
        for handler in _HANDLERS:
            setattr(self._parser, handler, None)

    def _listen(self) -> None:
        parser = self._parser
        parser.XmlDeclHandler = self._declared
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler = self._instruction
        parser.StartNamespaceDeclHandler = self._namespace
        parser.StartElementHandler = self._opened
        parser.EndElementHandler = self._closed
        parser.CharacterDataHandler = self._characters

    def _parse(self, block: bytes, *, final: bool) -> None:
        if not self._start and not self._block:
            check_encoding(block)
        self._start += len(self._block)
        self._before, self._block = self._block, block
        size = self._start + len(block)
        if size > self._limits.packet_bytes:
            raise over_limit("packet_bytes", self._limits.packet_bytes)
        # Only where expat holds nothing back: what it has not done with may be the beginning of markup.
        if not final and self._raw and self._at() == self._start and self._raw.passes(block, self._start):
            self._unseen.add(block)
        else:
            self._look(block, final=final)
        self._listener.block(size)

    def _look(self, block: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as exc:
            at = self._parser.ErrorByteIndex + self._unseen.size - self._start
            place = self._unseen.place(exc.lineno, exc.offset)
            raise StopError(refusal(exc, block[max(at, 0) : at + 1], *place)) from None
        if self._raw:
            self._raw.drain(self._before, block, self._start)
        if not final and self._start + len(block) - self._at() > TOKEN:
            raise over_limit("token_bytes", TOKEN)

    def _at(self) -> int:
        # Where expat stands, as an offset in the packet: everything before is done with.
        return self._parser.CurrentByteIndex + self._unseen.size

    # --- what expat tells ---------------------------------------------------

    def _declared(self, version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() != "utf-8":
            raise StopError(Violation(Code.XML_ENCODING, "", "khai báo mã khác UTF-8 / declared encoding"))
        if version != "1.0":
            raise StopError(Violation(Code.XML_MALFORMED, "", "không phải XML 1.0 / not XML 1.0"))

    def _doctype(self, *_: object) -> None:
        raise forbidden("DOCTYPE")

    def _instruction(self, *_: object) -> None:
        raise forbidden("chỉ thị xử lý / processing instruction")

    def _namespace(self, prefix: str | None, uri: str | None) -> None:
        self._declarations += 1
        if self._declarations > self._limits.attributes:
            raise over_limit("attributes", self._limits.attributes)
        if len(prefix or "") > NAME:
            raise over_limit("name_characters", NAME)
        # White space would forge the name that expat composes of namespace and local name.
        if uri and (len(uri) > URI or any(character.isspace() for character in uri)):
            raise StopError(Violation(Code.XML_NAMESPACE, "", "không gian tên hỏng / broken namespace"))

    def _opened(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        space, local, prefix = _split(name)
        self._check_caps(local, attributes)
        if self._raw:
            self._raw.plain = False
            self._skipped += 1
        elif self._skipped:
            self._skipped += 1
            self._text = 0
        elif space != NAMESPACE:
            here = self._paths[-1] if self._paths else ""
            self._skip()
            self._listener.foreign(here, space, local, self._at())
        elif self._tree:
            self._tree.append(Element(local, attributes))
        else:
            self._ask(local, prefix, attributes)

    def _check_caps(self, local: str, attributes: dict[str, str]) -> None:
        limits = self._limits
        if self._depth > limits.depth:
            raise over_limit("depth", limits.depth)
        if self._elements > limits.elements:
            raise over_limit("elements", limits.elements)
        if len(attributes) + self._declarations > limits.attributes:
            raise over_limit("attributes", limits.attributes)
        self._declarations = 0
        if len(self._names) > NAMES:
            raise over_limit("names", NAMES)
        if len(local) > NAME or (attributes and max(len(_split(key)[1]) for key in attributes) > NAME):
            raise over_limit("name_characters", NAME)
        if any(key.startswith(SCHEMA_INSTANCE) and "chemaLocation" in key for key in attributes):
            raise forbidden("schemaLocation")

    def _ask(self, local: str, prefix: str, attributes: dict[str, str]) -> None:
        path = f"{self._paths[-1]}/{local}" if self._paths else local
        kind = self._listener.enter(path, prefix, self._at())
        if kind is Kind.SKIP:
            self._skip()
            return
        self._paths.append(path)
        self._text = 0
        if kind is Kind.TREE:
            self._tree.append(Element(local, attributes))
        elif kind is Kind.RAW:
            self._raw = RawText(self._listener)
            self._parser.CommentHandler = self._not_plain
            self._parser.StartCdataSectionHandler = self._not_plain

    def _skip(self) -> None:
        self._skipped = 1
        self._text = 0

    def _closed(self, _name: str) -> None:
        self._depth -= 1
        if self._skipped:
            self._skipped -= 1
            self._text = 0
        elif self._raw:
            self._end_raw(self._raw)
        elif self._tree:
            element = self._tree.pop()
            if self._tree:
                self._tree[-1].children.append(element)
            else:
                self._listener.tree(self._paths.pop(), element)
        else:
            self._text = 0
            self._listener.leave(self._paths.pop(), self._at())

    def _characters(self, data: str) -> None:
        if self._raw:
            if not self._skipped:
                # One event tells where the text begins; from here on the bytes speak for themselves.
                self._parser.CharacterDataHandler = None
                self._raw.begin(self._at())
            return
        if self._tree and not self._skipped:
            element = self._tree[-1]
            element.size += len(data.encode())
            element.texts.append(data)
            size = element.size
        elif data.isspace():
            return  # between the elements: kept nowhere
        else:
            self._text += len(data.encode())
            size = self._text
            if not self._skipped:
                self._listener.stray(self._paths[-1])
        if size > self._limits.text_bytes:
            raise over_limit("text_bytes", self._limits.text_bytes)

    # --- raw content --------------------------------------------------------

    def _not_plain(self, *_: object) -> None:
        assert self._raw is not None, "heard between begin and end"
        self._raw.plain = False

    def _end_raw(self, raw: RawText) -> None:
        self._raw = None
        self._parser.CharacterDataHandler = self._characters
        self._parser.CommentHandler = self._parser.StartCdataSectionHandler = None
        self._paths.pop()
        raw.end(self._at(), self._before, self._block, self._start)
