"""What attacks are built of: a letter with an amount in it, signed, and ways to lay bytes over it.

Objects of a letter: 1 catalog, 2 pages, 3 page, 4 content, 5 information,
6 form, 7 list of annotations, 8 font.
"""

import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from tests.attacks.showing import Show, another_picture
from tests.lab.pdfs import a_cms, newest, next_number, person, plain, seal, sign, sign_by_hand, update
from tests.lab.services import a_token

FONT: Final = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
PAGE: Final = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
    b"/Resources << /Font << /F1 8 0 R >> %s >> /Annots 7 0 R %s >>"
)


@dataclass(frozen=True)
class Attack:
    """One attack: how it is made, what shows that it is one, and the reason it must be refused for."""

    name: str
    make: Callable[[], bytes]
    code: str
    """At least this one is among the reasons."""
    original: Callable[[], bytes]
    """What it attacks; accepted."""
    shown: tuple[Show, ...] = field(default=(another_picture,))
    """Each of them holds."""
    part: str = "integrity"
    """The part of the verdict that refuses it."""


# --- pieces -------------------------------------------------------------------


def stream(body: bytes, entries: bytes = b"") -> bytes:
    """Return a stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(body), entries, body)


def shows(line: bytes, more: bytes = b"") -> bytes:
    """Return a page content that shows one line in large letters."""
    return stream(b"BT /F1 24 Tf 72 700 Td (%s) Tj ET %s" % (line, more))


def drawing(entries: bytes = b"", box: bytes = b"[0 0 300 60]") -> bytes:
    """Return an appearance: a black box that hides what lies under it."""
    return stream(b"0 g 0 0 300 60 re f", b"/Type /XObject /Subtype /Form /BBox %s %s" % (box, entries))


def page(resources: bytes = b"", entries: bytes = b"") -> bytes:
    """Return the letter's page, with further entries."""
    return PAGE % (resources, entries)


ORDERED: Final = b"So tien: 100 dong"
FORGED: Final = b"So tien: 999 dong"


def letter(extra: str = "", **objects: bytes) -> bytes:
    """Return an unsigned letter; as `plain`."""
    return plain(extra, **{"n3": page(), "n4": shows(ORDERED), "n8": FONT, **objects})


# --- originals ------------------------------------------------------------------


def by_person(pdf: bytes, **how: object) -> bytes:
    """Add the person's signature by hand, with a time-stamp."""
    return sign_by_hand(pdf, a_cms(token=a_token), **how)  # type: ignore[arg-type]


def by_seal(pdf: bytes, **how: object) -> bytes:
    """Add the seal by hand, with a time-stamp."""
    return sign_by_hand(pdf, a_cms(seal(), token=a_token), **{"name": "Seal", **how})  # type: ignore[arg-type]


@cache
def one() -> bytes:
    """The letter, signed by a person."""
    return by_person(letter())


@cache
def two() -> bytes:
    """The letter, signed and sealed."""
    return by_seal(one())


@cache
def visible() -> bytes:
    """The letter, signed and sealed as an agency does, with pictures of both."""
    return sign(sign(letter(), person(), visible=True), seal(), visible=True)


TEXT_FIELD: Final = (
    b"<< /FT /Tx /T (So) /Type /Annot /Subtype /Widget /P 3 0 R /F 4 /Rect [72 600 372 640] "
    b"/DA (/F1 18 Tf 0 g) /V (%s) /AP << /N 10 0 R >> >>"
)


def text_field(value: bytes) -> dict[str, bytes]:
    """Return the objects of a letter with a filled text field."""
    return {
        "n6": b"<< /Fields [9 0 R] /SigFlags 3 /DR << /Font << /F1 8 0 R >> >> /DA (/F1 18 Tf 0 g) >>",
        "n7": b"[9 0 R]",
        "n9": TEXT_FIELD % value,
        "n10": field_look(value),
    }


def field_look(value: bytes) -> bytes:
    """Return the appearance of a text field."""
    return stream(
        b"/Tx BMC q BT /F1 18 Tf 2 12 Td (%s) Tj ET Q EMC" % value,
        b"/Type /XObject /Subtype /Form /BBox [0 0 300 40] /Resources << /Font << /F1 8 0 R >> >>",
    )


@cache
def form() -> bytes:
    """A letter with a filled text field, signed by a person."""
    return by_person(letter(**text_field(b"100")))


def certifying(permission: str, more: str = "") -> str:
    """Return the entries of a signature that certifies."""
    return (
        "/Reference [<< /Type /SigRef /TransformMethod /DocMDP "
        f"/TransformParams << /Type /TransformParams /V /1.2 /P {permission} >> >> {more}]"
    )


def certified(permission: str, more: str = "", **objects: bytes) -> bytes:
    """Return a letter with a field, certified by a person."""
    base = letter(**{**text_field(b"100"), **objects})
    number = next_number(base) + 1  # of the signature that comes
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Perms << /DocMDP %d 0 R >> >>" % number
    return by_person(base, entries=certifying(permission, more), objects={1: catalog})


