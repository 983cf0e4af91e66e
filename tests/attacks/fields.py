"""Duplicate and hidden fields, and abuse of certification."""

from functools import cache
from typing import Final

from tests.attacks.building import (
    FORGED,
    Attack,
    add_widget,
    by_person,
    by_seal,
    certified,
    certifying,
    drawing,
    field_look,
    form,
    letter,
    one,
    shows,
    text_field,
    two,
    updated,
)
from tests.attacks.showing import (
    accepted_by_pyhanko,
    another_picture,
    signature_unseen,
)
from tests.attacks.updates import CHANGED, COUNT, OBJECT
from tests.lab.pdfs import newest, next_number, update

SUBFILTER: Final = "signature.subfilter"


def twin_field() -> bytes:
    """Let a second field, with the picture of a seal, borrow the person's signature."""
    pdf = one()
    number = next_number(pdf)
    entries = b"/FT /Sig /AP << /N %d 0 R >> /V %d 0 R" % (number + 1, number - 1)
    return add_widget(pdf, entries, objects={number + 1: drawing()})


def twin_field_signed_over() -> bytes:
    """The same before the seal is set: the seal covers it."""
    return by_seal(twin_field())


def value_moved() -> bytes:
    """Take the person's signature out of its field, and show it elsewhere."""
    pdf = one()
    number = next_number(pdf)
    widget = newest(pdf, number - 2)
    emptied = widget.replace(b"/V %d 0 R" % (number - 1), b"")
    entries = b"/FT /Sig /AP << /N %d 0 R >> /V %d 0 R" % (number + 1, number - 1)
    return add_widget(pdf, entries, objects={number - 2: emptied, number + 1: drawing()})


def on_the_page_only(value: bytes) -> bytes:
    """Show a filled signature widget that the form does not know."""
    pdf = one()
    number = next_number(pdf)
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Dau) /F 132 /P 3 0 R /Rect [60 680 360 740] "
        b"/AP << /N %d 0 R >> /V %s >>" % (number + 1, value)
    )
    return update(pdf, {7: newest(pdf, 7)[:-1] + b" %d 0 R]" % number, number: widget, number + 1: drawing()})


def on_the_page_only_from_the_start() -> bytes:
    """The same, there before the person signs: his signature covers it."""
    widget = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (Dau) /F 132 /P 3 0 R /Rect [60 680 360 740] "
        b"/AP << /N 10 0 R >> /V 11 0 R >>"
    )
    return by_person(letter(n7=b"[9 0 R]", n9=widget, n10=drawing(), n11=_signature(b"/ETSI.CAdES.detached")))


def _signature(subfilter: bytes) -> bytes:
    return b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter %s /Contents <3000> >>" % subfilter


def filled_from_the_start(field: bytes, value: bytes) -> bytes:
    """A letter with a field that shows a seal and holds no signature, signed by the person all the same."""
    widget = (
        b"<< /Type /Annot /Subtype /Widget /T (Dau) /F 132 /P 3 0 R /Rect [60 680 360 740] "
        b"/AP << /N 10 0 R >> %s >>" % field
    )
    return by_person(
        letter(n6=b"<< /Fields [9 0 R] /SigFlags 3 >>", n7=b"[9 0 R]", n9=widget, n10=drawing(), n11=value)
    )


def value_twice() -> bytes:
    """Give the seal's field two values, one of them empty: readers differ in which one counts."""
    pdf = one()
    number = next_number(pdf)
    entries = b"/FT /Sig /AP << /N %d 0 R >> /V null /V %d 0 R" % (number + 1, number + 2)
    return add_widget(pdf, entries, objects={number + 1: drawing(), number + 2: _signature(b"/none")})


def hidden_signature() -> bytes:
    """A letter that holds a signature dictionary which no field names, signed."""
    value = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /none /ByteRange [0 1 2 3] /Contents <3000> >>"
    return by_person(letter(n9=value, n5=b"<< /Producer (lab) /Sig 9 0 R >>"))


