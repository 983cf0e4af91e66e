"""Rules V8 to V10, V15 and V16 about the head of page 1: country, agency, kind and subject."""

import unicodedata
from collections.abc import Iterator
from typing import Final

from axis.appearance.advice import Advice, advise
from axis.appearance.layout import box_of
from axis.appearance.reading import is_line
from axis.appearance.sheet import Sheet, covered, style_faults, told
from axis.appearance.view import Box, Page
from axis.appearance.words import MOTTO, NATIONAL_NAME, fold, is_upper
from axis.violations import Code

_ENOUGH: Final = 2
"""So many of name, motto, number and date make a document that should have the others too."""


def recognised(sheet: Sheet) -> bool:
    """Tell whether this is an administrative document, so that what it lacks can be told."""
    return sheet.layout.recognised >= _ENOUGH


def national_name(sheet: Sheet) -> Iterator[Advice]:
    """V8: text, capitals, size, weight, place."""
    line, code = sheet.layout.national, Code.ADVICE_NATIONAL_NAME
    wanted = sheet.says(code)
    if line is None:
        yield from missing(sheet, code, ("không có Quốc hiệu", "the country's name is missing"), wanted)
        return
    faults = []
    if fold(line.text) != fold(NATIONAL_NAME):
        faults.append(("chữ khác", "other words"))
    elif not is_upper(line.text):
        faults.append(("không in hoa", "not in capitals"))
    faults += style_faults(sheet, line, "national-name", bold=True, italic=False)
    if line.box.middle < sheet.first.width / 2:
        faults.append(("không ở bên phải", "not on the right"))
    if faults:
        yield advise(code, 1, line.box, told(faults, line.text), wanted)


def motto(sheet: Sheet) -> Iterator[Advice]:
    """V9: text, size, weight, and the line under it."""
    line, code = sheet.layout.motto, Code.ADVICE_MOTTO
    wanted = sheet.says(code)
    if line is None:
        yield from missing(sheet, code, ("không có Tiêu ngữ", "the motto is missing"), wanted)
        return
    faults = []
    if unicodedata.normalize("NFC", line.text) != MOTTO:
        faults.append(("cách viết khác", "written otherwise"))
    faults += style_faults(sheet, line, "motto", bold=True, italic=False)
    national = sheet.layout.national
    if national is not None and abs(national.box.middle - line.box.middle) > 4:  # noqa: PLR2004 - mm
        faults.append(("không canh giữa dưới Quốc hiệu", "not centred under the country's name"))
    drawn = _under(sheet.first, line.box)
    if drawn is not None and not 0.85 < drawn / line.box.width < 1.15:  # noqa: PLR2004
        faults.append(
            ("không có đường kẻ dưới", "no line below")
            if drawn == 0
            else (
                f"đường kẻ dài {drawn:.0f} mm, dòng chữ {line.box.width:.0f} mm",
                f"the line is {drawn:.0f} mm",
            )
        )
    if faults:
        yield advise(code, 1, line.box, told(faults, line.text), wanted)


def agency(sheet: Sheet) -> Iterator[Advice]:
    """V10: capitals, sizes, the issuing agency bold, a line of a third to a half below."""
    lines, code = sheet.layout.agency, Code.ADVICE_AGENCY
    least, most = sheet.standard.line_share
    wanted = sheet.says(code)
    if not lines:
        if sheet.layout.number is not None:
            yield from missing(
                sheet,
                code,
                ("không có tên cơ quan ban hành", "the issuing agency is missing"),
                wanted,
                left=True,
            )
        return
    faults: list[tuple[str, str]] = []
    for line in lines:
        for fault in style_faults(sheet, line, "agency", italic=False):
            if fault not in faults:
                faults.append(fault)
        if not is_upper(line.text) and ("không in hoa", "not in capitals") not in faults:
            faults.append(("không in hoa", "not in capitals"))
    if not lines[-1].bold:
        faults.append(("cơ quan ban hành không đậm", "the issuing agency is not bold"))
    widest = max(line.box.width for line in lines if line.bold) if lines[-1].bold else lines[-1].box.width
    drawn, near = _under(sheet.first, lines[-1].box), sheet.standard.line_tolerance
    last = lines[-1].box.width
    # Of a name on two lines the share is that of either.
    if drawn is not None and not (
        (least - near) * min(widest, last) <= drawn <= (most + near) * max(widest, last)
    ):
        faults.append(
            ("không có đường kẻ dưới", "no line below")
            if drawn == 0
            else (
                f"đường kẻ dài {drawn:.0f} mm, dòng chữ {last:.0f} mm",
                f"the line is {drawn:.0f} mm, the text {last:.0f} mm",
            )
        )
    if faults:
        yield advise(code, 1, box_of(lines), told(faults, " ".join(one.text for one in lines)), wanted)


