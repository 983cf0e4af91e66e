"""Rule G8: what no document may bring, each kind by its own name, in every revision and inline too."""

import io
import re

import pikepdf
import pytest

from axis.reports import Outcome
from signing.content import Spelled, check_content
from signing.integrity import judge_integrity
from signing.reading import open_pdf
from tests.lab.pdfs import (
    codes,
    judge,
    limits,
    next_number,
    person,
    plain,
    seal,
    sign,
    signed_by_hand,
    update,
)
from tests.unit.signing.test_harmless import filled, with_field
from tests.unit.signing.test_verify_integrity import catalog

GROUP = b"<< /Type /OCG /Name (L) >>"
PRINTED = b"<< /Type /OCG /Name (L) /Usage << /Print << /PrintState /OFF >> >> >>"
AUTOMATIC = "/AS [<< /Event /Print /Category [/Print] /OCGs [8 0 R] >>]"


def layers(default: str, group: bytes = GROUP) -> bytes:
    return plain(f"/OCProperties << /OCGs [8 0 R] /D << {default} >> >>", n8=group)


def page(entries: str, **objects: bytes) -> bytes:
    """A PDF with further entries in its page."""
    text = f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R {entries} >>"
    return plain(n3=text.encode(), **objects)


FORBIDDEN = {
    "submit-form": (lambda: page("/AA << /O << /S /SubmitForm /F (x) >> >>"), "content.submit-form"),
    "import-data": (lambda: page("/AA << /O << /S /ImportData /F (x) >> >>"), "content.import-data"),
    "other-document": (lambda: page("/AA << /O << /S /GoToR /F (x) >> >>"), "content.remote-document"),
    "embedded-document": (lambda: page("/AA << /O << /S /GoToE >> >>"), "content.embedded-document"),
    "rendition": (lambda: page("/AA << /O << /S /Rendition /OP 0 >> >>"), "content.media"),
    "film": (lambda: page("/Annots [<< /Type /Annot /Subtype /Movie >>]"), "content.media"),
    "rich-media": (lambda: page("/Annots [<< /Type /Annot /Subtype /RichMedia >>]"), "content.media"),
    "three-dimensional": (lambda: page("/Annots [<< /Type /Annot /Subtype /3D >>]"), "content.media"),
    "chained": (
        lambda: page("/Annots [<< /A << /S /GoTo /D [3 0 R /Fit] /Next [<< /S /SubmitForm >>] >> >>]"),
        "content.submit-form",
    ),
    "name-of-its-own": (lambda: page("/AA << /O << /S 8 0 R >> >>", n8=b"/GoToR"), "content.remote-document"),
    "escaped": (lambda: page("/AA << /O << /S /Submit#46orm >> >>"), "content.submit-form"),
    "embedded-file": (
        lambda: plain("/Names << /EmbeddedFiles << /Names [(a) << /EF << /F 8 0 R >> >>] >> >>",
                      n8=b"<< /Length 1 >>\nstream\nx\nendstream"),
        "content.embedded-file",
    ),
    "attached-file": (
        lambda: page("/Annots [<< /Type /Annot /Subtype /FileAttachment /FS (a) >>]"),
        "content.embedded-file",
    ),
    "content-elsewhere": (
        lambda: plain(n4=b"<< /Length 0 /F (content.bin) >>\nstream\n\nendstream"),
        "content.external-stream",
    ),
    "content-elsewhere-by-reference": (
        lambda: plain(n4=b"<< /Length 0 /F%\n8 0 R >>\nstream\n\nendstream", n8=b"<< /F (a) >>"),
        "content.external-stream",
    ),
    "content-elsewhere-escaped": (
        lambda: plain(n4=b"<< /Length 0 /#46 <612e62> >>\nstream\n\nendstream"),
        "content.external-stream",
    ),
    "layer-off": (lambda: layers("/OFF [8 0 R]"), "content.hidden-layer"),
    "all-layers-off": (lambda: layers("/BaseState /OFF /ON [8 0 R]"), "content.hidden-layer"),
    "layer-off-when-printed": (lambda: layers(AUTOMATIC, PRINTED), "content.hidden-layer"),
    # Some viewers ask for no automatic states.
    "layer-off-when-printed-by-some": (lambda: layers("", PRINTED), "content.hidden-layer"),
    "layer-for-some-distance": (
        lambda: layers(
            AUTOMATIC.replace("Print", "Zoom"), b"<< /Type /OCG /Name (L) /Usage << /Zoom << /min 2 >> >> >>"
        ),
        "content.hidden-layer",
    ),
    "replaced-before-printing": (
        lambda: plain(n8=b"<< /Length 0 /OPI << /2.0 << /F (a) >> >> >>\nstream\n\nendstream"),
        "content.external-stream",
    ),
    "thread-of-another-document": (
        lambda: page("/Annots [<< /A << /S /Thread /F (x.pdf) /D 0 >> >>]"), "content.remote-document",
    ),
    "acting-as-the-page-opens": (
        lambda: page("/AA << /O << /S /Named /N /Print >> >>"), "content.open-action",
    ),
    "acting-as-a-note-is-seen": (
        lambda: page("/Annots [<< /AA 8 0 R >>]", n8=b"<< /PV << /S /URI /URI (http://x) >> >>"),
        "content.open-action",
    ),
    "shown-where-another-is-not": (
        lambda: page("/Resources << /Properties << /M << /Type /OCMD /P /AllOff >> >> >>"),
        "content.hidden-layer",
    ),
    "shown-by-an-expression": (
        lambda: page("/Resources << /Properties << /M << /Type /OCMD /VE [/Not 8 0 R] >> >> >>", n8=GROUP),
        "content.hidden-layer",
    ),
    "hidden-by-an-action": (
        lambda: page("/AA << /O << /S /Hide /T (Seal) >> >>"), "content.hidden-layer",
    ),
    "hidden-by-an-action-on-layers": (
        lambda: page("/AA << /O << /S /SetOCGState /State [/OFF 8 0 R] >> >>",
                     n8=GROUP),
        "content.hidden-layer",
    ),
    "opening-by-name": (lambda: plain("/OpenAction << /S /Named /N /Print >>"), "content.open-action"),
    "opening-by-reference": (
        lambda: plain("/OpenAction 8 0 R", n8=b"<< /S /URI /URI (http://x) >>"),
        "content.open-action",
    ),
    "opening-with-a-chain": (
        lambda: plain("/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next << /S /Named /N /Print >> >>"),
        "content.open-action",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "code"), [pytest.param(*case, id=f"G8-{name}") for name, case in FORBIDDEN.items()]
)
def test_each_kind_is_refused_by_its_own_name(make, code):
    """The content refuses, and integrity does not speak of it."""
    assert codes(judge(signed_by_hand(pdf=make()), trust=None)) == {
        "integrity": set(),
        "content": {code},
        "trust": {"waiting.trust-not-given"},
    }


