"""Incremental saving and shadow documents: what is laid over a signed letter."""

import re
from typing import Final

from tests.attacks.building import (
    FORGED,
    ORDERED,
    Attack,
    append_table,
    by_person,
    by_seal,
    drawing,
    letter,
    one,
    page,
    raw_update,
    shows,
    stream,
    table,
    trailer_of,
    two,
    updated,
)
from tests.lab.pdfs import (
    AGENCY,
    SignBytes,
    a_cms,
    newest,
    next_number,
    other_authority,
    sign_by_hand,
    update,
)
from tests.lab.services import a_token

CHANGED: Final = "signature.changed-after"
NOT_COVERING: Final = "signature.not-covering-file"
UNTRUSTED: Final = "signature.chain-untrusted"
COUNT: Final = "signature.field-count"
STARTXREF: Final = "pdf.startxref"
CROSS_REFERENCES: Final = "pdf.cross-references"
OBJECT: Final = "pdf.object"


def by_stranger() -> SignBytes:
    """Return a maker of signatures by someone of the same name whom nobody trusts."""
    other = other_authority()
    return a_cms(other.person(AGENCY), authority=other, token=a_token)


# --- incremental saving (ISA) ---


def body_only() -> bytes:
    """Append a new content and no cross-reference at all: viewers mend the file by scanning it."""
    out, _ = raw_update(one(), {4: shows(FORGED)})
    return out + b"startxref\n0\n%%EOF\n"


def table_without_trailer() -> bytes:
    """Append a new content and a table that no trailer follows."""
    out, places = raw_update(one(), {4: shows(FORGED)})
    return out + table([(4, places[4], 0, b"n")]) + b"startxref\n%d\n%%%%EOF\n" % len(out)


def trailer_without_table() -> bytes:
    """Append a new content and a trailer, and no table."""
    out, _ = raw_update(one(), {4: shows(FORGED)})
    return out + trailer_of(one(), b"") + b"startxref\n%d\n%%%%EOF\n" % len(out)


def two_endings() -> bytes:
    """Append a new content, and end twice."""
    return update(one(), {4: shows(FORGED)}) + b"%%EOF\n"


def copied_signature() -> bytes:
    """Append a new content, and the signature's dictionary once more, byte for byte."""
    pdf = one()
    value = next_number(pdf) - 1
    return update(pdf, {4: shows(FORGED), value: newest(pdf, value)})


def copied_under_a_new_number() -> bytes:
    """Append a new content, and let the field name a copy of the signature."""
    pdf = one()
    number = next_number(pdf)
    widget = newest(pdf, number - 2).replace(b"/V %d 0 R" % (number - 1), b"/V %d 0 R" % number)
    return update(pdf, {4: shows(FORGED), number - 2: widget, number: newest(pdf, number - 1)})


def resigned_by_a_stranger() -> bytes:
    """Append a new content, and sign the whole with a key of one's own."""
    changed = update(one(), {4: shows(FORGED)})
    return sign_by_hand(changed, by_stranger(), name="Mine")


def between_signatures() -> bytes:
    """Change the content before the seal is set: the seal covers it, the person never saw it."""
    return by_seal(update(one(), {4: shows(FORGED)}))


def with_the_seal() -> bytes:
    """Change the content in the very update that brings the seal."""
    return by_seal(one(), objects={4: shows(FORGED)})


def page_added() -> bytes:
    """Append a second page."""
    pdf = one()
    number = next_number(pdf)
    return update(
        pdf,
        {
            2: b"<< /Type /Pages /Kids [3 0 R %d 0 R] /Count 2 >>" % number,
            number: page().replace(b"4 0 R", b"%d 0 R" % (number + 1)),
            number + 1: shows(FORGED),
        },
    )


_EMPTY_FIELD: Final = b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (S) /P 3 0 R /F 4 /Rect %s >>"


def an_empty_field() -> bytes:
    """Return the letter with an empty signature field at its foot, signed by a person."""
    field = _EMPTY_FIELD % b"[60 60 120 90]"
    return by_person(letter(n6=b"<< /Fields [20 0 R] /SigFlags 3 >>", n7=b"[20 0 R]", n20=field))


def moved_over_the_amount() -> bytes:
    """Move that field over the amount and give it a look, in the update with the seal."""
    field = _EMPTY_FIELD.replace(b">>", b"/AP << /N 40 0 R >> >>") % b"[60 680 360 740]"
    return by_seal(an_empty_field(), objects={20: field, 40: drawing()})


def second_content() -> bytes:
    """Let the page have a second content that paints over the first."""
    pdf = one()
    number = next_number(pdf)
    paint = stream(b"1 g 60 680 400 60 re f BT 0 g /F1 24 Tf 72 700 Td (%s) Tj ET" % FORGED)
    contents = page().replace(b"/Contents 4 0 R", b"/Contents [4 0 R %d 0 R]" % number)
    return update(pdf, {3: contents, number: paint})


