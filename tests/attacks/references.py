"""Tricks with cross-references, object streams and generation numbers: two readers, two documents."""

import re
from typing import Final

from tests.attacks.building import (
    FORGED,
    ORDERED,
    Attack,
    append_table,
    by_person,
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
from tests.attacks.updates import CHANGED, CROSS_REFERENCES, NOT_COVERING
from tests.lab.pdfs import newest, next_number, update

HYBRID: Final = "signature.hybrid-references"


def hybrid(pdf: bytes, objects: dict[int, bytes], *, hidden: dict[int, bytes], prev: bool = True) -> bytes:
    """Append a hybrid update: some objects in the table, others where only newer readers look."""
    out, places = raw_update(pdf, {**objects, **hidden})
    rows = [(n, 1, places[n], 0) for n in sorted(hidden)]
    number = next_number(pdf) + 8
    before = b"/Prev %d" % last_startxref(pdf) if prev else b""
    body, _ = xref_stream(number, rows, b"/Size %d /Root 1 0 R %s" % (number + 1, before))
    at = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    shown = [(n, places[n], 0, b"n") for n in sorted(objects)] or [(0, 0, 65535, b"f")]
    out += table(shown)
    out += trailer_of(pdf, b"/XRefStm %d %s" % (at, before))
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def hybrid_content() -> bytes:
    """Override the content where only newer readers look."""
    return hybrid(one(), {}, hidden={4: shows(FORGED)})


def by_stream(pdf: bytes, objects: dict[int, bytes], packed: dict[int, bytes]) -> bytes:
    """Append an update whose cross-reference is a stream, with some objects in an object stream."""
    holder = next_number(pdf) + 5
    out, places = raw_update(pdf, {**objects, **({holder: object_stream(packed)} if packed else {})})
    rows = [(n, 1, at, 0) for n, at in sorted(places.items())]
    rows += [(n, 2, holder, index) for index, n in enumerate(packed)]
    number = holder + 1
    rows.append((number, 1, len(out), 0))
    body, _ = xref_stream(
        number,
        sorted(rows),
        b"/Size %d /Root 1 0 R /Info 5 0 R /Prev %d" % (number + 1, last_startxref(pdf)),
    )
    start = len(out)
    return out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (number, body, start)


def page_in_an_object_stream() -> bytes:
    """Override the page by one in an object stream, which names a new content."""
    pdf = one()
    number = next_number(pdf)
    changed = page().replace(b"/Contents 4 0 R", b"/Contents %d 0 R" % number)
    return by_stream(pdf, {number: shows(FORGED)}, {3: changed})


def object_stream_twice() -> bytes:
    """Name an object twice in one object stream: readers differ in which one counts."""
    pdf = one()
    number = next_number(pdf)
    changed = page().replace(b"/Contents 4 0 R", b"/Contents %d 0 R" % number)
    holder = number + 5
    packed = object_stream({3: changed, 33: newest(pdf, 3)}).replace(b"33 ", b"3  ", 1)
    out, places = raw_update(pdf, {number: shows(FORGED), holder: packed})
    rows = [(n, 1, at, 0) for n, at in sorted(places.items())]
    rows = [(3, 2, holder, 0), *rows, (holder + 1, 1, len(out), 0)]
    body, _ = xref_stream(
        holder + 1, rows, b"/Size %d /Root 1 0 R /Prev %d" % (holder + 2, last_startxref(pdf))
    )
    return out + b"%d 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (holder + 1, body, len(out))


def another_generation() -> bytes:
    """Bring the content in a new generation, and let the page name that."""
    pdf = one()
    out, places = raw_update(pdf, {3: page().replace(b"/Contents 4 0 R", b"/Contents 4 1 R")})
    at = len(out)
    out += b"4 1 obj\n%s\nendobj\n" % shows(FORGED)
    start = len(out)
    out += table([(3, places[3], 0, b"n"), (4, at, 1, b"n")])
    return out + trailer_of(pdf, b"/Prev %d" % last_startxref(pdf)) + b"startxref\n%d\n%%%%EOF\n" % start


def generation_reused() -> bytes:
    """Free the content first, as one may, and use its number again in the next generation."""
    pdf = one()
    freed = append_table(pdf, {}, entries=lambda _: [(0, 4, 65535, b"f"), (4, 0, 1, b"f")])
    out, places = raw_update(freed, {3: page().replace(b"/Contents 4 0 R", b"/Contents 4 1 R")})
    at = len(out)
    out += b"4 1 obj\n%s\nendobj\n" % shows(FORGED)
    start = len(out)
    out += table([(0, 0, 65535, b"f"), (3, places[3], 0, b"n"), (4, at, 1, b"n")])
    return out + trailer_of(pdf, b"/Prev %d" % last_startxref(freed)) + b"startxref\n%d\n%%%%EOF\n" % start


def generation_hidden() -> bytes:
    """Bring the content under the old generation, while the table calls it a new one."""
    pdf = one()
    return append_table(pdf, {4: shows(FORGED)}, entries=lambda places: [(4, places[4], 1, b"n")])


def previous_loop() -> bytes:
    """Let the chain of tables lead back to itself."""
    pdf = one()
    out, places = raw_update(pdf, {4: shows(FORGED)})
    start = len(out)
    out += table([(4, places[4], 0, b"n")]) + trailer_of(pdf, b"/Prev %d" % start)
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def previous_cut() -> bytes:
    """Bring a whole new table that knows nothing of the old one."""
    pdf = one()
    out, places = raw_update(pdf, {4: shows(FORGED)})
    numbers = {int(n) for n in re.findall(rb"(?:^|\n)(\d+) 0 obj", pdf)}
    rows = [
        (n, list(re.finditer(rb"(?:^|\n)%d 0 obj" % n, pdf))[-1].start() + 1, 0, b"n")
        for n in sorted(numbers)
        if n != 4
    ]
    start = len(out)
    out += table(sorted([(0, 0, 65535, b"f"), (4, places[4], 0, b"n"), *rows])) + trailer_of(pdf, b"")
    return out + b"startxref\n%d\n%%%%EOF\n" % start


def _smuggled(where: str) -> bytes:
    # A letter that holds a forged content inside a string or a stream, signed.
    hidden = b"4 0 obj\n%s\nendobj\n" % shows(FORGED)
    if where == "string":
        escaped = hidden.replace(b"\\", b"\\\\").replace(b"(", b"<28>").replace(b")", b"<29>")
        inside = b"(%s)" % escaped.replace(b"<28>", b"(").replace(b"<29>", b")")
        return by_person(letter(n9=b"<< /Note %s >>" % inside, n5=b"<< /Producer (lab) /More 9 0 R >>"))
    return by_person(letter(n9=stream(hidden), n5=b"<< /Producer (lab) /More 9 0 R >>"))


def into(where: str) -> bytes:
    """Let a table point into a string or a stream that was signed."""
    pdf = _smuggled(where)
    at = pdf.index(b"4 0 obj", pdf.index(b"9 0 obj"))
    return append_table(pdf, {}, entries=lambda _: [(4, at, 0, b"n")])


def with_free_entry() -> bytes:
    """A letter in whose table an object number is free, and named by the page, signed."""
    base = letter(n3=page().replace(b"/Contents 4 0 R", b"/Contents [4 0 R 10 0 R]"), n10=b"null")
    return by_person(base)


def free_entry_used() -> bytes:
    """Fill the object that was nothing when the letter was signed."""
    paint = stream(b"1 g 60 680 400 60 re f BT 0 g /F1 24 Tf 72 700 Td (%s) Tj ET" % FORGED)
    return update(with_free_entry(), {10: paint})


def stream_after_table() -> bytes:
    """Follow the table's revisions by one whose cross-reference is a stream."""
    return by_stream(one(), {4: shows(FORGED)}, {})


_FIRST: Final = b"BT /F1 24 Tf 72 700 Td (%s) Tj ET" % ORDERED
_LONG: Final = (
    _FIRST + b"\nendstream\nendobj\n1 g 60 680 400 60 re f BT 0 g /F1 24 Tf 72 700 Td (%s) Tj ET" % FORGED
)


def with_indirect_length() -> bytes:
    """A letter whose content ends twice, its length kept elsewhere, signed."""
    body = b"<< /Length 9 0 R >>\nstream\n%s\nendstream" % _LONG
    return by_person(letter(n4=body, n9=b"%d" % len(_FIRST)))


def lengthened() -> bytes:
    """Lengthen the content by changing that number alone."""
    return update(with_indirect_length(), {9: b"%d" % len(_LONG)})


ATTACKS: Final = (
    Attack("xref-hybrid-content", hybrid_content, HYBRID, one),
    Attack("xref-stream-after-table", stream_after_table, CHANGED, one),
    Attack("xref-object-stream-overrides", page_in_an_object_stream, CHANGED, one),
    Attack("xref-object-stream-twice", object_stream_twice, CHANGED, one),
    Attack("xref-another-generation", another_generation, CROSS_REFERENCES, one),
    Attack("xref-generation-reused", generation_reused, "signature.objects-freed", one),
    Attack("xref-generation-hidden", generation_hidden, CROSS_REFERENCES, one),
    Attack("xref-previous-loop", previous_loop, "pdf.loop", one),
    Attack("xref-previous-cut", previous_cut, NOT_COVERING, one),
    Attack("xref-into-a-string", lambda: into("string"), CHANGED, lambda: _smuggled("string")),
    Attack("xref-into-a-stream", lambda: into("stream"), CHANGED, lambda: _smuggled("stream")),
    Attack("xref-null-filled", free_entry_used, CHANGED, with_free_entry),
    Attack("xref-length-elsewhere", lengthened, CHANGED, with_indirect_length),
)
