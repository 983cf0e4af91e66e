"""Signature dictionaries, fields and files in every spelling that real tools write."""

from collections.abc import Callable

import pikepdf
import pytest

from tests.attacks.building import FORGED, drawing, letter, page, raw_update, shows, table
from tests.good.judged import ACCEPTED, parts
from tests.good.laying import FIELD, PLAIN, behind, by_qpdf, dictionary, fill, lay
from tests.good.signers import by_hand
from tests.good.test_updates import stored
from tests.lab.pdfs import newest, next_number, person, seal, sign, update

VALUE = by_hand()
STREAMS = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}


def laid(pdf: bytes | None = None, **how: object) -> Callable[[], bytes]:
    return lambda: lay(letter() if pdf is None else pdf, VALUE, **how)  # type: ignore[arg-type]


def said(entries: bytes) -> Callable[[], bytes]:
    """Return what signs with further entries in the dictionary."""
    return laid(text=PLAIN.replace(b" /Contents", b" %s /Contents" % entries))


def spelt(old: bytes, new: bytes) -> Callable[[], bytes]:
    return laid(text=PLAIN.replace(old, new))


def filled(number: int, field: bytes, **objects: bytes) -> Callable[[], bytes]:
    """Return a letter with a form of these objects, in which one is a field that is signed then."""

    def make() -> bytes:
        base = letter(**{"n6": b"<< /Fields [9 0 R] /SigFlags 3 >>", "n7": b"[]", **objects})
        value = next_number(base)
        signed = field[:-2] + b"/V %d 0 R >>" % value
        return fill(update(base, {number: signed, value: dictionary()}), VALUE)

    return make


WIDGET = b"/Type /Annot /Subtype /Widget /P 3 0 R /F 132 /Rect [0 0 100 50] "


def annotations_in_the_page() -> bytes:
    base = letter(n3=page().replace(b"/Annots 7 0 R", b""))
    number = next_number(base)
    changed = {
        3: page().replace(b"/Annots 7 0 R", b"/Annots [%d 0 R]" % number),
        6: b"<< /Fields [%d 0 R] /SigFlags 3 >>" % number,
        number: FIELD % (b"s", number + 1),
        number + 1: dictionary(),
    }
    return fill(update(base, changed), VALUE)


def form_in_the_catalog() -> bytes:
    number = next_number(letter()) + 9
    catalog = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> >>" % number
    field = FIELD % (b"s", number + 1)
    changed = {1: catalog, 7: b"[%d 0 R]" % number, number: field, number + 1: dictionary()}
    return fill(update(letter(), changed), VALUE)


def in_one_go() -> bytes:
    """Some tools sign while they write the file: there is no revision before it."""
    base = letter(
        n6=b"<< /Fields [9 0 R] /SigFlags 3 >>", n7=b"[9 0 R]", n9=FIELD % (b"s", 10), n10=dictionary()
    )
    return fill(base, VALUE)


def linearised_in_one_go(length: int = 0) -> bytes:
    """Acrobat signs while it writes a file in two halves: the first page's, and a rest that names no catalog.

    Args:
        length: that its first object names; 0: its own.
    """
    base = letter(
        n6=b"<< /Fields [9 0 R] /SigFlags 3 >>", n7=b"[9 0 R]", n9=FIELD % (b"s", 10), n10=dictionary()
    )
    objects = {number: newest(base, number) for number in range(1, 11)}
    opening = b"%%PDF-1.7\n30 0 obj\n<< /Linearized 1 /L %010d /O 3 /N 1 >>\nendobj\n"
    start = len(opening % 0)

    def half(numbers: tuple[int, ...], places: dict[int, int], entries: bytes, ending: int) -> bytes:
        rows = [(number, places[number], 0, b"n") for number in numbers]
        trailer = b"trailer\n<< %s /ID [<01> <01>] >>\nstartxref\n%d\n%%%%EOF\n" % (entries, ending)
        return table(rows) + trailer

    def first(places: dict[int, int], rest: int) -> bytes:
        return half((1, 3, 4, 8, 30), places, b"/Size 31 /Root 1 0 R /Info 5 0 R /Prev %010d" % rest, 0)

    room = len(first(dict.fromkeys(range(31), 0), 0))
    out, places = raw_update(opening % 0 + b" " * room, objects)
    places[30] = opening.index(b"30 0 obj") - 1
    rest = half((2, 5, 6, 7, 9, 10), places, b"/Size 11", start)
    whole = opening % (length or len(out) + len(rest)) + first(places, len(out)) + out[start + room :] + rest
    return fill(whole, VALUE)


