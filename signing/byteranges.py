"""Which bytes a signature covers: our own arithmetic (rules G3 and G4).

Nothing here asks the parser what it thinks of coverage. A signature covers the
file from its first byte, but for exactly ``<`` hexadecimal digits ``>``, which
are the very value that is verified.
"""

import binascii
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from pyhanko.pdf_utils import generic

from axis.violations import Code, Violation
from signing.reading import OpenedPdf

_END: Final = re.compile(rb"%%EOF(?:\r\n|\n|\r)?\Z")
_TAIL: Final = 2
"""Bytes of end-of-line that may follow the newest signature."""


class Range(msgspec.Struct, frozen=True):
    """The covered bytes: those before ``gap_start``, and those from ``gap_end`` to before ``end``."""

    gap_start: int
    gap_end: int
    end: int


def read_range(pdf: OpenedPdf, signature: generic.DictionaryObject) -> tuple[Range, bytes] | Violation:
    """Read a signature's byte range and its value, and hold them to the file.

    Args:
        pdf: the file.
        signature: its signature dictionary.

    Returns:
        The range, and the value of ``/Contents``; or the rule that is broken.
    """
    covered = _range(pdf, signature)
    if isinstance(covered, Violation):
        return covered
    # G3: what is left out is exactly the value, in hexadecimal.
    value = signature.raw_get("/Contents") if "/Contents" in signature else None
    if not isinstance(value, (generic.TextStringObject, generic.ByteStringObject)):
        return Violation(Code.CONTENTS, "", "the value is no string of its own")
    contents = bytes(value.original_bytes)
    length = covered.gap_end - covered.gap_start
    gap = pdf.read(covered.gap_start, length) if length == 2 * len(contents) + 2 else b""
    if gap[:1] != b"<" or gap[-1:] != b">":
        return Violation(Code.CONTENTS, "", "the gap is not one hexadecimal string")
    try:
        # unhexlify and not fromhex: that one forgives white space.
        same = binascii.unhexlify(gap[1:-1]) == contents
    except binascii.Error:
        same = False
    return (covered, contents) if same else Violation(Code.CONTENTS, "", "the gap is not the verified value")


def _range(pdf: OpenedPdf, signature: generic.DictionaryObject) -> Range | Violation:
    # G3: four integers [0 a s b], in bounds, with a gap.
    # A list of its own could be another one after an update.
    raw = signature.raw_get("/ByteRange") if "/ByteRange" in signature else None
    if not isinstance(raw, generic.ArrayObject) or len(raw) != 4:  # noqa: PLR2004  # two pairs
        return Violation(Code.BYTE_RANGE, "", "no four numbers")
    numbers = [raw.raw_get(index) for index in range(4)]
    if not all(isinstance(number, generic.NumberObject) for number in numbers):
        return Violation(Code.BYTE_RANGE, "", "not all are integers")
    first, length, second, rest = (int(number) for number in numbers)
    if first != 0 or not 0 < length < second or rest < 0 or second + rest > pdf.size:
        return Violation(Code.BYTE_RANGE, "", f"[{first} {length} {second} {rest}] of {pdf.size} bytes")
    return Range(length, second, second + rest)


def check_order(ranges: Sequence[Range]) -> tuple[Violation, ...]:
    """Hold signatures to each other: each later one covers all of the earlier ones (rule G3).

    Args:
        ranges: sorted by where they end.
    """
    return tuple(
        Violation(Code.BYTE_RANGE, f"signatures[{index + 1}]", "it does not enclose the signature before it")
        for index, (earlier, later) in enumerate(pairwise(ranges))
        if later.gap_start < earlier.end
    )


def check_reach(pdf: OpenedPdf, newest: Range, *, updated: bool) -> Violation | None:
    """Hold the newest signature to the end of the file (rule G4).

    Args:
        pdf: the file.
        newest: range of the signature that ends last.
        updated: the parser knows a revision behind it, which rule G5 judges.
    """
    if newest.end == pdf.size:
        return None
    tail = pdf.read(newest.end, _TAIL)
    if pdf.size - newest.end <= _TAIL and not tail.strip(b"\r\n"):
        return None
    ending = pdf.read(max(pdf.size - 16, 0), 16)
    if updated and _END.search(ending):
        return None
    detail = f"{pdf.size - newest.end} bytes behind it"
    return Violation(Code.NOT_COVERING, "", detail)
