"""The pages of a PDF as PDFium shows them: letters with their style, lines, pictures.

PDFium is native code: this runs in a judging process, within its limits.
"""

import ctypes
import math
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pypdfium2
import pypdfium2.raw as pdfium

from axis.appearance.view import MM, Box, Line, Page, Run, Stroke

MOST_LETTERS: Final = 400_000
"""Of one file; what comes after is not looked at."""
MOST_DRAWINGS: Final = 20_000
"""Objects of one page that are looked at."""

_INVISIBLE: Final = 3
"""Text render mode: neither filled nor stroked."""
_FILLED_AND_STROKED: Final = 2
_BOLD_WEIGHT: Final = 600
_SLANT: Final = 0.12
"""Of an upright font sheared by its matrix."""
_WIDE_GAP: Final = 2.4
"""Ems between two letters of one height: from here on they stand in different columns."""
_THIN_MM: Final = 1.2
"""Higher and wider than this, a drawing is a frame or a picture and no line."""
_SUBSET: Final = 7
"""Letters of ``ABCDEF+``."""


class _Style(NamedTuple):
    font: str
    size: float
    bold: bool
    italic: bool
    colour: tuple[int, int, int]
    hidden: bool


class _Letter(NamedTuple):
    text: str
    box: Box
    base: float
    style: _Style


def read_page(page: pypdfium2.PdfPage, number: int) -> Page:
    """Read one page.

    Args:
        page: loaded.
        number: from 1.

    Raises:
        pypdfium2.PdfiumError: the page cannot be read.
    """
    width, height = page.get_size()
    place = Place(page)
    letters = list(_letters(page, place))
    shown = [one for one in letters if not one.style.hidden]
    pictures, strokes, nested = _drawings(page, place)
    return Page(
        number=number,
        width=width * MM,
        height=height * MM,
        lines=tuple(_lines(shown)),
        pictures=tuple(pictures),
        strokes=tuple(strokes),
        nested=nested,
        hidden=len(letters) - len(shown),
        letters=len(shown),
    )


