"""Reasons for which reading a packet stops at once: rules F1 to F4."""

import codecs
from typing import Final
from xml.parsers import expat

from axis.errors import AxisError
from axis.violations import Code, Violation

NAMES: Final = 1000
"""Different element and attribute names: expat keeps each one until the end."""
NAME: Final = 128
"""Characters of a name without its namespace."""
URI: Final = 1024
"""Characters of a namespace."""

_OTHER_ENCODINGS: Final = (
    *(codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    *(b"\x00\x00\x00<", b"<\x00\x00\x00", b"\x00<", b"<\x00"),
    *(b"+ADw", b"+/v", b"\x4c\x6f\xa7\x94"),  # UTF-7 with and without mark, EBCDIC
)
_BROKEN_CHARACTER: Final = 6  # XML_ERROR_PARTIAL_CHAR
_UNDEFINED_ENTITY: Final = 11  # XML_ERROR_UNDEFINED_ENTITY
_WORDS: Final = {
    2: "sai cú pháp / syntax error",
    3: "không có phần tử nào / no element",
    5: "tệp bị cắt cụt / the text ends inside a tag",
    7: "thẻ đóng không khớp / mismatched tag",
    8: "thuộc tính lặp lại / an attribute is repeated",
    9: "có byte sau phần tử gốc / bytes after the root element",
    27: "tiền tố chưa được khai báo / a namespace prefix is not declared",
    30: "có byte trước khai báo XML / bytes before the XML declaration",
}


class StopError(AxisError):
    """Leaves the parser from inside. Never leaves `axis.edxml`."""

    def __init__(self, violation: Violation | None) -> None:
        """Keep the reason; None: nothing is wrong, there is just no more to see."""
        super().__init__(violation.detail if violation else "seen enough")
        self.violation = violation


def over_limit(name: str, most: int) -> StopError:
    """Return the stop for a passed limit (F4), which its detail names."""
    return StopError(Violation(Code.XML_LIMIT, "", f"vượt giới hạn / over limit: {name} ({most})"))


def forbidden(what: str) -> StopError:
    """Return the stop for a construct that may not be there at all (F2)."""
    return StopError(Violation(Code.XML_FORBIDDEN, "", what))


def check_encoding(first: bytes) -> None:
    """Look at the first bytes. F3: UTF-8, with or without its mark; F1: nothing before the XML.

    Raises:
        StopError: another encoding, or other bytes.
    """
    if first.startswith(_OTHER_ENCODINGS):
        raise StopError(Violation(Code.XML_ENCODING, "", "không phải UTF-8 / not UTF-8"))
    start = first.removeprefix(codecs.BOM_UTF8).lstrip(b" \t\r\n")
    if start and not start.startswith(b"<"):
        detail = "có byte trước khai báo XML / bytes before the XML declaration"
        raise StopError(Violation(Code.XML_MALFORMED, "", detail))


def refusal(error: expat.ExpatError, byte: bytes, line: int, column: int) -> Violation:
    """Say why expat stopped.

    Args:
        error: as expat raised it.
        byte: the one it stopped at; empty where there is none.
        line: where that is in the packet, from 1.
        column: in characters, from 0.
    """
    place = f"dòng / line {line}, cột / column {column + 1}"
    if error.code == _BROKEN_CHARACTER or not byte.isascii():
        return Violation(Code.XML_ENCODING, "", f"byte không phải UTF-8 / bytes are not UTF-8: {place}")
    if error.code == _UNDEFINED_ENTITY:
        return Violation(Code.XML_FORBIDDEN, "", f"thực thể / entity: {place}")
    words = _WORDS.get(error.code, expat.ErrorString(error.code))
    return Violation(Code.XML_MALFORMED, "", f"{words}: {place}")
