"""Documents and packets of the sandbox: what they look like inside, and that they are good."""

import io
import re
from datetime import date

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from axis.directory.reading import read_directory
from axis.directory.tables import Source
from axis.errors import SetupError
from axis.register import Directory, Level
from axis.sandbox.directory import demo_agencies, demo_agency, demo_connections
from axis.sandbox.identity import Part
from axis.sandbox.pdf import FONTS, OfficialDocument, body_of, render
from axis.sandbox.people import heading_of, office_of
from axis.sandbox.recipe import notation_of, place_of
from axis.sandbox.sign import Pens
from tests.lab.authority import lab_authority, lab_directory
from tests.lab.documents import a_packet, a_recipe, a_signed_pdf, the_signed_pdf


def a_document(text="Nội dung.", **changes):
    parts = {
        "agency": "Bộ Nội vụ",
        "number": "7",
        "notation": "BC-BNV",
        "place": "Hà Nội",
        "issued_on": date(2026, 2, 3),
        "type_name": "Báo cáo",
        "subject": "việc thử",
        "text": text,
        "heading": ("BỘ TRƯỞNG",),
        "signer": "Đỗ Thử Dung",
    }
    return OfficialDocument(**{**parts, **changes})


def test_the_signed_pdf_bears_two_signatures_person_first():
    """Two filled fields in the order of signing, each covering what was there."""
    reader = PdfFileReader(io.BytesIO(the_signed_pdf()), strict=True)
    assert [sig.field_name for sig in reader.embedded_regular_signatures] == ["PersonSignature", "AgencySeal"]
    for signature in reader.embedded_regular_signatures:
        assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
        unsigned = {attribute["type"].native for attribute in signature.signer_info["unsigned_attrs"]}
        assert unsigned == {"signature_time_stamp_token"}


def test_signing_appends_and_never_rewrites():
    """The signed file begins with the bytes that were signed before."""
    unsigned = render(a_document()).pdf
    pens = Pens(lab_authority())
    once = pens.sign(unsigned, lab_authority().person(demo_agency("G22")))
    twice = pens.sign(once, lab_authority().seal(demo_agency("G22")))
    assert once.startswith(unsigned)
    assert twice.startswith(once)


async def test_signing_works_inside_an_event_loop():
    """A caller that runs in a loop can sign all the same."""
    pens = Pens(lab_authority())
    assert pens.sign(render(a_document()).pdf, lab_authority().person(demo_agency("G22")))


def test_a_broken_pdf_is_refused_in_one_line():
    """What pyHanko makes of rubbish never reaches the caller as a traceback."""
    with pytest.raises(SetupError, match="cannot be signed"):
        Pens(lab_authority()).sign(b"%PDF-1.7 rubbish", lab_authority().seal(demo_agency("G22")))


@pytest.mark.parametrize("size", [200_000, 1_000_000, 7_000_000])
def test_padding_reaches_the_size_that_was_asked_for(size):
    """Within two per cent, and by pictures that do not compress."""
    pdf = render(a_document(), size=size).pdf
    assert abs(len(pdf) - size) < size * 0.02
    assert PdfFileReader(io.BytesIO(pdf), strict=True).root["/Pages"]["/Count"] >= 2


def test_only_fonts_that_know_vietnamese_are_embedded():
    """No letter falls back to a font that we did not choose."""
    names = {
        name.decode()
        for name in re.findall(rb"/BaseFont\s*/([A-Za-z0-9+-]+)", render(a_document("ờ Ữ ẵ ₫")).pdf)
    }
    allowed = {font.replace(" ", "") for font in FONTS}
    assert names
    assert all(any(family in name for family in allowed) for name in names)


@pytest.mark.parametrize(
    "text", ["#let x = 1 $y$ @z <w> \\ * _", "😀 漢字", "\x07\x00\u202e", "", "|a|b|\n|-|-|\n|c|"]
)
def test_text_is_never_markup(text):
    """Typst's own signs, signs no font has, and controls are set, not obeyed."""
    assert render(a_document(text)).pdf.startswith(b"%PDF")


def test_body_keeps_every_line_as_a_part():
    """Headings, bases, tables and paragraphs are told apart; the end mark is set."""
    parts = body_of("# Tên\n**Đậm**\nCăn cứ Luật;\n|a|b|\n|--|--|\n|c|d|\nHết.")
    assert [part["kind"] for part in parts] == ["title", "heading", "basis", "table", "par"]
    assert parts[3]["rows"] == [["a", "b"], ["c", "d"]]
    assert parts[4]["text"] == "Hết./."


