"""Rules V3 to V7 and V17 about pages as a whole: paper, margins, typeface, colour, numbers, body."""

import re
from collections.abc import Iterator
from typing import Final

from axis.appearance.advice import Advice, advise
from axis.appearance.marks import colour_of
from axis.appearance.sheet import Sheet, covered, figure, short, style_faults, told
from axis.appearance.view import Box, Line, Page, around
from axis.violations import Code

_FOOTER_SIZE: Final = 11.6
"""Smaller than this, a line in a margin is a footer or an address, no text that ran over."""
_FEW: Final = 3
_FEW_LETTERS: Final = 30
_BAND_MM: Final = 24
"""So far from the edge of the page a number may stand."""
_NUMBER: Final = re.compile(r"[-–\s]*(?:trang\s+|page\s+)?(\d{1,4})(?:\s*/\s*\d+)?[-–\s.]*", re.IGNORECASE)
_NAMELESS: Final = re.compile(
    r"^$|^(?:CIDFont\+)?F\d+$|^T\d+(?:_\d+)?$|^[A-Z]{1,8}\d*$|^font\d+$", re.IGNORECASE
)
_FULL: Final = 0.5
"""Share of the page's width: a longer line is one of running text."""
_TAILS_MM: Final = 1.5
_DARK: Final = 96
"""Of 255: darker than this is black on paper."""


def paper(sheet: Sheet) -> Iterator[Advice]:
    """V3: A4, upright."""
    width, height = sheet.standard.paper_mm
    near = sheet.standard.paper_tolerance_mm
    wanted = sheet.says(Code.ADVICE_PAPER)
    for page in sheet.view.pages:
        if abs(page.width - width) <= near and abs(page.height - height) <= near:
            continue
        landscape = abs(page.width - height) <= near and abs(page.height - width) <= near
        if landscape and (page.number > 1 or not sheet.claims.main):
            continue  # tables that are not separate appendices may lie on their side
        found = (
            f"{figure(page.width)} mm × {figure(page.height)} mm",
            f"{page.width:.1f} × {page.height:.1f} mm",
        )
        yield advise(Code.ADVICE_PAPER, page.number, Box(0, 0, page.width, page.height), found, wanted)
        return


def margins(sheet: Sheet) -> Iterator[Advice]:
    """V4: margins, on the first page where each is wrong."""
    seen: set[str] = set()
    names = {"left": "trái", "right": "phải", "top": "trên", "bottom": "dưới"}
    for page in sheet.view.pages:
        if page.width > page.height:
            continue
        for side, value, box in _margins(sheet, page):
            if side in seen:
                continue
            seen.add(side)
            least, most = getattr(sheet.standard.margins_mm, side)
            yield advise(
                Code.ADVICE_MARGINS,
                page.number,
                box,
                (f"lề {names[side]} {figure(value)} mm", f"{side} margin {value:.1f} mm"),
                (f"lề {names[side]} {least:g}–{most:g} mm", f"{side} margin {least:g}–{most:g} mm"),
            )


def _margins(sheet: Sheet, page: Page) -> Iterator[tuple[str, float, Box]]:
    lines = [line for line in page.lines if not _outside(page, line)]
    if len(lines) < _FEW:
        return
    text, near, set_ = (
        around([line.box for line in lines]),
        sheet.standard.margin_tolerance_mm,
        sheet.standard,
    )
    least, most = set_.margins_mm.left
    lefts = sorted(line.box.left for line in lines)
    # One line may hang out; three that begin at one place are an edge.
    edge = next((x for at, x in enumerate(lefts[:-2]) if lefts[at + 2] - x < 1), None)
    if lefts[0] < least - near or (edge is not None and lefts[0] > most + near and len(lines) > 2 * _FEW):
        yield "left", lefts[0], Box(0, text.top, lefts[0], text.bottom)
    least, most = set_.margins_mm.right
    rights = sorted(page.width - line.box.right for line in lines)
    full = sorted(page.width - line.box.right for line in lines if line.box.width > page.width * _FULL)
    box = Box(page.width - rights[0], text.top, page.width, text.bottom)
    # Full lines that end at one place are an edge; the ends of others, or of cells, are none.
    justified = len(full) > 2 * _FEW and full[2 * _FEW] - full[0] < 1
    if rights[0] < least - near or (justified and rights[0] > most + near and full[0] == rights[0]):
        yield "right", rights[0], box
    least, most = set_.margins_mm.top
    if text.top < least - near or (page.number == 1 and sheet.layout.national and text.top > most + 4 * near):
        yield "top", text.top, Box(text.left, 0, text.right, text.top)
    least, _ = set_.margins_mm.bottom
    # Some programs let the last line stand on the margin, so that its tails hang into it.
    if page.height - text.bottom < least - near - _TAILS_MM:
        yield "bottom", page.height - text.bottom, Box(text.left, text.bottom, text.right, page.height)


def _outside(page: Page, line: Line) -> bool:
    """Tell whether a line is a page number, a header or a footer."""
    in_band = line.box.bottom < 21 or line.box.top > page.height - 21  # noqa: PLR2004 - mm
    return in_band and (line.size < _FOOTER_SIZE or _NUMBER.fullmatch(line.text) is not None)


