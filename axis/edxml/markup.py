"""XML as the vendor's builder lays it out: two blanks a level, one element a line."""

import re
from typing import Final

from axis.edxml.names import NAMESPACE
from axis.errors import RefusedError
from axis.violations import Code, Violation

PREFIX: Final = "edXML:"

# All that XML 1.0 cannot hold, not even as a reference.
_IMPOSSIBLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Return text as it may stand in an element; a carriage return survives as a reference."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


class Markup:
    """Builds a piece of XML text."""

    def __init__(self, level: int = 0) -> None:
        """Begin.

        Args:
            level: depth of the first element, for indentation.
        """
        self._level = level
        self._lines: list[str] = []

    def open(self, name: str, attributes: str = "") -> None:
        """Write a start tag; ``attributes`` is markup, with its leading blank."""
        self._lines.append(f"{'  ' * self._level}<{name}{attributes}>\n")
        self._level += 1

    def close(self, name: str) -> None:
        """Write an end tag."""
        self._level -= 1
        self._lines.append(f"{'  ' * self._level}</{name}>\n")

    def leaf(self, name: str, text: str) -> None:
        """Write an element with text.

        Raises:
            RefusedError: the text holds a character that XML cannot carry. Whoever gave it must mend it.
        """
        if _IMPOSSIBLE.search(text):
            field = name.removeprefix(PREFIX)
            raise RefusedError(Violation(Code.VALUE_INVALID, field, "ký tự điều khiển / control character"))
        self._lines.append(f"{'  ' * self._level}<{name}>{escape(text)}</{name}>\n")

    def may(self, name: str, text: str) -> None:
        """Write an element with text, unless it is empty."""
        if text:
            self.leaf(name, text)

    def group(self, name: str, *leaves: tuple[str, str]) -> None:
        """Write an element with leaves below it, empty ones left out."""
        self.open(name)
        for leaf, text in leaves:
            self.may(leaf, text)
        self.close(name)

    def take(self) -> bytes:
        """Return what was written since the last take."""
        text = "".join(self._lines)
        self._lines.clear()
        return text.encode()


def begin() -> Markup:
    """Return markup in which the XML declaration, the root and the envelope are open."""
    markup = Markup()
    markup.open("edXML", f' xmlns="{NAMESPACE}"')
    markup.open("edXML:edXMLEnvelope", f' xmlns:edXML="{NAMESPACE}"')
    return markup


DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
