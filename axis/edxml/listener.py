"""What the scanner tells, and to whom."""

from enum import Enum, auto
from typing import Protocol

from axis.edxml.notes import Element


class Kind(Enum):
    """What a listener wants of an element."""

    WALK = auto()
    """Ask again for each child."""
    TREE = auto()
    """Collect it whole."""
    RAW = auto()
    """Its bytes, untouched."""
    SKIP = auto()
    """Nothing; the limits hold all the same."""


class Listener(Protocol):
    """Who is told what the scanner meets. Paths are local names joined by ``/``."""

    def enter(self, path: str, prefix: str, at: int) -> Kind:
        """Say what is wanted of an element; ``at`` is the byte where its tag begins."""

    def leave(self, path: str, at: int) -> None:
        """Hear that a walked element ends; ``at`` is the byte where its end tag begins."""

    def tree(self, path: str, element: Element) -> None:
        """Receive a collected element."""

    def raw(self, data: bytes) -> bool:
        """Receive the next raw bytes; True: they are base64 and line breaks, and nothing else."""

    def raw_end(self, *, plain: bool) -> None:
        """Hear that raw bytes end; not ``plain``: there was more than text among them."""

    def foreign(self, path: str, namespace: str, name: str, at: int) -> None:
        """Hear of an element outside the edXML namespace; its content is skipped."""

    def stray(self, path: str) -> None:
        """Hear that a walked element holds text of its own."""

    def block(self, size: int) -> None:
        """Hear how many bytes were parsed in all."""
