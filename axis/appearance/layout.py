"""Which line of a document is which component: found by words and place, or not found and then not judged."""

import difflib
import re
from collections.abc import Iterable
from typing import Final

import msgspec

from axis.appearance.view import Box, Line, Page, View, around
from axis.appearance.words import MOTTO, NATIONAL_NAME, fold, is_upper

_LIKE: Final = 0.78
"""From here on a line is meant to be this component, whatever its spelling."""
_HEAD: Final = 0.5
"""Share of the page in which the head of a document stands."""

_NUMBER: Final = re.compile(r"^s[ốôo]\s*[:.;]?\s*(?:\d|/|\.{2,}|…)", re.IGNORECASE)
_DATE: Final = re.compile(r"ngày\s*[\d.…]*\s*tháng\s*[\d.…]*\s*năm", re.IGNORECASE)
_BASIS: Final = re.compile(r"^căn cứ\b", re.IGNORECASE)
_COMPETENCE: Final = re.compile(r"^\s*(TM|KT|TL|TUQ|Q|T/M|K/T|T/L)\s*[./]?\s+\S")
_LONGEST_DATE: Final = 80
_PLAIN_SIZE: Final = 10.0
"""Smaller than this, what stands in a margin is no part of the document: a footer, a note of a program."""


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """The components of a document. What is None or empty was not found."""

    national: Line | None = None
    motto: Line | None = None
    agency: tuple[Line, ...] = ()
    """Lines of the left column above the number: superior agencies, then the issuing one."""
    number: Line | None = None
    date: Line | None = None
    kind: Line | None = None
    subject: tuple[Line, ...] = ()
    letter_subject: tuple[Line, ...] = ()
    addressee: Line | None = None
    bases: tuple[tuple[Line, ...], ...] = ()
    """Lines of each paragraph of page 1 that begins with "Căn cứ", at the begin of the body."""
    body: tuple[tuple[int, Line], ...] = ()
    """Full lines of the body, with their pages."""
    tail_page: int = 0
    """Where the signature block stands; 0: not found."""
    heading: tuple[Line, ...] = ()
    """Lines of authority and position above the signature."""
    signer: Line | None = None
    recipients_title: Line | None = None
    recipients: tuple[Line, ...] = ()
    recognised: int = 0
    """How many of name, motto, number and date were found."""


def find(view: View, kinds: Iterable[str]) -> Layout:
    """Find the components of a document.

    Args:
        view: its pages.
        kinds: names of kinds, small letters.
    """
    if not view.pages:
        return Layout()
    first = view.pages[0]
    head = [line for line in first.lines if line.box.top < first.height * _HEAD]
    national = _like(head, NATIONAL_NAME)
    motto = _like(head, MOTTO)
    number = next((one for one in head if _NUMBER.match(one.text) and one.box.middle < first.width / 2), None)
    date = next(
        (
            one
            for one in head
            if _DATE.search(one.text)
            and len(one.text) < _LONGEST_DATE
            and one.box.left > first.width * 0.35
            and (number is None or abs(one.box.top - number.box.top) < 25)  # noqa: PLR2004 - mm
        ),
        None,
    )
    below = max((one.box.bottom for one in (national, motto, number, date) if one), default=0.0)
    letter = _letter_subject(head, number)
    kind, subject = _kind(first, below, kinds, letter)
    start = max([below, *(one.box.bottom for one in (*subject, *letter, *((kind,) if kind else ())))])
    tail = _tail(view)
    body = tuple(_body(view, start, tail))
    return Layout(
        national=national,
        motto=motto,
        agency=_agency(head, first, national, number),
        number=number,
        date=date,
        kind=kind,
        subject=subject,
        letter_subject=letter,
        addressee=next((one for one in first.lines if fold(one.text).startswith("kính gửi")), None),
        bases=tuple(_bases(first, start)),
        body=body,
        tail_page=tail.page,
        heading=tail.heading,
        signer=tail.signer,
        recipients_title=tail.title,
        recipients=tail.recipients,
        recognised=sum(one is not None for one in (national, motto, number, date)),
    )


def _like(lines: list[Line], words: str) -> Line | None:
    wanted = fold(words)
    best, found = 0.0, None
    for line in lines:
        text = fold(line.text)
        if text == wanted:
            return line
        if abs(len(text) - len(wanted)) < len(wanted) / 3:
            ratio = difflib.SequenceMatcher(None, text, wanted).ratio()
            if ratio > best:
                best, found = ratio, line
    return found if best >= _LIKE else None


def _agency(head: list[Line], page: Page, national: Line | None, number: Line | None) -> tuple[Line, ...]:
    if number is None:
        return ()
    right = national.box.left if national else page.width * 0.5
    return tuple(
        one
        for one in head
        if one.box.bottom <= number.box.top + 1
        and one.box.right <= right
        and one.box.middle < page.width / 2
        and any(c.isalpha() for c in one.text)
    )