def kind_subject(sheet: Sheet) -> Iterator[Advice]:
    """V15: kind in capitals, subject under it, both bold and centred; a line below."""
    kind, subject = sheet.layout.kind, sheet.layout.subject
    if kind is None:
        return  # a letter has none, and a kind that the list does not name is not recognised
    wanted = sheet.says(Code.ADVICE_KIND_SUBJECT)
    faults = style_faults(sheet, kind, "kind", bold=True, italic=False)
    for line in subject:
        faults += [
            one for one in style_faults(sheet, line, "subject", bold=True, italic=False) if one not in faults
        ]
    claimed = fold(sheet.claims.kind)
    if claimed and not fold(kind.text).startswith(claimed):
        faults.append((f"thông tin kèm theo ghi “{claimed}”", f"the metadata say “{claimed}”"))
    if subject:
        drawn, near = _under(sheet.first, subject[-1].box), sheet.standard.line_tolerance
        widths = [line.box.width for line in subject]
        least, most = sheet.standard.line_share
        if drawn is not None and not (least - near) * min(widths) <= drawn <= (most + near) * max(widths):
            faults.append(
                ("không có đường kẻ dưới", "no line below")
                if drawn == 0
                else (
                    f"đường kẻ dài {drawn:.0f} mm, dòng chữ {widths[-1]:.0f} mm",
                    f"the line is {drawn:.0f} mm, the text {widths[-1]:.0f} mm",
                )
            )
    if faults:
        yield advise(Code.ADVICE_KIND_SUBJECT, 1, box_of((kind, *subject)), told(faults, kind.text), wanted)


def letter_subject(sheet: Sheet) -> Iterator[Advice]:
    """V16: ``V/v ...`` under the number of a letter, size 12–13, upright."""
    lines, code = sheet.layout.letter_subject, Code.ADVICE_LETTER_SUBJECT
    wanted = sheet.says(code)
    number = sheet.layout.number
    if not lines:
        if fold(sheet.claims.kind) == "công văn" and number is not None:
            found = "công văn không có “V/v”", "a letter without “V/v”"
            yield from missing(sheet, code, found, wanted, left=True)
        return
    faults: list[tuple[str, str]] = []
    for line in lines:
        faults += [
            one
            for one in style_faults(sheet, line, "letter-subject", bold=False, italic=False)
            if one not in faults
        ]
    if not lines[0].text.startswith("V/v "):
        faults.append(("viết khác “V/v ”", "not written “V/v ”"))
    if number is not None and abs(box_of(lines).middle - number.box.middle) > 8:  # noqa: PLR2004 - mm
        faults.append(("không canh giữa dưới số, ký hiệu", "not centred under the number"))
    if faults:
        yield advise(code, 1, box_of(lines), told(faults, lines[0].text), wanted)


def missing(
    sheet: Sheet, code: Code, found: tuple[str, str], wanted: tuple[str, str], *, left: bool = False
) -> Iterator[Advice]:
    """Tell that a component is missing, where nothing could hide it."""
    page = sheet.first
    box = Box(25, 15, page.width * 0.45, 60) if left else Box(page.width * 0.45, 15, page.width - 15, 50)
    if recognised(sheet) and not covered(page, box) and not page.nested:
        yield advise(code, 1, box, found, wanted)


def _under(page: Page, box: Box) -> float | None:
    """Return the length in mm of the line under a text, 0 without one; None: it cannot be told."""
    room = Box(box.left - 10, box.bottom - 2, box.right + 10, box.bottom + 6)
    found = [
        stroke.box.width
        for stroke in page.strokes
        if is_line(stroke) and stroke.box.overlaps(room) and abs(stroke.box.middle - box.middle) < 12  # noqa: PLR2004
    ]
    if found:
        return max(found)
    return None if page.nested or covered(page, room) else 0.0