def typeface(sheet: Sheet) -> Iterator[Advice]:
    """V5: Times New Roman, or a face of the same widths."""
    total = 0
    others: dict[str, int] = {}
    first: dict[str, tuple[int, Line]] = {}
    for page in sheet.view.pages:
        for line in page.lines:
            for run in line.runs:
                if _NAMELESS.match(run.font):
                    continue
                letters = sum(c.isalpha() for c in run.text)
                total += letters
                name = "".join(c for c in run.font.lower() if c.isalpha())
                if letters and not name.startswith(sheet.standard.families):
                    family = run.font.split("-")[0].split(",")[0]
                    others[family] = others.get(family, 0) + letters
                    first.setdefault(family, (page.number, line))
    if sum(others.values()) <= max(30, total / 20):
        return
    family = max(others, key=others.__getitem__)
    page_number, line = first[family]
    share = round(100 * sum(others.values()) / total)
    yield advise(
        Code.ADVICE_TYPEFACE,
        page_number,
        line.box,
        (f"phông {short(family, 40)}, {share} % số chữ", f"{short(family, 40)}, {share} % of the letters"),
        sheet.says(Code.ADVICE_TYPEFACE),
    )


def colour(sheet: Sheet) -> Iterator[Advice]:
    """V6: black text; stamps and footers apart."""
    for page in sheet.view.pages:
        total, found = 0, []
        for line in page.lines:
            if _outside(page, line) or _framed(page, line):
                continue
            total += len(line.text)
            if max(line.colour) > _DARK:
                found.append(line)
        if found and sum(len(line.text) for line in found) > max(40, total / 20):
            red, green, blue = found[0].colour
            name = {"red": ("đỏ", "red"), "blue": ("xanh", "blue")}.get(
                colour_of(red, green, blue), ("khác đen", "not black")
            )
            yield advise(
                Code.ADVICE_COLOUR,
                page.number,
                around([line.box for line in found]),
                (f"{len(found)} dòng chữ màu {name[0]}", f"{len(found)} lines: {name[1]}"),
                sheet.says(Code.ADVICE_COLOUR),
            )
            return


def _framed(page: Page, line: Line) -> bool:
    return any(
        stroke.box.height > line.box.height
        and stroke.box.grown(1).overlaps(line.box)
        and stroke.box.width < page.width / 2
        for stroke in page.strokes
    )


def page_numbers(sheet: Sheet) -> Iterator[Advice]:
    """V7: Arabic, size 13–14, upright, centred in the top margin, not on page 1. Said once."""
    for page in sheet.view.pages:
        if page.width > page.height:
            continue
        fault = _number_fault(sheet, page)
        if fault is not None:
            box, found = fault
            says = sheet.says(Code.ADVICE_PAGE_NUMBER)
            yield advise(Code.ADVICE_PAGE_NUMBER, page.number, box, found, says)
            return


def _number_fault(sheet: Sheet, page: Page) -> tuple[Box, tuple[str, str]] | None:
    numbers = [one for one in page.lines if _NUMBER.fullmatch(one.text)]
    top = next((one for one in numbers if one.box.bottom < _BAND_MM), None)
    foot = next((one for one in numbers if one.box.top > page.height - _BAND_MM), None)
    shown = top or foot
    if page.number == 1:
        return None if shown is None else (shown.box, ("trang đầu có số trang", "page 1 is numbered"))
    if top is not None:
        faults = _style_of_number(sheet, page, top)
        return (top.box, told(faults)) if faults else None
    band = Box(page.width / 3, 0, page.width * 2 / 3, 22)
    if covered(page, band) or page.letters < _FEW_LETTERS or _appendix(page):
        return None
    if foot is not None:
        return foot.box, (f"số trang ở cuối trang: “{foot.text}”", f"at the foot: “{foot.text}”")
    return band, ("không có số trang ở giữa lề trên", "no number in the middle of the top margin")


def _style_of_number(sheet: Sheet, page: Page, one: Line) -> list[tuple[str, str]]:
    faults = style_faults(sheet, one, "page-number", italic=False)
    if not one.text.isdigit():
        faults.append((f"ghi “{short(one.text, 20)}”", f"written “{short(one.text, 20)}”"))
    if not -12 < one.box.middle - page.width / 2 < 16:  # noqa: PLR2004 - mm; of the sheet or of the text
        faults.append(("không ở giữa", "not centred"))
    return faults


def _appendix(page: Page) -> bool:
    return any(line.text.casefold().startswith("phụ lục") for line in page.lines[:3])


def body_size(sheet: Sheet) -> Iterator[Advice]:
    """V17: the body's type size; a table or a footnote here and there is none of the body."""
    lines = sheet.layout.body
    wrong = [(page, line) for page, line in lines if not sheet.fits(line.size, "body")]
    if len(wrong) < _FEW or len(wrong) * 3 < len(lines):
        return
    page, line = wrong[0]
    yield advise(
        Code.ADVICE_BODY_SIZE,
        page,
        line.box,
        (
            f"{len(wrong)} trên {len(lines)} dòng nội dung có cỡ chữ khác, dòng đầu cỡ {figure(line.size)}",
            f"{len(wrong)} of {len(lines)} lines of the body, the first of size {line.size:g}",
        ),
        sheet.says(Code.ADVICE_BODY_SIZE),
    )
