"""Does the header bear a state-secret mark? Rule T10.

Documents marked MẬT, TỐI MẬT or TUYỆT MẬT never travel here (QĐ 28/2018
Điều 1.2). A mark stands alone: it is a whole value, or is set off in one by
brackets or punctuation and written in capitals. Words such as "bảo mật" inside
a sentence are no mark.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from axis.checks.looks import visible
from axis.envelope import Envelope
from axis.violations import Code, Violation

_SEPARATORS: Final = re.compile(r"[()\[\]{}<>|:;,.!?*_/\\\n\r\t\"'“”‘’«»–—]|(?:^|\s)-+|-+(?:\s|$)")
_EDGES: Final = re.compile(r"^[\W_]+|[\W_]+$")


def secret_mark(envelope: Envelope, marks: tuple[str, ...]) -> Violation | None:
    """Find the first secrecy mark in the header.

    Args:
        envelope: what the header says. Names of people, agencies and places are not looked at.
        marks: of the policy, in capitals.

    Returns:
        The violation, naming the field and nothing of its content; None: there is no mark.

    Source:
        QĐ 28/2018 Điều 1.2; NĐ 30/2020 Phụ lục I, box 10a, for how a mark is written.
    """
    known = _known(marks)
    for field, value in _fields(envelope):
        if _bears(value, known):
            return Violation(Code.SECRECY_MARKED, field, "dấu độ mật / secrecy mark")
    return None


def _fields(envelope: Envelope) -> Iterator[tuple[str, str]]:
    yield "Code.CodeNumber", envelope.number
    yield "Code.CodeNotation", envelope.notation
    yield "DocumentType.TypeName", envelope.type_name
    yield "Subject", envelope.subject
    yield "Content", envelope.content
    yield "Bussiness.BussinessDocReason", envelope.business_reason
    for at, place in enumerate(envelope.to_places):
        yield f"ToPlaces.Place[{at}]", place
    yield from envelope.others


@lru_cache
def _known(marks: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_plain(visible(mark)) for mark in marks)


def _bears(value: str, marks: frozenset[str]) -> bool:
    seen = visible(value)
    if _EDGES.sub("", _plain(seen)).upper() in marks:
        return True
    # Inside a longer value only capitals count: "(MẬT) V/v ..." is marked, "đường, mật, sữa" is not.
    return any(_EDGES.sub("", part) in marks for part in _SEPARATORS.split(seen))


def _plain(text: str) -> str:
    """Return text with single blanks and none around it."""
    return " ".join(text.split())