class Place:
    """Turns points of the page's own system into millimetres of the page as shown."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        """Take the visible box and the rotation of a page."""
        self._left, self._bottom, self._right, self._top = page.get_bbox()
        self._turn = page.get_rotation()

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Return a rectangle as shown."""
        corners = [self.point(left, bottom), self.point(right, top)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return Box(min(xs), min(ys), max(xs), max(ys))

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a point as shown."""
        right, up = x - self._left, y - self._bottom
        width, height = self._right - self._left, self._top - self._bottom
        shown = {
            0: (right, height - up),
            90: (up, right),
            180: (width - right, up),
            270: (height - up, width - right),
        }[self._turn]
        return shown[0] * MM, shown[1] * MM


def _letters(page: pypdfium2.PdfPage, place: Place) -> Iterator[_Letter]:
    text = page.get_textpage()
    count = min(text.count_chars(), MOST_LETTERS)
    styles: dict[int, _Style] = {}
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_double(), ctypes.c_double()
    rect = pdfium.FS_RECTF()
    for at in range(count):
        code = pdfium.FPDFText_GetUnicode(text, at)
        letter = chr(code) if 0 < code <= sys.maxunicode else "\ufffd"
        if letter.isspace() or pdfium.FPDFText_IsGenerated(text, at) == 1:
            if letter in "\r\n":
                yield _Letter("\n", Box(0, 0, 0, 0), 0, _NO_STYLE)
            else:
                yield _Letter(" ", Box(0, 0, 0, 0), 0, _NO_STYLE)
            continue
        owner = pdfium.FPDFText_GetTextObject(text, at)
        key = ctypes.cast(owner, ctypes.c_void_p).value or 0
        if key not in styles:
            styles[key] = _style(text, at, owner)
        if not pdfium.FPDFText_GetLooseCharBox(text, at, rect):
            continue
        if not pdfium.FPDFText_GetCharOrigin(text, at, x, y):
            continue
        box = place.box(rect.left, rect.bottom, rect.right, rect.top)
        if pdfium.FPDFText_GetCharBox(text, at, left, right, bottom, top):
            # Sideways the ink counts: it is what a margin leaves free.
            ink = place.box(left.value, bottom.value, right.value, top.value)
            box = Box(ink.left, box.top, ink.right, box.bottom)
        yield _Letter(letter, box, place.point(x.value, y.value)[1], styles[key])


_NO_STYLE: Final = _Style("", 0.0, bold=False, italic=False, colour=(0, 0, 0), hidden=False)


def _style(text: pypdfium2.PdfTextPage, at: int, owner: Any) -> _Style:  # noqa: ANN401 - a pointer
    matrix = pdfium.FS_MATRIX(1, 0, 0, 1, 0, 0)
    pdfium.FPDFText_GetMatrix(text, at, matrix)
    size = pdfium.FPDFText_GetFontSize(text, at) * math.hypot(matrix.c, matrix.d)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    pdfium.FPDFText_GetFillColor(text, at, red, green, blue, alpha)
    mode = pdfium.FPDFTextObj_GetTextRenderMode(owner) if owner else 0
    font = pdfium.FPDFTextObj_GetFont(owner) if owner else None
    name, weight, angle = "", -1, ctypes.c_int()
    if font:
        buffer = ctypes.create_string_buffer(256)
        pdfium.FPDFFont_GetBaseFontName(font, buffer, len(buffer))
        name = buffer.value.decode("utf-8", "replace")
        weight = pdfium.FPDFFont_GetWeight(font)
        pdfium.FPDFFont_GetItalicAngle(font, angle)
    if len(name) > _SUBSET and name[_SUBSET - 1] == "+":
        name = name[_SUBSET:]
    low = name.lower()
    slanted = abs(matrix.c) > _SLANT * abs(matrix.d) and abs(matrix.b) < abs(matrix.a) / 10
    return _Style(
        font=name,
        size=round(size, 2),
        bold=any(word in low for word in ("bold", "black", "heavy"))
        or mode == _FILLED_AND_STROKED
        or (weight >= _BOLD_WEIGHT and "regular" not in low),
        italic=any(word in low for word in ("italic", "oblique")) or angle.value != 0 or slanted,
        colour=(red.value, green.value, blue.value),
        hidden=mode == _INVISIBLE or alpha.value == 0,
    )


def _lines(letters: list[_Letter]) -> list[Line]:
    """Put letters into runs, and runs that stand side by side into lines."""
    pieces: list[list[_Letter]] = []
    blank = False
    for one in letters:
        if one.text in "\n ":
            blank = True
            continue
        last = pieces[-1][-1] if pieces else None
        if last is not None and _beside(last, one):
            if blank or one.box.left - last.box.right > 0.22 * one.style.size * MM:
                pieces[-1].append(_Letter(" ", last.box, last.base, last.style))
            pieces[-1].append(one)
        else:
            pieces.append([one])
        blank = False
    lines = [Line(tuple(_runs(piece))) for piece in _joined(pieces)]
    return sorted(lines, key=lambda line: (round(line.box.bottom, 0), line.box.left))


def _beside(last: _Letter, one: _Letter) -> bool:
    em = max(last.style.size, one.style.size) * MM
    gap = one.box.left - last.box.right
    return abs(one.base - last.base) < 0.25 * em and -0.6 * em < gap < _WIDE_GAP * em


def _joined(pieces: list[list[_Letter]]) -> list[list[_Letter]]:
    """Join pieces of one line that stood apart in the file."""
    pieces = sorted(pieces, key=lambda piece: (piece[0].base, piece[0].box.left))
    done: list[list[_Letter]] = []
    for piece in pieces:
        for other in reversed(done[-8:]):
            if _beside(other[-1], piece[0]):
                gap = piece[0].box.left - other[-1].box.right
                if gap > 0.15 * piece[0].style.size * MM:
                    other.append(_Letter(" ", other[-1].box, other[-1].base, other[-1].style))
                other.extend(piece)
                break
        else:
            done.append(list(piece))
    return done


def _runs(piece: list[_Letter]) -> Iterator[Run]:
    begin = 0
    for at in range(1, len(piece) + 1):
        if at < len(piece) and piece[at].style == piece[begin].style:
            continue
        part = piece[begin:at]
        style = part[0].style
        yield Run(
            text=unicodedata.normalize("NFC", "".join(one.text for one in part)),
            box=Box(
                min(one.box.left for one in part),
                min(one.box.top for one in part),
                max(one.box.right for one in part),
                max(one.box.bottom for one in part),
            ),
            font=style.font,
            size=style.size,
            bold=style.bold,
            italic=style.italic,
            colour=style.colour,
        )
        begin = at


def _drawings(page: pypdfium2.PdfPage, place: Place) -> tuple[list[Box], list[Stroke], bool]:
    pictures: list[Box] = []
    strokes: list[Stroke] = []
    nested = False
    for count, drawn in enumerate(page.get_objects(max_depth=1)):
        if count >= MOST_DRAWINGS:
            nested = True
            break
        if drawn.type == pdfium.FPDF_PAGEOBJ_FORM:
            nested = True
        elif drawn.type in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_PATH):
            try:
                box = place.box(*drawn.get_bounds())
            except pypdfium2.PdfiumError:
                continue
            if drawn.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                pictures.append(box)
            else:
                strokes.append(Stroke(box=box, colour=_stroke_colour(drawn)))
    return pictures, strokes, nested


def _stroke_colour(drawn: pypdfium2.PdfObject) -> tuple[int, int, int]:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDFPath_GetDrawMode(drawn, fill, stroke)
    get = pdfium.FPDFPageObj_GetStrokeColor if stroke.value else pdfium.FPDFPageObj_GetFillColor
    get(drawn, red, green, blue, alpha)
    return red.value, green.value, blue.value


def is_line(stroke: Stroke) -> bool:
    """Tell whether a drawing is a horizontal line."""
    return stroke.box.height <= _THIN_MM and stroke.box.width > 4 * _THIN_MM
