"""What DSS, PDFBox and Acrobat write behind signatures: stores, tables and defaults in their habit."""

import re
from collections.abc import Callable

import pytest

from tests.attacks.building import (
    FORGED,
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
    text_field,
    trailer_of,
    xref_stream,
)
from tests.good.judged import ACCEPTED, parts
from tests.good.laying import FIELD, PLAIN, lay
from tests.good.test_updates import a_certificate, stored
from tests.lab.pdfs import newest, next_number, update
from tests.lab.services import a_document_token

CHANGED = "signature.changed-after"
STAMP = PLAIN.replace(b"/Type /Sig", b"/Type /DocTimeStamp").replace(b"ETSI.CAdES.detached", b"ETSI.RFC3161")
ENTRY = b"/" + b"AB" * 20


# --- stores ---


def entries_of(kind: bytes) -> bytes:
    """Write a store's list of entries anew, with a kind of its own."""
    pdf = stored(one())
    number = int(re.findall(rb"/DSS (\d+) 0 R", pdf)[-1])
    return update(pdf, {number: newest(pdf, number).replace(b"/VRI << ", b"/VRI << /Type %s " % kind)})


def drafts(draft: bytes = b"<< /Type /VRI %s 61 0 R >>" % ENTRY, catalog: bytes = b"") -> bytes:
    """Append a store, and drafts of its entries that nothing refers to."""
    return stored(one(), more={60: draft, 61: b"<< /Type /VRI /CRL [] >>"}, catalog=catalog)


def length_apart(pdf: bytes, number: int, length: bytes) -> bytes:
    """Append a store in which a certificate's length is an object of its own."""
    piece = next_number(pdf) + 1
    text = re.sub(rb"/Length \d+", b"/Length %d 0 R" % number, a_certificate(), count=1)
    return stored(pdf, more={piece: text, number: length})


def certificate_bytes() -> bytes:
    return re.findall(rb"/Length (\d+)", a_certificate())[0]


# --- tables ---


def places_off(step: int, before: bytes = b"\n") -> bytes:
    """Append an update whose table names the bytes before its objects."""
    return append_table(
        one() + before,
        {5: b"<< /Producer (again) >>"},
        entries=lambda places: [(number, place - step, 0, b"n") for number, place in sorted(places.items())],
    )


Rows = list[tuple[int, int, int, int]]


def left_over(
    rows: Callable[[Rows], Rows] = lambda rows: rows,
    root: bytes = b"1 0 R",
    more: bytes = b"",
    objects: dict[int, bytes] | None = None,
) -> bytes:
    """Append an update with a table, and beside it a cross-reference stream that nothing leads to."""
    pdf = one()
    out, places = raw_update(pdf, {5: b"<< /Producer (again) >>", **(objects or {})})
    previous = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    known = [(number, 1, place, 0) for number, place in sorted(places.items())]
    entries = b"/Size 61 /Root %s /Info 5 0 R /Prev %d %s" % (root, previous, more)
    value, _ = xref_stream(60, rows(known), entries)
    own = len(out)
    out += b"60 0 obj\n%s\nendobj\n" % value
    start = len(out)
    out += table([(number, place, 0, b"n") for number, place in sorted({**places, 60: own}.items())])
    trailer = re.sub(rb"/Size \d+", b"/Size 61", trailer_of(pdf, b"/Prev %d" % previous))
    return out + trailer + b"startxref\n%d\n%%%%EOF\n" % start


# --- defaults ---

HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
DINGBATS = b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"
DEFAULTS = b"/DR << /Font 61 0 R >> /DA (/Helv 0 Tf 0 g ) "


def with_defaults(
    pdf: bytes | None = None, defaults: bytes = DEFAULTS, helvetica: bytes = HELVETICA, **objects: bytes
) -> bytes:
    """Append a document time-stamp that brings the form its defaults."""
    pdf = one() if pdf is None else pdf
    number = next_number(pdf)
    form_ = re.sub(rb"/Fields \[(.*?)\]", lambda m: b"/Fields [%s %d 0 R]" % (m[1], number), newest(pdf, 6))
    made = {
        6: form_[:-2] + defaults + b">>",
        61: b"<< /Helv 62 0 R /ZaDb 63 0 R >>",
        62: helvetica,
        63: DINGBATS,
        **{int(name[1:]): value for name, value in objects.items()},
    }
    return lay(pdf, a_document_token, text=STAMP, name=b"Stamp", field=FIELD, objects=made)


def of_text(look: bytes) -> bytes:
    """Return a form with a text field, signed by a person."""
    objects = text_field(b"100")
    objects["n6"] = b"<< /Fields [9 0 R] /SigFlags 3 >>"
    objects["n9"] = re.sub(rb"/DA \(.*?\)", b"", re.sub(rb"/AP << .*? >>", look, objects["n9"]))
    return by_person(letter(**objects))


