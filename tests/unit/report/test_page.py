"""The report for people: what it tells, and that a hostile file's words stay words."""

import base64
import hashlib
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from axis.appearance.advice import Advice, Words
from axis.appearance.grades import Grade
from axis.appearance.view import Box, Mark, Picture
from axis.checks.policy import load_policy
from axis.gate.answers import Judged, Kind, Undetermined
from axis.gate.check import Checked
from axis.gate.result import judged_result, undetermined_result, with_advice
from axis.gate.seen import Seen, SeenFile
from axis.report.page import render_page
from axis.report.story import tell
from axis.report.words import what_to_do
from axis.reports import FileKind, FileReport, GateReport, Outcome, Part, PdfReport, SignatureReport
from axis.violations import REASONS, Code, Violation
from tests.unit.edxml.packets import ENVELOPE

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}<!--'
YES = Part(outcome=Outcome.ACCEPTED)


def signature(name, until, **changes):
    given = {
        "field": name, "subfilter": "ETSI.CAdES.detached", "timestamp": False, "subject": f"Người {name}",
        "organizations": ("Bộ Mẫu", "Vụ"), "issuer": "CA",
        "claimed_at": AT, "intact": True, "valid": True,
        "covers_until": until,
    }  # fmt: skip
    return SignatureReport(**{**given, **changes})


def checked(words="xin chào", *, integrity=YES, signatures=None, kind=Kind.PDF, seen=True, trust=False):
    if signatures is None:
        signatures = (signature("A", 400, timestamped_at=AT), signature("B", 1000, subject=words))
    pdf = PdfReport(integrity=integrity, content=YES, trust=YES, signatures=signatures)
    file = FileReport(content_id="1", name=words, kind=FileKind.PDF, size=1000, sha256="", pdf=pdf)
    envelope = msgspec.structs.replace(ENVELOPE, subject=words) if kind is Kind.PACKET else None
    judged = Judged(kind=kind, report=GateReport(envelope=envelope, files=(file,)))
    path = Path(f"{words.replace('/', '_')}.pdf")
    result = judged_result(path, judged, load_policy(), at=AT, trust=trust)
    looked = None
    if seen:
        advice = Advice(
            code=Code.ADVICE_NUMBER_LINE, grade=Grade.ADVICE, page=1, box=Box(30, 40, 80, 45), article="-",
            found=Words(f"thấy {words}", f"found {words}"), wanted=Words("quy định", "the rule"),
        )  # fmt: skip
        beyond = msgspec.structs.replace(advice, page=2, grade=Grade.NOTE)
        looked = Seen(files=(
            SeenFile(
                name=words, pages=70, looked_at=60, advice=(advice, advice, beyond),
                marks=(Mark(field="A", page=1, box=Box(100, 200, 150, 220), ink=None),),
                pictures=(Picture(page=1, width=210, height=297, png=b"PNG"),),
            ),
        ))  # fmt: skip
        result = with_advice(result, looked)
    return Checked(path=path, result=result, judged=judged, seen=looked)


