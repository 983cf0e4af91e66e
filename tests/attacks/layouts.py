"""Updates that one reader takes as they stand; another stumbles and searches the file, or takes the other of two."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from tests.attacks.building import (
    FORGED,
    Attack,
    append_table,
    by_person,
    by_seal,
    form,
    last_startxref,
    letter,
    object_stream,
    one,
    page,
    raw_update,
    shows,
    stream,
    table,
    trailer_of,
    xref_stream,
)
from tests.attacks.references import HYBRID
from tests.attacks.showing import another_by_qpdf, another_in_a_browser, another_picture
from tests.attacks.updates import CHANGED, twin_body
from tests.lab.pdfs import newest, next_number, update

_UNNAMED: Final = b"4 0 obj\n%s\nendobj\n" % shows(FORGED)


def _store(pdf: bytes) -> dict[int, bytes]:
    number = next_number(pdf)
    return {1: newest(pdf, 1)[:-2] + b"/DSS %d 0 R >>" % number, number: b"<< /Type /DSS >>"}


def stored(
    pdf: bytes, spell: Callable[[bytes], bytes] = lambda text: text, unnamed: bytes = b"", twice: bytes = b""
) -> bytes:
    """Append an empty security store.

    Args:
        pdf: signed.
        spell: how the table is spelled.
        unnamed: bytes among its objects.
        twice: another page; the table names it first, and then the page as it was.
    """
    objects = _store(pdf)
    if twice:
        objects[3] = newest(pdf, 3)
    out, places = raw_update(pdf + unnamed, objects)
    rows = [(number, place, 0, b"n") for number, place in sorted(places.items())]
    if twice:
        rows.insert(1, (3, len(out), 0, b"n"))
        out += b"3 0 obj\n%s\nendobj\n" % twice
    text = spell(table(rows)) + trailer_of(pdf, b"/Prev %d" % last_startxref(pdf))
    return out + text + b"startxref\n%d\n%%%%EOF\n" % len(out)


def _underscored(text: bytes) -> bytes:
    # A number to Python, none to a viewer, which then searches the file for objects.
    return re.sub(rb"\n0(\d{9}) ", lambda row: b"\n" + row[1][:5] + b"_" + row[1][5:] + b" ", text)


def _short(text: bytes) -> bytes:
    return text.replace(b" n \n", b" n\n")


def closed_oddly() -> bytes:
    """End the trailer with one bracket and anything: a viewer finds no end, and searches the file for objects."""
    pdf = twin_body()
    return pdf + stored(pdf)[len(pdf) :].replace(b" >>\nstartxref", b" >\nstartxref")


def form_named_oddly() -> bytes:
    """Part the two numbers of the reference to the form by a vertical tab: to a viewer there is no form."""
    pdf = form()
    number = next_number(pdf)
    catalog = newest(pdf, 1).replace(b"/AcroForm 6 0 R", b"/AcroForm 6\x0b0 R")
    return update(pdf, {1: catalog[:-2] + b"/DSS %d 0 R >>" % number, number: b"<< /Type /DSS >>"})


def of_an_unknown_kind() -> bytes:
    """Name the content in an entry whose kind is 1 to who reads 32 bits, and unknown to who reads all 64."""
    pdf, objects = one(), _store(one())
    out, places = raw_update(pdf, {**objects, 4: shows(FORGED)})
    number = next_number(pdf) + 5
    rows = [(n, (1 << 32) + 1 if n == 4 else 1, at) for n, at in sorted(places.items())]
    rows.append((number, 1, len(out)))
    index = b" ".join(b"%d 1" % n for n, _, _ in rows)
    body = b"".join(kind.to_bytes(8, "big") + at.to_bytes(4, "big") + b"\0\0" for _, kind, at in rows)
    head = b"/Type /XRef /W [8 4 2] /Index [%s] /Size %d /Root 1 0 R /Info 5 0 R /Prev %d" % (
        index, number + 1, last_startxref(pdf),
    )  # fmt: skip
    at = len(out)
    return out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, stream(body, head), at)


@cache
def beyond_its_size() -> bytes:
    """A letter whose content has a number beyond the size that its cross-reference stream claims, signed."""
    objects = _objects(letter())
    objects[50], objects[4] = objects[4], b"null"
    objects[3] = objects[3].replace(b"/Contents 4 0 R", b"/Contents 50 0 R")
    out, places = raw_update(b"%PDF-1.7\n", objects)
    rows = sorted([(0, 0, 0, 65535), *((n, 1, at, 0) for n, at in places.items()), (9, 1, len(out), 0)])
    body, number = xref_stream(9, rows, b"/Size 10 /Root 1 0 R /Info 5 0 R /ID [<01> <01>]")
    start = len(out)
    return by_person(out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, body, start))


def number_thought_free() -> bytes:
    """Bring another content as a time-stamp in the security store: its number seems to be a new one."""
    pdf = beyond_its_size()
    number = next_number(pdf)
    entries = b"<< /%s << /TS 50 0 R >> >>" % (b"A" * 40)
    catalog = newest(pdf, 1)[:-2] + b"/DSS %d 0 R >>" % number
    store = b"<< /Type /DSS /VRI %s >>" % entries
    return update(pdf, {1: catalog, number: store, 50: shows(FORGED)})


def freed_by_another_generation() -> bytes:
    """Free the content by a generation that it never had, and seal that."""
    return by_seal(append_table(one(), {}, entries=lambda _: [(0, 4, 65535, b"f"), (4, 0, 7, b"f")]))


def packed_twice() -> bytes:
    """Pack the page as it was, and behind it under the same number another one; seal that."""
    pdf = one()
    holder = next_number(pdf) + 5
    packed = object_stream({3: newest(pdf, 3), 33: page(entries=b"/Rotate 180")}).replace(b"33 ", b"3  ", 1)
    out, places = raw_update(pdf, {holder: packed})
    rows = [(3, 2, holder, 0), (holder, 1, places[holder], 0), (holder + 1, 1, len(out), 0)]
    entries = b"/Size %d /Root 1 0 R /Info 5 0 R /Prev %d" % (holder + 2, last_startxref(pdf))
    body, number = xref_stream(holder + 1, rows, entries)
    return by_seal(out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, body, len(out)))


_HEAD: Final = b"%PDF-1.7\n"


def _objects(letter: bytes) -> dict[int, bytes]:
    found = re.findall(rb"\n(\d+) 0 obj\n(.*?)\nendobj", letter, re.DOTALL)
    return {int(number): body for number, body in found}


def _streamed(
    out: bytes, number: int, rows: list[tuple[int, int, int, int]], size: int, previous: bytes = b""
) -> bytes:
    entries = b"/Size %d /Root 1 0 R /Info 5 0 R /ID [<01> <01>] %s" % (size, previous)
    body, _ = xref_stream(number, sorted([*rows, (number, 1, len(out), 0)]), entries)
    return out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, body, len(out))


@cache
def reused_holder() -> bytes:
    """A letter whose page lies in an object stream, under the number of an older cross-reference stream, signed."""
    objects = _objects(letter())
    held = object_stream({3: objects.pop(3)})
    out, places = raw_update(_HEAD, objects)
    rows = [(0, 0, 0, 65535), *((number, 1, at, 0) for number, at in places.items())]
    older = _streamed(out, 9, rows, 10)
    out, places = raw_update(older, {9: held})
    previous = b"/Prev %d" % last_startxref(older)
    return by_person(_streamed(out, 10, [(3, 2, 9, 0), (9, 1, places[9], 0)], 11, previous))


def holder_replaced() -> bytes:
    """Bring another object stream under that number, in which the store lies beside another page."""
    pdf = reused_holder()
    number = next_number(pdf)
    held = object_stream({3: page(entries=b"/Rotate 180"), number: b"<< /Type /DSS >>"})
    out, places = raw_update(pdf, {1: newest(pdf, 1)[:-2] + b"/DSS %d 0 R >>" % number, 9: held})
    rows = [(1, 1, places[1], 0), (9, 1, places[9], 0), (number, 2, 9, 1)]
    return _streamed(out, number + 1, rows, number + 2, b"/Prev %d" % last_startxref(pdf))


def _linearised(length: int, spelt: bytes = b"%010d") -> bytes:
    # Its first section, which counts where the file has that length, names another content than its last.
    entries = b"/L %s /H [500 10] /O 3 /E 600 /N 1 /T 700" % (spelt % length)
    head = _HEAD + b"30 0 obj\n<< /Linearized 1 %s >>\nendobj\n" % entries
    objects = _objects(letter())

    def section(places: dict[int, int]) -> bytes:
        rows = [(0, 0, 65535, b"f"), *((number, at, 0, b"n") for number, at in sorted(places.items()))]
        return table(rows) + b"trailer\n<< /Size 31 /Root 1 0 R /Info 5 0 R /ID [<01> <01>] >>\n"

    ending = b"startxref\n%d\n%%%%EOF\n"
    room = len(section(dict.fromkeys(objects, 0)) + ending % 0)
    out, places = raw_update(head + b" " * room, objects)
    forged = len(out)
    out += _UNNAMED
    first = section({**places, 4: forged}) + ending % 0
    out = out[: len(head)] + first + out[len(head) + room :]
    return out + section({**places, 30: len(_HEAD)}) + ending % len(out)


@cache
def linearised_once() -> bytes:
    """A letter that was linearised before it was signed."""
    return by_person(_linearised(1))


def linearised_as_signed(spelt: bytes = b"%010d") -> bytes:
    """One that names the length it will have when it is signed, in as many digits."""
    return by_person(_linearised(len(linearised_once()), spelt))


_QPDF: Final = (another_by_qpdf,)

ATTACKS: Final = (
    Attack("xref-number-of-python", lambda: stored(one(), _underscored, _UNNAMED), CHANGED, one),
    Attack("xref-short-rows", lambda: stored(one(), _short, _UNNAMED), CHANGED, one),
    Attack("xref-short-rows-and-twin", lambda: stored(twin_body(), _short), CHANGED, twin_body),
    Attack("xref-signed-count", lambda: stored(one(), lambda text: text.replace(b"xref\n1 1", b"xref\n1 +1"), _UNNAMED), CHANGED, one, _QPDF),
    Attack("xref-trailer-closed-oddly", closed_oddly, CHANGED, twin_body),
    Attack("field-form-named-oddly", form_named_oddly, CHANGED, form),
    Attack("xref-row-twice", lambda: stored(one(), twice=page(entries=b"/Rotate 180")), CHANGED, one, _QPDF),
    Attack("xref-unknown-kind", of_an_unknown_kind, CHANGED, one, (another_picture, another_by_qpdf)),
    Attack("xref-number-thought-free", number_thought_free, CHANGED, beyond_its_size),
    Attack("xref-holder-replaced", holder_replaced, CHANGED, reused_holder),
    Attack("xref-linearised-as-signed", linearised_as_signed, HYBRID, linearised_once, (another_in_a_browser,)),
    Attack("xref-freed-by-generation", freed_by_another_generation, "signature.objects-freed", one, _QPDF),
    Attack("xref-packed-twice", packed_twice, CHANGED, one, _QPDF),
)  # fmt: skip
