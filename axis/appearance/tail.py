"""Rules V18 to V22 and V26: bases, addressee, signature block, recipients, urgency."""

import re
from collections.abc import Iterator
from typing import Final

from axis.appearance.advice import Advice, advise
from axis.appearance.head import recognised
from axis.appearance.layout import Layout, box_of
from axis.appearance.marks import colour_of
from axis.appearance.sheet import Sheet, figure, short, style_faults, told
from axis.appearance.view import Line, Stroke
from axis.appearance.words import fold, is_upper
from axis.violations import Code

_COMPETENCE: Final = re.compile(r"^(TM|KT|TL|TUQ|Q)\. \S")
_COMPETENCE_LIKE: Final = re.compile(
    r"^\s*(?:T\s*/\s*M|K\s*/\s*T|T\s*/\s*L|(?:TM|KT|TL|TUQ)(?!\.\s)[\s.:/-])", re.IGNORECASE
)
_FILE: Final = re.compile(r"^- Lưu: ?VT\b.*\.$")

_DECIDING: Final = ("quyết định", "nghị quyết")
"""Kinds that begin with their bases."""
_LARGEST_FRAME: Final = (100, 30)
"""Millimetres: what is larger frames something else."""


def legal_bases(sheet: Sheet) -> Iterator[Advice]:
    """V18: italic, each ends with ``;``, the last one with ``.``."""
    bases = sheet.layout.bases
    if not _formal(sheet, bases):
        return
    for at, lines in enumerate(bases):
        faults: list[tuple[str, str]] = []
        for line in lines:
            faults += [one for one in style_faults(sheet, line, "body", italic=True) if one not in faults]
        end, last = lines[-1].text[-1:], at + 1 == len(bases)
        # What follows the last one ("Theo đề nghị của ...") may be one of them under another word.
        allowed = (";." if _more(sheet, lines) else ".") if last else ";"
        if end not in allowed:
            faults.append((f"kết thúc bằng “{end}”", f"ends with “{end}”"))
        if faults:
            said = sheet.says(Code.ADVICE_LEGAL_BASES)
            yield advise(Code.ADVICE_LEGAL_BASES, 1, box_of(lines), told(faults, lines[0].text), said)
            return


def _formal(sheet: Sheet, bases: tuple[tuple[Line, ...], ...]) -> bool:
    """Tell whether these are bases and no opening sentence ("Căn cứ ..., Bộ ... đề nghị ...")."""
    return (
        fold(sheet.kind()) in _DECIDING
        or len(bases) > 1
        or any(lines[-1].text.endswith(";") or lines[0].italic for lines in bases)
    )


def _more(sheet: Sheet, lines: tuple[Line, ...]) -> bool:
    """Tell whether italic text goes on after a basis: then it was not the last of them."""
    edge = sheet.first.width / 3
    below = [
        one for one in sheet.first.lines if one.box.top > lines[-1].box.bottom - 1 and one.box.left < edge
    ]
    return not below or below[0].italic


def addressee(sheet: Sheet) -> Iterator[Advice]:
    """V19: "Kính gửi:" of letters, proposals and reports: size 13–14, upright, not bold."""
    line = sheet.layout.addressee
    if line is None:
        return  # a report to nobody above has none: only a letter needs it, and who knows where it stands
    wanted = sheet.says(Code.ADVICE_ADDRESSEE)
    faults = style_faults(sheet, line, "addressee", bold=False, italic=False)
    if not line.text.startswith("Kính gửi:"):
        faults.append(("thiếu dấu hai chấm hoặc viết khác", "no colon, or written otherwise"))
    kind = fold(sheet.kind())
    if kind and kind not in sheet.standard.addressed and kind in map(fold, sheet.standard.abbreviations):
        faults.append((f"{kind} không có phần “Kính gửi”", f"a {kind} has no addressee"))
    if faults:
        yield advise(Code.ADVICE_ADDRESSEE, 1, line.box, told(faults, line.text), wanted)


def signature_block(sheet: Sheet) -> Iterator[Advice]:
    """V20: ``TM.``, ``KT.``, ``TL.``, ``TUQ.``, ``Q.`` and position: capitals, bold, size 13–14."""
    layout = sheet.layout
    if not layout.heading:
        return
    wanted = sheet.says(Code.ADVICE_SIGNATURE_BLOCK)
    faults: list[tuple[str, str]] = []
    for line in layout.heading:
        faults += [
            one
            for one in style_faults(sheet, line, "authority", bold=True, italic=False)
            if one not in faults
        ]
        if _COMPETENCE_LIKE.match(line.text):
            faults.append(("chữ viết tắt khác mẫu", "abbreviation written otherwise"))
    faults += _order(layout)
    if faults:
        text = " / ".join(line.text for line in layout.heading)
        yield advise(
            Code.ADVICE_SIGNATURE_BLOCK, layout.tail_page, box_of(layout.heading), told(faults, text), wanted
        )


def _order(layout: Layout) -> list[tuple[str, str]]:
    used = [match[1] for line in layout.heading if (match := _COMPETENCE.match(line.text))]
    if len(used) == len(layout.heading) and used[-1] != "Q":
        # Whoever signs for another shows his own position below.
        return [("thiếu chức vụ của người ký", "the signer's own position is missing")]
    if "TUQ" in used and used[-1] != "TUQ":
        return [("đã thừa uỷ quyền thì không uỷ quyền lại", "what was delegated is not passed on")]
    return []