def _letter_subject(head: list[Line], number: Line | None) -> tuple[Line, ...]:
    begin = next(
        (at for at, one in enumerate(head) if re.match(r"^v\s*/\s*v\b", one.text, re.IGNORECASE)), None
    )
    if begin is None:
        return ()
    lines = [head[begin]]
    for one in head[begin + 1 :]:
        last = lines[-1]
        near = one.box.top - last.box.bottom < last.box.height * 0.8
        if near and abs(one.box.middle - last.box.middle) < 6 and abs(one.size - last.size) < 1:  # noqa: PLR2004
            lines.append(one)
    del number
    return tuple(lines)


def _kind(
    page: Page, below: float, kinds: Iterable[str], letter: tuple[Line, ...]
) -> tuple[Line | None, tuple[Line, ...]]:
    if letter:
        return None, ()
    known = tuple(fold(kind) for kind in kinds)
    lines = [one for one in page.lines if one.box.top >= below - 1 and one.box.top < page.height * 0.7]
    for at, line in enumerate(lines):
        text = fold(line.text)
        if not is_upper(line.text) or not _centred(line, page):
            continue
        if text in known or any(text.startswith(kind + " ") for kind in known):
            subject: list[Line] = []
            last = line
            for one in lines[at + 1 :]:
                near = one.box.top - last.box.bottom < last.box.height * 1.2
                full = one.box.left < 45 and one.box.right > page.width - 28  # noqa: PLR2004 - mm
                if not near or not _centred(one, page) or (not one.bold and (subject or full)):
                    break
                subject.append(one)
                last = one
            return line, tuple(subject)
    return None, ()


def _centred(line: Line, page: Page) -> bool:
    # The middle of the text, not of the sheet: the left margin is the wider one.
    return -6 < line.box.middle - page.width / 2 < 14  # noqa: PLR2004 - mm


def _bases(page: Page, start: float) -> Iterable[tuple[Line, ...]]:
    """Return the paragraphs "Căn cứ ..." with which the body begins; later ones are ordinary sentences."""
    lines = [one for one in page.lines if one.box.top >= start - 1]
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        if not _BASIS.match(line.text) or line.box.left > page.width * 0.35:
            # Who decides stands above the bases, in capitals; so does the addressee.
            if is_upper(line.text) or fold(line.text).startswith(("kính gửi", "- ")):
                continue
            return
        paragraph = [line]
        while at < len(lines):
            one = lines[at]
            # The next paragraph is indented like this one; a line that goes on is not.
            if one.box.left > line.box.left - 3 or one.box.top - paragraph[-1].box.bottom > one.box.height:
                break
            paragraph.append(one)
            at += 1
        yield tuple(paragraph)


def _body(view: View, start: float, tail: "_Tail") -> Iterable[tuple[int, Line]]:
    for page in view.pages:
        top = start if page.number == 1 else 0.0
        end = tail.top if page.number == tail.page else page.height
        lines = [one for one in page.lines if top <= one.box.top < end and one.size >= _PLAIN_SIZE]
        if not lines:
            continue
        wide = around([one.box for one in lines]).width
        for one in lines:
            if one.box.width > wide * 0.6:
                yield page.number, one


class _Tail(msgspec.Struct, frozen=True, kw_only=True):
    page: int = 0
    top: float = 0.0
    title: Line | None = None
    recipients: tuple[Line, ...] = ()
    heading: tuple[Line, ...] = ()
    signer: Line | None = None


def _tail(view: View) -> _Tail:
    for page in reversed(view.pages):
        title = next(
            (
                one
                for one in reversed(page.lines)
                if fold(one.text).startswith("nơi nhận") and one.box.middle < page.width / 2
            ),
            None,
        )
        right = [
            one for one in page.lines if one.box.left > page.width * 0.4 and one.box.middle > page.width / 2
        ]
        if title is not None:
            heading, signer = _signature(right, title.box.top - 9)
            return _Tail(
                page=page.number,
                top=min([title.box.top, *(one.box.top for one in heading)]),
                title=title,
                recipients=_places(page, title),
                heading=heading,
                signer=signer,
            )
        begin = next((one for one in right if _COMPETENCE.match(one.text) and is_upper(one.text)), None)
        if begin is not None:
            heading, signer = _signature(right, begin.box.top - 1)
            return _Tail(page=page.number, top=begin.box.top, heading=heading, signer=signer)
    return _Tail()


def _places(page: Page, title: Line) -> tuple[Line, ...]:
    found, last = [], title
    for one in page.lines:
        if one.box.top < title.box.top + 1 or one.box.left > title.box.left + 25:
            continue
        if one.box.top - last.box.bottom > 6 or one.size < _PLAIN_SIZE:  # noqa: PLR2004 - mm
            break
        found.append(one)
        last = one
    return tuple(found)


def _signature(right: list[Line], top: float) -> tuple[tuple[Line, ...], Line | None]:
    """Split the right column into lines in capitals and, after the room for the signature, a name."""
    heading: list[Line] = []
    for one in right:
        if one.box.top < top or one.size < _PLAIN_SIZE:
            continue
        if is_upper(one.text) and (not heading or one.box.top - heading[-1].box.bottom < 8):  # noqa: PLR2004
            heading.append(one)
        elif heading:
            if any(c.isdigit() for c in one.text):
                continue
            return tuple(heading), one
    return tuple(heading), None


def box_of(lines: Iterable[Line]) -> Box:
    """Return the box around lines; there is at least one."""
    return around([line.box for line in lines])