def signature_removed() -> bytes:
    """Take the seal's field out of the form: what is left is a letter that was never sealed."""
    pdf = two()
    number = next_number(pdf) - 2
    form_ = newest(pdf, 6).replace(b" %d 0 R" % number, b"")
    notes = newest(pdf, 7).replace(b" %d 0 R" % number, b"")
    return update(pdf, {6: form_, 7: notes})


FIELDS: Final = (
    Attack("field-twin", twin_field, COUNT, one),
    Attack("field-twin-under-the-seal", twin_field_signed_over, COUNT, one),
    Attack("field-value-moved", value_moved, CHANGED, one),
    Attack("field-on-the-page-only", lambda: on_the_page_only(b"%d 0 R" % (next_number(one()) - 1)), COUNT, one),
    Attack("field-on-the-page-only-inline", lambda: on_the_page_only(_signature(b"/none")), COUNT, one),
    Attack("field-on-the-page-from-the-start", on_the_page_only_from_the_start, COUNT, one, (another_picture, accepted_by_pyhanko)),
    Attack("field-of-unknown-subfilter", lambda: filled_from_the_start(b"/FT /Sig /V 11 0 R", _signature(b"/none")), SUBFILTER, one, (another_picture, accepted_by_pyhanko)),
    Attack("field-of-sha1-subfilter", lambda: filled_from_the_start(b"/FT /Sig /V 11 0 R", _signature(b"/adbe.pkcs7.sha1")), SUBFILTER, one),
    Attack("field-of-raw-rsa-subfilter", lambda: filled_from_the_start(b"/FT /Sig /V 11 0 R", _signature(b"/adbe.x509.rsa_sha1")), SUBFILTER, one, (another_picture, accepted_by_pyhanko)),
    Attack("field-with-signature-inline", lambda: filled_from_the_start(b"/FT /Sig /V " + _signature(b"/none"), b"null"), COUNT, one, (another_picture, accepted_by_pyhanko)),
    Attack("field-value-twice", value_twice, OBJECT, one),
    Attack("field-hidden-signature", hidden_signature, COUNT, one, (accepted_by_pyhanko,)),
    Attack("field-signature-removed", signature_removed, CHANGED, two, (signature_unseen,)),
)  # fmt: skip


# --- certification ---

_LOCK_ALL: Final = (
    "<< /Type /SigRef /TransformMethod /FieldMDP "
    "/TransformParams << /Type /TransformParams /V /1.2 /Action /All >> >>"
)
_LOCK_SO: Final = (
    "<< /Type /SigRef /TransformMethod /FieldMDP "
    "/TransformParams << /Type /TransformParams /V /1.2 /Action /Include /Fields [(So)] >> >>"
)
_LOCK_OTHER: Final = _LOCK_SO.replace("(So)", "(Ngay)")
_NOTHING: Final = (
    "<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /V /1.2 /P 1 >> >>"
)


def filled(pdf: bytes) -> bytes:
    """Fill the text field anew, as a form allows."""
    field = newest(pdf, 9).replace(b"/V (100)", b"/V (999)")
    return update(pdf, {9: field, 10: field_look(b"999")})


def looked(pdf: bytes) -> bytes:
    """Change what the field shows, and leave its value."""
    return update(pdf, {10: field_look(b"999")})


