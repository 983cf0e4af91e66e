"""Changes that ride on something an update may do: a time-stamp, a store, a new field, document information."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final

from tests.attacks.building import (
    FONT,
    FORGED,
    ORDERED,
    Attack,
    by_person,
    by_seal,
    drawing,
    letter,
    one,
    page,
    shows,
    stream,
    text_field,
    updated,
)
from tests.attacks.spans import STAMP, sign_spans, whole
from tests.attacks.updates import CHANGED
from tests.lab.pdfs import newest, next_number, update
from tests.lab.services import a_document_token

_PARAMETERS: Final = "/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams %d 0 R >>] "


def stamped(pdf: bytes, objects: dict[int, bytes], entries: str = "") -> bytes:
    """Append a genuine document time-stamp, which anyone can have, with more objects in its update."""
    head = STAMP + entries.encode()
    return sign_spans(pdf, whole, make=a_document_token, objects=objects, name=b"Stamp", head=head)


def named_as_parameters(number: int, value: bytes) -> Callable[[], bytes]:
    """Replace an object that the time-stamp names as its parameters."""
    return lambda: stamped(one(), {number: value}, _PARAMETERS % number)


def named_by_the_seal() -> bytes:
    """Replace the content, which the seal names as its parameters."""
    return by_seal(one(), objects={4: shows(FORGED)}, entries=_PARAMETERS % 4)


# --- a time-stamp that is drawn, though its rectangle is none to one library -----------------


@cache
def with_box() -> bytes:
    """A letter that holds a black box nobody draws, signed."""
    return by_person(letter(n9=drawing(), n5=b"<< /Producer (lab) /Box 9 0 R /Height 10 0 R >>", n10=b"680"))


def stamp_drawn() -> bytes:
    """Append a time-stamp that draws the box over the amount; a corner is an object of its own."""
    number = next_number(with_box())
    field = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Stamp) /F 132 /Rect [60 10 0 R 360 740] /P 3 0 R "
        b"/V %d 0 R /AP << /N 9 0 R >> >>" % (number + 1)
    )
    return stamped(with_box(), {number: field})


# --- annotations ---------------------------------------------------------------------------------


@cache
def two_notes() -> bytes:
    """A letter with two notes in one place, the upper one hiding the lower, signed."""
    note = b"<< /Type /Annot /Subtype /Square /F 4 /Rect [60 680 360 740] /AP << /N %d 0 R >> >>"
    white = drawing().replace(b"0 g 0 0", b"1 g 0 0")
    return by_person(letter(n7=b"[9 0 R 10 0 R]", n9=note % 11, n10=note % 12, n11=white, n12=drawing()))


def reordered(listed: bytes) -> Callable[[], bytes]:
    """Append a time-stamp whose widget comes with another order of the notes."""

    def make() -> bytes:
        pdf = two_notes()
        widgets = re.findall(rb"\d+ 0 R", newest(pdf, 7))[2:]
        return stamped(pdf, {7: b"[%s %s %d 0 R]" % (listed, b" ".join(widgets), next_number(pdf))})

    return make


# --- how fields are drawn -------------------------------------------------------------------------


@cache
def drawn_anew() -> bytes:
    """A letter with a field that viewers draw by themselves, signed."""
    fields = text_field(b"100")
    fields["n6"] = fields["n6"].replace(b"/SigFlags", b"/NeedAppearances true /SigFlags")
    return by_person(letter(**fields))


def aligned() -> bytes:
    """Let fields be set to the right."""
    form = newest(drawn_anew(), 6)
    return update(drawn_anew(), {6: form.replace(b"/DR", b"/Q 2 /DR")})


# --- objects that are two things at once ------------------------------------------------------------


_HELVETICA: Final = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_SYMBOL: Final = _HELVETICA.replace(b"Helvetica", b"Symbol")


@cache
def catalog_of_fonts() -> bytes:
    """A letter whose page takes its fonts from the catalog, signed."""
    return by_person(
        letter(
            f"/MarkInfo {_HELVETICA.decode()}",
            n3=page().replace(b"/Font << /F1 8 0 R >>", b"/Font 1 0 R"),
            n4=stream(b"BT /MarkInfo 24 Tf 72 700 Td (%s) Tj ET" % ORDERED),
        )
    )


def catalog_marked() -> bytes:
    """Change that font, which to the catalog is whether the document is tagged."""
    return update(catalog_of_fonts(), {1: newest(catalog_of_fonts(), 1).replace(_HELVETICA, _SYMBOL)})


@cache
def information_as_parent() -> bytes:
    """A letter whose page has the document information for its parent, signed."""
    return by_person(
        letter(
            n3=page().replace(b"/Parent 2 0 R", b"/Parent 5 0 R"),
            n5=b"<< /Type /Pages /Count 1 /Kids [3 0 R] /Rotate 0 >>",
        )
    )


def information_turned() -> bytes:
    """Turn the page by its parent."""
    pdf = information_as_parent()
    return update(pdf, {5: newest(pdf, 5).replace(b"/Rotate 0", b"/Rotate 180")})


@cache
def no_parent() -> bytes:
    """A letter whose page names a parent that is not there yet, signed."""
    pdf = letter(n3=page().replace(b"/Parent 2 0 R", b"/Parent 11 0 R"))
    signed = by_person(pdf)
    assert next_number(signed) == 11
    return signed


def stamp_as_parent() -> bytes:
    """Append a time-stamp whose field is that parent."""
    field = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Stamp) /F 132 /Rect [0 0 0 0] /P 3 0 R /V 12 0 R "
        b"/Rotate 180 >>"
    )
    return stamped(no_parent(), {11: field})


@cache
def font_in_the_structure() -> bytes:
    """A letter whose resources are an element of its structure, and a font in them its information, signed."""
    fonts = page().replace(b"/Resources << /Font << /F1 8 0 R >>  >>", b"/Resources 21 0 R")
    return by_person(
        letter(
            "/StructTreeRoot 20 0 R",
            n3=fonts,
            n4=stream(b"BT /P 24 Tf 72 700 Td (%s) Tj ET" % ORDERED),
            n5=_HELVETICA,
            n20=b"<< /Type /StructTreeRoot /K [21 0 R] >>",
            n21=b"<< /S /Sect /Font << /P 5 0 R >> >>",
        )
    )


# --- values that one library takes for the same -------------------------------------------------------


_AMOUNT: Final = stream(
    b"BT /F1 24 Tf 72 700 Td (%s) Tj ET" % ORDERED,
    b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << /F1 8 0 R >> >>",
)


@cache
def amount_by_name(name: bytes) -> bytes:
    """A letter whose amount is drawn by an object of a name, signed."""
    resources = b"/XObject << /%s 11 0 R >>" % name
    return by_person(letter(n3=page(resources), n4=stream(b"/%s Do" % name), n11=_AMOUNT))


def renamed(old: bytes, new: bytes, add: Callable[..., bytes] = stamped) -> Callable[[], bytes]:
    """Rename that object in the page's resources: other bytes that one library reads as the same letter."""
    return lambda: add(amount_by_name(old), objects={3: page(b"/XObject << /%s 11 0 R >>" % new)})


