"""Tagged documents signed twice by iText 7 and 8: what the structure tree tells of a signature."""

import pytest

from tests.attacks.building import by_person, by_seal, letter, one, page, stream
from tests.good.judged import ACCEPTED, parts
from tests.good.laying import FIELD, PLAIN, lay
from tests.lab.pdfs import newest, next_number, update
from tests.lab.services import a_document_token

CHANGED = "signature.changed-after"
ROOT = b"<< /Type /StructTreeRoot /K 51 0 R /ParentTree 53 0 R /ParentTreeNextKey 1 /RoleMap << >> >>"
TEXT = b"/S /P /P 51 0 R /Pg 3 0 R /K 0"
HOLDER = b"<< /S /Document /P 50 0 R /K [52 0 R 80 0 R] >>"
NUMBERS = b"<< /Nums [0 [52 0 R] %s] >>"


def tagged(kids: bytes = b"[52 0 R]") -> bytes:
    """Return a tagged letter, signed by a person."""
    return by_person(
        letter(
            "/StructTreeRoot 50 0 R /MarkInfo << /Marked true >>",
            n3=page(b"", b"/StructParents 0"),
            n50=ROOT,
            n51=b"<< /S /Document /P 50 0 R /K %s >>" % kids,
            n52=b"<< %s >>" % TEXT,
            n53=NUMBERS % b"",
        )
    )


def sealed(pdf: bytes | None = None, *, how: object = None, **changes: bytes | None) -> bytes:
    """Seal it with a field that the structure tree tells of.

    Args:
        pdf: signed; None: the tagged letter.
        how: signs; None: the seal does.
        changes: ``root``, ``holder``, ``element``, ``parents``, ``entries`` of the field, further objects.
    """
    pdf = tagged() if pdf is None else pdf
    field = next_number(pdf)
    own = {
        50: ROOT.replace(b"53 0 R", b"81 0 R").replace(b"NextKey 1", b"NextKey 2"),
        51: HOLDER,
        80: b"<< /Type /StructElem /S /Form /P 51 0 R /Pg 3 0 R /K << /Type /OBJR /Obj %d 0 R >> >>" % field,
        81: NUMBERS.replace(b"[52 0 R]", b"82 0 R") % b"1 80 0 R",
        82: b"[52 0 R]",
    }
    names = {"root": 50, "holder": 51, "element": 80, "parents": 81}
    entries = changes.pop("entries", None) or b"/StructParent 1"
    numbers = {names.get(name) or int(name[1:]): value for name, value in changes.items()}
    made = {number: value for number, value in {**own, **numbers}.items() if value is not None}
    if how is not None:
        return how(pdf, made, entries)  # type: ignore[operator]
    value = field + 1
    widget = FIELD % (b"Seal", value)
    return by_seal(pdf, objects={**made, field: widget[:-2] + entries + b" >>"})


def stamp(pdf: bytes, objects: dict[int, bytes], entries: bytes) -> bytes:
    text = PLAIN.replace(b"/Sig ", b"/DocTimeStamp ").replace(b"ETSI.CAdES.detached", b"ETSI.RFC3161")
    field = FIELD[:-2] + entries + b" >>"
    return lay(pdf, a_document_token, text=text, name=b"Stamp", field=field, objects=objects)


ELEMENT = b"<< /S /Form /P 51 0 R %s /K << /Type /OBJR /Obj %d 0 R >> >>"


def element(entries: bytes = b"/Pg 3 0 R", widget: int | None = None) -> bytes:
    return ELEMENT % (entries, next_number(tagged()) if widget is None else widget)


