"""Forged and wrapped signatures, and games with byte ranges."""

import re
from collections.abc import Callable
from typing import Final

from tests.attacks.building import (
    FORGED,
    ORDERED,
    Attack,
    forged_seal,
    gap_of,
    last_startxref,
    letter,
    one,
    shows,
    table,
)
from tests.attacks.showing import (
    accepted_by_pyhanko,
    another_picture,
    intact_by_pyhanko,
)
from tests.attacks.spans import SIGNATURE, sign_spans
from tests.attacks.updates import COUNT, NOT_COVERING, OBJECT
from tests.lab.pdfs import next_number, update

RANGE: Final = "signature.byte-range"
CONTENTS: Final = "signature.contents"
SUBFILTER: Final = "signature.subfilter"
CMS: Final = "signature.cms-structure"


# --- universal forgery (USF): a seal that shows, and nothing in it that could be checked ---

_FORGED: Final = {
    "no-contents": (b"<< " + SIGNATURE + b"/ByteRange [0 10 20 30] >>", CONTENTS),
    "contents-null": (b"<< " + SIGNATURE + b"/ByteRange [0 10 20 30] /Contents null >>", CONTENTS),
    "contents-empty": (b"<< " + SIGNATURE + b"/ByteRange [0 10 20 30] /Contents <> >>", CONTENTS),
    "contents-zero": (b"<< " + SIGNATURE + b"/ByteRange [0 10 20 30] /Contents <00> >>", CONTENTS),
    "no-range": (b"<< " + SIGNATURE + b"/Contents <3000> >>", RANGE),
    "range-null": (b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange null >>", RANGE),
    "range-empty": (b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [] >>", RANGE),
    "range-negative": (b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [0 -1 -1 -1] >>", RANGE),
    "range-of-floats": (b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [0.0 10.5 20.5 30.0] >>", RANGE),
    "range-of-references": (b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [0 10 4 0 R 30] >>", RANGE),
    "range-of-strings": (b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [(0) (10) (20) (30)] >>", RANGE),
    "range-huge": (
        b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [0 1 2 99999999999999999999] >>",
        RANGE,
    ),
    "range-of-the-first": (
        b"<< " + SIGNATURE + b"/Contents <3000> /ByteRange [0 1000 2000 3000] >>",
        CONTENTS,
    ),
    "no-entries": (b"<< >>", SUBFILTER),
    "unknown-subfilter": (b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /none >>", SUBFILTER),
    "value-is-a-name": (b"/Sig", COUNT),
}

FORGERY: Final = tuple(
    Attack(f"usf-{name}", forged_seal(value), code, one) for name, (value, code) in _FORGED.items()
)


# --- wrapping (SWA) ---


def wrapped(tail: bytes = b"", *, second_range: bool = True) -> bytes:
    """Move the second signed part to the end, and put a new content and table in the gap.

    The gap's own bytes are signed by nothing: there the dictionary gets a
    second ``/ByteRange`` that says where the second part is now, and a table
    at the very offset that the signed ``startxref`` names.
    """
    pdf = one()
    start, end = gap_of(pdf)
    value = pdf[start : pdf.index(b"00" * 64, start)] + b">"
    xref_at = last_startxref(pdf)
    second = pdf[end:]
    ranged = b"/ByteRange [0 %d %010d %d]" % (start, 0, len(second)) if second_range else b""
    head = pdf[:start] + value + tail + ranged + b" >>\nendobj\n"
    content = len(head)
    head += b"4 0 obj\n%s\nendobj\n" % shows(FORGED)
    head = head.ljust(xref_at - 1) + b"\n"
    assert len(head) == xref_at, "the gap is too narrow"
    moved = re.findall(rb"(\d+) 0 obj", pdf[:start])
    rows = {int(n): pdf.rindex(b"%s 0 obj" % n, 0, start) for n in moved}
    rows[4] = content
    head += table([(0, 0, 65535, b"f"), *((n, at, 0, b"n") for n, at in sorted(rows.items()))])
    head += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        next_number(pdf), xref_at,
    )  # fmt: skip
    return head.replace(b"%010d %d]" % (0, len(second)), b"%010d %d]" % (len(head), len(second)), 1) + second


def text_in_the_gap() -> bytes:
    """End the value early, and use the room behind it for another entry."""
    pdf = one()
    start, end = gap_of(pdf)
    value = pdf[start : pdf.index(b"00" * 64, start)] + b">/Reason (dong y)"
    return pdf[:start] + value.ljust(end - start) + pdf[end:]


def blank_in_the_gap() -> bytes:
    """Break the value by white space, which decoders forgive."""
    pdf = one()
    _, end = gap_of(pdf)
    return pdf[: end - 3] + b"  " + pdf[end - 1 :]


def comment_in_the_gap() -> bytes:
    """Use the padding for a comment."""
    pdf = one()
    start, end = gap_of(pdf)
    value = pdf[start : pdf.index(b"00" * 64, start)] + b">\n%"
    return pdf[:start] + value.ljust(end - start - 1, b"x") + b"\n" + pdf[end:]


def junk_in_the_padding() -> bytes:
    """Keep something of one's own behind the value, where only zeros belong."""
    pdf = one()
    _, end = gap_of(pdf)
    return pdf[: end - 21] + b"ff" * 10 + pdf[end - 1 :]


def literal_string() -> bytes:
    """Write the value as a literal string, whose escapes leave room for anything."""
    pdf = one()
    start, end = gap_of(pdf)
    value = bytes.fromhex(pdf[start + 1 : end - 1].decode()).rstrip(b"\0")
    escaped = b"(" + re.sub(rb"[()\\\r\n]", lambda m: b"\\%03o" % m[0][0], value) + b")"
    return pdf[:start] + escaped.ljust(end - start) + pdf[end:]


WRAPPING: Final = (
    Attack("swa-moved-part", wrapped, OBJECT, one),
    Attack("swa-moved-part-range-kept", lambda: wrapped(second_range=False), CONTENTS, one),
    Attack("swa-moved-part-with-comment", lambda: wrapped(b" % x\n"), OBJECT, one),
    Attack("swa-text-in-the-gap", text_in_the_gap, CONTENTS, one, (intact_by_pyhanko,)),
    Attack("swa-blank-in-the-gap", blank_in_the_gap, CONTENTS, one, (intact_by_pyhanko,)),
    Attack("swa-comment-in-the-gap", comment_in_the_gap, CONTENTS, one, (intact_by_pyhanko,)),
    Attack("swa-junk-in-the-padding", junk_in_the_padding, CMS, one, (accepted_by_pyhanko,)),
    Attack("swa-literal-string", literal_string, CONTENTS, one, (intact_by_pyhanko,)),
)  # fmt: skip


# --- games with byte ranges: the spans are signed as they are named ---


def _hole(pdf: bytes) -> tuple[int, int]:
    at = pdf.index(ORDERED)
    return at, len(ORDERED)


def holed(form_of: Callable[[int, int, int, int, int], bytes]) -> bytes:
    """Sign all but the amount, by a range with a hole; then change the amount."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        at, length = _hole(out)
        words = form_of(at, at + length, start, end, len(out))
        return words, [(0, at), (at + length, start - at - length), (end, len(out) - end)]

    return sign_spans(letter(), spans).replace(ORDERED, FORGED, 1)


def starting_late() -> bytes:
    """Sign from behind the amount, then change it."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        at = sum(_hole(out))
        chosen = [(at, start - at), (end, len(out) - end)]
        return b"[%d %d %d %d]" % (*chosen[0], *chosen[1]), chosen

    return sign_spans(letter(), spans).replace(ORDERED, FORGED, 1)


def wide_gap() -> bytes:
    """Leave out what stands before the value too, and change it: here, the reason."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        at = sum(_hole(out))
        first = out.index(ORDERED)
        chosen = [(0, first), (end, len(out) - end)]
        del at
        return b"[0 %d %d %d]" % (first, end, len(out) - end), chosen

    return sign_spans(letter(), spans).replace(ORDERED, FORGED, 1)


def ending_early() -> bytes:
    """Sign up to the trailer only; then let the last line name another table."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        stop = out.rindex(b"startxref")
        return b"[0 %d %d %d]" % (start, end, stop - end), [(0, start), (end, stop - end)]

    pdf = sign_spans(letter(), spans)
    stop = pdf.rindex(b"startxref")
    previous = last_startxref(pdf)
    content = b"4 0 obj\n%s\nendobj\n" % shows(FORGED)
    rest = table([(4, stop, 0, b"n")]) + b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R /Prev %d >>\n" % (
        next_number(pdf), previous,
    )  # fmt: skip
    return pdf[:stop] + content + rest + b"startxref\n%d\n%%%%EOF\n" % (stop + len(content))


def spelled(words: Callable[[int, int, int], bytes], objects: dict[int, bytes] | None = None) -> bytes:
    """Sign the right bytes, and write the range in another way."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        return words(start, end, len(out) - end), [(0, start), (end, len(out) - end)]

    return sign_spans(letter(), spans, objects=objects)


def overlapping() -> bytes:
    """Let the spans overlap: some bytes are signed twice."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        chosen = [(0, start), (100, start - 100), (end, len(out) - end)]
        return b"[0 %d 100 %d %d %d]" % (start, start - 100, end, len(out) - end), chosen

    return sign_spans(letter(), spans)


def first_alone() -> bytes:
    """Name one span twice over nothing: the second part is signed by nobody."""

    def spans(out: bytes, start: int, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        return b"[0 %d %d 0]" % (start, end), [(0, start)]

    pdf = sign_spans(letter(), spans)
    return update(pdf, {4: shows(FORGED)})


_SHOWN_AS_HOLE: Final = (another_picture, intact_by_pyhanko)

RANGES: Final = (
    Attack("range-of-six-with-a-hole", lambda: holed(lambda a, b, s, e, n: b"[0 %d %d %d %d %d]" % (a, b, s - b, e, n - e)), RANGE, one, _SHOWN_AS_HOLE),
    Attack("range-starts-late", starting_late, RANGE, one, _SHOWN_AS_HOLE),
    Attack("range-gap-too-wide", wide_gap, CONTENTS, one),
    Attack("range-ends-early", ending_early, NOT_COVERING, one),
    Attack("range-second-part-empty", first_alone, NOT_COVERING, one),
    Attack("range-overlaps", overlapping, RANGE, one, (intact_by_pyhanko,)),
    Attack("range-with-empty-spans", lambda: spelled(lambda s, e, b: b"[0 %d %d 0 %d %d]" % (s, e, e, b)), RANGE, one, (intact_by_pyhanko,)),
)  # fmt: skip

ATTACKS: Final = (*FORGERY, *WRAPPING, *RANGES)