INCREMENTAL: Final = (
    Attack("isa-content", updated({4: shows(FORGED)}), CHANGED, one),
    Attack("isa-content-after-the-seal", updated({4: shows(FORGED)}, two), CHANGED, two),
    Attack("isa-no-xref", body_only, STARTXREF, one),
    Attack("isa-no-trailer", table_without_trailer, CROSS_REFERENCES, one),
    Attack("isa-no-table", trailer_without_table, STARTXREF, one),
    Attack("isa-two-endings", two_endings, "pdf.end-missing", one),
    Attack("isa-copied-signature", copied_signature, NOT_COVERING, one),
    Attack("isa-copied-under-a-new-number", copied_under_a_new_number, COUNT, one),
    Attack("isa-resigned-by-a-stranger", resigned_by_a_stranger, CHANGED, one),
    Attack("isa-between-signatures", between_signatures, CHANGED, one),
    Attack("isa-with-the-seal", with_the_seal, CHANGED, one),
    Attack("isa-unsigned", lambda: letter(n4=shows(FORGED)), "signature.none", one),
    Attack("isa-page-added", page_added, CHANGED, one),
    Attack("isa-second-content", second_content, CHANGED, one),
    Attack("isa-field-moved-over-the-amount", moved_over_the_amount, CHANGED, an_empty_field),
)


# --- shadow documents: prepared before the signature, shown after it ---

COVER: Final = b"q /Fm0 Do Q"
_XOBJECT: Final = b"/XObject << /Fm0 9 0 R >>"


def covered_letter(cover: bytes) -> bytes:
    """A letter with a form XObject drawn over its content, signed."""
    hidden = shows(FORGED, b"1 g 60 680 400 60 re f 0 g " + COVER)
    return by_person(letter(n3=page(_XOBJECT), n4=hidden, n9=cover))


def a_cover(line: bytes = ORDERED) -> bytes:
    """Return the form XObject that shows the amount the signer saw."""
    return stream(
        b"BT /F1 24 Tf 72 700 Td (%s) Tj ET" % line,
        b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 8 0 R >> >>",
    )


def hide() -> bytes:
    """A letter whose true amount is covered by a black box, signed."""
    body = shows(FORGED, COVER)
    box = stream(b"0 g 60 680 400 60 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    return by_person(letter(n3=page(_XOBJECT), n4=body, n9=box))


def replace() -> bytes:
    """A letter whose amount stands in an overlay, signed."""
    return covered_letter(a_cover())


def twin_body() -> bytes:
    """A letter that holds a second version of its content, which no table names, signed."""
    base = letter()
    start = base.rindex(b"xref\n0 1")
    twin = b"4 0 obj\n%s\nendobj\n" % shows(FORGED)
    shifted = base[:start] + twin + base[start:]
    return by_person(re.sub(rb"startxref\n\d+", b"startxref\n%d" % (start + len(twin)), shifted))


def twin_redirected() -> bytes:
    """Let a table point at the second version: no object is added."""
    pdf = twin_body()
    place = pdf.index(b"4 0 obj", pdf.index(b"4 0 obj") + 1)
    return append_table(pdf, {}, entries=lambda _: [(4, place, 0, b"n")])


_SHADOW: Final = {
    "n20": b"<< /Type /Catalog /Pages 21 0 R /AcroForm 6 0 R >>",
    "n21": b"<< /Type /Pages /Kids [22 0 R] /Count 1 >>",
    "n22": page().replace(b"2 0 R", b"21 0 R").replace(b"/Contents 4 0 R", b"/Contents 23 0 R"),
    "n23": shows(FORGED),
}


def two_trees() -> bytes:
    """A letter that holds a second catalog with pages of its own, signed."""
    return by_person(letter(**_SHADOW))


def catalog_swapped() -> bytes:
    """Let the trailer name the second catalog."""
    return append_table(two_trees(), {}, entries=lambda _: [(0, 0, 65535, b"f")], root=20)


def pages_swapped() -> bytes:
    """Let the catalog name the second tree of pages."""
    return update(two_trees(), {1: b"<< /Type /Catalog /Pages 21 0 R /AcroForm 6 0 R >>"})


def kids_swapped() -> bytes:
    """Let the tree of pages name the second page."""
    return update(two_trees(), {2: b"<< /Type /Pages /Kids [22 0 R] /Count 1 >>"})


def contents_swapped() -> bytes:
    """Let the page name the second content."""
    return update(two_trees(), {3: page().replace(b"/Contents 4 0 R", b"/Contents 23 0 R")})


SHADOW: Final = (
    Attack("shadow-hide-emptied", updated({9: stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1]")}, hide), CHANGED, hide),
    Attack("shadow-hide-cover-is-null", updated({9: b"null"}, hide), CHANGED, hide),
    Attack("shadow-hide-type-changed", updated({9: drawing().replace(b"/Form", b"/Nothing")}, hide), CHANGED, hide),
    Attack("shadow-replace-overlay", updated({9: a_cover(FORGED)}, replace), CHANGED, replace),
    Attack("shadow-replace-xobject-named", lambda: update(replace(), {3: page(b"/XObject << /Fm0 %d 0 R >>" % next_number(replace())), next_number(replace()): a_cover(FORGED)}), CHANGED, replace),
    Attack("shadow-twin-body", twin_redirected, CHANGED, twin_body),
    Attack("shadow-catalog", catalog_swapped, CHANGED, two_trees),
    Attack("shadow-page-tree", pages_swapped, CHANGED, two_trees),
    Attack("shadow-kids", kids_swapped, CHANGED, two_trees),
    Attack("shadow-contents", contents_swapped, CHANGED, two_trees),
)  # fmt: skip

ATTACKS: Final = (*INCREMENTAL, *SHADOW)