@pytest.mark.shared
def test_the_wild_texts_can_be_set_and_signed(shared):
    """Long official texts with odd marks become PDFs and bear two signatures."""
    texts = sorted((shared / "samples" / "documents").glob("*.md"))
    assert len(texts) >= 5
    for path in texts:
        signed = a_signed_pdf(text=path.read_text(encoding="utf-8"), kind="Báo cáo")
        assert len(PdfFileReader(io.BytesIO(signed), strict=True).embedded_regular_signatures) == 2


@pytest.mark.parametrize(
    ("code", "competence", "lines"),
    [
        ("G09", "", ("BỘ TRƯỞNG",)),
        ("G09", "KT", ("KT. BỘ TRƯỞNG", "THỨ TRƯỞNG")),
        ("H37", "TM", ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
        ("H37", "TMKT", ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")),
        ("G09", "TL", ("TL. BỘ TRƯỞNG", "CHÁNH VĂN PHÒNG")),
        ("G09", "Q", ("Q. BỘ TRƯỞNG",)),
    ],
)
def test_headings_are_those_of_the_decree(code, competence, lines):
    """The lines above the signature follow NĐ 30/2020 Điều 13."""
    assert heading_of(office_of(demo_agency(code)), competence) == lines


@pytest.mark.parametrize(
    ("code", "kind", "notation", "place"),
    [
        ("G22", "Báo cáo", "BC-VPCP", "Hà Nội"),
        ("H37", "Công văn", "UBND-VP", "Lạng Sơn"),
        ("H57", "Quyết định", "QĐ-UBND", "Huế"),
        ("H37.T31", "Thông báo", "TB-UBND", "Thử Nghiệm Một"),
    ],
)
def test_notation_and_place_follow_the_agency(code, kind, notation, place):
    """Number line and date line look as that agency would write them."""
    assert notation_of(demo_agency(code), kind) == notation
    assert place_of(demo_agency(code)) == place


def test_an_unknown_competence_is_refused_by_name():
    """The message lists what can be asked for."""
    with pytest.raises(SetupError, match="TUQ"):
        a_recipe(competence="XX")


def test_two_packets_never_share_a_document_id():
    """Numbers are drawn by lot unless one is given."""
    ids = {a_recipe().envelope.document_id for _ in range(20)}
    assert len(ids) == 20
    assert a_recipe(number="15").envelope.number == "15"


def test_the_directory_can_be_imported_as_it_is(tmp_path):
    """The directory's own reader finds no problem in the three files."""
    sources = [Source(name=path.name, data=path.read_bytes()) for path in lab_directory(tmp_path)]
    empty = Directory(agencies=(), signers=(), seals=())
    reading = read_directory(sources, current=empty, connections=demo_connections())
    assert reading.problems == ()
    assert {agency.level for agency in reading.directory.agencies} == set(Level)


def test_every_district_ends_and_real_codes_are_not_called_invented():
    """The district level has an end of validity; what exchange-rules.md names is real."""
    agencies = {agency.code: agency for agency in demo_agencies()}
    assert all(agency.valid_until for agency in agencies.values() if agency.level is Level.DISTRICT)
    assert not agencies["G22"].invented
    assert not agencies["H44.24.46"].invented
    assert agencies["H44.24.46"].code102 == "000.46.24.H44"
    assert all(agency.invented for code, agency in agencies.items() if ".T" in code)


def test_strangers_and_the_impostor_stay_out_of_the_directory(tmp_path):
    """A fault that needs an unknown signer must find one."""
    for part in (Part.STRANGER, Part.IMPOSTOR):
        lab_authority().person(demo_agency("H37"), part)
    text = lab_directory(tmp_path)[1].read_text()
    for part in (Part.STRANGER, Part.IMPOSTOR):
        who = lab_authority().person(demo_agency("H37"), part)
        assert lab_authority().fingerprint(who) not in text


def test_a_packet_is_signed_by_whom_its_envelope_names():
    """Name and position in the header are those of the certificate."""
    recipe = a_recipe(competence="KT", kind="Báo cáo")
    assert recipe.envelope.signer.full_name == recipe.person.full_name
    assert recipe.envelope.signer.competence == "KT. CHỦ TỊCH"
    assert a_packet(competence="KT").count(recipe.person.full_name.encode()) == 1
