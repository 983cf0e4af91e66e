"""Text, numbers, days and moments as edXML writes them."""

import re
import unicodedata
from datetime import UTC, date, datetime
from typing import Final

from axis.zone import VIETNAM

_DAY: Final = re.compile(r"(\d{4})([/-])(\d{2})\2(\d{2})", re.ASCII)
_TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_INTEGER: Final = re.compile(r"-?\d{1,9}", re.ASCII)


def clean(text: str) -> str:
    """Return text as the axis keeps it: NFC, without white space at both ends."""
    return unicodedata.normalize("NFC", text).strip()


def has_odd_characters(identifier: str) -> bool:
    """Tell whether a code or number holds what nobody can tell from another, or does not see.

    Letters are Latin, digits are ASCII; no control, formatting or combining characters are left in NFC.
    """
    return any(_is_odd(character) for character in identifier if not character.isascii())


def _is_odd(character: str) -> bool:
    kind = unicodedata.category(character)
    if kind.startswith("L"):
        return not unicodedata.name(character, "").startswith("LATIN ")
    return kind[0] in "CMN" or kind in {"Zl", "Zp"}


def turns_direction(text: str) -> bool:
    """Tell whether text holds a character that has it shown in another order than it is written."""
    return not _TURNING.isdisjoint(text)


def read_integer(text: str) -> int | None:
    """Read a whole number of at most nine digits; None: it is none."""
    return int(text) if _INTEGER.fullmatch(text) else None


def read_moment(text: str) -> datetime | None:
    """Read a moment; None: it is none.

    Args:
        text: ``yyyy/MM/dd HH:mm:ss`` or ISO 8601; a day alone is its first moment.

    Returns:
        A timezone-aware moment. Without a zone it is Asia/Ho_Chi_Minh.

    Source:
        exchange-rules.md 1.6.
    """
    if not _DAY.match(text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
        aware.astimezone(UTC)  # the first and last days of the calendar have no UTC
    except (ValueError, OverflowError):
        return None
    return aware


def read_day(text: str) -> date | None:
    """Read a day, ``yyyy/MM/dd`` or ISO 8601; of a moment its day in Viet Nam; None: it is none."""
    moment = read_moment(text)
    return moment.astimezone(VIETNAM).date() if moment else None


def day_text(day: date) -> str:
    """Write a day as edXML does: ``yyyy/MM/dd``."""
    return f"{day.year:04d}/{day.month:02d}/{day.day:02d}"


def moment_text(at: datetime) -> str:
    """Write a moment as edXML does: ``yyyy/MM/dd HH:mm:ss`` in Viet Nam.

    Raises:
        ValueError: ``at`` is naive. The caller's bug.
    """
    if at.tzinfo is None:
        raise ValueError("at must be timezone-aware")
    local = at.astimezone(VIETNAM)
    return f"{day_text(local.date())} {local:%H:%M:%S}"
