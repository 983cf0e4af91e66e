"""What tools append behind signatures as they really write it: stores, time-stamps, permitted changes."""

import re

import pytest

from tests.attacks.building import (
    TEXT_FIELD,
    append_table,
    by_person,
    by_seal,
    certified,
    drawing,
    field_look,
    form,
    letter,
    one,
    page,
    shows,
    stream,
    text_field,
)
from tests.attacks.references import by_stream
from tests.good.judged import ACCEPTED, parts
from tests.good.laying import FIELD, PLAIN, dictionary, fill, lay
from tests.good.signers import by_hand
from tests.lab.authority import lab_authority
from tests.lab.pdfs import newest, next_number, sign_by_hand, update
from tests.lab.services import a_document_token

VALUE = by_hand()
STAMP = PLAIN.replace(b"/Type /Sig", b"/Type /DocTimeStamp").replace(b"ETSI.CAdES.detached", b"ETSI.RFC3161")


def a_certificate() -> bytes:
    return stream(lab_authority().certificate("people-ca"))


def stored(
    pdf: bytes,
    *,
    key: str = "{:040X}",
    entry: bool = True,
    more: dict[int, bytes] | None = None,
    lost: int = 0,
    catalog: bytes = b"",
    extra: bytes = b"",
) -> bytes:
    """Append a security store of its own, whatever the one before it held.

    Args:
        pdf: signed.
        key: of the entry for a signature, its number left open.
        entry: there is one.
        more: further objects of the update.
        lost: so many objects are named that are nowhere.
        catalog: to be written, the store apart.
        extra: entries of the trailer.
    """
    number = next_number(pdf)
    base = re.sub(rb"/DSS \d+ 0 R ", b"", catalog or newest(pdf, 1))
    missing = b"".join(b" %d 0 R" % (number + 7 + each) for each in range(lost))
    entries = b"<< /%s << /Cert [%d 0 R] /CRL [%d 0 R] /TU (D:20260101120000Z) >> >>" % (
        key.format(number).encode(), number + 1, number + 2,
    )  # fmt: skip
    objects = {
        1: base[:-2] + b"/DSS %d 0 R >>" % number,
        number: b"<< /Type /DSS /Certs [%d 0 R%s] /CRLs [%d 0 R] %s >>"
        % (number + 1, missing, number + 2, b"/VRI " + entries if entry else b""),
        number + 1: a_certificate(),
        number + 2: stream(lab_authority().crl("people-ca")),
        **(more or {}),
    }
    return update(pdf, objects, extra)


def stored_in_place(pdf: bytes) -> bytes:
    """Write the objects of a store anew under their numbers, the entry's key another one."""
    number = int(re.findall(rb"/DSS (\d+) 0 R", pdf)[-1])
    changed = newest(pdf, number).replace(b"/VRI << /00", b"/VRI << /AA")
    assert changed != newest(pdf, number)
    return update(pdf, {number: changed})


def stamped(pdf: bytes, name: str = "Stamp", text: bytes = STAMP, field: bytes = FIELD) -> bytes:
    """Append a document time-stamp."""
    return lay(pdf, a_document_token, text=text, name=name.encode(), field=field)


def stamped_as_signature(pdf: bytes) -> bytes:
    """Append one that is stored as /Type /Sig, as some tools do."""
    return stamped(pdf, text=STAMP.replace(b"/DocTimeStamp", b"/Sig"))


def filled(pdf: bytes, value: bytes = b"200") -> bytes:
    """Fill the text field anew, with its appearance."""
    return update(pdf, {9: TEXT_FIELD % value, 10: field_look(value)})


def locked(action: str, **objects: bytes) -> bytes:
    """Return a form signed with a lock on fields."""
    reference = (
        "/Reference [<< /Type /SigRef /TransformMethod /FieldMDP /TransformParams "
        f"<< /Type /TransformParams /V /1.2 {action} >> /Data 1 0 R >>]"
    )
    return sign_by_hand(letter(**{**text_field(b"1"), **objects}), VALUE, entries=reference)


def prepared(count: int = 2) -> bytes:
    """Return a letter with empty signature fields on the page."""
    made = {
        20 + n: b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (S%d) /F 4 /Rect [%d 100 %d 150] /P 3 0 R >>"
        % (n, 100 * n, 100 * n + 90)
        for n in range(count)
    }
    listed = b" ".join(b"%d 0 R" % number for number in made)
    form_ = b"<< /Fields [%s] /SigFlags 3 >>" % listed
    return letter(n6=form_, n7=b"[%s]" % listed, **{f"n{n}": value for n, value in made.items()})


def signed_in(pdf: bytes, which: int, *, look: bool = False) -> bytes:
    """Sign in one of these fields."""
    number = next_number(pdf)
    field = newest(pdf, 20 + which)[:-2]
    if look:
        field += b"/AP << /N %d 0 R >> " % (number + 1)
    objects = {20 + which: field + b"/V %d 0 R >>" % number, number: dictionary()}
    if look:
        objects[number + 1] = drawing()
    return fill(update(pdf, objects), VALUE)


