"""Rules V23 to V25: where the pictures of signatures and seals stand, and in which colour."""

from collections.abc import Iterator, Sequence
from typing import Final

from axis.appearance.advice import Advice, advise
from axis.appearance.sheet import Sheet, figure
from axis.appearance.view import Box, Mark
from axis.violations import Code

_COLOURS: Final = {"red": "đỏ", "blue": "xanh", "black": "đen", "other": "khác"}
_TWO: Final = 2


def _pair(sheet: Sheet) -> tuple[Mark, Mark] | None:
    """Return the person's and the agency's mark: of exactly two, the first and the second that signed."""
    return (sheet.view.marks[0], sheet.view.marks[1]) if len(sheet.view.marks) == _TWO else None


def _unseen(sheet: Sheet, mark: Mark, code: Code, vi: str) -> Advice:
    box = mark.box if mark.box.width > 1 else _room(sheet) or Box(100, 150, 200, 250)
    return advise(code, mark.page, box, (vi, "no picture is shown"), sheet.says(code))


def _together(faults: Sequence[tuple[str, str]]) -> tuple[str, str]:
    return ", ".join(vi for vi, _ in faults), ", ".join(en for _, en in faults)


def person_mark(sheet: Sheet) -> Iterator[Advice]:
    """V23: blue, between position and name."""
    pair = _pair(sheet)
    if pair is None:
        return  # which of one, or of many, is whose cannot be told from the pages
    mark, layout, code = pair[0], sheet.layout, Code.ADVICE_PERSON_MARK
    if mark.ink is None:
        yield _unseen(sheet, mark, code, "không hiện hình chữ ký")
        return
    faults = []
    if mark.colour != "blue":
        faults.append((f"màu {_COLOURS[mark.colour]}", f"colour: {mark.colour}"))
    if layout.heading and layout.signer is not None:
        room, middle = _room(sheet), (mark.ink.top + mark.ink.bottom) / 2
        assert room is not None, "there are a position and a name"
        if mark.page != layout.tail_page or not room.top - 2 <= middle <= room.bottom + 2:
            faults.append(("không nằm giữa chức vụ và họ tên", "not between position and name"))
        elif abs(mark.ink.middle - room.middle) > 15:  # noqa: PLR2004 - mm
            faults.append(("không canh giữa", "not centred"))
    if faults:
        yield advise(code, mark.page, mark.ink, _together(faults), sheet.says(code))


def _room(sheet: Sheet) -> Box | None:
    heading, signer = sheet.layout.heading, sheet.layout.signer
    if not heading or signer is None:
        return None
    above = heading[-1].box
    return Box(
        min(above.left, signer.box.left), above.bottom, max(above.right, signer.box.right), signer.box.top
    )


def seal_mark(sheet: Sheet) -> Iterator[Advice]:
    """V24: red, over about a third of the person's signature, on its left."""
    pair = _pair(sheet)
    if pair is None:
        return
    person, mark = pair
    code = Code.ADVICE_SEAL_MARK
    if mark.ink is None:
        yield _unseen(sheet, mark, code, "không hiện hình dấu")
        return
    faults = []
    if mark.colour != "red":
        faults.append((f"màu {_COLOURS[mark.colour]}", f"colour: {mark.colour}"))
    if person.ink is not None:
        share = (mark.ink.right - person.ink.left) / person.ink.width
        across = mark.ink.top < person.ink.bottom and person.ink.top < mark.ink.bottom
        if mark.page != person.page or not across or mark.ink.left > person.ink.left:
            faults.append(("không nằm bên trái hình chữ ký", "not on the left of the signature"))
        elif not 0.15 <= share <= 0.55:  # noqa: PLR2004 - about a third
            percent = figure(max(0.0, min(1.0, share)) * 100)
            faults.append((f"trùm {percent} % hình chữ ký", f"covers {percent} % of the signature"))
    if faults:
        yield advise(code, mark.page, mark.ink, _together(faults), sheet.says(code))


def attachment_mark(sheet: Sheet) -> Iterator[Advice]:
    """V25: of an attached file: upper right of page 1, no picture, size 10, number and signing time."""
    if sheet.claims.main or not sheet.view.marks:
        return
    mark, page = sheet.view.marks[-1], sheet.first
    wanted = sheet.says(Code.ADVICE_ATTACHMENT_MARK)
    faults = []
    if mark.ink is None:
        faults.append(("không hiện trên trang", "not shown"))
    else:
        if mark.page != 1 or mark.ink.middle < page.width / 2 or mark.ink.top > page.height / 4:
            faults.append(("không ở góc trên bên phải trang đầu", "not in the upper right of page 1"))
        if mark.colour != "black":
            faults.append((f"màu {_COLOURS[mark.colour]}", f"colour: {mark.colour}"))
        if mark.size and not sheet.fits(mark.size, "attachment-mark"):
            faults.append((f"cỡ chữ {figure(mark.size)}", f"size {mark.size:g}"))
    if faults:
        box = mark.ink or Box(page.width / 2, 5, page.width - 10, 25)
        yield advise(Code.ADVICE_ATTACHMENT_MARK, mark.page, box, _together(faults), wanted)
