"""Signing just the bytes that a byte range of any form names."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from tests.lab.pdfs import RESERVED, SignBytes, a_cms, newest, next_number, update
from tests.lab.services import a_token

Spans = Callable[[bytes, int, int], tuple[bytes, Sequence[tuple[int, int]]]]
"""Given the file, start and end of the gap: the text of the range, and the spans that are signed."""


SIGNATURE: Final = b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "
STAMP: Final = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161 "


def sign_spans(
    pdf: bytes,
    spans: Spans,
    *,
    make: SignBytes | None = None,
    objects: dict[int, bytes] | None = None,
    name: bytes = b"Hand",
    head: bytes = SIGNATURE,
) -> bytes:
    """Sign just the spans that a byte range of any form names."""
    make = make or a_cms(token=a_token)
    number = next_number(pdf)
    wide = 2 * RESERVED + 2
    placeholder = b"/ByteRange " + b"#" * 90
    fields, annotations = newest(pdf, 6), newest(pdf, 7)
    out = update(
        pdf,
        {
            6: re.sub(rb"/Fields \[(.*?)\]", lambda m: b"/Fields [%s %d 0 R]" % (m[1], number), fields),
            7: b"[%s %d 0 R]" % (annotations[1:-1], number),
            number: b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (%s) /F 132 /Rect [0 0 0 0] "
            b"/P 3 0 R /V %d 0 R >>" % (name, number + 1),
            number + 1: b"<< " + head + placeholder + b" /Contents " + b"@" * wide + b" >>",
            **(objects or {}),
        },
    )  # fmt: skip
    start = out.index(b"@" * wide)
    words, _ = spans(out, start, start + wide)
    out = out.replace(placeholder, (b"/ByteRange " + words).ljust(len(placeholder)), 1)
    _, chosen = spans(out, start, start + wide)
    value = make(b"".join(out[offset : offset + length] for offset, length in chosen))
    return out[:start] + b"<" + value.hex().encode().ljust(wide - 2, b"0") + b">" + out[start + wide :]


def whole(out: bytes, start: int, end: int) -> tuple[bytes, Sequence[tuple[int, int]]]:
    """Name and sign all but the value, as one should."""
    rest = len(out) - end
    return b"[0 %d %d %d]" % (start, end, rest), [(0, start), (end, rest)]