def in_font(kind: bytes) -> bytes:
    return page(b"/X << >>").replace(b"8 0 R", b"<< /Type /Font /Subtype /Type1 /BaseFont %s >>" % kind)


@cache
def amount_in_font() -> bytes:
    """A letter whose amount is set in a font of the page's own, signed."""
    return by_person(letter(n3=in_font(b"/Symbol")))


def in_palette(palette: bytes) -> bytes:
    return page(b"/ColorSpace << /P [/Indexed /DeviceRGB 1 %s] >>" % palette)


_DARK: Final = b"<FEFF 0020 0020 0020 00FF 00FF 00FF>"
"""Read as a text the same as the next; the second colour of one is dark, of the other white."""
_WHITE: Final = b"<20 20 20 FF FF FF>"


@cache
def amount_in_colour() -> bytes:
    """A letter whose amount has a colour of a palette, and the palette begins as a text does, signed."""
    content = b"/P cs 1 sc BT /F1 24 Tf 72 700 Td (%s) Tj ET" % ORDERED
    return by_person(letter(n3=in_palette(_DARK), n4=stream(content)))


ATTACKS: Final = (
    Attack("eaa-content-as-parameters", named_as_parameters(4, shows(FORGED)), CHANGED, one),
    Attack("eaa-page-as-parameters", named_as_parameters(3, page(entries=b"/Rotate 180")), CHANGED, one),
    Attack("eaa-font-as-parameters", named_as_parameters(8, FONT.replace(b"/Helvetica /Encoding /WinAnsiEncoding", b"/Symbol")), CHANGED, one),
    Attack("eaa-content-as-parameters-of-the-seal", named_by_the_seal, CHANGED, one),
    Attack("ssa-time-stamp-drawn", stamp_drawn, CHANGED, with_box),
    Attack("eaa-notes-reordered", reordered(b"10 0 R 9 0 R"), CHANGED, two_notes),
    Attack("eaa-note-named-again", reordered(b"9 0 R 10 0 R 9 0 R"), CHANGED, two_notes),
    Attack("filled-drawn-otherwise", aligned, CHANGED, drawn_anew),
    Attack("shadow-catalog-of-fonts", catalog_marked, CHANGED, catalog_of_fonts),
    Attack("shadow-information-as-parent", information_turned, CHANGED, information_as_parent),
    Attack("shadow-time-stamp-as-parent", stamp_as_parent, CHANGED, no_parent),
    Attack("shadow-name-of-other-bytes", renamed(b"I#E9", b"I#C3#A9"), CHANGED, lambda: amount_by_name(b"I#E9")),
    Attack("shadow-name-of-other-bytes-back", renamed(b"I#C3#A9", b"I#E9"), CHANGED, lambda: amount_by_name(b"I#C3#A9")),
    Attack("shadow-name-of-other-bytes-under-the-seal", renamed(b"I#E9", b"I#C3#A9", by_seal), CHANGED, lambda: amount_by_name(b"I#E9")),
    Attack("shadow-name-becomes-a-string", lambda: stamped(amount_in_font(), {3: in_font(b"(/Symbol)")}), CHANGED, amount_in_font),
    Attack("shadow-string-of-other-bytes", lambda: stamped(amount_in_colour(), {3: in_palette(_WHITE)}), CHANGED, amount_in_colour),
    Attack("shadow-font-in-the-structure", updated({5: _SYMBOL}, font_in_the_structure), CHANGED, font_in_the_structure),
)  # fmt: skip