def templates(
    name: bytes = b"FRM", look: bytes = b"/Resources << >>", sign: Callable[..., bytes] = by_seal
) -> bytes:
    """Sign as PDFBox does: the form's resources name a visible signature's look, then the next one's."""
    field = FIELD[: FIELD.index(b" /V")].replace(b"%s", b"S") + b" /AP << /N 10 0 R >> >>"
    base = letter(
        n6=b"<< /Fields [9 0 R] /SigFlags 3 /DR << /XObject << /%s 10 0 R >> >> >>" % name,
        n7=b"[9 0 R]", n9=field, n10=drawing(look),
    )  # fmt: skip
    pdf = by_person(base)
    number = next_number(pdf)
    changed = newest(pdf, 6).replace(b"10 0 R >>", b"60 0 R >>").replace(b"]", b" %d 0 R]" % number)
    return sign(pdf, objects={6: changed, 60: drawing(b"/Resources << >>")})


def by_stamp(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    return lay(pdf, a_document_token, text=STAMP, name=b"Stamp", field=FIELD, objects=objects)


# --- lists that name nothing ---


def naming_nothing(annotations: bytes = b"[98 0 R]", fields: bytes = b"[98 0 R]") -> bytes:
    """Return a letter whose annotations and fields name an object that is nowhere, signed by a person."""
    return by_person(letter(n6=b"<< /Fields %s /SigFlags 3 >>" % fields, n7=annotations))


def paged(old: bytes, new: bytes) -> bytes:
    """Seal a letter, with a page in which numerals are spelled otherwise than when a person signed it."""
    anew = page().replace(b"/MediaBox [0 0 595 842]", new)
    assert anew != page()
    signed = by_person(letter(n3=page().replace(b"/MediaBox [0 0 595 842]", old)))
    return by_seal(signed, objects={3: anew})


LATE = b"<< /FT /Tx /T (Late) /Type /Annot /Subtype /Widget /Rect [0 0 9 9] /V (999) >>"
BOX = b"/MediaBox [0 0 595.0 842.0]"


# --- LibreOffice's entry ---


def in_another_format(number: int, key: bytes = b"/AdditionalStreams", look: int = 13) -> bytes:
    """Sign and seal a letter whose trailer names a number under which nothing stood then.

    The seal takes three numbers: 11 for its field, 12 for its value, 13 for its look.
    """
    entry = b"/ID [<0123> <0123>] %s [/application#2Fvnd.oasis.opendocument.text %d 0 R]" % (key, number)
    pdf = by_person(letter().replace(b"/ID [<0123> <0123>]", entry))
    field = FIELD.replace(b"%s", b"Seal").replace(b"%d", b"12")
    shown = field[:-2].replace(b"[0 0 0 0]", b"[60 680 360 740]") + b"/AP << /N %d 0 R >> >>" % look
    return by_seal(pdf, objects={11: shown, look: drawing()})


# --- catalogs ---


def moved(
    entries: bytes = b"", pages: bytes = b"2 0 R", objects: dict[int, bytes] | None = None
) -> bytes:
    """Append a store, and a catalog under a number of its own, as e-Szigno does."""
    catalog = newest(one(), 1)[:-2].replace(b"/Pages 2 0 R", b"/Pages " + pages)
    made = {
        11: catalog + b"/DSS 12 0 R %s >>" % entries,
        12: b"<< /Type /DSS /Certs [13 0 R] >>",
        13: a_certificate(),
        **(objects or {}),
    }
    return append_table(one(), made, root=11)


def moved_and_its_number_given_away() -> bytes:
    """Give the number of the catalog that was signed to another store."""
    objects = {
        1: b"<< /Type /DSS /Certs [13 0 R] >>",
        11: newest(moved(), 11).replace(b"/DSS 12 0 R", b"/DSS 1 0 R"),
    }
    return append_table(moved(), objects, root=11)


GOOD = {
    "entries-of-their-kind": lambda: entries_of(b"/VRI"),
    "drafts-of-entries": drafts,
    "length-apart": lambda: length_apart(one(), 60, certificate_bytes()),
    "line-ends-named-for-objects": lambda: places_off(1),
    "table-left-over": left_over,
    "table-left-over-with-more-objects": lambda: left_over(objects={2: newest(one(), 2)}),
    "defaults-with-a-stamp": with_defaults,
    "defaults-with-a-stamp-and-a-store": lambda: with_defaults(stored(one())),
    "defaults-where-fields-have-looks": lambda: with_defaults(of_text(b"/AP << /N 10 0 R >>")),
    "template-of-the-next-signature": templates,
    "annotations-that-name-nothing": lambda: naming_nothing(fields=b"[]"),
    "fields-that-name-nothing": lambda: naming_nothing(annotations=b"[]"),
    "both-name-nothing": naming_nothing,
    "box-in-other-numerals": lambda: paged(BOX, b"/MediaBox [0.0 0 595 842]"),
    "catalog-moved": moved,
    "catalog-moved-and-moved-back": lambda: append_table(
        moved(), {1: newest(moved(), 11)}, root=1
    ),
    "another-format-under-the-number-of-the-field": lambda: in_another_format(11),
    "another-format-under-the-number-of-the-value": lambda: in_another_format(12),
    "another-format-that-never-comes": lambda: in_another_format(40),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_these_tools_write_is_accepted(name):
    """Integrity and content are accepted."""
    assert parts(GOOD[name]()) == ACCEPTED


SHIFTED = (5, 1, 20, 0)
REFUSED = {
    "entries-of-another-kind": lambda: entries_of(b"4 0 R"),
    "draft-of-something-else": lambda: drafts(b"<< /Type /VRI /Contents 4 0 R >>"),
    "draft-that-is-used": lambda: drafts(catalog=newest(one(), 1)[:-2] + b"/Lang 60 0 R >>"),
    "length-apart-that-was-another": lambda: length_apart(
        by_person(letter(n4=stream(b"BT ET").replace(b"/Length 5", b"/Length 9 0 R"), n9=b"5")),
        9,
        certificate_bytes(),
    ),
    "length-apart-that-is-none": lambda: length_apart(one(), 60, b"(x)"),
    "comment-named-for-an-object": lambda: places_off(2, before=b"%x\n"),
    "table-left-over-of-another-catalog": lambda: left_over(root=b"5 0 R"),
    "table-left-over-of-another-place": lambda: left_over(lambda _: [SHIFTED]),
    "table-left-over-with-one-more": lambda: left_over(lambda rows: [(4, 1, 20, 0), *rows]),
    "table-left-over-with-one-packed": lambda: left_over(lambda rows: [*rows, (40, 2, 4, 0)]),
    "table-left-over-with-one-less": lambda: left_over(
        lambda rows: rows[1:], objects={2: newest(one(), 2)}
    ),
    "table-left-over-that-frees": lambda: left_over(lambda rows: [(4, 0, 0, 1), *rows]),
    "table-left-over-with-another-key": lambda: left_over(more=b"/XRefStm 20"),
    "table-left-over-that-is-used": lambda: left_over(
        objects={1: newest(one(), 1)[:-2] + b"/Metadata 60 0 R >>"}
    ),
    "defaults-that-draw": lambda: with_defaults(of_text(b"")),
    "defaults-of-another-font": lambda: with_defaults(helvetica=DINGBATS),
    "defaults-of-a-font-with-a-program": lambda: with_defaults(
        helvetica=HELVETICA[:-2] + b"/FontDescriptor 64 0 R >>", n64=b"<< /FontFile 4 0 R >>"
    ),
    "defaults-with-drawings": lambda: with_defaults(
        defaults=b"/DR << /Font 61 0 R /XObject << /X 64 0 R >> >>", n64=drawing()
    ),
    "defaults-in-white": lambda: with_defaults(defaults=DEFAULTS.replace(b"0 g", b"1 g")),
    "defaults-direct-of-another-font": lambda: with_defaults(
        defaults=b"/DR << /Font << /Helv %s >> >> /DA (/Helv 0 Tf 0 g)" % DINGBATS
    ),
    "defaults-behind-everything": lambda: update(
        one(), {6: newest(one(), 6)[:-2] + b"/DA (/Helv 0 Tf 0 g) >>"}
    ),
    "nothing-that-becomes-a-field": lambda: update(naming_nothing(), {98: LATE}),
    "nothing-that-becomes-a-note": lambda: by_seal(
        naming_nothing(fields=b"[]"), objects={98: b"<< /Subtype /FreeText /Rect [0 0 99 99] >>"}
    ),
    "box-of-another-size": lambda: paged(BOX, b"/MediaBox [0 0 595 842.5]"),
    "box-turned": lambda: paged(BOX, b"/MediaBox [0 0 842 595]"),
    "template-by-another-name": lambda: templates(name=b"Other"),
    "template-that-a-look-may-need": lambda: templates(look=b""),
    "template-with-a-stamp": lambda: templates(sign=by_stamp),
    "catalog-moved-to-other-pages": lambda: moved(
        pages=b"14 0 R",
        objects={
            14: b"<< /Type /Pages /Kids [15 0 R] /Count 1 >>",
            15: newest(one(), 3).replace(b"4 0 R", b"16 0 R"),
            16: shows(FORGED),
        },
    ),
    "catalog-moved-with-an-opening": lambda: moved(entries=b"/OpenAction [3 0 R /Fit]"),
    "catalog-moved-and-its-number-given-away": moved_and_its_number_given_away,
    "trailer-that-names-no-catalog": lambda: b"/Rool".join(moved().rsplit(b"/Root", 1)),
    "another-format-that-comes-as-a-look": lambda: in_another_format(13),
    "another-format-by-another-key": lambda: in_another_format(40, key=b"/OtherStreams"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_rides_on_these_habits_is_refused(name):
    """Each is a step beyond one of the good ones."""
    found = parts(REFUSED[name]())[0]
    assert found & {CHANGED, "pdf.stream-length", "pdf.object", "pdf.object-misplaced", "pdf.object-missing"}
