"""Objects that begin where they are signed and run on behind the end: what comes later says what they are."""

from collections.abc import Callable
from functools import cache
from typing import Final

from tests.attacks.building import (
    FONT,
    FORGED,
    ORDERED,
    PAGE,
    Attack,
    by_person,
    by_seal,
    letter,
)
from tests.lab.pdfs import newest, next_number, update

BEYOND: Final = "signature.not-covering-file"
_SHOWN: Final = b"BT /F1 24 Tf 72 700 Td (%s) Tj ET\n" % ORDERED
_LATER: Final = b"\n1 g 0 0 600 842 re f 0 g BT /F1 24 Tf 72 700 Td (%s) Tj ET\n" % FORGED

Base = Callable[[int], bytes]
"""Makes an unsigned letter with a stream of the length that it is told, five digits wide."""


def _content(length: int) -> bytes:
    return letter(n4=b"<< /Length %05d >>\nstream\n%s\nendstream" % (length, _SHOWN))


def _picture(length: int) -> bytes:
    # The page takes its resources from a parent that no list of pages names: no walk of references gets there.
    inherited = PAGE.replace(b"/Parent 2 0 R", b"/Parent 20 0 R").replace(
        b"/Resources << /Font << /F1 8 0 R >> %s >>", b"%s"
    )
    return letter(
        n3=inherited % (b"", b""),
        n4=b"<< /Length 5 >>\nstream\n/X Do\nendstream",
        n8=FONT,
        n20=b"<< /Type /Pages /Count 1 /Kids [3 0 R] /Resources "
        b"<< /Font << /F1 8 0 R >> /XObject << /X 21 0 R >> >> >>",
        n21=b"<< /Type /XObject /Subtype /Form /BBox [0 0 600 842] /Resources << /Font << /F1 8 0 R >> >> "
        b"/Length %05d >>\nstream\n%s\nendstream" % (length, _SHOWN),
    )


@cache
def _signed(base: Base) -> bytes:
    blank = by_person(base(0))
    start = blank.index(b"stream\n" + _SHOWN) + len(b"stream\n")
    signed = by_person(base(len(blank) + len(_LATER) - start))
    assert len(signed) == len(blank)
    return signed


def _store(pdf: bytes) -> bytes:
    number = next_number(pdf)
    catalog = newest(pdf, 1)[:-2] + b"/DSS %d 0 R >>" % number
    return update(pdf, {1: catalog, number: b"<< /Type /DSS >>"})


def _with_end(base: Base) -> bytes:
    # Between two updates any bytes may stand; these end the stream.
    return _signed(base) + _LATER + b"endstream\nendobj\n"


def _original(base: Base) -> Callable[[], bytes]:
    return lambda: _signed(base)


def _grown(base: Base) -> Callable[[], bytes]:
    return lambda: _store(_with_end(base))


ATTACKS: Final = (
    Attack("overrun-content", _grown(_content), BEYOND, _original(_content)),
    Attack("overrun-inherited-picture", _grown(_picture), BEYOND, _original(_picture)),
    Attack("overrun-content-sealed", lambda: by_seal(_with_end(_content)), BEYOND, _original(_content)),
)
