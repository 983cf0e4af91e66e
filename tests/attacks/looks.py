"""Replaced appearance, evil annotations and sneaky signature fields: what shows is not what was signed."""

import re
from typing import Final

from tests.attacks.building import (
    FONT,
    FORGED,
    ORDERED,
    Attack,
    add_annotation,
    add_widget,
    append_table,
    by_person,
    by_seal,
    certified,
    drawing,
    letter,
    one,
    page,
    stream,
    updated,
    visible,
)
from tests.attacks.showing import (
    accepted_by_pyhanko,
    another_picture,
    another_text,
)
from tests.attacks.updates import CHANGED, UNTRUSTED, by_stranger
from tests.lab.pdfs import (
    newest,
    next_number,
    sign_by_hand,
    update,
)

_TYPE3: Final = (
    b"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 1000 1000] /FontMatrix [0.001 0 0 0.001 0 0] "
    b"/FirstChar 32 /LastChar 122 /Widths [%s] /CharProcs << /box %d 0 R >> "
    b"/Encoding << /Type /Encoding /Differences [32 %s] >> /Resources << >> >>"
    % (b"600 " * 91, 40, b"/box " * 91)
)
_GLYPH: Final = stream(b"600 0 0 0 500 700 d1 0 0 500 700 re f")

TO_UNICODE: Final = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def "
    b"1 begincodespacerange <00> <FF> endcodespacerange 3 beginbfchar "
    b"<31> <%s> <30> <%s> <53> <0053> endbfchar endcmap end end"
)
_FONT_WITH_MAP: Final = FONT[:-2] + b"/ToUnicode 9 0 R >>"


def mapped() -> bytes:
    """A letter whose font says what its codes mean, signed."""
    return by_person(letter(n8=_FONT_WITH_MAP, n9=stream(TO_UNICODE % (b"0031", b"0030"))))


def seal_replaced(original: bytes) -> bytes:
    """Draw something else where the person's signature shows."""
    look = re.search(rb"/AP\s*<<\s*/N (\d+) 0 R", original)
    assert look
    return update_any(original, {int(look[1]): drawing()})


def update_any(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    """Append an update to a file of any make."""
    root = re.findall(rb"/Root (\d+) 0 R", pdf)[-1]
    return append_table(pdf, objects, root=int(root))


def widget_moved(original: bytes) -> bytes:
    """Move the person's mark to another place."""
    number = next(
        int(n) for n, body in re.findall(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", original, re.DOTALL)
        if b"PersonSignature" in body
    )  # fmt: skip
    widget = re.sub(rb"/Rect \[.*?\]", b"/Rect [0 0 500 300]", newest(original, number), flags=re.DOTALL)
    return update_any(original, {number: widget})


_LAYERS: Final = "/OCProperties << /OCGs [9 0 R 10 0 R] /D << /Order [9 0 R 10 0 R] /ON [%s] /OFF [%s] >> >>"


def layered() -> bytes:
    """A letter with two layers, signed."""
    body = stream(
        b"/OC /L1 BDC BT /F1 24 Tf 72 700 Td (%s) Tj ET EMC "
        b"/OC /L2 BDC BT /F1 24 Tf 72 700 Td (%s) Tj ET EMC" % (ORDERED, FORGED)
    )
    group = b"<< /Type /OCG /Name (%s) >>"
    return by_person(
        letter(
            _LAYERS % ("9 0 R 10 0 R", ""),
            n3=page(b"/Properties << /L1 9 0 R /L2 10 0 R >>"),
            n4=body, n9=group % b"A", n10=group % b"B",
        )
    )  # fmt: skip


def layers_swapped(original: bytes) -> bytes:
    """Hide one of them."""
    catalog = f"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R {_LAYERS % ('10 0 R', '9 0 R')} >>"
    return update(original, {1: catalog.encode()})


APPEARANCE: Final = (
    Attack("look-font-replaced", updated({8: _TYPE3, 40: _GLYPH}), CHANGED, one),
    Attack("look-font-named-anew", updated({8: FONT.replace(b"Helvetica", b"Symbol").replace(b"/Encoding /WinAnsiEncoding", b"")}), CHANGED, one),
    Attack("look-to-unicode", updated({9: stream(TO_UNICODE % (b"0039", b"0039"))}, mapped), CHANGED, mapped, (another_text,)),
    Attack("look-layers", lambda: layers_swapped(layered()), CHANGED, layered),
    Attack("look-signature-picture", lambda: seal_replaced(visible()), CHANGED, visible),
    Attack("look-signature-moved", lambda: widget_moved(visible()), CHANGED, visible),
    Attack("look-page-cropped", updated({3: page(b"", b"/CropBox [0 0 595 690]")}), CHANGED, one),
    Attack("look-page-turned", updated({3: page(b"", b"/Rotate 180")}), CHANGED, one),
)  # fmt: skip


# --- evil annotations (EAA) and sneaky signature fields (SSA) ---


def _annotated(kind: bytes, permission: str | None = None) -> Attack:
    def pdf() -> bytes:
        return one() if permission is None else certified(permission)

    name = f"eaa-{kind.decode().lower()}" + (f"-certified-{permission}" if permission else "")
    return Attack(name, lambda: add_annotation(pdf(), b"/Subtype /" + kind), CHANGED, pdf)


def sneaky(look: bytes = b"") -> bytes:
    """Add an empty signature field whose appearance covers the amount."""
    pdf = one()
    number = next_number(pdf) + 1
    return add_widget(pdf, b"/FT /Sig /AP << /N %d 0 R >> %s" % (number, look), objects={number: drawing()})


def sneaky_signed_by_a_stranger() -> bytes:
    """Sign with a key of one's own, and let the mark cover the amount: integrity allows it, trust does not."""
    pdf = one()
    number = next_number(pdf)
    widget = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Mine) /F 132 /Rect [60 680 360 740] /P 3 0 R "
        b"/AP << /N %d 0 R >> /V %d 0 R >>" % (number + 2, number + 1)
    )
    return sign_by_hand(pdf, by_stranger(), name="Mine", objects={number: widget, number + 2: drawing()})