GOOD = {
    "an-element-for-the-signature": sealed,
    "a-single-child-became-a-list": lambda: sealed(tagged(kids=b"52 0 R")),
    "reference-in-a-list": lambda: sealed(
        element=element().replace(b"<< /Type /OBJR", b"[<< /Type /OBJR").replace(b">> >>", b">>] >>")
    ),
    "the-same-list-of-parents": lambda: sealed(parents=NUMBERS % b"1 80 0 R", n82=None),
    "parents-in-a-tree": lambda: sealed(
        parents=b"<< /Kids [83 0 R] >>", n83=b"<< /Limits [0 1] /Nums [0 82 0 R 1 80 0 R] >>"
    ),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_the_structure_tells_of_a_signature_is_let_in(name):
    """Integrity and content are accepted."""
    assert parts(GOOD[name]()) == ACCEPTED


REFUSED = {
    "with-a-stamp": lambda: sealed(how=stamp),
    "behind-everything": lambda: update(
        tagged(), {51: HOLDER, 80: element(widget=4)}
    ),
    "spoken-instead": lambda: sealed(element=element(b"/Pg 3 0 R /ActualText (999)")),
    "spoken-besides": lambda: sealed(element=element(b"/Pg 3 0 R /Alt (999)")),
    "a-title": lambda: sealed(element=element(b"/Pg 3 0 R /T (999)")),
    "another-role": lambda: sealed(element=element().replace(b"/Form", b"/P")),
    "another-page": lambda: sealed(element=element(b"/Pg 8 0 R")),
    "of-marked-content": lambda: sealed(element=b"<< /S /Form /P 51 0 R /Pg 3 0 R /K 0 >>"),
    "of-an-older-object": lambda: sealed(element=element(widget=4)),
    "of-another-parent": lambda: sealed(element=element().replace(b"/P 51", b"/P 52")),
    "before-what-was-there": lambda: sealed(holder=b"<< /S /Document /P 50 0 R /K [80 0 R 52 0 R] >>"),
    "instead-of-what-was-there": lambda: sealed(holder=b"<< /S /Document /P 50 0 R /K [80 0 R] >>"),
    "what-was-there-twice": lambda: sealed(holder=b"<< /S /Document /P 50 0 R /K [52 0 R 80 0 R 52 0 R] >>"),
    "a-holder-that-speaks": lambda: sealed(
        holder=b"<< /S /Document /P 50 0 R /Alt (999) /K [52 0 R 80 0 R] >>"
    ),
    "an-older-element-changed": lambda: sealed(n52=b"<< %s /ActualText (999) >>" % TEXT),
    "other-roles": lambda: sealed(root=ROOT.replace(b"<< >>", b"<< /P /H1 >>").replace(b"53 0", b"81 0")),
    "another-tree": lambda: sealed(root=ROOT.replace(b"/K 51", b"/K 80").replace(b"53 0", b"81 0")),
    "a-number-less": lambda: sealed(parents=b"<< /Nums [1 80 0 R] >>"),
    "a-number-of-something-else": lambda: sealed(parents=b"<< /Nums [0 [80 0 R] 1 80 0 R] >>"),
    "a-number-more": lambda: sealed(parents=NUMBERS % b"1 80 0 R 2 80 0 R"),
    "a-number-that-the-field-has-not": lambda: sealed(entries=b"/StructParent 7"),
    "parents-with-more": lambda: sealed(parents=b"<< /Nums [0 82 0 R 1 80 0 R] /X 4 0 R >>"),
    "content-along-with-it": lambda: sealed(n4=stream(b"BT ET")),
    "no-signature": lambda: by_seal(
        update(tagged(), {51: HOLDER, 80: element(widget=84), 84: newest(one(), 9)})
    ),
}


def test_an_element_that_is_its_own_child_is_told_as_a_loop():
    """It took the whole of the time that a file may take."""
    looped = by_person(letter("/StructTreeRoot 50 0 R", n50=b"<< /K 51 0 R >>", n51=b"<< /S /P /K 51 0 R >>"))
    assert parts(update(looped, {5: b"<< /Producer (again) >>"}))[0] == {"pdf.loop"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_rides_on_it_is_refused(name):
    """Nothing is said, taken away or moved; a time-stamp, which needs nobody's key, tells nothing at all."""
    assert CHANGED in parts(REFUSED[name]())[0]
