"""An update is made of what its cross-references name, in the words of the language."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.lexing import value_end
from tests.attacks.building import one, two
from tests.attacks.layouts import stored
from tests.attacks.references import by_stream
from tests.good.judged import ACCEPTED, parts
from tests.lab.pdfs import newest

CHANGED = {"signature.changed-after"}


@pytest.mark.parametrize(
    "text",
    [
        b"<< >>",
        b"<</A/B#20c/D[1 -.5 +3. 4 0 R(a\\)b(c)\\))<0a 0B>]/E<</F null>>>>",
        b"7 0 obj\r\n<< /A % a comment >> ( \n true /B (x\ny) >>",
        b"7 0 obj [ [ ] [ 1 ] ]",
        b"7 0 obj\n12\nendobj",
        b"7 0 obj\n(a)\nendobj\n",
        b"/ true",
    ],
)
def test_what_the_language_has_is_read_to_its_end(text):
    """Values as tools write them."""
    end = value_end(text)
    assert end is not None
    assert text[end:].strip() in {b"", b"endobj"}


@pytest.mark.parametrize(
    "text",
    [
        b"<< /A 1 >\n",
        b"<< /A 1 >]",
        b"<< /A [1 >> ]",
        b"<< /A 6\x0b0 R >>",
        b"<< /A\xa01 >>",
        b"<< /A 1-2 >>",
        b"<< /A --1 >>",
        b"<< /A <0g> >>",
        b"<< /A (a >>",
        b"<< /A {1} >>",
        b"<< /A True >>",
        b">>",
        b"[",
        b"<< /A endobj >>",
    ],
)
def test_other_words_are_none(text):
    """What one reader forgives and another reads otherwise."""
    assert value_end(text) is None


@given(st.binary(max_size=40))
def test_whatever_comes_has_an_end_within_it_or_none(text):
    """No bytes raise."""
    end = value_end(text)
    assert end is None or 0 <= end <= len(text)


@pytest.mark.parametrize("pdf", [one, two], ids=["signed", "and sealed"])
def test_an_update_as_tools_write_it_is_accepted(pdf):
    """By a table and by a stream."""
    catalog = newest(pdf(), 1)[:-2] + b"/DSS << >> >>"
    assert parts(stored(pdf())) == ACCEPTED
    assert parts(by_stream(pdf(), {}, {1: catalog})) == ACCEPTED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(b"/Root 1 0 R", b"/Toor 1 0 R", id="no-catalog"),
        pytest.param(b"endobj\n11 0 obj", b"endobj\n(x)\n11 0 obj", id="a-string-between"),
        pytest.param(b"endobj\n11 0 obj", b"endobj %9 0 obj\n11 0 obj", id="an-object-in-a-comment"),
        pytest.param(b"startxref", b"trailer <<>>\nstartxref", id="two-trailers"),
        pytest.param(b"xref\n1 1", b"xref\n1  +1", id="a-sign"),
        pytest.param(b"%%EOF\n", b"%%EOF\nstartxref\n0\n%%EOF\n", id="two-endings"),
    ],
)
def test_anything_else_in_an_update_refuses(old, new):
    """Where a reader that searches the file would find it."""
    signed = one()
    update = stored(signed)[len(signed) :]
    assert old in update
    moved = update.replace(old, new, 1)
    # Offsets follow what was put in before them.
    shift = len(new) - len(old)
    place = len(signed) + update.index(b"11 0 obj")
    moved = moved.replace(b"%010d" % place, b"%010d" % (len(signed) + moved.index(b"11 0 obj", 10)))
    start = len(signed) + update.index(b"xref\n1 ")
    grown = start + (shift if update.index(old) < update.index(b"xref\n1 ") else 0)
    moved = re.sub(rb"startxref\n%d" % start, b"startxref\n%d" % grown, moved)
    assert parts(signed + moved)[0] & {*CHANGED, "pdf.startxref", "signature.not-covering-file"}