def signer_name(sheet: Sheet) -> Iterator[Advice]:
    """V21: bold, size 13–14, no titles, the name that is claimed."""
    line, layout = sheet.layout.signer, sheet.layout
    if line is None:
        return
    wanted = sheet.says(Code.ADVICE_SIGNER_NAME)
    faults = style_faults(sheet, line, "signer", bold=True, italic=False)
    words = re.split(r"[\s.]+", line.text)
    if "." in line.text and any(word in sheet.standard.titles for word in words[:-1]):
        faults.append(("có học hàm, học vị", "a title"))
    claimed = fold(sheet.claims.signer)
    if claimed and not fold(line.text).endswith(claimed):
        faults.append(
            (
                f"thông tin kèm theo ghi “{short(sheet.claims.signer)}”",
                f"the metadata say “{short(sheet.claims.signer)}”",
            )
        )
    if faults:
        yield advise(Code.ADVICE_SIGNER_NAME, layout.tail_page, line.box, told(faults, line.text), wanted)


def recipients(sheet: Sheet) -> Iterator[Advice]:
    """V22: title 12 italic bold; lines 11, ``- ...;``, the last one ``- Lưu: VT, ...``."""
    layout, title = sheet.layout, sheet.layout.recipients_title
    wanted = sheet.says(Code.ADVICE_RECIPIENTS)
    if title is None:
        last = sheet.view.pages[-1]
        whole = sheet.view.page_count == len(sheet.view.pages)
        if recognised(sheet) and layout.tail_page and whole and not last.pictures and not last.nested:
            yield advise(
                Code.ADVICE_RECIPIENTS,
                layout.tail_page,
                box_of(layout.heading),
                ("không có “Nơi nhận”", "“Nơi nhận” is missing"),
                wanted,
            )
        return
    faults = style_faults(sheet, title, "recipients-title", bold=True, italic=True)
    if not title.text.startswith("Nơi nhận:"):
        faults.append(("thiếu dấu hai chấm", "no colon"))
    lines = layout.recipients
    wrong = [line for line in lines if not sheet.fits(line.size, "recipients")]
    if wrong:
        faults.append((f"danh sách cỡ {figure(wrong[0].size)}", f"list of size {wrong[0].size:g}"))
    entries = _entries(lines)
    if entries:
        if not _FILE.match(entries[-1]):
            faults.append((f"dòng cuối “{short(entries[-1], 40)}”", f"last line “{short(entries[-1], 40)}”"))
        bad = next((one for one in entries[:-1] if not (one.startswith("- ") and one.endswith(";"))), None)
        if bad is not None:
            faults.append((f"dòng “{short(bad, 40)}”", f"line “{short(bad, 40)}”"))
    if faults:
        yield advise(Code.ADVICE_RECIPIENTS, layout.tail_page, box_of((title, *lines)), told(faults), wanted)


def _entries(lines: tuple[Line, ...]) -> list[str]:
    """Join the lines of one entry; a dash begins the next one."""
    found: list[str] = []
    for line in lines:
        if (
            found
            and not line.text.startswith(("-", "–", "+", "•", "*"))
            and not found[-1].endswith((";", "."))
        ):
            found[-1] += f" {line.text}"
        else:
            found.append(line.text)
    return found


def urgency(sheet: Sheet) -> Iterator[Advice]:
    """V26: words, frame and colour of the urgency stamp; present where the metadata say so."""
    marks, page = sheet.standard.urgency_mm, sheet.first
    by_word = {fold(word): word for word in marks}
    line = next(
        (
            one
            for one in page.lines
            if one.box.top < page.height / 2 and fold(one.text) in by_word and is_upper(one.text)
        ),
        None,
    )
    names = {1: "KHẨN", 2: "THƯỢNG KHẨN", 3: "HỎA TỐC", 4: "HỎA TỐC"}
    claimed = names.get(sheet.claims.priority or 0)
    if line is None:
        if claimed and recognised(sheet) and not page.pictures and not page.nested and sheet.layout.number:
            yield advise(
                Code.ADVICE_URGENCY,
                1,
                sheet.layout.number.box,
                ("không có dấu mức độ khẩn", "no urgency stamp"),
                (f"thông tin kèm theo ghi {claimed}", f"the metadata say {claimed}"),
            )
        return
    word = by_word[fold(line.text)]
    width, height = marks[word]
    wanted = sheet.says(Code.ADVICE_URGENCY)
    faults = style_faults(sheet, line, "urgency", bold=True, italic=False)
    if colour_of(*line.colour) != "red":
        faults.append(("không phải màu đỏ", "not red"))
    frame = _frame(page.strokes, line)
    if frame is None:
        if not page.nested:
            faults.append(("không có khung", "no frame"))
    elif (
        abs(frame.box.width - width) > sheet.standard.frame_tolerance_mm
        or abs(frame.box.height - height) > sheet.standard.frame_tolerance_mm
    ):
        size = f"{figure(frame.box.width)} mm × {figure(frame.box.height)} mm"
        faults.append((f"khung {size}", f"frame {size}"))
    if sheet.claims.priority is not None and claimed != word:
        faults.append(
            (f"thông tin kèm theo ghi {claimed or 'thường'}", f"the metadata say {claimed or 'ordinary'}")
        )
    if faults:
        yield advise(Code.ADVICE_URGENCY, 1, line.box, told(faults, line.text), wanted)


def _frame(strokes: tuple[Stroke, ...], line: Line) -> Stroke | None:
    box = line.box
    fits = [
        one
        for one in strokes
        if one.box.left < box.middle < one.box.right
        and one.box.top < (box.top + box.bottom) / 2 < one.box.bottom
        and one.box.height < _LARGEST_FRAME[1]
        and one.box.width < _LARGEST_FRAME[0]
    ]
    return min(fits, key=lambda one: one.box.width, default=None)
