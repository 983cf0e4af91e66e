"""The content of one element, taken from the packet's bytes and not from the parser's events."""

from typing import Final
from xml.parsers import expat

from axis.edxml.listener import Listener

_TAG: Final = b"<"


class Unseen:
    """What of a packet the parser was not given, so that its places can be told as if it had been."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        """Begin with nothing.

        Args:
            parser: whose places are meant.
        """
        self._parser = parser
        self.size = 0
        """Bytes."""
        self._lines = 0
        self._line = 0  # where the parser stood the last time; only on that line columns differ
        self._columns = 0

    def add(self, block: bytes) -> None:
        """Count a block of ASCII that the parser has come to and does not get."""
        line = self._parser.CurrentLineNumber
        if line != self._line:
            self._line, self._columns = line, 0
        last = max(block.rfind(b"\n"), block.rfind(b"\r"))
        if last < 0:
            self._columns += len(block)
        else:
            self._lines += block.count(b"\n") + block.count(b"\r") - block.count(b"\r\n")
            self._columns = len(block) - last - 1 - self._parser.CurrentColumnNumber
        self.size += len(block)

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Return line and column in the packet for those that the parser tells."""
        return line + self._lines, column + (self._columns if line == self._line else 0)


class RawText:
    """Where the raw bytes of one element stand, and how far they were handed on."""

    def __init__(self, listener: Listener) -> None:
        """Begin at the element's tag.

        Args:
            listener: gets the bytes.
        """
        self._listener = listener
        self.plain = True
        """So far text alone: no comment, no CDATA section, no element."""
        self._from: int | None = None  # first raw byte not yet handed on, as an offset in the packet
        self._stop: int | None = None  # first "<" among the raw bytes

    def begin(self, at: int) -> None:
        """Hear where the text begins, an offset in the packet."""
        self._from = at

    def passes(self, block: bytes, start: int) -> bool:
        """Hand on a block before it is parsed; tell that the parser need not see it.

        That is so where the listener found nothing but base64 and line breaks in it: no byte of these
        means anything in XML. A tag, a text that began elsewhere, or an end of line that the next block may
        complete, is the parser's.

        Args:
            block: the next bytes of the packet.
            start: their offset. The parser has done with all that is before.
        """
        if self._from != start or self._stop is not None or _TAG in block or block.endswith(b"\r"):
            return False
        self._from = start + len(block)
        return self._listener.raw(block)

    def drain(self, before: bytes, block: bytes, start: int) -> None:
        """Hand on what a parsed block holds of raw bytes: up to its end, or to the first tag.

        Args:
            before: the block before it.
            block: the one that was parsed.
            start: its offset.
        """
        if self._from is None or self._stop is not None or self._from == start + len(block):
            return
        window = before + block if self._from < start else block
        base = start + len(block) - len(window)
        tag = window.find(_TAG, self._from - base)
        stop = base + (tag if tag >= 0 else len(window))
        self._give(stop, before, block, start)
        if tag >= 0:
            self._stop = stop

    def end(self, at: int, before: bytes, block: bytes, start: int) -> None:
        """Hear where the element's end tag begins, an offset in the packet; the rest as for `drain`."""
        if self._stop is not None:
            # The tag seen in the bytes must be the one that ends the element.
            self.plain = self.plain and self._stop == at
        elif self._from is not None:
            self._give(at, before, block, start)
        self._listener.raw_end(plain=self.plain)

    def _give(self, stop: int, before: bytes, block: bytes, start: int) -> None:
        assert self._from is not None, "called between begin and end"
        first = self._from - start
        if first < 0:  # the event came late: the text began in the block before
            assert first >= -len(before), "a token is never longer than what is kept"
            self._listener.raw(before[first : stop - start if stop < start else None])
            first = 0
        if stop > start:
            self._listener.raw(block[first : stop - start])
        self._from = stop
