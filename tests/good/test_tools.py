"""What widespread tools write when they sign after others: numbers, fields and entries of their own habit."""

import hashlib

import pytest

from signing import colours
from tests.attacks.building import (
    append_table,
    by_person,
    by_seal,
    drawing,
    letter,
    one,
    page,
    raw_update,
    stream,
    xref_stream,
)
from tests.good.judged import ACCEPTED, parts
from tests.good.laying import FIELD, PLAIN, dictionary, fill, lay
from tests.good.signers import by_hand
from tests.lab.pdfs import newest, next_number, update
from tests.lab.services import a_document_token

VALUE = by_hand()
CHANGED = "signature.changed-after"
LINK = b"<< /Subtype /Link /Rect [0 0 99 99] /Border [0 0 1] >>"
EMPTY_FONT = b"<< /Type /Font >>"
HELVETICA = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding /Name /Helv >>"
DINGBATS = b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats /Name /ZaDb >>"


def given_back(pdf: bytes, number: int, following: int = 0) -> bytes:
    """Append an update that frees a number; 0: without saying which generation comes next (Acrobat)."""
    return append_table(pdf, {}, entries=lambda _: [(number, 0, following, b"f")])


def with_fields(entries: bytes = b"", box: bytes = b"[100 100 190 150]", more: bytes = b"") -> bytes:
    """Return a letter with an empty signature field, signed by a person in a field of its own."""
    field = b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (S) /F 4 /Rect %s %s >>" % (box, entries)
    form = b"<< /Fields [20 0 R] /SigFlags 3 %s >>" % more
    return by_person(letter(n6=form, n7=b"[20 0 R]", n20=field))


def signed_in(pdf: bytes, *changes: tuple[bytes, bytes], sign: bool = True) -> bytes:
    """Sign in that field, its entries changed on the way."""
    field, number = newest(pdf, 20)[:-2], next_number(pdf)
    for old, new in changes:
        assert old in field
        field = field.replace(old, new)
    if not sign:
        return by_seal(update(pdf, {20: field + b">>"}))
    look = b"/AP << /N %d 0 R >> /V %d 0 R >>" % (number + 1, number)
    return fill(update(pdf, {20: field + look, number: dictionary(), number + 1: drawing()}), VALUE)


PAGE_NOW = (b"/T (S)", b"/T (S) /P 3 0 R")
NO_BOX = (b"[100 100 190 150]", b"[0 0 0 0]")


def fields_in(pdf: bytes, number: int, name: bytes) -> dict[int, bytes]:
    """Return the objects of a signature in a field of a number."""
    return {
        6: newest(pdf, 6).replace(b"]", b" %d 0 R]" % number, 1),
        7: newest(pdf, 7)[:-1] + b" %d 0 R]" % number,
        number: FIELD % (name, 40 + number),
        40 + number: dictionary(),
    }


def by_stream(pdf: bytes, number: int, *, listed: bool, freed: bool) -> bytes:
    """Sign in an update that ends in a cross-reference stream of a number, listed in itself or not."""
    previous = int(pdf.rpartition(b"startxref\n")[2].split()[0])
    out, places = raw_update(pdf, fields_in(pdf, 30, b"Person"))
    rows = [(each, 1, place, 0) for each, place in places.items()]
    if listed:
        rows.append((number, 0, 0, 65535) if freed else (number, 1, len(out), 0))
    entries = b"/Size 90 /Root 1 0 R /Info 5 0 R /Prev %d" % previous
    value, _ = xref_stream(number, sorted(rows), entries)
    out, places = raw_update(out, {number: value})
    return fill(out + b"startxref\n%d\n%%%%EOF\n" % places[number], VALUE)


def under_its_number(*, listed: bool, freed: bool = False, other: bytes = b"(x)") -> bytes:
    """Sign again in a field under the number of that stream.

    Args:
        listed: the stream stands in its own table.
        freed: as a number that is never to be used again.
        other: an object of the letter that nothing leads to.
    """
    pdf = by_stream(letter(n20=other), 35, listed=listed, freed=freed)
    return fill(update(pdf, fields_in(pdf, 35, b"Seal")), VALUE)


def under_a_number_left_out(other: bytes = b"(x)") -> bytes:
    """Sign again in a field under a number that was never used, below the size."""
    pdf = by_person(letter(n20=other))
    return fill(update(pdf, fields_in(pdf, 15, b"Seal")), VALUE)


def linked(entries: bytes = b"") -> bytes:
    return by_person(letter(n7=b"[9 0 R]", n9=LINK[:-2] + entries + b">>"))


INHERITED = b"/MediaBox [0 0 595 842] /Resources << /Font << /F1 8 0 R >> >> "


