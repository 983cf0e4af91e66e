"""Where a PDF shows its signatures, and what is to be seen there.

The structure is read with pikepdf (whose is the field, in which order they signed); what a mark shows is
measured on the page as drawn, with the marks and without them: what differs is theirs.
"""

import operator
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import pikepdf
import pypdfium2

from axis.appearance.view import MM, Box, Mark

MOST_MARKS: Final = 20
"""Signatures of one file that are looked at."""
_MOST_DEPTH: Final = 20
"""Parents of a field."""
_SCALE: Final = 1.0
"""Pixels in a point, for measuring."""
_MOST_PIXELS: Final = 3000
_STEP: Final = 24
"""Difference of one channel from which on a pixel is ink."""
_STAMP: Final = "ETSI.RFC3161"


class Widget:
    """One signature of the file and where it stands."""

    def __init__(self, field: str, page: int, rect: tuple[float, float, float, float], end: int) -> None:
        self.field = field
        self.page = page
        self.rect = rect
        """Left, bottom, right, top in points of the page's own system."""
        self.end = end
        """Bytes of the file up to the end of what it covers: the order of signing."""


def read_widgets(file: BinaryIO) -> list[Widget]:
    """Return the filled signature fields with their widgets, in the order of signing.

    A file that pikepdf does not open, or not this part of it, has none here: unknown is no advice.
    """
    file.seek(0)
    try:
        with pikepdf.open(file, attempt_recovery=False) as pdf:
            found = list(_widgets(pdf))
    except (pikepdf.PdfError, ValueError, TypeError, AttributeError, KeyError, RuntimeError, OverflowError):
        return []
    return sorted(found, key=lambda one: one.end)[:MOST_MARKS]


def _widgets(pdf: pikepdf.Pdf) -> Iterator[Widget]:
    for number, page in enumerate(pdf.pages, start=1):
        annotations: Any = page.obj.get("/Annots")
        if not isinstance(annotations, pikepdf.Array):
            continue
        for annotation in annotations:
            if not isinstance(annotation, pikepdf.Dictionary) or annotation.get("/Subtype") != "/Widget":
                continue
            if _inherited(annotation, "/FT") != "/Sig":
                continue
            value = _inherited(annotation, "/V")
            if not isinstance(value, pikepdf.Dictionary):
                continue
            if str(value.get("/SubFilter", "")).lstrip("/") == _STAMP:
                continue
            rect = [float(side) for side in annotation.get("/Rect", [])]
            span = [int(part) for part in value.get("/ByteRange", [])]
            if len(rect) != 4 or len(span) != 4:  # noqa: PLR2004 - corners, and two pairs
                continue
            left, right = sorted((rect[0], rect[2]))
            bottom, top = sorted((rect[1], rect[3]))
            name = _inherited(annotation, "/T")
            yield Widget(
                "" if name is None else str(name), number, (left, bottom, right, top), span[2] + span[3]
            )


def _inherited(field: Any, key: str) -> Any:  # noqa: ANN401 - an object of the file
    for _ in range(_MOST_DEPTH):
        if key in field:
            return field[key]
        field = field.get("/Parent")
        if not isinstance(field, pikepdf.Dictionary):
            return None
    return None


class Drawn:
    """One page drawn twice, with the marks and without them."""

    def __init__(self, pdf: pypdfium2.PdfDocument, number: int) -> None:
        """Draw it, and leave the marks in its content.

        Args:
            pdf: with its forms initialised.
            number: of the page, from 0.
        """
        page = pdf[number]
        width, height = page.get_size()
        self._scale = min(_SCALE, _MOST_PIXELS / max(width, height, 1.0))
        self._bare, self._stride = _pixels(page, self._scale)
        # Drawn as a form, letters get coloured edges; as content of the page they are as black as others.
        page.flatten()
        page.close()
        page = pdf[number]
        self._with, _ = _pixels(page, self._scale)
        page.close()

    def mark(self, widget: Widget, box: Box) -> Mark:
        """See what a signature shows on this page.

        Args:
            widget: on this page.
            box: the widget's, in millimetres of the page as shown.
        """
        nothing = Mark(field=widget.field, page=widget.page, box=box, ink=None)
        if box.width * box.height < 1:
            return nothing
        across, down = self._stride // 3, len(self._with) // self._stride
        left, right = (min(max(int(side / MM * self._scale), 0), across) for side in (box.left, box.right))
        top, bottom = (min(max(int(side / MM * self._scale), 0), down) for side in (box.top, box.bottom))
        ink: list[tuple[int, int]] = []
        colours: dict[str, int] = {}
        for y in range(top, bottom):
            begin, end = y * self._stride + left * 3, y * self._stride + right * 3
            drawn, bare = self._with[begin:end], self._bare[begin:end]
            if drawn == bare:
                continue
            for x in range(0, end - begin, 3):
                pixel, under = drawn[x : x + 3], bare[x : x + 3]
                if pixel != under and max(map(abs, map(operator.sub, pixel, under))) >= _STEP:
                    ink.append((left + x // 3, y))
                    colour = colour_of(pixel[2], pixel[1], pixel[0])
                    colours[colour] = colours.get(colour, 0) + 1
        if not ink:
            return nothing
        unit = MM / self._scale
        seen = Box(
            min(x for x, _ in ink) * unit,
            min(y for _, y in ink) * unit,
            (max(x for x, _ in ink) + 1) * unit,
            (max(y for _, y in ink) + 1) * unit,
        )
        most = max(colours, key=colours.__getitem__)
        return Mark(field=widget.field, page=widget.page, box=box, ink=seen, colour=most)


def _pixels(page: pypdfium2.PdfPage, scale: float) -> tuple[bytes, int]:
    bitmap = page.render(scale=scale, draw_annots=False, may_draw_forms=False)
    try:
        assert bitmap.n_channels == 3, "pages are drawn in blue, green and red"  # noqa: PLR2004
        whole = bytes(bitmap.buffer)
        width = bitmap.width * 3
        if bitmap.stride == width:
            return whole, width
        rows = (whole[at : at + width] for at in range(0, bitmap.height * bitmap.stride, bitmap.stride))
        return b"".join(rows), width
    finally:
        bitmap.close()


def colour_of(red: int, green: int, blue: int) -> str:
    """Name a colour the way the decree does: ``red``, ``blue``, ``black`` or ``other``."""
    lead = 30
    if red > green + lead and red > blue + lead:
        return "red"
    if blue > red + lead and blue >= green:
        return "blue"
    if max(red, green, blue) - min(red, green, blue) <= lead:
        return "black"
    return "other"