class Elements(HTMLParser):
    """Collects elements with their attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.text = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("kind", [Kind.PDF, Kind.PACKET])
def test_words_of_a_hostile_file_stay_words(kind):
    """Names, subjects, certificates and findings are shown letter by letter and never become elements."""
    page = render_page([tell(checked(HOSTILE, kind=kind))], at=AT)
    elements = Elements(page)
    loading = {"script", "img", "iframe", "object", "embed", "link", "form"}
    assert not loading & {tag for tag, _ in elements.found}
    for _, attributes in elements.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        links = [attributes[name] for name in ("src", "href") if name in attributes]
        assert all(link.startswith(("data:image/png;base64,", "#")) for link in links)
    text = "".join(elements.text)
    assert HOSTILE in text
    assert "49" not in text.replace("{{ 7*7 }}", "")


def test_the_page_lets_nothing_in():
    """Its own policy allows pictures inside it and the one style sheet it brings, by digest."""
    page = render_page([tell(checked())], at=AT)
    policy = next(
        attributes["content"] for tag, attributes in Elements(page).found
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )  # fmt: skip
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'", "img-src data:", f"style-src 'sha256-{digest}'",
        "base-uri 'none'", "form-action 'none'",
    ]  # fmt: skip


def test_findings_are_drawn_with_their_numbers():
    """Each box has a number that leads to its words; two at one place do not hide each other."""
    page = render_page([tell(checked())], at=AT)
    elements = Elements(page).found
    boxes = [attributes["class"] for tag, attributes in elements if tag == "g"]
    assert boxes == ["box sign-box", "box advice-box", "box advice-box"]
    spots = {(a["cx"], a["cy"]) for tag, a in elements if tag == "circle"}
    assert len(spots) == 3
    assert {a.get("id") for tag, a in elements if tag == "li"} >= {
        "f1-1-k1", "f1-1-k2", "f1-1-v1", "f1-1-v2", "f1-1-v3",
    }  # fmt: skip
    labels = [a["aria-label"] for tag, a in elements if tag == "svg"]
    assert labels == ["Trang 1: xin chào; 2 khuyến nghị"]


def test_headings_go_down_by_one():
    """A reader by headings finds: the report, each file, its parts, its signatures and its appearance."""
    page = render_page([tell(checked())])
    levels = [int(tag[1]) for tag, _ in Elements(page).found if re.match(r"h\d", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize(("lang", "words"), [("vi", "Bốn phần của kết luận"), ("en", "The four parts")])
def test_both_languages(lang, words):
    """Vietnamese has English beside it; English stands alone."""
    page = render_page([tell(checked())], lang=lang)
    assert f'<html lang="{lang}">' in page
    assert words in page
    assert ("Bốn phần" in page) == (lang == "vi")


def test_the_story_of_two_signatures():
    """Who, for whom, when and by whose clock, what was covered, what came after; in order of signing."""
    first, second = tell(checked()).files[0].signatures
    assert (first.who, first.agency) == ("Người A", "Bộ Mẫu")
    assert first.when[0] == "24/11/2026 16:00:00 (UTC+7), theo dấu thời gian của một bên thứ ba"
    assert first.covered[0] == "phủ 400 / 1.000 byte đầu của tệp"
    assert first.after[0] == "sau đó thêm 600 byte: chữ ký 2"
    assert "chưa được chứng minh" in second.when[0]
    assert (second.covered[0], second.after[0]) == ("phủ toàn bộ tệp", "sau đó không thêm gì")
    filled = (signature("A", 400, filled_behind=2), signature("B", 1000))
    (first, _) = tell(checked(signatures=filled)).files[0].signatures
    assert first.after[0].endswith(", 2 trường biểu mẫu được điền")
    broken = (signature("A", 400, intact=False),)
    (alone,) = tell(checked(signatures=broken)).files[0].signatures
    assert not alone.sound
    assert alone.state[0].startswith("KHÔNG nguyên vẹn")
    assert alone.after[0] == "sau đó thêm 600 byte không có chữ ký"


def test_each_reason_has_its_words_and_what_to_do():
    """A refusal says what rule and what to do, in both languages; so does every reason of a file."""
    broken = Part(
        outcome=Outcome.REFUSED, reasons=(Violation(Code.CHANGED_AFTER, "signatures[0]", "a page was added"),)
    )
    told = tell(checked(integrity=broken))
    assert told.outcome is Outcome.REFUSED
    (reason,) = told.parts[0].reasons
    assert (reason.rule, reason.code) == ("G5", "signature.changed-after")
    assert "a page was added" in reason.detail
    assert reason.todo[0]
    for code in Code:
        if REASONS[code].rule[0] in "FGSW" or code is Code.SECRECY_MARKED:
            assert all(what_to_do(code)), code


def test_what_nobody_saw_is_not_called_good():
    """Without an answer from the pages there is no word that they are in order."""
    told = tell(checked(seen=False))
    assert not told.files[0].looked
    page = render_page([told])
    assert "Không xem được trang." in page
    assert "Không có khuyến nghị." not in page
    assert checked(seen=False).result.advice is msgspec.UNSET
    assert with_advice(checked(seen=False).result, None).advice is None


def test_a_stamp_of_secrecy_refuses_and_advice_does_not():
    """T10 goes into the content part; advice changes neither parts nor outcome."""
    plain = checked(seen=False, trust=True).result
    advised = checked(trust=True).result
    assert advised.outcome is plain.outcome is Outcome.ACCEPTED
    assert len(advised.advice) == 3
    mark = Violation(Code.SECRECY_MARKED, "", "trang 1")
    stamped = with_advice(plain, Seen(files=(SeenFile(secrecy=mark),)))
    assert (stamped.outcome, stamped.content.outcome) == (Outcome.REFUSED, Outcome.REFUSED)
    assert stamped.content.reasons[0].rule == "T10"
    assert stamped.integrity == plain.integrity


def test_trust_that_was_given_is_not_asked_for_again():
    """Without a list the report asks for one; with one, a file that trust does not reach says only that."""

    def trust_of(one):
        return tell(one).parts[2].meaning[0]

    assert "--trust" in trust_of(checked())
    assert "--trust" not in trust_of(checked(trust=True))
    unread = msgspec.structs.replace(checked(trust=True), result=undetermined_result(
        Path("x"), Undetermined(code=Code.GATE_UNDETERMINED, detail=""), load_policy(), 0.1
    ))  # fmt: skip
    assert trust_of(unread) == "Không xét được."
