"""What the rules are given: pages, components, claims, numbers, and the moment."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TypeAlias

import msgspec

from axis.appearance.advice import Advice
from axis.appearance.grades import Standard
from axis.appearance.layout import Layout
from axis.appearance.view import Box, Line, Page, View
from axis.appearance.wording import WANTED
from axis.violations import Code


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a file beside its pages. What is empty or None is not compared."""

    main: bool = True
    """The document itself, not a file attached to it."""
    kind: str = ""
    number: str = ""
    notation: str = ""
    issued_on: date | None = None
    signer: str = ""
    priority: int | None = None


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One file before the rules."""

    view: View
    layout: Layout
    claims: Claims
    standard: Standard
    today: date
    """In Viet Nam."""

    @property
    def first(self) -> Page:
        """Page 1."""
        return self.view.pages[0]

    def kind(self) -> str:
        """Return the kind of document in small letters, as claimed or as the page says; empty: not known."""
        if self.claims.kind:
            return self.claims.kind.casefold()
        if self.layout.letter_subject:
            return "công văn"
        return self.layout.kind.text.casefold() if self.layout.kind else ""

    def fits(self, size: float, component: str) -> bool:
        """Tell whether a type size in points is one of a component's."""
        least, most = self.standard.sizes[component]
        return least - self.standard.size_tolerance <= size <= most + self.standard.size_tolerance

    def says(self, code: Code) -> tuple[str, str]:
        """Return what the decree says of a component, in both languages, with the sizes of the data."""
        sizes = {component: self.sizes(component) for component in self.standard.sizes}
        vi, en = WANTED[code]
        return vi.format_map(sizes), en.format_map(sizes)

    def sizes(self, component: str) -> str:
        """Return the sizes of a component in words, e.g. ``13–14``."""
        least, most = self.standard.sizes[component]
        return f"{least:g}" if least == most else f"{least:g}–{most:g}"


Rule: TypeAlias = Callable[[Sheet], Iterator[Advice]]


def figure(value: float) -> str:
    """Return a number for people: at most one decimal, a comma."""
    return f"{value:.1f}".removesuffix(".0").replace(".", ",")


def style_faults(
    sheet: Sheet, line: Line, component: str, *, bold: bool | None = None, italic: bool | None = None
) -> list[tuple[str, str]]:
    """Return what is wrong with a line's size and style, in both languages."""
    faults = []
    if not sheet.fits(line.size, component):
        faults.append((f"cỡ chữ {figure(line.size)}", f"size {line.size:g}"))
    if bold is not None and line.bold != bold:
        faults.append(("chữ đậm", "bold") if line.bold else ("chữ không đậm", "not bold"))
    if italic is not None and line.italic != italic:
        faults.append(("chữ nghiêng", "italic") if line.italic else ("chữ không nghiêng", "not italic"))
    return faults


def told(faults: list[tuple[str, str]], text: str = "") -> tuple[str, str]:
    """Put faults into one sentence a language, with the words of the page behind it."""
    quoted = f": “{short(text)}”" if text else ""
    return ", ".join(vi for vi, _ in faults) + quoted, ", ".join(en for _, en in faults) + quoted


def short(text: str, most: int = 80) -> str:
    """Return text that fits a report."""
    return text if len(text) <= most else text[: most - 1] + "…"


def covered(page: Page, box: Box) -> bool:
    """Tell whether a picture lies over a place: what it shows is not known."""
    return any(picture.overlaps(box) for picture in page.pictures)
