"""Rule G8: what must not stand in a document, wherever it stands."""


import pytest

from axis.reports import Outcome
from tests.lab.broken import packed
from tests.lab.pdfs import (
    codes,
    judge,
    person,
    plain,
    sign,
    signed_by_hand,
    update,
)
from tests.unit.signing.test_verify_integrity import catalog

CONTENT = {
    "open-action": (plain, "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", "content.javascript"),
    "named-script": (plain, "/Names << /JavaScript << /Names [] >> >>", "content.javascript"),
    "escaped-name": (plain, "/OpenAction << /S /Java#53cript /#4a#53 (x) >>", "content.javascript"),
    "deep-inline": (plain, "/Foo [[<< /A << /S /Launch /F (calc.exe) >> >>]]", "content.launch-action"),
    "xfa": (plain, "/Later << /XFA [] >>", "content.xfa"),
}


@pytest.mark.parametrize(
    ("make", "entries", "code"), [pytest.param(*c, id=f"G8-{n}") for n, c in CONTENT.items()]
)
def test_forbidden_content_is_found_wherever_it_stands(make, entries, code):
    """Scripts, programs and XFA refuse the content and leave integrity alone."""
    report = judge(signed_by_hand(pdf=make(entries)))
    assert codes(report) == {"integrity": set(), "content": {code}, "trust": set()}


def test_a_script_in_an_object_stream_is_found():
    """Compressed objects are objects: the name stands nowhere in the raw bytes."""
    pdf = sign(packed(script=True), person())
    assert b"JavaScript" not in pdf
    assert codes(judge(pdf)) == {"integrity": set(), "content": {"content.javascript"}, "trust": set()}
    assert codes(judge(sign(packed(script=False), person())))["content"] == set()


def test_a_script_of_an_older_revision_is_found():
    """What a later revision took away is still in the file, and an older viewer shows it."""
    old = plain("/OpenAction << /S /JavaScript /JS (x) >>")
    report = judge(signed_by_hand(pdf=update(old, {1: catalog("")})))
    assert codes(report)["content"] == {"content.javascript"}


def test_a_script_in_a_string_or_a_stream_is_only_text():
    """A document may speak about JavaScript: words are no action."""
    body = b"BT (/S /JavaScript /JS ) Tj ET"
    content = b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)
    report = judge(signed_by_hand(pdf=plain("/Foo (/JavaScript and /Launch )", n4=content)))
    assert report.content.outcome is Outcome.ACCEPTED


def test_an_encrypted_file_is_refused_for_its_content():
    """Nobody can see what was signed; nothing else is claimed about it."""
    pdf = plain(n8=b"<< /Filter /Standard /V 1 /R 2 /O <00> /U <00> /P -4 >>")
    report = judge(pdf.replace(b"/ID [<0123>", b"/Encrypt 8 0 R /ID [<0123>"))
    assert codes(report)["content"] == {"content.encrypted"}
    assert report.integrity.outcome is Outcome.NOT_JUDGED