def inheriting() -> bytes:
    """Return a letter whose page has its size and its fonts from the tree of pages, signed by a person."""
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 " + INHERITED + b">>"
    return by_person(letter(n2=pages, n3=b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Annots 7 0 R >>"))


def page_anew(entries: bytes) -> bytes:
    """Write that page anew with the seal's field on it, and further entries."""
    pdf = inheriting()
    return by_seal(pdf, objects={3: newest(pdf, 3)[:-2] + entries + b">>"})


PROFILE = b"a profile that this test knows"
INTENT = (
    b"<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /DestOutputProfile 41 0 R %s >>"
)


def coloured(
    profile: bytes = PROFILE, intents: bytes = b"[40 0 R]", more: bytes = b"", pdf: bytes | None = None
) -> bytes:
    """Seal, and add a profile to the catalog in the same update."""
    catalog = newest(one(), 1)[:-2] + b"/OutputIntents %s >>" % intents
    objects = {1: catalog, 40: INTENT % more, 41: stream(profile, b"/N 3")}
    return by_seal(one(), objects=objects) if pdf is None else update(pdf, objects)


def stamped(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    """Append a document time-stamp, and further objects in the same update."""
    text = PLAIN.replace(b"/Sig ", b"/DocTimeStamp ").replace(b"ETSI.CAdES.detached", b"ETSI.RFC3161")
    return lay(pdf, a_document_token, text=text, name=b"Stamp", objects=objects)


def commented(text: bytes) -> bytes:
    """Append an update with text between trailer and ending, where iText names itself."""
    head, _, tail = update(one(), {30: EMPTY_FONT}).rpartition(b"startxref")
    return head + text + b"startxref" + tail


TYPED = LINK.replace(b"<< ", b"<< /Type /Annot ")

GOOD = {
    "first-entry-of-any-generation": lambda: by_person(letter().replace(b" 65535 f", b" 65536 f")),
    "given-back-before": lambda: by_person(given_back(letter(n20=b"(x)"), 20)),
    "given-back-twice": lambda: by_person(given_back(given_back(letter(n20=b"(x)"), 20), 20)),
    "never-used-given-back-before": lambda: by_person(given_back(letter(n20=b"(x)"), 15)),
    "never-used-given-back-between": lambda: by_seal(given_back(by_person(letter(n20=b"(x)")), 15)),
    "unused-given-back-between": lambda: by_seal(given_back(by_person(letter(n20=b"(x)")), 20)),
    "number-of-a-stream-that-no-table-lists": lambda: under_its_number(listed=False),
    "number-of-a-stream": lambda: under_its_number(listed=True),
    "number-of-a-stream-listed-as-free": lambda: under_its_number(listed=True, freed=True),
    "number-left-out-below-the-size": under_a_number_left_out,
    "field-signed-plainly": lambda: signed_in(with_fields()),
    "field-signed-with-its-page": lambda: signed_in(with_fields(), PAGE_NOW),
    "field-signed-without-its-box": lambda: signed_in(with_fields(), NO_BOX),
    "field-signed-with-both": lambda: signed_in(with_fields(), PAGE_NOW, NO_BOX),
    "font-left-over": lambda: by_seal(one(), objects={30: EMPTY_FONT}),
    "fonts-by-name-left-over": lambda: by_seal(one(), objects={30: HELVETICA, 31: DINGBATS}),
    "font-left-over-with-a-stamp": lambda: stamped(one(), {30: EMPTY_FONT}),
    "font-left-over-behind": lambda: update(one(), {30: EMPTY_FONT}),
    "annotation-typed-with-a-stamp": lambda: stamped(linked(), {9: TYPED}),
    "annotation-typed-behind": lambda: update(linked(), {9: TYPED}),
    "comment-before-the-ending": lambda: commented(b"%iText-5.5.13.3\n"),
    "page-with-what-it-inherited": lambda: page_anew(INHERITED),
    "page-with-its-size": lambda: page_anew(b"/MediaBox [0 0 595 842] "),
    "page-with-tabs": lambda: page_anew(b"/Tabs /S "),
    "annotation-typed": lambda: by_seal(linked(), objects={9: TYPED}),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_tools_write_is_accepted(name):
    """By iText 5 and 8, OpenPDF, PDFBox, DSS and Acrobat: integrity and content are accepted."""
    assert parts(GOOD[name]()) == ACCEPTED


REFUSED = {
    "content-given-back-between": (lambda: by_seal(given_back(one(), 4)), "signature.objects-freed"),
    "content-given-back-behind": (lambda: given_back(one(), 4), "signature.objects-freed"),
    "unused-given-back-behind": (
        lambda: given_back(by_person(letter(n20=b"(x)")), 20), "signature.objects-freed",
    ),
    "given-back-and-used-again": (
        lambda: by_person(update(given_back(letter(n20=b"(x)"), 20), {20: b"(y)"})), "pdf.cross-references",
    ),
    "number-of-a-stream-that-is-meant": (
        lambda: under_its_number(listed=False, other=b"[35 0 R]"), CHANGED,
    ),
    "number-of-a-listed-stream-that-is-meant": (
        lambda: under_its_number(listed=True, other=b"<< /Parent 35 0 R >>"), CHANGED,
    ),
    "number-left-out-that-is-meant": (lambda: under_a_number_left_out(b"[[15 0 R]]"), CHANGED),
    "field-moved": (lambda: signed_in(with_fields(), (b"[100 100", b"[90 100")), CHANGED),
    "field-grown": (lambda: signed_in(with_fields(box=b"[0 0 0 0]"), (b"[0 0 0 0]", b"[0 0 9 9]")), CHANGED),
    "field-without-its-box-unsigned": (lambda: signed_in(with_fields(), NO_BOX, sign=False), CHANGED),
    "field-with-its-page-unsigned": (lambda: signed_in(with_fields(), PAGE_NOW, sign=False), CHANGED),
    "field-with-another-page": (
        lambda: signed_in(with_fields(b"/P 3 0 R"), (b"/P 3 0 R", b"/P 8 0 R")), CHANGED,
    ),
    "field-with-a-page-that-is-none": (
        lambda: signed_in(with_fields(), (b"/T (S)", b"/T (S) /P 8 0 R")), CHANGED,
    ),
    "field-with-an-action": (lambda: signed_in(with_fields(), (b"/T (S)", b"/T (S) /A 8 0 R")), CHANGED),
    "font-left-over-with-more": (
        lambda: by_seal(one(), objects={30: b"<< /Type /Font /X 4 0 R >>"}), CHANGED,
    ),
    "font-of-a-program-left-over": (
        lambda: by_seal(one(), objects={30: HELVETICA[:-2] + b"/FontDescriptor 31 0 R >>"}), CHANGED,
    ),
    "comment-that-looks-like-an-object": (lambda: commented(b"%4 0 obj\n"), CHANGED),
    "object-before-the-ending": (lambda: commented(b"4 0 obj null endobj\n"), CHANGED),
    "page-of-another-size": (lambda: page_anew(b"/MediaBox [0 0 595 843] "), CHANGED),
    "page-cropped": (lambda: page_anew(b"/CropBox [0 0 595 400] "), CHANGED),
    "page-turned": (lambda: page_anew(b"/Rotate 180 "), CHANGED),
    "page-with-other-fonts": (lambda: page_anew(b"/Resources << /Font << /F1 5 0 R >> >> "), CHANGED),
    "page-with-an-action": (lambda: page_anew(b"/AA << >> "), CHANGED),
    "page-with-odd-tabs": (lambda: page_anew(b"/Tabs 4 0 R "), CHANGED),
    "colours-that-nobody-knows": (coloured, CHANGED),
    "another-thing-left-over": (lambda: by_seal(one(), objects={30: b"<< /Type /Page >>"}), CHANGED),
    "font-left-over-behind-commented": (
        lambda: update(one(), {30: EMPTY_FONT.replace(b"/Font", b"/Font %x\n")}), CHANGED,
    ),
    "font-left-over-behind-with-more": (lambda: update(one(), {30: b"<< /Type /Font /X 1 >>"}), CHANGED),
    "font-left-over-and-used": (
        lambda: by_seal(
            update(by_seal(one(), objects={30: EMPTY_FONT}), {3: page(b"/X 30 0 R")}), name="Third"
        ),
        CHANGED,
    ),
    "annotation-typed-behind-commented": (
        lambda: update(linked(), {9: TYPED.replace(b"/Annot", b"/Annot %x\n")}), CHANGED,
    ),
    "annotation-typed-behind-and-moved": (
        lambda: update(linked(), {9: TYPED.replace(b"[0 0 99 99]", b"[0 0 98 99]")}), CHANGED,
    ),
    "annotation-typed-and-moved": (
        lambda: by_seal(linked(), objects={9: TYPED.replace(b"[0 0 99 99]", b"[0 0 98 99]")}), CHANGED,
    ),
    "annotation-of-another-type": (
        lambda: by_seal(linked(), objects={9: LINK.replace(b"<< ", b"<< /Type /Page ")}), CHANGED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_rides_on_them_is_refused(name):
    """Each is a step beyond one of the good ones."""
    make, code = REFUSED[name]
    assert code in parts(make())[0]


@pytest.fixture
def known(monkeypatch):
    """Let the profile of these tests be one that is known: Java's own are not ours to carry along."""
    monkeypatch.setattr(colours, "PROFILES", frozenset({hashlib.sha256(PROFILE).hexdigest()}))


COLOURS = {
    "another-profile": lambda: coloured(b"another"),
    "two": lambda: coloured(intents=b"[40 0 R 40 0 R]"),
    "no-list": lambda: coloured(intents=b"40 0 R"),
    "more": lambda: coloured(more=b"/DestOutputProfileRef 4 0 R"),
    "another-kind": lambda: coloured(intents=b"[<< /S /GTS_PDFX /DestOutputProfile 41 0 R >>]"),
    "behind-all": lambda: coloured(pdf=one()),
    "another-instead": lambda: by_seal(
        coloured(), name="Third", objects={1: newest(one(), 1)[:-2] + b"/OutputIntents [4 0 R] >>"}
    ),
}


def test_known_colours_may_come_with_a_signature(known):
    """DSS adds them where a visible signature uses colours."""
    assert parts(coloured()) == ACCEPTED


@pytest.mark.parametrize("name", COLOURS)
def test_what_rides_on_known_colours_is_refused(known, name):
    """Another profile could turn black into white."""
    assert CHANGED in parts(COLOURS[name]())[0]
