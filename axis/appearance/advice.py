"""One piece of advice: where, what was found, what the decree says. Advice never blocks."""

from typing import Final

import msgspec

from axis.appearance.grades import Grade
from axis.appearance.view import Box
from axis.violations import REASONS, Code

DECREE: Final = "NĐ 30/2020/NĐ-CP"

ARTICLES: Final = {
    Code.ADVICE_NO_TEXT: "Phụ lục I",
    Code.ADVICE_NOT_RECOGNISED: "Điều 8",
    Code.ADVICE_PAPER: "Phụ lục I, phần I, mục I.1, I.2",
    Code.ADVICE_MARGINS: "Phụ lục I, phần I, mục I.3",
    Code.ADVICE_TYPEFACE: "Phụ lục I, phần I, mục I.4",
    Code.ADVICE_COLOUR: "Phụ lục I, phần I, mục I.4",
    Code.ADVICE_PAGE_NUMBER: "Phụ lục I, phần I, mục I.7",
    Code.ADVICE_NATIONAL_NAME: "Phụ lục I, phần I, mục II.1",
    Code.ADVICE_MOTTO: "Phụ lục I, phần I, mục II.1",
    Code.ADVICE_AGENCY: "Phụ lục I, phần I, mục II.2",
    Code.ADVICE_NUMBER_LINE: "Điều 15; Phụ lục I, phần I, mục II.3",
    Code.ADVICE_NUMBER_DIFFERS: "Phụ lục I, phần I, mục II.3; Phụ lục III; Phụ lục VI",
    Code.ADVICE_PLACE_DATE: "Phụ lục I, phần I, mục II.4",
    Code.ADVICE_DATE_DIFFERS: "Phụ lục I, phần I, mục II.4; Phụ lục VI",
    Code.ADVICE_KIND_SUBJECT: "Phụ lục I, phần I, mục II.5",
    Code.ADVICE_LETTER_SUBJECT: "Phụ lục I, phần I, mục II.5",
    Code.ADVICE_BODY_SIZE: "Phụ lục I, phần I, mục II.6",
    Code.ADVICE_LEGAL_BASES: "Phụ lục I, phần I, mục II.6",
    Code.ADVICE_ADDRESSEE: "Phụ lục I, phần I, mục II.9",
    Code.ADVICE_SIGNATURE_BLOCK: "Điều 13; Phụ lục I, phần I, mục II.7",
    Code.ADVICE_SIGNER_NAME: "Phụ lục I, phần I, mục II.7",
    Code.ADVICE_RECIPIENTS: "Phụ lục I, phần I, mục II.9",
    Code.ADVICE_PERSON_MARK: "Phụ lục I, phần I, mục II.7",
    Code.ADVICE_SEAL_MARK: "Phụ lục I, phần I, mục II.8",
    Code.ADVICE_ATTACHMENT_MARK: "Phụ lục I, phần I, mục II.8, III.1.d",
    Code.ADVICE_URGENCY: "Phụ lục I, phần I, mục III.2",
}
"""Where in the decree each rule stands."""


class Words(msgspec.Struct, frozen=True):
    """The same in both languages."""

    vi: str
    en: str


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """What could be better on a page. It may quote the page, so it never goes into a log or a receipt."""

    code: Code
    grade: Grade = Grade.ADVICE
    page: int
    """From 1."""
    box: Box
    """Millimetres from the upper left corner of the page."""
    found: Words
    wanted: Words
    article: str = ""

    @property
    def rule(self) -> str:
        """Number of the rule in RULES.md."""
        return REASONS[self.code].rule


def advise(code: Code, page: int, box: Box, found: tuple[str, str], wanted: tuple[str, str]) -> Advice:
    """Return a piece of advice with its article; the grade follows from the data."""
    return Advice(
        code=code,
        page=page,
        box=Box(*(round(side, 1) for side in box)),
        found=Words(*found),
        wanted=Words(*wanted),
        article=f"{DECREE}, {ARTICLES[code]}",
    )
