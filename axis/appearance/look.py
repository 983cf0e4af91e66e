"""Look at a PDF: its pages and marks as a `View`, and its pages as pictures for people."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

import msgspec
import pypdfium2

from axis.appearance.marks import Drawn, Widget, read_widgets
from axis.appearance.reading import Place, read_page
from axis.appearance.view import MM, Box, Mark, Page, Picture, View

MOST_PAGES: Final = 60
"""Of one file that are looked at: the first ones, and the last."""
MOST_PICTURES: Final = 30
"""Pages of one file that are drawn."""
PIXELS_ACROSS: Final = 900
"""Width of a page's picture: 109 dots an inch on A4."""
_MOST_DOWN: Final = 4 * PIXELS_ACROSS
_COLOURS: Final = 64
"""In a picture's palette: text and stamps need no more."""
_FAST_OCTREE: Final = 2
"""Pillow's name for how the palette is found: this one keeps the blue of a few strokes beside much red."""


class UnseenError(Exception):
    """PDFium cannot open the file, or a page of it: there is nothing to advise on."""


def look(file: BinaryIO, *, attachment: bool = False) -> View:
    """Look at all pages, or at as many as are looked at.

    Args:
        file: the PDF, seekable.
        attachment: also read what a mark on page 1 says.

    Raises:
        UnseenError: it cannot be opened or read.
    """
    widgets = read_widgets(file)
    with _opened(file) as pdf:
        try:
            return _look(pdf, widgets, attachment=attachment)
        except pypdfium2.PdfiumError as exc:
            raise UnseenError(str(exc)) from exc


def _look(pdf: pypdfium2.PdfDocument, widgets: list[Widget], *, attachment: bool) -> View:
    count = len(pdf)
    numbers = [*range(min(count, MOST_PAGES - 1)), *([count - 1] if count >= MOST_PAGES else [])]
    pages: list[Page] = []
    marks: dict[int, Mark] = {}
    for number in numbers:
        page = pdf[number]
        pages.append(read_page(page, number + 1))
        place = Place(page)
        here = [(at, one) for at, one in enumerate(widgets) if one.page == number + 1]
        page.close()
        if here:
            drawn = Drawn(pdf, number)
            for at, widget in here:
                marks[at] = drawn.mark(widget, place.box(*widget.rect))
    found = tuple(marks[at] for at in sorted(marks))
    if attachment and found and found[-1].page == 1:
        found = (*found[:-1], _with_text(pdf, found[-1]))
    return View(pages=tuple(pages), page_count=count, marks=found)


def _with_text(pdf: pypdfium2.PdfDocument, mark: Mark) -> Mark:
    """Read what a mark says: it is part of its page's content by now, and its letters are the page's."""
    page = pdf[mark.page - 1]
    inside: Box = mark.box.grown(1)
    lines = [
        line
        for line in read_page(page, mark.page).lines
        if inside.left <= line.box.left
        and line.box.right <= inside.right
        and inside.top <= line.box.middle_down <= inside.bottom
    ]
    if not lines:
        return mark
    text = " ".join(line.text for line in lines)
    return msgspec.structs.replace(mark, text=text, size=lines[0].size)


def draw(file: BinaryIO) -> tuple[Picture, ...]:
    """Draw the first pages, with what signatures show on them.

    Raises:
        UnseenError: it cannot be opened or drawn.
    """
    with _opened(file) as pdf:
        try:
            return tuple(_draw(pdf, number) for number in range(min(len(pdf), MOST_PICTURES)))
        except (pypdfium2.PdfiumError, ValueError) as exc:
            raise UnseenError(str(exc)) from exc


def _draw(pdf: pypdfium2.PdfDocument, number: int) -> Picture:
    page = pdf[number]
    width, height = page.get_size()
    scale = min(PIXELS_ACROSS / max(width, 1.0), _MOST_DOWN / max(height, 1.0))
    output = io.BytesIO()
    image = page.render(scale=scale, draw_annots=True, may_draw_forms=True).to_pil()
    image.quantize(_COLOURS, method=_FAST_OCTREE).save(output, "PNG", optimize=True)
    page.close()
    return Picture(page=number + 1, width=width * MM, height=height * MM, png=output.getvalue())


@contextmanager
def _opened(file: BinaryIO) -> Iterator[pypdfium2.PdfDocument]:
    file.seek(0)
    try:
        pdf = pypdfium2.PdfDocument(file)
        pdf.init_forms()
    except pypdfium2.PdfiumError as exc:
        raise UnseenError(str(exc)) from exc
    try:
        yield pdf
    finally:
        pdf.close()
