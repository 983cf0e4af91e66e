"""What stands on the pages of a PDF, as a plain frozen value: the rules judge this and nothing else.

Lengths are millimetres from the upper left corner of the page as it is shown.
"""

from collections.abc import Hashable, Iterable
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

import msgspec

MM: Final = 25.4 / 72
"""Millimetres in a point."""


class Box(NamedTuple):
    """A rectangle on a page, in millimetres from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half way from left to right."""
        return (self.left + self.right) / 2

    @property
    def middle_down(self) -> float:
        """Half way from top to bottom."""
        return (self.top + self.bottom) / 2

    def grown(self, by: float) -> "Box":
        """Return a box larger by so much on each side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def overlaps(self, other: "Box") -> bool:
        """Tell whether two boxes share more than an edge."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


def around(boxes: "list[Box] | tuple[Box, ...]") -> Box:
    """Return the smallest box around others; there is at least one."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


T = TypeVar("T", bound=Hashable)


def most_of(parts: Iterable[tuple[T, str]]) -> T:
    """Return the value that most letters have; there is at least one part."""
    found: dict[T, int] = {}
    for value, text in parts:
        found[value] = found.get(value, 0) + len(text)
    return max(found, key=found.__getitem__)


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Letters of one style on one line. No blank stands alone in a run."""

    text: str
    """NFC."""
    box: Box
    """Of the letters' full height, ink or not."""
    font: str
    """Name without the prefix of a subset; empty: the file does not say."""
    size: float
    """Points, with the matrix applied."""
    bold: bool = False
    italic: bool = False
    colour: tuple[int, int, int] = (0, 0, 0)
    """Red, green, blue; 0 to 255."""


class Line(msgspec.Struct, frozen=True, dict=True):
    """Runs that stand side by side: one line of a column."""

    runs: tuple[Run, ...]

    @cached_property
    def text(self) -> str:
        """All of it, single blanks."""
        return " ".join("".join(run.text for run in self.runs).split())

    @cached_property
    def box(self) -> Box:
        """Around all runs."""
        return around([run.box for run in self.runs])

    @cached_property
    def size(self) -> float:
        """Points, of most of its letters."""
        return most_of((run.size, run.text) for run in self.runs)

    @cached_property
    def font(self) -> str:
        """Of most of its letters."""
        return most_of((run.font, run.text) for run in self.runs)

    @cached_property
    def bold(self) -> bool:
        """Whether most of its letters are."""
        return most_of((run.bold, run.text) for run in self.runs)

    @cached_property
    def italic(self) -> bool:
        """Whether most of its letters are."""
        return most_of((run.italic, run.text) for run in self.runs)

    @cached_property
    def colour(self) -> tuple[int, int, int]:
        """Of most of its letters."""
        return most_of((run.colour, run.text) for run in self.runs)


class Stroke(msgspec.Struct, frozen=True, kw_only=True):
    """Something drawn: a line, or a frame."""

    box: Box
    colour: tuple[int, int, int]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page."""

    number: int
    """From 1."""
    width: float
    height: float
    lines: tuple[Line, ...] = ()
    """From top to bottom, then from left to right."""
    pictures: tuple[Box, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    nested: bool = False
    """Something is drawn inside another drawing; its lines are not among ``strokes``."""
    hidden: int = 0
    """Letters that are not shown: text behind a scan."""
    letters: int = 0
    """Letters that are shown."""

    @property
    def scanned(self) -> bool:
        """A picture of a page: it has no letters of its own."""
        covered = max((box.width * box.height for box in self.pictures), default=0.0)
        return covered > self.width * self.height / 2 and self.letters <= self.hidden + _STRAY


_STRAY: Final = 60
"""Letters that programs print over a scan: a page number, a stamp."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The picture of a signature on a page."""

    field: str
    page: int
    """From 1."""
    box: Box
    """The widget's."""
    ink: Box | None
    """Where it shows something; None: it shows nothing."""
    colour: str = ""
    """``red``, ``blue``, ``black``, ``other``: of most of its ink; empty: no ink."""
    text: str = ""
    size: float = 0.0
    """Points, of most of its letters; 0: it has none."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """All that was seen of one PDF."""

    pages: tuple[Page, ...]
    page_count: int
    """Of the file; more than ``pages`` where there are too many to look at."""
    marks: tuple[Mark, ...] = ()
    """Signatures in the order of signing, time-stamps left out."""

    def marks_on(self, page: int) -> tuple[Mark, ...]:
        """Return the marks of one page."""
        return tuple(mark for mark in self.marks if mark.page == page)


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One page as drawn."""

    page: int
    """From 1."""
    width: float
    """Millimetres."""
    height: float
    png: bytes