def metadata(day: bytes) -> bytes:
    return stream(
        b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        b'xmlns:xmp="http://ns.adobe.com/xap/1.0/"><xmp:ModifyDate>' + day + b"</xmp:ModifyDate>"
        b'</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>',
        b"/Type /Metadata /Subtype /XML",
    )


def described() -> bytes:
    return by_person(letter("/Metadata 9 0 R", n9=metadata(b"2020-01-01")))


INFORMATION = b"<< /Producer (lab; modified using a tool) /ModDate (D:20260101120000Z) >>"
EXTENDED = letter("/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 >> >>")

GOOD = {
    "store": lambda: stored(one()),
    "store-without-entries": lambda: stored(one(), entry=False),
    "store-key-small": lambda: stored(one(), key="{:040x}"),
    "store-twice": lambda: stored(stored(one())),
    "store-each": lambda: stored(by_seal(stored(one()))),
    "store-anew-in-place": lambda: stored_in_place(by_seal(stored(one()))),
    "store-stamp-store-stamp": lambda: stamped(stored(stamped(stored(one()))), "Second"),
    "store-less": lambda: stored(by_seal(stored(one())), entry=False),
    "store-with-missing": lambda: stored(one(), lost=1),
    "store-with-missing-stamp": lambda: stamped(stored(one(), lost=2)),
    "store-and-pages-again": lambda: stored(one(), more={2: newest(one(), 2)}),
    "store-and-page-again": lambda: stored(one(), more={3: newest(one(), 3)}),
    "store-and-information": lambda: stored(one(), more={5: INFORMATION}),
    "store-and-identifier": lambda: stored(one(), extra=b"/ID [<0123> <9999>]"),
    "store-and-metadata": lambda: stored(described(), more={9: metadata(b"2026-01-01")}),
    "store-and-first-metadata": lambda: stored(
        one(), catalog=newest(one(), 1)[:-2] + b"/Metadata 90 0 R >>", more={90: metadata(b"2026")}
    ),
    "store-and-extensions": lambda: stored(
        one(),
        catalog=newest(one(), 1)[:-2] + b"/Extensions << /E << /BaseVersion /1.7 /ExtensionLevel 5 >> >> >>",
    ),
    "store-and-higher-extensions": lambda: stored(
        by_person(EXTENDED), catalog=newest(EXTENDED, 1).replace(b"Level 3", b"Level 8")
    ),
    "store-and-version": lambda: stored(one(), catalog=newest(one(), 1)[:-2] + b"/Version /1.7 >>"),
    "store-in-streams": lambda: by_stream(
        one(),
        {60: a_certificate()},
        {1: newest(one(), 1)[:-2] + b"/DSS 61 0 R >>", 61: b"<< /Certs [60 0 R] >>"},
    ),
    "pages-again": lambda: update(one(), {2: newest(one(), 2)}),
    "free-head-again": lambda: append_table(
        one(), {2: newest(one(), 2)}, entries=lambda at: [(0, 0, 65535, b"f"), (2, at[2], 0, b"n")]
    ),
    "object-that-nothing-leads-to": lambda: stored(
        by_person(update(letter(n30=b"<< /A 1 >>"), {30: b"<< /A 2 >>", 31: b"[30 0 R]"}))
    ),
    "stamp-alone": lambda: stamped(letter()),
    "stamp-alone-store": lambda: stored(stamped(letter())),
    "stamp-first": lambda: by_seal(by_person(stamped(letter()))),
    "stamp-between": lambda: by_seal(stamped(one())),
    "stamp-visible": lambda: stamped(one(), field=FIELD.replace(b"[0 0 0 0]", b"[0 0 90 90]")),
    "stamp-as-signature": lambda: stamped_as_signature(stored(one())),
    "fields-store": lambda: stored(form()),
    "fields-stamp": lambda: stamped(stored(form())),
    "fields-stamp-as-signature": lambda: stamped_as_signature(form()),
    **{f"certified-{p}-{name}": (lambda p=p, then=then: then(certified(p)))
       for p in "123" for name, then in (
        ("store", stored), ("stamp", stamped), ("both", lambda pdf: stamped(stored(pdf))),
        ("stamp-as-signature", stamped_as_signature))},
    **{f"certified-{p}-{name}": (lambda p=p, then=then: by_seal(then(certified(p))))
       for p in "23" for name, then in (
        ("seal", lambda pdf: pdf), ("fill-seal", filled), ("store-seal", stored))},
    "locked-all-store": lambda: stored(locked("/Action /All")),
    "locked-all-stamp": lambda: stamped(locked("/Action /All")),
    "locked-field-seal": lambda: by_seal(locked("/Action /Include /Fields [(So)]")),
    "locked-other-fill-seal": lambda: by_seal(filled(locked("/Action /Include /Fields [(X)]"))),
    "filled-seal": lambda: by_seal(filled(form())),
    "filled-with-the-seal": lambda: by_seal(form(), objects={9: TEXT_FIELD % b"200", 10: field_look(b"200")}),
    "filled-seal-store": lambda: stored(by_seal(filled(form()))),
    "prepared-fields": lambda: signed_in(signed_in(prepared(), 0), 1),
    "prepared-fields-with-looks": lambda: signed_in(signed_in(prepared(), 0, look=True), 1, look=True),
    "prepared-fields-store-each": lambda: stored(
        signed_in(stored(signed_in(prepared(), 0, look=True)), 1, look=True)
    ),
    "prepared-field-left-empty": lambda: stored(signed_in(prepared(3), 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_tools_append_is_accepted(name):
    """G5: long-term data, document time-stamps, and what an earlier signature lets a later one cover."""
    assert parts(GOOD[name]()) == ACCEPTED


CHANGED, FILLED = "signature.changed-after", "content.fields-changed"


def store_holding(objects: dict[int, bytes], piece: bytes) -> bytes:
    """Append a store whose first piece is whatever is asked for."""
    pdf = by_seal(stored(one()))
    number = next_number(pdf)
    changed = {
        1: re.sub(rb"/DSS \d+ 0 R", b"/DSS %d 0 R" % number, newest(pdf, 1)),
        number: b"<< /Type /DSS /Certs [%s] >>" % piece,
        **objects,
    }
    return update(pdf, changed)


def store_over_the_content() -> bytes:
    """Let the content be a piece of the store when the letter is signed, and replace it as such."""
    base = letter("/DSS 9 0 R", n4=shows(b"0"), n9=b"<< /Type /DSS /Certs [4 0 R] /VRI << >> >>")
    signed = by_seal(by_person(base))
    return update(signed, {4: shows(b"0 999"), 9: b"<< /Type /DSS /Certs [4 0 R] >>"})


def page_again(spelling: bytes) -> bytes:
    return update(one(), {3: page().replace(b"/Contents 4 0 R", spelling)})


REFUSED = {
    "store-that-draws": (lambda: store_holding({4: shows(b"0 999")}, b"4 0 R"), CHANGED),
    "store-over-the-content": (store_over_the_content, CHANGED),
    "store-of-pages": (lambda: store_holding({}, b"3 0 R"), CHANGED),
    "store-with-more": (lambda: store_holding({}, b"] /Fonts [8 0 R"), CHANGED),
    "store-gone": (lambda: update(by_seal(stored(one())), {1: newest(letter(), 1)}), CHANGED),
    "page-again-commented": (lambda: page_again(b"%\r/Contents 4 0 R"), CHANGED),
    "page-again-escaped": (lambda: page_again(b"/#43ontents 4 0 R"), CHANGED),
    "page-again-another-content": (lambda: page_again(b"/Contents 8 0 R"), CHANGED),
    "content-again": (lambda: update(one(), {4: newest(one(), 4)}), CHANGED),
    "missing-under-a-stamp": (
        lambda: stored(stamped(stored(one(), lost=1))), "signature.long-term-data-missing",
    ),
    "missing-elsewhere": (lambda: page_again(b"/Contents 99 0 R"), CHANGED),
    "certified-1-seal": (lambda: by_seal(certified("1")), CHANGED),
    "certified-1-fill": (lambda: by_seal(filled(certified("1"))), CHANGED),
    "locked-field-filled": (lambda: by_seal(filled(locked("/Action /Include /Fields [(So)]"))), CHANGED),
    "locked-all-filled": (lambda: by_seal(filled(locked("/Action /All"))), CHANGED),
    "filled-behind-all": (lambda: filled(form()), CHANGED),
    "look-behind-all": (
        lambda: update(
            signed_in(prepared(), 0),
            {20: newest(signed_in(prepared(), 0), 20)[:-2] + b"/AP << /N 99 0 R >> >>", 99: drawing()},
        ),
        CHANGED,
    ),
    "field-look-alone": (lambda: update(form(), {10: field_look(b"999")}), CHANGED),
    "field-look-alone-between": (lambda: stamped(update(form(), {10: field_look(b"999")})), CHANGED),
    "field-value-alone": (lambda: stored(update(form(), {9: TEXT_FIELD % b"999"})), CHANGED),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_rides_on_an_append_is_refused(name):
    """Each looks like one of the good ones and brings something that nobody signed."""
    make, code = REFUSED[name]
    integrity, _, _ = parts(make())
    assert code in integrity


def test_a_field_that_only_stands_there_is_not_called_filled():
    """A look that is older than the signature: a store behind it changes no field, content says nothing."""
    assert parts(stored(form()))[1] == set()
    assert parts(filled(form()))[1] == {FILLED}
