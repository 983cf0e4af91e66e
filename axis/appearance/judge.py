"""All rules over one file: advice by page, graded; and the one finding that refuses, a secrecy stamp."""

from datetime import datetime
from typing import Final

import msgspec

from axis.appearance import head, numbering, pages, signs, tail
from axis.appearance.advice import Advice, advise
from axis.appearance.grades import Grade, Standard
from axis.appearance.layout import find
from axis.appearance.marks import colour_of
from axis.appearance.sheet import Claims, Rule, Sheet
from axis.appearance.view import Box, View
from axis.appearance.words import fold, is_upper
from axis.violations import Code, Violation
from axis.zone import VIETNAM

ALWAYS: Final[tuple[Rule, ...]] = (pages.paper,)
WITH_TEXT: Final[tuple[Rule, ...]] = (pages.margins, pages.typeface, pages.colour, pages.page_numbers)
OF_DOCUMENTS: Final[tuple[Rule, ...]] = (
    head.national_name,
    head.motto,
    head.agency,
    numbering.number_line,
    numbering.number_differs,
    numbering.place_date,
    numbering.date_differs,
    head.kind_subject,
    head.letter_subject,
    pages.body_size,
    tail.legal_bases,
    tail.addressee,
    tail.signature_block,
    tail.signer_name,
    tail.recipients,
    signs.person_mark,
    signs.seal_mark,
    tail.urgency,
)
OF_ATTACHMENTS: Final[tuple[Rule, ...]] = (signs.attachment_mark,)


def judge(view: View, claims: Claims, standard: Standard, *, at: datetime) -> tuple[Advice, ...]:
    """Judge the appearance of one file. Pure: the same arguments, the same advice.

    Args:
        view: its pages.
        claims: what is known beside them.
        standard: numbers, tolerances and grades.
        at: moment of judgement, timezone-aware.

    Returns:
        Advice in page order; none where the data turn a rule off.

    Source:
        NĐ 30/2020/NĐ-CP, Phụ lục I; exchange-rules.md part 4.
    """
    if not view.pages:
        return ()
    sheet = Sheet(
        view=view,
        layout=find(view, standard.abbreviations),
        claims=claims,
        standard=standard,
        today=at.astimezone(VIETNAM).date(),
    )
    found = [advice for rule in _rules(sheet) for advice in rule(sheet)]
    found += _unjudged(sheet)
    graded = (msgspec.structs.replace(one, grade=standard.grade(one.code)) for one in found)
    shown = [one for one in graded if one.grade is not Grade.OFF]
    return tuple(sorted(shown, key=lambda one: (one.page, one.box.top, one.rule)))


def _rules(sheet: Sheet) -> tuple[Rule, ...]:
    if _scan(sheet.view):
        return ALWAYS
    if not sheet.claims.main:
        return (*ALWAYS, *WITH_TEXT, *OF_ATTACHMENTS)
    if not head.recognised(sheet):
        return (*ALWAYS, pages.typeface) if sheet.claims.kind else ALWAYS
    return (*ALWAYS, *WITH_TEXT, *OF_DOCUMENTS)


def _scan(view: View) -> bool:
    """Tell whether the document itself is a picture: what OCR put behind it has guessed sizes."""
    return view.pages[0].scanned or not any(page.letters for page in view.pages)


def _unjudged(sheet: Sheet) -> list[Advice]:
    page = sheet.first
    whole = Box(0, 0, page.width, page.height)
    if _scan(sheet.view):
        # V1: said once, and nothing is guessed.
        return [
            advise(
                Code.ADVICE_NO_TEXT,
                1,
                whole,
                ("trang không có lớp chữ", "the page has no text layer"),
                sheet.says(Code.ADVICE_NO_TEXT),
            )
        ]
    if sheet.claims.main and not head.recognised(sheet):
        # V2: another kind of paper, or one whose head is a picture.
        return [
            advise(
                Code.ADVICE_NOT_RECOGNISED,
                1,
                whole,
                (
                    "không thấy Quốc hiệu, Tiêu ngữ, số, ngày tháng",
                    "no country's name, motto, number or date seen",
                ),
                (
                    "chín thành phần thể thức; phần còn lại không xét",
                    "nine components; the rest is not judged",
                ),
            )
        ]
    return []


def secrecy_stamp(view: View, standard: Standard, marks: tuple[str, ...]) -> Violation | None:
    """Find a state-secret stamp in its place. Rule T10: this refuses.

    The place is box 10a: left half of page 1, under the number line, above title, addressee and body. A
    stamp is a line by itself, in capitals, and bold, red or framed. An agency's name that ends in
    "BẢO / MẬT" stands above the number, a title in the middle, a subject in small letters: none of them is
    one. Without a number line there is no such place.

    Args:
        view: the pages.
        standard: for the frame's tolerance; unused where there is none.
        marks: of the policy, in capitals.

    Source:
        QĐ 28/2018 Điều 1.2; NĐ 30/2020 Phụ lục I, III.2 and the plan of components, box 10a.
    """
    if not view.pages:
        return None
    page, layout = view.pages[0], find(view, standard.abbreviations)
    if layout.number is None:
        return None
    top, known = layout.number.box.bottom - 1, {fold(mark) for mark in marks}
    below = [one.box.top for one in (layout.kind, layout.addressee) if one is not None]
    below += [line.box.top for number, line in layout.body if number == 1]
    end = min([top + _STAMP_MM, *(y for y in below if y > top)])
    for line in page.lines:
        box = line.box
        if not top <= box.top < end or box.middle > page.width * 0.46:
            continue
        bare = line.text.strip("()[]*.:- ")
        if fold(bare) not in known or not is_upper(bare):
            continue
        framed = any(
            one.box.left < box.middle < one.box.right
            and one.box.top < (box.top + box.bottom) / 2 < one.box.bottom
            and one.box.width < page.width / 2
            for one in page.strokes
        )
        if framed or line.bold or colour_of(*line.colour) == "red":
            where = f"trang 1, {box.left:.0f} mm từ trái, {box.top:.0f} mm từ trên"
            return Violation(Code.SECRECY_MARKED, "", f"dấu độ mật / secrecy stamp: {where}")
    return None


_STAMP_MM: Final = 70.0
"""So far under the number line a stamp may stand."""
