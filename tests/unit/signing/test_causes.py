"""A PDF that cannot be read is told why, by a code of its own and a place: one break, one cause (rule G1)."""

import re
import zlib

import pytest

from tests.attacks.building import letter
from tests.good.laying import FIELD, dictionary, fill
from tests.good.signers import by_hand
from tests.lab.pdfs import judge, plain, signed_by_hand, signed_twice, update

SIGNED = signed_by_hand()
CONTENT = b"BT /F1 12 Tf 72 720 Td (CONG HOA) Tj ET"


def once(pdf: bytes, old: bytes, new: bytes) -> bytes:
    """Return a PDF with the last place of some bytes overwritten."""
    start = pdf.rindex(old)
    return pdf[:start] + new + pdf[start + len(old) :]


def pointing(pdf: bytes, place: int) -> bytes:
    """Return a PDF whose last startxref names another place, in as many digits."""
    return re.sub(rb"startxref\n(\d+)\n%%EOF\n\Z", lambda m: b"startxref\n%0*d\n%%%%EOF\n" % (len(m[1]), place), pdf)


def with_stream(dictionary: bytes, data: bytes) -> bytes:
    """Return a signed PDF whose form's list of fields lies in an object stream spelled so."""
    stream = b"<< /Type /ObjStm %s /Length %d >>\nstream\n%s\nendstream" % (dictionary, len(data), data)
    base = plain(n8=stream)
    start = len(base)
    rows = [(0, 0, 65535), *((1, base.index(b"\n%d 0 obj" % n) + 1, 0) for n in range(1, 9)), (2, 8, 0)]
    rows.append((1, start, 0))
    table = b"".join(bytes((kind,)) + place.to_bytes(4, "big") + rest.to_bytes(2, "big") for kind, place, rest in rows)
    return base + (
        b"10 0 obj\n<< /Type /XRef /Size 11 /W [1 4 2] /Root 9 0 R /Length %d >>\nstream\n%s\nendstream\nendobj\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(table), table, start)
    )


def referring_to_itself() -> bytes:
    return plain(n4=b"<< /Length 4 0 R >>\nstream\nx\nendstream", n6=b"<< /Fields 4 0 R >>")


