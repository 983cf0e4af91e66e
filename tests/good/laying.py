"""Signature dictionaries in every spelling and order, laid into files of every make."""

import io
import re
from collections.abc import Callable
from typing import Final

import pikepdf

from tests.lab.pdfs import newest, next_number, update

ROOM: Final = 4000
"""Bytes kept for a value."""
PLAIN: Final = (
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange RANGE "
    b"/Contents VALUE >>"
)
FIELD: Final = (
    b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (%s) /F 132 /Rect [0 0 0 0] /P 3 0 R /V %d 0 R >>"
)
_WIDE: Final = 60

Make = Callable[[bytes], bytes]


def brackets(first: int, start: int, rest: int) -> bytes:
    """Spell a byte range as most do."""
    return b"[0 %d %d %d]" % (first, start, rest)


def fill(
    pdf: bytes,
    make: Make,
    *,
    spelt: Callable[[int, int, int], bytes] = brackets,
    gap: Callable[[bytes], bytes] = lambda digits: b"<" + digits + b">",
    around: tuple[int, int] = (0, 0),
    room: int = ROOM,
) -> bytes:
    """Put range and value where `placed` left room for them.

    Args:
        pdf: with both gaps.
        make: makes the value.
        spelt: writes the byte range.
        gap: writes the value.
        around: bytes before and behind the value that the range leaves out too.
        room: bytes kept for the value.
    """
    wide = len(gap(b"0" * (2 * room)))
    start = pdf.index(b"@" * wide)
    end = start + wide
    text = spelt(start - around[0], end + around[1], len(pdf) - end - around[1])
    ranged = pdf.replace(b"~" * _WIDE, text.ljust(_WIDE), 1)
    digits = make(ranged[: start - around[0]] + ranged[end + around[1] :]).hex().encode()
    return ranged[:start] + gap(digits.ljust(2 * room, b"0")) + ranged[end:]


def dictionary(text: bytes = PLAIN, gap: Callable[[bytes], bytes] = lambda d: b"<" + d + b">") -> bytes:
    """Return a signature dictionary with room for range and value."""
    wide = len(gap(b"0" * (2 * ROOM)))
    return text.replace(b"RANGE", b"~" * _WIDE).replace(b"VALUE", b"@" * wide)


def lay(
    pdf: bytes,
    make: Make,
    *,
    text: bytes = PLAIN,
    field: bytes = FIELD,
    name: bytes = b"Hand",
    objects: dict[int, bytes] | None = None,
    extra: bytes = b"",
    gap: Callable[[bytes], bytes] = lambda digits: b"<" + digits + b">",
    **how: object,
) -> bytes:
    """Sign a hand-made PDF in an update of its own; as `sign_by_hand`, with every byte to choose."""
    number = next_number(pdf)
    fields, annotations = newest(pdf, 6), newest(pdf, 7)
    made = {
        6: re.sub(rb"/Fields \[(.*?)\]", lambda m: b"/Fields [%s %d 0 R]" % (m[1], number), fields),
        7: annotations[:-1] + b" %d 0 R]" % number,
        number: field % (name, number + 1),
        number + 1: dictionary(text, gap),
        **(objects or {}),
    }
    return fill(update(pdf, made, extra), make, gap=gap, **how)  # type: ignore[arg-type]


def by_qpdf(pdf: bytes, **how: object) -> bytes:
    """Write a PDF anew as QPDF does."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.save(out, **how)  # type: ignore[arg-type]
    return out.getvalue()


def behind(junk: bytes, pdf: bytes) -> bytes:
    """Put bytes before the header of an unsigned PDF; offsets count from the file's beginning."""
    moved = re.sub(rb"(\d{10}) 00000 n", lambda m: b"%010d 00000 n" % (int(m[1]) + len(junk)), pdf)
    moved = re.sub(rb"startxref\n(\d+)", lambda m: b"startxref\n%d" % (int(m[1]) + len(junk)), moved)
    return junk + moved
