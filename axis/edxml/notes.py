"""What a reading found so far, and an element's values with the rules they must keep."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from axis.edxml.names import LENGTHS
from axis.edxml.values import clean, has_odd_characters, read_day, read_integer, turns_direction
from axis.violations import Code, Violation

_PLACE: Final = re.compile(r"\[\d+\]")

MOST: Final = 200
"""Violations, and findings, told about one packet: a receipt is read by people."""


@dataclass(slots=True)
class Element:
    """One element of the edXML namespace with its text; foreign children are left out."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    """By local name, with the namespace in front where there is one."""
    texts: list[str] = field(default_factory=list)
    children: list["Element"] = field(default_factory=list)
    size: int = 0
    """UTF-8 bytes of its own text."""

    @property
    def text(self) -> str:
        """Its own text, NFC and trimmed. Comments inside do not cut it."""
        return clean("".join(self.texts))


class Notes:
    """Collects violations and findings, at most `MOST` of each."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []
        self.findings: list[Violation] = []

    def violate(self, code: Code, where: str, detail: str) -> None:
        """Note a broken rule; the same one at the same place counts once."""
        violation = Violation(code, where, detail)
        if len(self.violations) < MOST and violation not in self.violations:
            self.violations.append(violation)

    def find(self, code: Code, where: str, detail: str) -> None:
        """Note something that is shown and does not refuse."""
        if len(self.findings) < MOST:
            self.findings.append(Violation(code, where, detail))


class Fields:
    """The values below one element, read under rules F6, F7, F8 and N1 to N3."""

    def __init__(self, element: Element | None, path: str, notes: Notes) -> None:
        """Look below an element.

        Args:
            element: None stands for a missing one, whose absence is already told.
            path: dotted, below ``MessageHeader`` (``"To[0]"``); empty for that itself.
            notes: where broken rules go.
        """
        self.element = element or Element("")
        self._absent = element is None
        self._path = path
        self._notes = notes

    def where(self, name: str) -> str:
        """Return the dotted path of a child."""
        return f"{self._path}.{name}" if self._path else name

    def many(self, name: str) -> Iterator[Element]:
        """Yield the children of that name."""
        return (child for child in self.element.children if child.name == name)

    def one(self, name: str) -> Element | None:
        """Return the only child of that name. F7: it may not be repeated."""
        first, *others = [*self.many(name), None]
        if len(others) > 1:
            self._notes.violate(Code.ELEMENT_REPEATED, self.where(name), f"{len(others)} lần / times")
        return first

    def may(self, name: str) -> str:
        """Return the text of an optional child, or an empty string. F8: its direction; N1: its length."""
        child = self.one(name)
        return long_checked(child.text, self.where(name), self._notes) if child else ""

    def need(self, name: str) -> str:
        """Return the text of a mandatory child. F6: it is there and not empty."""
        text = self.may(name)
        if not text and not self._absent:
            self._notes.violate(Code.ELEMENT_MISSING, self.where(name), "thiếu hoặc rỗng / missing or empty")
        return text

    def identify(self, name: str) -> str:
        """Return a mandatory code or number. F6; F8: no character that passes for another, or is not seen."""
        text = self.need(name)
        if has_odd_characters(text):
            detail = "ký tự lạ hoặc ẩn / a character that is not Latin or not seen"
            self._notes.violate(Code.VALUE_INVALID, self.where(name), detail)
        return text

    def should(self, name: str) -> str:
        """Return the text of a recommended child. N3: it should be there."""
        text = self.may(name)
        if not text and not self._absent:
            self._notes.find(Code.FINDING_MISSING, self.where(name), "thiếu hoặc rỗng / missing or empty")
        return text

    def need_integer(self, name: str) -> int | None:
        """Return a mandatory whole number. F6, F8."""
        text = self.need(name)
        value = read_integer(text)
        if text and value is None:
            self._notes.violate(Code.VALUE_INVALID, self.where(name), "không phải số nguyên / not an integer")
        return value

    def integer(self, text: str, name: str, known: Iterable[int] | None = None) -> int | None:
        """Return an optional whole number. N2: it is one, and of the code list."""
        if not text:
            return None
        value = read_integer(text)
        if value is None:
            self._notes.find(Code.FINDING_VALUE, self.where(name), "không phải số nguyên / not an integer")
        elif known is not None and value not in known:
            self._notes.find(
                Code.FINDING_VALUE, self.where(name), f"{value} ngoài danh mục / not in the list"
            )
        return value

    def need_day(self, name: str) -> date | None:
        """Return a mandatory day. F6, F18."""
        text = self.need(name)
        value = read_day(text)
        if text and value is None:
            self._notes.violate(
                Code.DATE_INVALID, self.where(name), "không phải ngày / not a date: yyyy/MM/dd"
            )
        return value

    def day(self, name: str) -> date | None:
        """Return an optional day. N2: it is one."""
        text = self.may(name)
        value = read_day(text)
        if text and value is None:
            self._notes.find(Code.FINDING_VALUE, self.where(name), "không phải ngày / not a date: yyyy/MM/dd")
        return value


def long_checked(text: str, where: str, notes: Notes) -> str:
    """Return ``text``. F8: it is read in the order it is written; N1: no longer than the standard says."""
    if turns_direction(text):
        detail = "ký tự đảo chiều chữ / a character that turns the direction of writing"
        notes.violate(Code.VALUE_INVALID, where, detail)
    most = LENGTHS.get(_PLACE.sub("", where))
    if most is not None and len(text) > most:
        notes.find(Code.FINDING_LENGTH, where, f"{len(text)} > {most} ký tự / characters")
    return text