PREV = int(re.findall(rb"/Prev (\d+)", SIGNED)[-1])
PACKED = b"9 0 << /Type /Catalog /Pages 2 0 R >>"
BREAKS = {
    "header-missing": (SIGNED[9:], "pdf.header", "%PDF-"),
    "header-without-version": (SIGNED.replace(b"%PDF-1.7", b"%PDF-x.y", 1), "pdf.header", "version"),
    "junk-before-the-header": (b"\n" + SIGNED, "pdf.header", "%PDF-"),
    "eof-missing": (once(SIGNED, b"%%EOF\n", b""), "pdf.end-missing", "%%EOF"),
    "cut-in-the-middle": (signed_twice()[: len(signed_twice()) // 2], "pdf.end-missing", "%%EOF"),
    "cut-in-its-table": (SIGNED[: SIGNED.rindex(b"trailer")], "pdf.end-missing", ""),
    "startxref-missing": (once(SIGNED, b"startxref", b"startxxxx"), "pdf.end-missing", "startxref"),
    "startxref-without-number": (re.sub(rb"startxref\n\d+\n%%EOF\n\Z", b"startxref\n%%EOF\n", SIGNED), "pdf.end-missing", "number"),
    "startxref-beyond-the-file": (pointing(SIGNED, 99999), "pdf.startxref", "99999"),
    "startxref-elsewhere": (pointing(SIGNED, 40), "pdf.startxref", "byte 40"),
    "startxref-at-an-object": (pointing(SIGNED, SIGNED.index(b"2 0 obj")), "pdf.startxref", "another kind"),
    "prev-elsewhere": (once(SIGNED, b"/Prev %d" % PREV, b"/Prev %d" % (PREV + 9)), "pdf.startxref", "/Prev"),
    "prev-no-number": (once(SIGNED, b"/Prev %d" % PREV, b"/Prev (x)"), "pdf.trailer", "/Prev"),
    "prev-loop": (once(SIGNED, b"/Prev %d" % PREV, b"/Prev %d" % SIGNED.rindex(b"xref\n6 1")), "pdf.loop", "/Prev"),
    "entry-of-letters": (once(SIGNED, b" 00000 n", b" 00x00 n"), "pdf.cross-references", "entry"),
    "entry-of-no-kind": (once(SIGNED, b" 00000 n", b" 00000 q"), "pdf.cross-references", "entry"),
    "generation-too-high": (once(SIGNED, b" 00000 n", b" 70000 n"), "pdf.cross-references", "70000"),
    "generation-from-nowhere": (once(SIGNED, b" 00000 n", b" 00003 n"), "pdf.cross-references", "generation 3"),
    "size-too-small": (once(SIGNED, b"/Size 10", b"/Size 07"), "pdf.size", "/Size"),
    "size-going-down": (update(SIGNED, {5: b"<< >>"}).replace(b"/Size 10", b"/Size 6 ", 2).replace(b"/Size 6 ", b"/Size 10", 1), "pdf.size", "10"),
    "size-missing": (once(SIGNED, b"/Size", b"/Sixe"), "pdf.trailer", "no /Size"),
    "trailer-without-end": (once(SIGNED, b" >>\nstartxref", b"   \nstartxref"), "pdf.trailer", "trailer"),
    "trailer-with-a-key-twice": (once(plain(), b"/Info", b"/Root"), "pdf.trailer", "twice"),
    "root-missing": (plain().replace(b"/Root", b"/Toor"), "pdf.catalog", "/Root"),
    "root-nowhere": (plain().replace(b"/Root 1 0", b"/Root 9 9"), "pdf.object-missing", "object 9 9"),
    "pages-missing": (plain(n1=b"<< /Type /Catalog /AcroForm 6 0 R >>"), "pdf.pages", "/Pages"),
    "pages-no-tree": (plain(n2=b"[3 0 R]"), "pdf.pages", "/Pages"),
    "pages-nowhere": (plain(n1=b"<< /Type /Catalog /Pages 77 0 R >>"), "pdf.object-missing", "object 77 0"),
    "pages-loop": (signed_by_hand(pdf=plain(n2=b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 2 >>")), "pdf.loop", "tree of pages"),
    "kids-no-list": (signed_by_hand(pdf=plain(n2=b"<< /Type /Pages /Kids (x) /Count 1 >>")), "pdf.pages", "/Kids"),
    "object-elsewhere": (plain().replace(b"\n6 0 obj", b"\n4 0 obj"), "pdf.object-misplaced", "object 6 0 at byte"),
    "object-without-header": (plain().replace(b"\n6 0 obj", b"\nxxxxxxx"), "pdf.object-misplaced", "object 6 0 at byte"),
    "object-without-endobj": (plain().replace(b">>\nendobj\n7 0", b">>\nendxxx\n7 0"), "pdf.object", "endobj"),
    "object-of-no-value": (plain(n6=b"<< /Fields {} >>"), "pdf.object", "object 6 0 at byte"),
    "object-with-a-key-twice": (plain(n6=b"<< /Fields [] /Fields [] >>"), "pdf.object", "twice"),
    "object-with-a-bad-name": (plain(n6=b"<< /Fields [] /A#zz 1 >>"), "pdf.object", "name"),
    "object-that-needs-itself": (referring_to_itself(), "pdf.loop", "object 4 0"),
    "object-stream-missing-its-filter": (with_stream(b"/N 1 /First 4 /Filter /Nonesuch", PACKED), "pdf.filter", "object 9 0"),
    "object-stream-damaged": (with_stream(b"/N 1 /First 4 /Filter /FlateDecode", zlib.compress(PACKED)[:-9]), "pdf.stream-data", "object 9 0"),
    "object-stream-that-grows": (with_stream(b"/N 1 /First 4 /Filter /FlateDecode", zlib.compress(PACKED + b" " * 9_000_000)), "limit.decoded-size", "object 9 0"),
    "object-stream-of-other-objects": (with_stream(b"/N 1 /First 4", b"7" + PACKED[1:]), "pdf.object", "object stream"),
    "stream-length-wrong": (plain(n6=b"<< /Length 3 >>\nstream\nmore than three\nendstream"), "pdf.stream-length", "object 6 0"),
    "stream-length-missing": (plain(n6=b"<< /A 1 >>\nstream\nx\nendstream"), "pdf.stream-length", "no /Length"),
    "form-field-twice": (signed_by_hand(pdf=plain(n6=b"<< /Fields [8 0 R 8 0 R] >>", n8=b"<< /T (a) >>")), "pdf.form", "twice"),
    "form-field-no-dictionary": (plain(n6=b"<< /Fields [8 0 R] >>", n8=b"(x)"), "pdf.form", "dictionary"),
    "value-of-other-characters": (once(SIGNED, b"/Contents <30", b"/Contents <zz"), "signature.contents", "digit"),
    "value-padded-with-other-characters": (once(SIGNED, b"0000> >>", b"00--> >>"), "signature.contents", "digit"),
    "value-of-zeros": (signed_by_hand(gap=lambda digits: b"<" + b"0" * len(digits) + b">"), "signature.cms-structure", "zeros"),
    "value-of-text": (signed_by_hand(gap=lambda digits: b"<" + b"41" * (len(digits) // 2) + b">"), "signature.cms-structure", "begin"),
    "value-cut-off": (signed_by_hand(gap=lambda digits: b"<3083ffffff" + digits[10:] + b">"), "signature.cms-structure", "cut off"),
    "value-damaged": (signed_by_hand(gap=lambda digits: b"<" + digits[:900] + b"0" * len(digits[900:]) + b">"), "signature.cms-structure", "damaged"),
    "range-of-a-real-number": (re.sub(rb"\[0 (\d{4}) ", lambda m: b"[0 %s. " % m[1][:-1], SIGNED), "signature.byte-range", "integers"),
    "range-negative": (signed_by_hand(byte_range=lambda a, s, b: (0, a, -s, b)), "signature.byte-range", "-"),
    "range-beyond-the-file": (signed_by_hand(byte_range=lambda a, s, b: (0, a, s, b + 9)), "signature.byte-range", "bytes"),
    "sub-filter-missing": (SIGNED.replace(b"/SubFilter", b"/SubFiltre"), "signature.subfilter", "none"),
    "value-missing": (SIGNED.replace(b"/Contents <", b"/Kontents <"), "signature.contents", "string of its own"),
    "signature-nowhere": (once(SIGNED, b"/V 9 0 R", b"/V 9 9 R"), "pdf.object-missing", "stands nowhere"),
    "nested-too-deeply": (plain(n6=b"<< /Fields " + b"[" * 40_000 + b"]" * 40_000 + b" >>"), "limit.nesting", "deeply"),
}  # fmt: skip


@pytest.mark.parametrize("name", BREAKS)
def test_each_break_is_told_by_its_own_cause(name):
    """One thing is broken, and code and place name it; the general code stays for what nobody knows."""
    pdf, code, place = BREAKS[name]
    reasons = judge(pdf).integrity.reasons
    assert [str(reason.code) for reason in reasons] == [code]
    assert place in reasons[0].detail


def test_an_earlier_trailer_without_a_catalog_is_told_so():
    """A signed revision whose own trailer names none has no objects to compare an update with."""
    form = b"<< /Fields [9 0 R] /SigFlags 3 >>"
    base = letter(n6=form, n7=b"[9 0 R]", n9=FIELD % (b"s", 10), n10=dictionary())
    signed = fill(base.replace(b"/Root 1", b"/Toor 1"), by_hand())
    reasons = judge(update(signed, {5: b"<< /Producer (again) >>"})).integrity.reasons
    assert {str(reason.code) for reason in reasons} == {"pdf.catalog"}


ALTERED = {
    "text": (b"CONG HOA", b"CONG HOB", ""),
    "length-of-a-stream": (b"/Length 65 ", b"/Length 56 ", "pdf.stream-length"),
    "end-of-a-stream": (b"endstream", b"endstreem", "pdf.stream-length"),
    "value-of-an-object": (b"/Producer (", b"/Producer {", "pdf.object"),
}


@pytest.mark.parametrize("name", ALTERED)
def test_what_altered_bytes_broke_is_told_beside_the_digest(name):
    """The digest says that bytes were altered; what cannot be read any more says where."""
    old, new, code = ALTERED[name]
    assert old in SIGNED
    reasons = judge(SIGNED.replace(old, new, 1)).integrity.reasons
    assert [str(reason.code) for reason in reasons] == ["signature.digest-mismatch", *([code] if code else [])]