def with_empty_field() -> bytes:
    """A letter with an empty, invisible signature field for the seal, signed by a person."""
    widget = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Dau) /F 132 /Rect [60 680 360 740] /P 3 0 R %s >>"
    )
    return by_person(letter(n6=b"<< /Fields [9 0 R] /SigFlags 3 >>", n7=b"[9 0 R]", n9=widget % b""))


def empty_field_drawn() -> bytes:
    """Draw over the amount by the appearance of the field that waits for the seal."""
    pdf = with_empty_field()
    number = next_number(pdf)
    look = newest(pdf, 9).replace(b"/P 3 0 R", b"/P 3 0 R /AP << /N %d 0 R >>" % number)
    return update(pdf, {9: look, number: drawing()})


def text_field_added() -> bytes:
    """Add a text field that covers the amount."""
    pdf = one()
    number = next_number(pdf) + 1
    entries = b"/FT /Tx /V (999) /AP << /N %d 0 R >>" % number
    return add_widget(pdf, entries, objects={number: drawing()})


_PAGE: Final = b"[0 0 595 842]"


def _another_letter() -> bytes:
    """Return a look as large as the page, with another amount on white."""
    return stream(
        b"/Tx BMC 1 g 0 0 595 842 re f 0 g BT /F1 18 Tf 72 720 Td (%s) Tj ET EMC" % FORGED,
        b"/Type /XObject /Subtype /Form /BBox %s /Resources << /Font << /F1 8 0 R >> >>" % _PAGE,
    )


def seal_over_the_page() -> bytes:
    """Seal with a picture that is another letter."""
    number = next_number(one())
    widget = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Seal) /F 132 /Rect %s /P 3 0 R /V %d 0 R "
        b"/AP << /N %d 0 R >> >>" % (_PAGE, number + 1, number + 2)
    )
    return by_seal(one(), objects={number: widget, number + 2: _another_letter()})


def form_over_the_page(boxes: tuple[bytes, ...] = (_PAGE,)) -> bytes:
    """A letter with empty fields that nobody sees, signed by the person."""
    numbers = [9 + 2 * place for place in range(len(boxes))]
    listed = b"[%s]" % b" ".join(b"%d 0 R" % number for number in numbers)
    objects = {"n6": b"<< /Fields %s /SigFlags 3 >>" % listed, "n7": listed}
    for number, box in zip(numbers, boxes, strict=True):
        objects[f"n{number}"] = (
            b"<< /FT /Tx /T (So%d) /Type /Annot /Subtype /Widget /P 3 0 R /F 4 /Rect %s "
            b"/DA (/F1 18 Tf 0 g) /AP << /N %d 0 R >> >>" % (number, box, number + 1)
        )
        objects[f"n{number + 1}"] = stream(b"", b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    return by_person(letter(**objects))


def filled_over_the_page(boxes: tuple[bytes, ...] = (_PAGE,)) -> bytes:
    """Fill in a number, and draw another letter for it; then seal."""
    pdf = form_over_the_page(boxes)
    objects = {}
    for number in (9 + 2 * place for place in range(len(boxes))):
        objects[number] = newest(pdf, number).replace(b"/DA", b"/V (12) /DA")
        objects[number + 1] = _another_letter()
    return by_seal(update(pdf, objects))


_PARTS: Final = (b"[0 700 595 842]", b"[0 560 595 700]")
"""Each a sixth of the page."""

ANNOTATIONS: Final = (
    *(_annotated(kind) for kind in (b"FreeText", b"Stamp", b"Square", b"Redact")),
    _annotated(b"FreeText", "2"),
    _annotated(b"FreeText", "3"),
    _annotated(b"Stamp", "3"),
    Attack("ssa-empty-field", sneaky, CHANGED, one, (another_picture, accepted_by_pyhanko)),
    Attack("ssa-waiting-field-drawn", empty_field_drawn, CHANGED, with_empty_field),
    Attack("ssa-text-field", text_field_added, CHANGED, one),
    Attack(
        "ssa-seal-over-the-page", seal_over_the_page, CHANGED, one, (another_picture, accepted_by_pyhanko)
    ),
    Attack(
        "ssa-filled-over-the-page",
        filled_over_the_page,
        CHANGED,
        form_over_the_page,
        (another_picture, accepted_by_pyhanko),
    ),
    Attack(
        "ssa-filled-over-the-page-in-parts",
        lambda: filled_over_the_page(_PARTS),
        CHANGED,
        lambda: form_over_the_page(_PARTS),
        (another_picture, accepted_by_pyhanko),
    ),
    Attack("ssa-signed-by-a-stranger", sneaky_signed_by_a_stranger, UNTRUSTED, one, part="trust"),
)


ATTACKS: Final = (*APPEARANCE, *ANNOTATIONS)
