"""Rules V11 to V14 about number, notation, place and date."""

import contextlib
import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from axis.appearance.advice import Advice, advise
from axis.appearance.head import missing
from axis.appearance.sheet import Sheet, short, style_faults, told
from axis.appearance.words import fold
from axis.violations import Code

_NUMBER: Final = re.compile(r"Số: (\d+)/([^\s/]+)")
_NUMBER_PARTS: Final = re.compile(r"s[ốôo]\s*[:.;]?\s*(\d+)\s*[/\\]?\s*(.*)", re.IGNORECASE)
_DATE: Final = re.compile(r"(.*?),? ?ngày (\d{1,2}) tháng (\d{1,2}) năm (\d{4})", re.IGNORECASE)
_DATE_EXACT: Final = re.compile(
    r"[^\d\s,][^\d,]*, ngày (0[1-9]|[12]\d|3[01]) tháng (0[12]|[3-9]|1[0-2]) năm \d{4}"
)
_EMPTY_DATE: Final = re.compile(r"ngày\s*[.…]*\s*tháng\s*[.…]*\s*năm", re.IGNORECASE)
_TWO_DIGITS: Final = 2


def number_line(sheet: Sheet) -> Iterator[Advice]:
    """V11: ``Số: 05/QĐ-BNV``, size 13, upright."""
    line, code = sheet.layout.number, Code.ADVICE_NUMBER_LINE
    wanted = sheet.says(code)
    if line is None:
        yield from missing(
            sheet, code, ("không có số, ký hiệu", "number and notation are missing"), wanted, left=True
        )
        return
    faults = []
    form = _NUMBER.fullmatch(line.text)
    if form is None:
        faults.append(("viết khác mẫu", "not of this form"))
    else:
        if len(form[1]) == 1 or (len(form[1]) > _TWO_DIGITS and form[1].startswith("0")):
            faults.append(("số 0 đứng đầu không đúng", "leading zero"))
        if "--" in form[2] or form[2].strip("-") != form[2] or "–" in form[2] or "_" in form[2]:
            faults.append(("dấu nối trong ký hiệu", "hyphens in the notation"))
    faults += style_faults(sheet, line, "number", bold=False, italic=False)
    if faults:
        yield advise(code, 1, line.box, told(faults, line.text), wanted)


def number_differs(sheet: Sheet) -> Iterator[Advice]:
    """V12: number and notation as claimed; the abbreviation of the kind (Phụ lục III)."""
    line = sheet.layout.number
    parts = _NUMBER_PARTS.match(line.text) if line is not None else None
    if line is None or parts is None:
        return
    shown, notation = parts[1].lstrip("0"), parts[2].replace(" ", "")
    claims = sheet.claims
    if (
        claims.number.isdigit()
        and claims.notation
        and (shown != claims.number.lstrip("0") or fold(notation) != fold(claims.notation.replace(" ", "")))
    ):
        yield advise(
            Code.ADVICE_NUMBER_DIFFERS,
            1,
            line.box,
            (f"trên trang “{short(line.text)}”", f"on the page “{short(line.text)}”"),
            (
                f"thông tin kèm theo ghi {short(claims.number)}/{short(claims.notation)}",
                f"the metadata say {short(claims.number)}/{short(claims.notation)}",
            ),
        )
        return
    kind = fold(sheet.kind())
    short_kind = next((abb for name, abb in sheet.standard.abbreviations.items() if fold(name) == kind), "")
    begins = re.split(r"[-/]", notation)[0]
    if short_kind and begins != short_kind:
        yield advise(
            Code.ADVICE_NUMBER_DIFFERS,
            1,
            line.box,
            (f"ký hiệu bắt đầu bằng “{short(begins)}”", f"the notation begins with “{short(begins)}”"),
            (f"{kind}: “{short_kind}” (Phụ lục III)", f"{kind}: “{short_kind}” (Phụ lục III)"),
        )
    known = set(sheet.standard.abbreviations.values())
    if kind in sheet.standard.without_abbreviation and begins in known and "-" in notation:
        yield advise(
            Code.ADVICE_NUMBER_DIFFERS,
            1,
            line.box,
            (f"ký hiệu bắt đầu bằng “{begins}”", f"the notation begins with “{begins}”"),
            (f"{kind}: chỉ cơ quan và đơn vị soạn thảo", f"{kind}: agency and unit only"),
        )


def place_date(sheet: Sheet) -> Iterator[Advice]:
    """V13: form and style of place and date."""
    line, code = sheet.layout.date, Code.ADVICE_PLACE_DATE
    wanted = sheet.says(code)
    if line is None:
        yield from missing(
            sheet, code, ("không có địa danh, thời gian ban hành", "place and date are missing"), wanted
        )
        return
    faults = []
    if _EMPTY_DATE.search(line.text):
        faults.append(("ngày, tháng để trống", "day or month is left empty"))
    elif _DATE_EXACT.fullmatch(line.text) is None:
        faults.append(("viết khác mẫu", "not of this form"))
    faults += style_faults(sheet, line, "place-date", bold=False, italic=True)
    if faults:
        yield advise(code, 1, line.box, told(faults, line.text), wanted)


def date_differs(sheet: Sheet) -> Iterator[Advice]:
    """V14: not in the future, and the day of issue that is claimed."""
    line = sheet.layout.date
    parts = _DATE.search(line.text) if line is not None else None
    if line is None or parts is None:
        return
    shown = None
    with contextlib.suppress(ValueError):
        shown = date(int(parts[4]), int(parts[3]), int(parts[2]))
    wrong: tuple[str, str] | None = None
    claimed = sheet.claims.issued_on
    if shown is None:
        wrong = "một ngày có thật", "a day that exists"
    elif claimed is not None and claimed != shown:
        wrong = f"thông tin kèm theo ghi {claimed:%d/%m/%Y}", f"the metadata say {claimed.isoformat()}"
    elif shown > sheet.today:
        wrong = f"không sau hôm nay, {sheet.today:%d/%m/%Y}", f"not after today, {sheet.today.isoformat()}"
    if wrong:
        found = f"trên trang “{short(line.text)}”", f"on the page “{short(line.text)}”"
        yield advise(Code.ADVICE_DATE_DIFFERS, 1, line.box, found, wrong)