def permission_dropped(permission: str) -> bytes:
    """Take the certification out of the catalog, and change the field."""
    pdf = filled(certified(permission))
    return update(pdf, {1: b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>"})


def certified_anew() -> bytes:
    """Certify again with a wider permission, after no change was allowed."""
    pdf = certified("1")
    number = next_number(pdf) + 1
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Perms << /DocMDP %d 0 R >> >>" % number
    again = by_seal(pdf, entries=certifying("3"), objects={1: catalog})
    return filled(again)


def certification_on_top() -> bytes:
    """Let the second signature be the certification, by which viewers judge the whole document."""
    pdf = form()
    number = next_number(pdf) + 1
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Perms << /DocMDP %d 0 R >> >>" % number
    return filled(by_seal(pdf, entries=certifying("3"), objects={1: catalog}))


def sealed_visibly(pdf: bytes) -> bytes:
    """Add a good seal with a picture."""
    number = next_number(pdf)
    widget = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Seal) /F 132 /Rect [60 680 360 740] /P 3 0 R "
        b"/AP << /N %d 0 R >> /V %d 0 R >>" % (number + 2, number + 1)
    )
    return by_seal(pdf, objects={number: widget, number + 2: drawing()})


@cache
def locked_by_the_field() -> bytes:
    """A letter whose signature field says what is locked with it, and its signature does not, signed."""
    base = letter(**text_field(b"100"))
    number = next_number(base)
    widget = (
        b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (Hand) /F 132 /Rect [0 0 0 0] /P 3 0 R /V %d 0 R "
        b"/Lock << /Type /SigFieldLock /Action /All >> >>" % (number + 1)
    )
    return by_person(base, objects={number: widget})


def locked(action: str) -> bytes:
    """A letter whose first signature locks its field, signed."""
    return by_person(letter(**text_field(b"100")), entries=f"/Reference [{action}]")


CERTIFICATION: Final = (
    Attack("certified-1-filled", lambda: filled(certified("1")), CHANGED, lambda: certified("1")),
    Attack("certified-2-filled", lambda: filled(certified("2")), CHANGED, lambda: certified("2"), (another_picture, accepted_by_pyhanko)),
    Attack("certified-3-filled", lambda: filled(certified("3")), CHANGED, lambda: certified("3"), (another_picture, accepted_by_pyhanko)),
    Attack("certified-2-look-changed", lambda: looked(certified("2")), CHANGED, lambda: certified("2")),
    Attack("certified-3-content-changed", updated({4: shows(FORGED)}, lambda: certified("3")), CHANGED, lambda: certified("3")),
    Attack("certified-1-sealed", lambda: sealed_visibly(certified("1")), CHANGED, lambda: certified("1")),
    Attack("certified-permission-dropped", lambda: permission_dropped("1"), CHANGED, lambda: certified("1")),
    Attack("certified-anew", certified_anew, CHANGED, lambda: certified("1")),
    Attack("certified-on-top", certification_on_top, CHANGED, form),
    Attack("locked-all-filled", lambda: filled(locked(_LOCK_ALL)), CHANGED, lambda: locked(_LOCK_ALL)),
    Attack("locked-field-filled-under-the-seal", lambda: by_seal(filled(locked(_LOCK_SO))), CHANGED, lambda: locked(_LOCK_SO)),
    Attack("locked-by-the-second-lock-filled", lambda: by_seal(filled(locked(_LOCK_OTHER + _LOCK_SO))), CHANGED, lambda: locked(_LOCK_OTHER + _LOCK_SO)),
    Attack("locked-by-the-field-filled", lambda: by_seal(filled(locked_by_the_field())), CHANGED, locked_by_the_field),
    Attack("certified-2-then-1-filled", lambda: by_seal(filled(certified("2", _NOTHING))), CHANGED, lambda: certified("2", _NOTHING)),
    Attack("certified-2-filled-after-the-seal", lambda: filled(by_seal(certified("2"))), CHANGED, lambda: by_seal(certified("2"))),
    Attack("filled-after-the-seal", lambda: filled(by_seal(form())), CHANGED, lambda: by_seal(form()), (another_picture, accepted_by_pyhanko)),
    Attack("filled-after-an-approval", lambda: filled(form()), CHANGED, form, (another_picture, accepted_by_pyhanko)),
)  # fmt: skip

ATTACKS: Final = (*FIELDS, *CERTIFICATION)