# --- laying over ------------------------------------------------------------------


def add_widget(pdf: bytes, entries: bytes, *, objects: dict[int, bytes] | None = None) -> bytes:
    """Append an update that adds a form field with a widget on the page."""
    number = next_number(pdf)
    fields, annotations = newest(pdf, 6), newest(pdf, 7)
    return update(
        pdf,
        {
            6: re.sub(rb"/Fields \[(.*?)\]", lambda m: b"/Fields [%s %d 0 R]" % (m[1], number), fields),
            7: annotations[:-1] + b" %d 0 R]" % number,
            number: b"<< /Type /Annot /Subtype /Widget /P 3 0 R /F 132 /T (Dau) "
            b"/Rect [60 680 360 740] %s >>" % entries,
            **(objects or {}),
        },
    )


def forged_seal(value: bytes, pdf: Callable[[], bytes] = one) -> Callable[[], bytes]:
    """Return what adds a field with the picture of a seal, and a signature that is none."""

    def make() -> bytes:
        given = pdf()
        number = next_number(given)
        objects = {number + 1: drawing(), number + 2: value}
        entries = b"/FT /Sig /AP << /N %d 0 R >> /V %d 0 R" % (number + 1, number + 2)
        return add_widget(given, entries, objects=objects)

    return make


def add_annotation(pdf: bytes, entries: bytes) -> bytes:
    """Append an update with an annotation whose appearance covers the amount."""
    number = next_number(pdf)
    return update(
        pdf,
        {
            7: newest(pdf, 7)[:-1] + b" %d 0 R]" % number,
            number: b"<< /Type /Annot /F 4 /Rect [60 680 360 740] /AP << /N %d 0 R >> %s >>"
            % (number + 1, entries),
            number + 1: drawing(),
        },
    )


def updated(
    objects: dict[int, bytes], pdf: Callable[[], bytes] = one, extra: bytes = b""
) -> Callable[[], bytes]:
    """Return what lays new versions of objects over a signed letter."""
    return lambda: update(pdf(), objects, extra)


def last_startxref(pdf: bytes) -> int:
    """Return where the newest cross-reference section stands."""
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def gap_of(pdf: bytes) -> tuple[int, int]:
    """Return where the newest hand-made signature's value stands, its angle brackets included."""
    start = pdf.rindex(b"/Contents <") + len(b"/Contents ")
    return start, pdf.index(b">", start) + 1


def raw_update(pdf: bytes, objects: dict[int, bytes]) -> tuple[bytes, dict[int, int]]:
    """Append objects without any cross-reference, and say where they stand."""
    out, places = bytearray(pdf), {}
    for number, value in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    return bytes(out), places


def trailer_of(pdf: bytes, entries: bytes, root: int = 1) -> bytes:
    """Return a trailer, with startxref left to the caller."""
    return b"trailer\n<< /Size %d /Root %d 0 R /Info 5 0 R %s >>\n" % (next_number(pdf) + 9, root, entries)


def table(entries: Sequence[tuple[int, int, int, bytes]]) -> bytes:
    """Return a cross-reference table of (number, offset, generation, kind)."""
    lines = b"".join(b"%d 1\n%010d %05d %s \n" % each for each in entries)
    return b"xref\n" + lines


def append_table(
    pdf: bytes,
    objects: dict[int, bytes],
    *,
    entries: Callable[[dict[int, int]], Sequence[tuple[int, int, int, bytes]]] | None = None,
    trailer: bytes = b"",
    root: int = 1,
    previous: int | None = None,
) -> bytes:
    """Append objects and a table that says of them what one likes."""
    out, places = raw_update(pdf, objects)
    rows = (
        entries(places) if entries else [(number, place, 0, b"n") for number, place in sorted(places.items())]
    )
    start = len(out)
    prev = last_startxref(pdf) if previous is None else previous
    out += table(rows) + trailer_of(pdf, b"/Prev %d %s" % (prev, trailer), root)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def xref_stream(number: int, rows: Sequence[tuple[int, int, int, int]], entries: bytes) -> tuple[bytes, int]:
    """Return a cross-reference stream of (number, kind, place, generation or index), and its object number."""
    index = b" ".join(b"%d 1" % row[0] for row in rows)
    body = b"".join(
        bytes([kind]) + place.to_bytes(4, "big") + generation.to_bytes(2, "big")
        for _, kind, place, generation in rows
    )
    packed = zlib.compress(body)
    head = b"/Type /XRef /W [1 4 2] /Index [%s] /Filter /FlateDecode %s" % (index, entries)
    return stream(packed, head), number


def object_stream(objects: dict[int, bytes]) -> bytes:
    """Return an object stream that holds objects."""
    heads, body = [], b""
    for number, value in objects.items():
        heads.append(b"%d %d" % (number, len(body)))
        body += value + b"\n"
    head = b" ".join(heads) + b"\n"
    return stream(head + body, b"/Type /ObjStm /N %d /First %d" % (len(objects), len(head)))