def with_a_look() -> bytes:
    field = FIELD.replace(b"[0 0 0 0]", b"[9 9 200 90]").replace(b" /V", b" /AP << /N 60 0 R >> /V")
    return lay(letter(), VALUE, field=field, objects={60: drawing()})


GOOD = {
    "plain": laid(),
    "value-before-range": laid(
        text=b"<< /Contents VALUE /Type /Sig /Filter /Adobe.PPKLite "
        b"/SubFilter /ETSI.CAdES.detached /ByteRange RANGE >>"
    ),
    "no-type-no-blanks": laid(
        text=b"<</Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange RANGE/Contents VALUE>>"
    ),
    "line-ends": spelt(b" /", b"\r\n\t/"),
    "comments": spelt(b" /Contents", b" % a comment with /Contents <00> in it\n/Contents"),
    "escaped-range": spelt(b"/ByteRange", b"/Byte#52ange"),
    "escaped-contents": spelt(b"/Contents", b"/#43ontents"),
    "escaped-sub-filter": spelt(b"/ETSI.CAdES.detached", b"/ETSI#2ECAdES.detached"),
    "another-filter": spelt(b"Adobe.PPKLite", b"Entrust.PPKEF"),
    "blanks-in-range": laid(spelt=lambda a, s, b: b"[ 0  %d\r\n%d\t%d ]" % (a, s, b)),
    "comment-in-range": laid(spelt=lambda a, s, b: b"[0 %%x\n %d %d %d]" % (a, s, b)),
    "zeros-in-range": laid(spelt=lambda a, s, b: b"[0 %010d %010d %010d]" % (a, s, b)),
    "signs-in-range": laid(spelt=lambda a, s, b: b"[+0 +%d +%d +%d]" % (a, s, b)),
    "capital-digits": laid(gap=lambda digits: b"<" + digits.upper() + b">"),
    "mixed-digits": laid(gap=lambda digits: b"<" + digits[:100].upper() + digits[100:] + b">"),
    "certificate-beside": said(b"/Cert <3000>"),
    "all-that-may-be-said": said(
        b"/M (D:20240101120000+07'00') /Name (Nguyen \\(A\\)) /Reason <FEFF00410042> /Location () /R 65537 "
        b"/ContactInfo (x) /Changes [1 2 3] /Prop_Build << /App << /Name /Acrobat /REx (11) >> >>"
    ),
    "a-date-that-is-none": said(b"/M (yesterday)"),
    "lock-and-seed-value": laid(
        field=FIELD[:-3] + b" /Lock << /Type /SigFieldLock /Action /All >> /SV << /Type /SV /Ff 1 >> >>"
    ),
    "with-a-look": with_a_look,
    "field-in-a-tree": filled(
        11, b"<< /FT /Sig /T (sig[0]) /Parent 10 0 R " + WIDGET + b">>",
        n7=b"[11 0 R]", n9=b"<< /T (form1) /Kids [10 0 R] >>",
        n10=b"<< /T (page) /Parent 9 0 R /Kids [11 0 R] >>",
        n11=b"<< /FT /Sig /T (sig[0]) /Parent 10 0 R " + WIDGET + b">>",
    ),
    "kind-from-the-parent": filled(
        11, b"<< /T (a) /Parent 9 0 R " + WIDGET + b">>",
        n7=b"[11 0 R]", n9=b"<< /T (f) /FT /Sig /Kids [11 0 R] >>",
        n11=b"<< /T (a) /Parent 9 0 R " + WIDGET + b">>",
    ),
    "widget-apart": filled(
        9, b"<< /T (s) /FT /Sig /Kids [11 0 R] >>",
        n7=b"[11 0 R]", n9=b"<< /T (s) /FT /Sig /Kids [11 0 R] >>", n11=b"<< /Parent 9 0 R " + WIDGET + b">>",
    ),
    "two-widgets": filled(
        9, b"<< /T (s) /FT /Sig /Kids [11 0 R 12 0 R] >>",
        n7=b"[11 0 R 12 0 R]", n9=b"<< /T (s) /FT /Sig /Kids [11 0 R 12 0 R] >>",
        n11=b"<< /Parent 9 0 R " + WIDGET + b">>", n12=b"<< /Parent 9 0 R " + WIDGET + b">>",
    ),
    "no-widget": filled(9, b"<< /T (s) /FT /Sig >>", n9=b"<< /T (s) /FT /Sig >>"),
    "annotations-in-the-page": annotations_in_the_page,
    "form-in-the-catalog": form_in_the_catalog,
    "in-one-go": in_one_go,
    "object-streams": lambda: sign(by_qpdf(letter(), **STREAMS), person()),
    "linearized-in-one-go": linearised_in_one_go,
    "linearized-in-one-go-and-a-store": lambda: stored(linearised_in_one_go()),
    "linearized": lambda: sign(by_qpdf(letter(), linearize=True), person()),
    "linearized-object-streams-two": lambda: sign(
        sign(by_qpdf(letter(), linearize=True, **STREAMS), person(), visible=True), seal(), visible=True
    ),
    "object-streams-three": lambda: sign(
        sign(sign(by_qpdf(letter(), **STREAMS), person(), visible=True), seal(), visible=True),
        person(), visible=True, field="Third",
    ),
    "pdf-2.0": lambda: sign(by_qpdf(letter(), force_version="2.0"), person()),
    "pdf-1.4": laid(letter().replace(b"%PDF-1.7", b"%PDF-1.4")),
    "version-in-the-catalog": laid(letter("/Version /2.0")),
    "extensions": laid(letter("/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 8 >> >>")),
    "fields-drawn-by-viewers": laid(letter(n6=b"<< /Fields [] /SigFlags 3 /NeedAppearances true >>")),
    "flags-lower": laid(letter(n6=b"<< /Fields [] /SigFlags 1 >>")),
    "one-line-end-more": lambda: laid()() + b"\n",
    "two-more": lambda: laid()() + b"\r\n",
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_what_real_tools_write_is_accepted(name):
    """Neither spelling nor order nor the make of the file is a reason to refuse."""
    assert parts(GOOD[name]()) == ACCEPTED


HEADER, GAP, RANGE = "pdf.header", "signature.contents", "signature.byte-range"
REFUSED = {
    # Some readers count offsets from the header, some from the file's beginning.
    "mark-before-the-header": (laid(behind(b"\xef\xbb\xbf", letter())), HEADER),
    "text-before-the-header": (laid(behind(b"X-Header: yes\r\n" * 60, letter())), HEADER),
    "text-before-the-header-offsets-behind": (laid(b"X-Header: yes\r\n" * 60 + letter()), HEADER),
    # G3: nothing unsigned may stand in the gap but the digits.
    "line-ends-in-value": (
        laid(gap=lambda d: b"<" + b"\n".join(d[i : i + 64] for i in range(0, len(d), 64)) + b">"), GAP,
    ),
    "blank-behind-value": (laid(gap=lambda digits: b"<" + digits + b" >"), GAP),
    "gap-begins-too-early": (laid(around=(1, 0)), GAP),
    "gap-ends-too-late": (laid(around=(0, 1)), GAP),
    "brackets-of-value-covered": (laid(around=(-1, -1)), GAP),
    "range-that-stands-elsewhere": (
        laid(text=PLAIN.replace(b"RANGE", b"60 0 R"), objects={60: b"~" * 60}), RANGE,
    ),
    "real-number-in-range": (laid(spelt=lambda a, s, b: b"[0 %d.0 %d %d]" % (a, s, b)), RANGE),
    "comment-behind-the-file": (lambda: laid()() + b"%x\n", "signature.not-covering-file"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_hold_something_unsigned_is_refused_for_it(name):
    """Each is read the same by most viewers; what makes it refuse is what another one could read."""
    make, code = REFUSED[name]
    assert parts(make())[0] == {code}


@pytest.mark.parametrize(
    "make",
    [
        lambda: linearised_in_one_go(1),
        lambda: update(linearised_in_one_go(), {4: shows(FORGED)}),
        lambda: update(linearised_in_one_go(len(linearised_in_one_go()) + 400), {4: shows(FORGED)}),
    ],
    ids=["of-another-length", "and-another-page", "of-a-length-to-come"],
)
def test_two_halves_are_one_file_where_the_signature_ends_with_the_length_that_it_names(make):
    """Else the second half is an update, and what comes behind both is one in any case."""
    assert "signature.changed-after" in parts(make())[0]


@pytest.mark.parametrize("R", [4, 6])
def test_an_encrypted_file_is_told_so_and_no_more(R):  # noqa: N803 - the format's own name
    """An empty password opens it for all, yet G8 refuses: integrity is not judged, not called broken."""
    pdf = by_qpdf(laid()(), encryption=pikepdf.Encryption(owner="x", user="", R=R))
    assert parts(pdf) == (set(), {"content.encrypted"}, set())
