"""Rules V1 to V26: each wrong form gets its own advice and no other; the right form gets none."""

import io
from datetime import UTC, date, datetime

import msgspec
import pikepdf
import pypdfium2
import pytest

from axis.appearance.advice import ARTICLES
from axis.appearance.grades import Grade, load_standard, parse_standard
from axis.appearance.judge import secrecy_stamp
from axis.appearance.sheet import Claims
from axis.checks.policy import load_policy
from axis.errors import SetupError
from axis.violations import REASONS, Code
from tests.lab.appearances import TEXT, a_sheet_of, advice_on, rules, seen, set_with
from tests.lab.documents import a_signed_pdf

GOOD, LETTER = a_sheet_of(), a_sheet_of("Công văn")
CLAIMS = Claims(
    kind="Quyết định",
    number="7",
    notation="QĐ-BNV",
    issued_on=date(2026, 2, 3),
    signer="Đỗ Thử Dung",
    priority=0,
)
LONG = "\n".join([TEXT, *TEXT.splitlines()[2:] * 3])
URGENT = a_sheet_of(priority=2)

WRONG = {
    "V3 letter paper": (GOOD, [('paper: "a4"', 'paper: "us-letter"')], {}, Claims()),
    "V3 lying": (GOOD, [('paper: "a4"', 'paper: "a4", flipped: true')], {}, Claims()),
    "V4 left": (GOOD, [("left: 30mm", "left: 22mm")], {}, Claims()),
    "V4 wide left": (GOOD, [("left: 30mm", "left: 42mm"), ("columns: (64mm, 1fr)", "columns: (58mm, 1fr)")], {}, Claims()),
    "V4 right": (GOOD, [("right: 18mm", "right: 9mm")], {}, Claims()),
    "V4 top": (GOOD, [("top: 22mm", "top: 12mm")], {}, Claims()),
    "V4 bottom": (a_sheet_of(text=LONG), [("bottom: 20mm", "bottom: 12mm")], {}, Claims()),
    "V5 another face": (GOOD, [], {"fonts": ["Liberation Sans"]}, Claims()),
    "V6 blue text": (GOOD, [("#set text(font: d.fonts", "#set text(fill: blue, font: d.fonts")], {}, Claims()),
    "V7 none": (a_sheet_of(text=LONG), [("if number > 1 {", "if false {")], {}, Claims()),
    "V7 on page 1": (GOOD, [("if number > 1 {", "if true {")], {}, Claims()),
    "V7 small": (a_sheet_of(text=LONG), [("text(size: 13pt, str(number))", "text(size: 10pt, str(number))")], {}, Claims()),
    "V7 at the side": (a_sheet_of(text=LONG), [("align(center, text(size: 13pt, str(number)))", "align(right, text(size: 13pt, str(number)))")], {}, Claims()),
    "V8 misspelt": (GOOD, [("CHỦ NGHĨA VIỆT NAM", "CHU NGHIA VIỆT NAM")], {}, Claims()),
    "V8 not bold": (GOOD, [("strong[CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM]", "[CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM]")], {}, Claims()),
    "V8 missing": (GOOD, [("strong[CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM]", "hide[CỘNG HÒA XÃ HỘI]")], {}, Claims()),
    "V9 without blanks": (GOOD, [("Độc lập - Tự do - Hạnh phúc", "Độc lập-Tự do-Hạnh phúc")], {}, Claims()),
    "V9 short line": (GOOD, [("100%, 90mm", "50%, 90mm")], {}, Claims()),
    "V9 no line": (GOOD, [("100%, 90mm", "0%, 90mm")], {}, Claims()),
    "V9 italic": (GOOD, [("strong[Độc lập", "emph[Độc lập")], {}, Claims()),
    "V10 long line": (GOOD, [("42%, 62mm", "90%, 62mm")], {}, Claims()),
    "V10 not bold": (GOOD, [("strong(upper(d.agency))", "upper(d.agency)")], {}, Claims()),
    "V10 small letters": (GOOD, [("strong(upper(d.agency))", "strong(d.agency)")], {}, Claims()),
    "V11 no zero": (GOOD, [], {"number": "Số: 7/QĐ-BNV"}, Claims()),
    "V11 blanks": (GOOD, [], {"number": "Số: 07 / QĐ-BNV"}, Claims()),
    "V11 no colon": (GOOD, [], {"number": "Số 07/QĐ-BNV"}, Claims()),
    "V11 bold": (GOOD, [("text(size: 13pt, d.number)", "text(size: 13pt, strong(d.number))")], {}, Claims()),
    "V12 of another kind": (GOOD, [], {"number": "Số: 07/TB-BNV"}, Claims()),
    "V12 not as claimed": (GOOD, [], {"number": "Số: 08/QĐ-BNV"}, CLAIMS),
    "V12 a letter with a kind": (LETTER, [], {"number": "Số: 07/TB-BNV"}, Claims()),
    "V13 no zero": (GOOD, [], {"place-date": "Hà Nội, ngày 3 tháng 2 năm 2026"}, Claims()),
    "V13 upright": (GOOD, [('style: "italic", d.place-date', "d.place-date")], {}, Claims()),
    "V13 empty": (GOOD, [], {"place-date": "Hà Nội, ngày     tháng     năm 2026"}, Claims()),
    "V14 in the future": (GOOD, [], {"place-date": "Hà Nội, ngày 25 tháng 11 năm 2026"}, Claims()),
    "V14 no such day": (GOOD, [], {"place-date": "Hà Nội, ngày 31 tháng 4 năm 2026"}, Claims()),
    "V14 not as claimed": (GOOD, [], {"place-date": "Hà Nội, ngày 04 tháng 02 năm 2026"}, CLAIMS),
    "V15 small": (GOOD, [("text(size: 14pt, strong(upper(d.type)))", "text(size: 11pt, strong(upper(d.type)))")], {}, Claims()),
    "V15 line": (GOOD, [("40%, 150mm", "100%, 150mm")], {}, Claims()),
    "V15 another kind": (GOOD, [], {"type": "Kế hoạch", "number": "Số: 07/QĐ-BNV"}, CLAIMS),
    "V16 bold": (LETTER, [('text(size: 12.5pt, "V/v " + d.subject)', 'text(size: 12.5pt, strong("V/v " + d.subject))')], {}, Claims()),
    "V16 large": (LETTER, [("size: 12.5pt", "size: 14pt")], {}, Claims()),
    "V16 missing": (LETTER, [('"V/v " + d.subject', '""')], {}, Claims(kind="Công văn")),
    "V17 small body": (a_sheet_of(text=TEXT.replace("Căn cứ", "Xét")), [("size: 14pt, lang", "size: 11pt, lang")], {}, Claims()),
    "V18 upright": (GOOD, [("par(emph(part.text))", "par(part.text)")], {}, Claims()),
    "V18 last one": (a_sheet_of(text=TEXT.replace("thử nghiệm.", "thử nghiệm;")), [], {}, Claims()),
    "V18 first one": (a_sheet_of(text=TEXT.replace("điện tử;", "điện tử.")), [], {}, Claims()),
    "V19 bold": (LETTER, [('text(size: 14pt, "Kính gửi: "', 'text(size: 14pt, weight: "bold", "Kính gửi: "')], {}, Claims()),
    "V19 no colon": (LETTER, [('"Kính gửi: "', '"Kính gửi "')], {}, Claims()),
    "V20 strokes": (a_sheet_of(heading=("T/M BỘ TRƯỞNG", "THỨ TRƯỞNG")), [], {}, Claims()),
    "V20 no position": (a_sheet_of(heading=("KT. BỘ TRƯỞNG",)), [], {}, Claims()),
    "V20 passed on": (a_sheet_of(heading=("TUQ. BỘ TRƯỞNG", "KT. VỤ TRƯỞNG", "PHÓ VỤ TRƯỞNG")), [], {}, Claims()),
    "V20 not bold": (GOOD, [("text(size: 13.5pt, strong(row))", "text(size: 13.5pt, row)")], {}, Claims()),
    "V21 title": (a_sheet_of(signer="PGS.TS. Đỗ Thử Dung"), [], {}, Claims()),
    "V21 not as claimed": (a_sheet_of(signer="Đỗ Thử Mai"), [], {}, CLAIMS),
    "V22 list too large": (GOOD, [("set text(size: 11pt)\n    set par(leading", "set text(size: 13pt)\n    set par(leading")], {}, Claims()),
    "V22 without filing": (GOOD, [], {"places": ["Như Điều 3."]}, Claims()),
    "V22 ends of lines": (GOOD, [], {"places": ["Như Điều 3,", "Bộ Tài chính", "Lưu: VT."]}, Claims()),
    "V22 missing": (GOOD, [("[Nơi nhận:]", "[]")], {"places": []}, Claims()),
    "V26 frame": (URGENT, [('"THƯỢNG KHẨN": 40mm', '"THƯỢNG KHẨN": 55mm')], {}, Claims()),
    "V26 black": (URGENT, [('fill: rgb("#e00000")', "fill: black")], {}, Claims()),
    "V26 not as claimed": (URGENT, [], {}, CLAIMS),
    "V26 missing": (GOOD, [], {}, msgspec.structs.replace(CLAIMS, priority=3)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_form_gets_its_own_advice(name):
    """One thing is wrong, and one rule says so: where on the page, what was found, what the decree says."""
    document, replaced, data, claims = WRONG[name]
    advice = advice_on(set_with(document, *replaced, **data), claims)
    rule = name.split()[0]
    assert rules(advice) == [rule], [(one.rule, one.found.vi) for one in advice]
    for one in advice:
        assert one.page >= 1
        assert one.box.width > 0
        assert one.box.height > 0
        assert one.found.vi
        assert one.found.en
        assert one.wanted.vi != one.wanted.en or one.wanted.vi
        assert one.article.startswith("NĐ 30/2020/NĐ-CP")


@pytest.mark.parametrize(
    ("document", "claims"),
    [
        pytest.param(GOOD, CLAIMS, id="decision"),
        pytest.param(LETTER, Claims(kind="Công văn", number="07", notation="BNV-VP"), id="letter"),
        pytest.param(a_sheet_of("Công văn", to=("Bộ Tài chính", "Bộ Công an")), Claims(), id="letter-to-two"),
        pytest.param(URGENT, msgspec.structs.replace(CLAIMS, priority=2), id="urgent"),
        pytest.param(a_sheet_of(superior="Chính phủ", agency="Ủy ban nhân dân tỉnh Lạng Sơn"), Claims(), id="superior"),
        pytest.param(a_sheet_of(text=LONG), CLAIMS, id="many-pages"),
        pytest.param(a_sheet_of(heading=("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")), Claims(), id="body"),
        pytest.param(a_sheet_of("Công văn", text=f"Căn cứ Luật Mẫu, {TEXT[60:]}"), Claims(), id="opening-sentence"),
        pytest.param(a_sheet_of(heading=("Q. CỤC TRƯỞNG",)), Claims(), id="acting"),
    ],
)  # fmt: skip
def test_the_right_form_gets_no_advice(document, claims):
    """What the decree asks for is left alone."""
    assert advice_on(set_with(document), claims) == []


@pytest.mark.parametrize(("sender", "kind", "competence", "priority"), [
    ("H37", "Quyết định", "TMKT", 2), ("G12", "Tờ trình", "KT", 1), ("G09", "Báo cáo", "TL", 3),
    ("G12", "Kế hoạch", "TUQ", 0), ("G01", "Giấy mời", "Q", 0), ("H37.T21", "Công văn", None, 0),
])  # fmt: skip
def test_signed_documents_of_the_sandbox_get_no_advice(sender, kind, competence, priority):
    """The marks of person and seal stand where they should, whoever signs what."""
    pdf = a_signed_pdf(sender, kind=kind, competence=competence, priority=priority)
    assert len(seen(pdf).marks) == 2
    assert advice_on(pdf, at=datetime.now(UTC)) == []


def moved(pdf, field, by):
    """Move a signature's widget by so many points; the signature no longer matters here."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        for page in opened.pages:
            for annotation in page.obj.get("/Annots", []):
                if str(annotation.get("/T", "")) == field:
                    x, y = by
                    left, bottom, right, top = (float(side) for side in annotation["/Rect"])
                    annotation["/Rect"] = pikepdf.Array([left + x, bottom + y, right + x, top + y])
        output = io.BytesIO()
        opened.save(output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("rule", "field", "by"),
    [
        pytest.param("V23", "PersonSignature", (0, 120), id="V23 above the position"),
        pytest.param("V24", "AgencySeal", (110, 0), id="V24 on the right"),
        pytest.param("V24", "AgencySeal", (-60, 0), id="V24 beside it"),
    ],
)
def test_a_mark_out_of_place_gets_advice(rule, field, by):
    """V23, V24: the picture of a signature between position and name, the seal's on its left third."""
    pdf = moved(a_signed_pdf(), field, by)
    assert rule in rules(advice_on(pdf))


def test_the_colours_of_the_marks_are_seen():
    """V23 and V24: a red person and a blue seal are advised against: the seal signed first."""
    pdf = a_signed_pdf(fault="seal-first")
    assert rules(advice_on(pdf, at=datetime.now(UTC))) == ["V23", "V24"]


def test_a_mark_on_an_attached_file():
    """V25: a seal's picture at the foot of an attached file is not what the decree asks for there."""
    advice = advice_on(a_signed_pdf(), Claims(main=False))
    assert rules(advice) == ["V25"]
    assert "màu đỏ" in advice[0].found.vi


def scan_of(pdf):
    """Return pictures of the pages, as a scanner would make them."""
    opened, made = pypdfium2.PdfDocument(pdf), pypdfium2.PdfDocument.new()
    for page in opened:
        bitmap = page.render(scale=1)
        picture = pypdfium2.PdfImage.new(made)
        picture.set_bitmap(bitmap)
        width, height = page.get_size()
        picture.set_matrix(pypdfium2.PdfMatrix().scale(width, height))
        made.new_page(width, height).insert_obj(picture)
    for page in made:
        page.gen_content()
    output = io.BytesIO()
    made.save(output)
    return output.getvalue()


def test_a_scan_is_said_once_and_nothing_is_guessed():
    """V1: no text layer; type sizes, margins and components are not judged."""
    assert rules(advice_on(scan_of(set_with(a_sheet_of(text=LONG))))) == ["V1"]


def test_another_kind_of_paper_is_not_judged_by_the_rules_of_documents():
    """V2: a page without the head of a document; what it lacks is not told as wrong."""
    made = pypdfium2.PdfDocument.new()
    made.new_page(595.28, 841.89)
    output = io.BytesIO()
    made.save(output)
    assert rules(advice_on(output.getvalue())) == ["V1"]
    head = [
        ("strong[CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM]", "[]"),
        ("strong[Độc lập - Tự do - Hạnh phúc]", "[]"),
    ]
    bare = set_with(GOOD, *head, **{"number": "", "place-date": "", "type": "Hợp đồng"})
    assert rules(advice_on(bare)) == ["V2"]


def test_every_rule_can_be_graded_and_switched_by_data():
    """The grade comes from the data; a rule that is off is silent, and no other rule changes."""
    standard = load_standard()
    codes = {code for code in Code if REASONS[code].rule.startswith("V")}
    assert set(standard.grades) == codes == set(ARTICLES)
    pdf = set_with(GOOD, number="Số: 7/QĐ-BNV")
    (one,) = advice_on(pdf)
    assert one.grade is Grade.ADVICE
    for grade, expected in ((Grade.NOTE, [Grade.NOTE]), (Grade.OFF, [])):
        changed = {**standard.grades, Code.ADVICE_NUMBER_LINE: grade}
        advice = advice_on(pdf, standard=msgspec.structs.replace(standard, grades=changed))
        assert [found.grade for found in advice] == expected


def test_half_a_standard_is_none():
    """Data with a field missing, or with one too many, cannot be used."""
    with pytest.raises(SetupError):
        parse_standard(b'{"version": "1"}')


MARKS = load_policy().secret_marks
FRAME = "frame-widths.at(d.urgency)", "25mm"
BARE = ('rect(stroke: 1.2pt + rgb("#e00000")', "rect(stroke: none")
BLACK = ('fill: rgb("#e00000"), strong(d.urgency)', "d.urgency")


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("kind", [GOOD, LETTER], ids=["decision", "letter"])
@pytest.mark.parametrize("style", [(), (BARE,), (BLACK,)], ids=["framed-red", "red", "framed-black"])
def test_a_secrecy_stamp_in_its_place_refuses(mark, kind, style):
    """T10: in capitals, by itself, under the number line, bold, red or framed."""
    view = seen(set_with(kind, FRAME, *style, urgency=mark))
    found = secrecy_stamp(view, load_standard(), MARKS)
    assert found is not None
    assert found.code is Code.SECRECY_MARKED
    assert mark not in found.detail


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(a_sheet_of(agency="Cục An ninh mạng và Bảo\nmật"), id="agency-ends-in-it"),
        pytest.param(a_sheet_of("Công văn", subject="quy định về việc bảo vệ bí mật nhà nước và bảo MẬT"), id="subject"),
        pytest.param(a_sheet_of(subject="Quy chế BẢO MẬT"), id="title"),
        pytest.param(a_sheet_of(text="Mật ong, đường.\n**MẬT**\nTUYỆT MẬT\n" + TEXT), id="body"),
        pytest.param(a_sheet_of(priority=1), id="urgent"),
    ],
)  # fmt: skip
def test_words_elsewhere_are_no_stamp(document):
    """Agencies, subjects, titles and the body may speak of secrets."""
    assert secrecy_stamp(seen(set_with(document)), load_standard(), MARKS) is None
