"""What is looked at in memory, or asked once, is what reading piece by piece and asking anew give."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic

from signing.versions import Reader
from tests.attacks.building import letter, stream
from tests.lab.pdfs import signed_twice, update, with_dss


class Unheld(io.BytesIO):
    """A file whose bytes are not to be had at once, as one on disk."""


def shape(value):
    """Everything an object says, its kind and place included."""
    kind = type(value).__name__, getattr(value.container_ref, "idnum", None)
    if isinstance(value, generic.IndirectObject):
        return kind, value.idnum, value.generation
    if isinstance(value, generic.DictionaryObject):
        data = value.encoded_data if isinstance(value, generic.StreamObject) else None
        return kind, [(key, shape(one)) for key, one in dict.items(value)], data
    if isinstance(value, generic.ArrayObject):
        return kind, [shape(one) for one in list.__iter__(value)]
    return kind, getattr(value, "original_bytes", None), repr(value)


def said(kind, pdf):
    """What a reader makes of every object in every revision, and where each ends."""
    try:
        reader = Reader(kind(pdf), strict=True)
    except Exception as exc:  # noqa: BLE001 - whatever it is, it must be the same
        return f"{type(exc).__name__}: {exc}"
    found = {}
    for revision in range(reader.total_revisions):
        for key in sorted(reader.defined(revision)):
            place = reader.place(key, revision)
            try:
                end = reader.end(key, place) if isinstance(place, int) else None
                found[key, revision] = shape(reader.version(key, revision)), end
            except Exception as exc:  # noqa: BLE001
                found[key, revision] = f"{type(exc).__name__}: {exc}"
    return found


LONG = {
    "numbers": b"[" + b"1 " * 2000 + b"]",
    "hexadecimal": b"<" + b"41" * 20_000 + b">",
    "beyond-the-window": b"<< /A <" + b"41" * 70_000 + b"> /B 3 0 R >>",
    "to-the-window": b"<< /A <" + b"41" * ((131072 - 16) // 2) + b"> /B 3 0 R >>",
    "nested-string": b"<< /A (" + b"(x)" * 600 + b") /B (" + b"(y)" * 900 + b") >>",
    "nested-string-without-end": b"<< /A (" + b"((x)" * 900 + b") >>",
    "white": b" " * 2047 + b"<< /A 1 >>" + b"\n" * 40,
    "whiter": b" " * 5000 + b"<< /A 1 >>",
    "comment-behind": b"<< /A 1 >>" + b" " * 3000 + b"% x\n",
    "stream": stream(b"Z" * 5000, b"/A [" + b"3 0 R " * 500 + b"]"),
    "stream-that-runs-on": stream(b"Z" * 50).replace(b"/Length 50", b"/Length 5000"),
    "half-a-reference": b"[3 0" + b" " * 30 + b"R 3 0 R]",
    "a-number": b"12" + b" " * 30,
    "deep": b"[" * 30 + b"]" * 30,
    "twice": b"<< /A 1 /A 2 >>",
}


@pytest.mark.parametrize("body", LONG.values(), ids=LONG)
def test_a_long_or_odd_object_is_the_same_from_memory_and_piece_by_piece(body):
    """Values around the windows that are looked through, in the file's middle and at its end."""
    for pdf in (letter(n30=body), update(letter(), {40: body}), letter(n30=body)[: -len(body) // 2]):
        assert said(io.BytesIO, pdf) == said(Unheld, pdf)


MAKERS = {
    "signed-twice": signed_twice,
    "long-term": with_dss,
    "odd": lambda: update(letter(n30=LONG["white"]), {30: LONG["nested-string"]}),
}
JUNK = st.one_of(
    st.binary(max_size=3),
    st.sampled_from([b" " * 2100, b"(", b"<<", b">>", b"endobj ", b"5 0 R ", b"stream\n", b"%", b"\x00"]),
)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(MAKERS)), st.floats(0, 1, exclude_max=True), JUNK, st.integers(0, 3))
def test_a_changed_file_is_the_same_from_memory_and_piece_by_piece(name, where, junk, gone):
    """Bytes put in, or taken away, at any place."""
    pdf = MAKERS[name]()
    at = int(where * len(pdf))
    changed = pdf[:at] + junk + pdf[at + gone :]
    assert said(io.BytesIO, changed) == said(Unheld, changed)


def concealing() -> bytes:
    """A letter in which a way through a parent leads to objects that nothing else names."""
    return letter(
        "/A 30 0 R", n30=b"<< /Parent 31 0 R >>", n31=b"<< /B 32 0 R >>", n32=b"<< /C 33 0 R >>", n33=b"[]"
    )


CONCEALED = {(number, 0) for number in (31, 32, 33)}


def view_of(pdf):
    return Reader(io.BytesIO(pdf), strict=True).get_historical_resolver(0)


def test_what_lies_behind_a_parent_is_found_whole_however_often_it_is_asked_for():
    """The second answer is the first."""
    view = view_of(concealing())
    assert view.hidden() >= CONCEALED
    assert view.hidden() == view.hidden() == view_of(concealing()).hidden()


def test_a_search_that_broke_off_is_none(monkeypatch):
    """An object that could not be read in the middle of it: the next to ask does not get the half."""
    view = view_of(concealing())
    view._load_reverse_xref_cache()
    real = view.reader.edges
    with monkeypatch.context() as broken:
        broken.setattr(view.reader, "edges", lambda key, at: 1 / 0 if key == (32, 0) else real(key, at))
        with pytest.raises(ZeroDivisionError):
            view.hidden()
    assert view.hidden() >= CONCEALED


def test_a_rule_that_alters_what_it_was_told_alters_it_for_no_other():
    """What a revision defines is a set of one's own, each time."""
    view = Reader(io.BytesIO(signed_twice()), strict=True).get_historical_resolver(1)
    first = view.explicit_refs_in_revision()
    assert first == view.reader.xrefs.explicit_refs_in_revision(1)
    assert first
    first.clear()
    assert view.explicit_refs_in_revision() == view.reader.xrefs.explicit_refs_in_revision(1)