PLAIN = {
    "destination": lambda: plain("/OpenAction [3 0 R /Fit]"),
    "destination-by-action": lambda: plain("/OpenAction 8 0 R", n8=b"<< /S /GoTo /D [3 0 R /Fit] >>"),
    "link": lambda: page("/Annots [<< /Type /Annot /Subtype /Link /A << /S /URI /URI (http://x) >> >>]"),
    "layers-that-show": lambda: layers("/ON [8 0 R] /OFF []"),
    "automatic-and-shown": lambda: layers(AUTOMATIC, PRINTED.replace(b"/OFF", b"/ON")),
    "flags-of-an-annotation": lambda: page(
        "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 1 1] /F 4/A << /S /URI /URI (http://x) >> >>]"
    ),
    "a-file-that-is-only-named": lambda: plain("/Names << /Dests 8 0 R >>", n8=b"<< /F (a) >>"),
    # Without an action, which would be told, a screen is an empty rectangle.
    "a-screen-without-an-action": lambda: page("/Annots [<< /Subtype /Screen /Rect [0 0 9 9] >>]"),
    "no-files-named": lambda: plain("/Names << /EmbeddedFiles << /Names [] >> >>"),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G8-{name}") for name, make in PLAIN.items()])
def test_what_does_nothing_is_let_in(make):
    """Links, destinations and layers that are shown are ordinary content."""
    assert judge(signed_by_hand(pdf=make()), trust=None).content.outcome is Outcome.ACCEPTED


def test_g8_what_an_older_revision_hid_or_opened_counts():
    """G8-older-revision: an opening action that an update took away is refused all the same."""
    old = plain("/OpenAction << /S /Named /N /Print >>")
    pdf = signed_by_hand(pdf=update(old, {1: catalog("")}))
    assert codes(judge(pdf, trust=None))["content"] == {"content.open-action"}


def test_g8_a_linearised_file_has_its_catalog_in_one_half():
    """G8-linearised: the half without a catalog opens nothing; the other half is looked at."""
    for entries, found in (("[3 0 R /Fit]", set()), ("<< /S /Named /N /Print >>", {"content.open-action"})):
        output = io.BytesIO()
        with pikepdf.open(io.BytesIO(plain(f"/OpenAction {entries}"))) as pdf:
            pdf.save(output, linearize=True)
        report = judge(sign(output.getvalue(), person()), trust=None)
        assert codes(report)["content"] == found
        assert codes(report)["integrity"] == set()


def test_g8_policy_may_let_files_travel_inside():
    """G8-embedded-by-policy: policy data decides, and nothing but files is let through by it."""
    make, code = FORBIDDEN["attached-file"]
    pdf = signed_by_hand(pdf=make())
    assert codes(judge(pdf, trust=None, embedded_files=True))["content"] == set()
    both = signed_by_hand(pdf=update(make(), {1: catalog("/X << /S /GoToE >>")}))
    assert codes(judge(both, trust=None, embedded_files=True))["content"] == {"content.embedded-document"}
    assert codes(judge(both, trust=None))["content"] == {"content.embedded-document", code}


def test_g8_a_field_value_changed_behind_the_signature_is_told_by_name():
    """G8-field-values: beside G5's refusal of integrity, the content says what was changed."""
    report = judge(filled(with_field()), trust=None)
    assert codes(report)["content"] == {"content.fields-changed"}
    assert codes(report)["integrity"] == {"signature.changed-after"}


RIGHTS = (
    b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /ByteRange [0 1 2 3] "
    b"/Contents <00> "
    b"/Reference [<< /Type /SigRef /TransformMethod /UR3 >>] >>"
)


def test_g2_usage_rights_are_no_signature():
    """G2-usage-rights: a reader-enabled document may be signed; unsigned it bears no signature."""
    enabled = plain("/Perms << /UR3 8 0 R >>", n8=RIGHTS)
    assert codes(judge(signed_by_hand(pdf=enabled), trust=None))["integrity"] == set()
    assert codes(judge(enabled, trust=None))["integrity"] == {"signature.none"}


def test_g2_a_signature_that_calls_itself_usage_rights_is_none_of_them():
    """G2-usage-rights: only what grants rights and nothing else is left uncounted."""
    other = RIGHTS.replace(b"/TransformMethod /UR3", b"/TransformMethod /DocMDP")
    pdf = signed_by_hand(pdf=plain("/Perms << /UR3 8 0 R >>", n8=other))
    assert codes(judge(pdf, trust=None))["integrity"] == {"signature.field-count"}
    hidden = signed_by_hand(pdf=plain("/Other 8 0 R", n8=RIGHTS))
    assert codes(judge(hidden, trust=None))["integrity"] == {"signature.field-count"}


def test_g8_a_large_document_with_an_opening_action_is_not_read_whole(monkeypatch):
    """Where catalogs alone speak, no other object is read."""
    monkeypatch.setattr("signing.content._objects", None)
    pdf = signed_by_hand(pdf=plain("/OpenAction [3 0 R /Fit]"))
    assert judge(pdf, trust=None).content.outcome is Outcome.ACCEPTED


def both_ways(pdf: bytes) -> tuple[object, object]:
    """What is found by walking every object, and by searching the bytes for names first."""
    opened = open_pdf(io.BytesIO(pdf), limits())
    signatures = len(judge_integrity(opened, limits())[0])
    walked, searched = (
        check_content(opened, Spelled(opened), signatures, compared=compared) for compared in (True, False)
    )
    return walked, searched


@pytest.mark.parametrize("make", [make for make, _ in FORBIDDEN.values()], ids=list(FORBIDDEN))
def test_walking_and_searching_find_the_same(make):
    """Which way is gone hangs on what is read already, and on nothing else."""
    for pdf in (make(), sign(make(), person()), sign(sign(make(), person()), seal())):
        walked, searched = both_ways(pdf)
        assert walked == searched
        assert walked[0], "it is forbidden"


def test_a_place_named_twice_is_looked_at_once():
    """A tool that writes every entry of the table again adds no second signature."""
    pdf = sign(sign(plain(), person()), seal())
    walked, searched = both_ways(named_again(pdf))
    assert walked == searched == ((), ())


def named_again(pdf: bytes) -> bytes:
    """An update that brings no object, and names the places of all there are once more."""
    reader = open_pdf(io.BytesIO(pdf), limits()).reader
    last = reader.total_revisions - 1
    numbers = {ref.idnum for n in range(last + 1) for ref in reader.xrefs.explicit_refs_in_revision(n)}
    places = [(number, reader.place((number, 0), last)) for number in sorted(numbers)]
    lines = [b"xref\n0 1\n0000000000 65535 f \n", *(b"%d 1\n%010d 00000 n \n" % one for one in places)]
    before = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    trailer = b"trailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n" % (next_number(pdf), before)
    pdf += b"" if pdf.endswith(b"\n") else b"\n"
    return pdf + b"".join(lines) + trailer + b"startxref\n%d\n%%%%EOF\n" % len(pdf)
