"""The bulk reader of values reads what pyHanko's own reads, or leaves it to that one."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic, misc

from signing import leaves, spelling, values
from signing.reading import open_pdf
from tests.lab.pdfs import judge, limits, signed_twice, with_dss


class Handler:
    """Stands for the reader: values only keep it."""

    strict = True

    def get_object(self, reference):
        """The one object that a length refers to."""
        return generic.NumberObject(4 if reference.idnum == 4 else 400)


HANDLER = Handler()
PLACE = generic.Reference(7, 0, HANDLER)


def shape(value, *, within=False):
    """All that can be told of a value: class, content, what is within, and where it belongs.

    Of names and numbers within others nobody asks that: one object may stand in many documents.
    """
    shared = within and isinstance(value, (generic.NameObject, generic.NumberObject, generic.FloatObject))
    own = type(value), shared or (value.container_ref, value.container_ref is PLACE)
    if isinstance(value, generic.StreamObject):
        inside = [(key, type(key), shape(inner, within=True)) for key, inner in value.items()]
        return own, value._encoded_data, inside
    if isinstance(value, generic.DictionaryObject):
        return own, [(key, type(key), shape(inner, within=True)) for key, inner in value.items()]
    if isinstance(value, generic.ArrayObject):
        return own, [shape(inner, within=True) for inner in value]
    if isinstance(value, generic.IndirectObject):
        return own, value.idnum, value.generation, value.reference.pdf is HANDLER
    if isinstance(value, (generic.TextStringObject, generic.ByteStringObject)):
        return own, value.original_bytes
    return own, None if isinstance(value, generic.NullObject) else repr(value)


def outcome(read, data, start=0):
    """What a reader makes of bytes and where it stands then, or the class of its exception."""
    stream = io.BytesIO(data)
    stream.seek(start)
    try:
        value = read(stream, PLACE)
    except RecursionError:
        raise
    except Exception as exc:  # noqa: BLE001
        return type(exc)
    return shape(value), stream.tell()


def original(stream, place):
    """PyHanko's own, nested values too."""
    values._Slow.active = True
    try:
        return values.original(stream, place)
    finally:
        values._Slow.active = False


# fmt: off
TOKENS = st.sampled_from((
    b"<<", b">>", b"[", b"]", b"/Name", b"/A", b"/B", b"/N#41me", b"/", b"12 0 R", b"5 0 R",
    b"0 0 R", b"12  0 R", b"1 0 obj", b"R", b"0", b"-7", b"+1", b"3.14", b".5", b"-.5", b"1.",
    b"--1", b"1,2", b"99999999999999999999", b"595.28", b"(text)", b"(a(b)c)", b"(a\\)b)",
    b"(\\101\\n)", b"(open", b"(\\", b"<0aFF>", b"<0a F>", b"<0>", b"<>", b"<0g>", b"<feff0041>",
    b"true", b"false", b"null", b"nul", b"trueX", b"%c\n", b"% ", b"stream\n1234\nendstream",
    b"stream", b"endobj", b"endstream", b"\x00", b"{", b"\xff", b"/Length 4", b"/Length 4 0 R",
    b"/Length 9 0 R",
))
# fmt: on
GAPS = st.sampled_from([b"", b" ", b"\n", b"\r\n", b"\t", b"\x00", b"\x0b", b"%\n"])
LOOSE = st.lists(st.tuples(TOKENS, GAPS), max_size=14).map(lambda pairs: b"".join(a + b for a, b in pairs))
LEAVES = st.sampled_from(
    [b"/Name", b"12 0 R", b"0", b"-7", b"3.14", b"(text)", b"(a\\)b)", b"<0aFF>", b"true", b"null"]
)
NESTED = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: b"[" + b" ".join(items) + b"]"),
        st.lists(inner, max_size=4).map(
            lambda items: b"<< " + b" ".join(b"/K%d %s" % pair for pair in enumerate(items)) + b" >>"
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=400, deadline=None)
@given(LOOSE, st.sampled_from([b"", b"\nendobj\n", b" endobj", b" s", b"x", b"%"]))
def test_equals_the_original_on_any_tokens(data, behind):
    """Same value, same place behind it, same class of exception; with a line end, to leave a comment by."""
    assert outcome(values.read_object, data + behind + b"\n") == outcome(original, data + behind + b"\n")


@settings(max_examples=300, deadline=None)
@given(NESTED, st.integers(0, 200), st.binary(max_size=3), st.integers(0, 3))
def test_equals_the_original_on_broken_values(data, place, put, cut):
    """Bytes put in and cut out anywhere in a value that is whole."""
    place %= len(data) + 1
    broken = data[:place] + put + data[place + cut :] + b"\nendobj\n"
    assert outcome(values.read_object, broken) == outcome(original, broken)


@pytest.mark.parametrize("size", [2044, 2045, 2046, 2047, 2048, 2049, 131072])
@pytest.mark.parametrize(
    "kind", [b"(%s)", b"(\\)%s)", b"<%s>", b"[%s 12 0 R]", b"/%s", b"<</A %s 1>>", b"<<>>%s"]
)
@pytest.mark.parametrize("behind", [b"", b"\nendobj\n5 0 obj"])
def test_equals_the_original_at_the_edge_of_the_window(size, kind, behind):
    """Wherever the piece that is looked at ends."""
    filler = b" " if kind in (b"[%s 12 0 R]", b"<</A %s 1>>", b"<<>>%s") else b"0"
    data = kind % (filler * (size - len(kind) + 2)) + behind
    assert outcome(values.read_object, data) == outcome(original, data)


def test_most_of_a_document_is_read_in_bulk(monkeypatch):
    """Otherwise it would be slow, and the tests above would compare the original with itself."""
    slow = []
    own = values.original
    monkeypatch.setattr(values, "original", lambda *how: slow.append(len(how)) or own(*how))
    for pdf in (signed_twice(), with_dss()):
        reader = open_pdf(io.BytesIO(pdf), limits()).reader
        for reference in sorted(reader.xrefs.explicit_refs_in_revision(0), key=lambda one: one.idnum):
            reader.get_object(reference)
    assert 2 not in slow  # with four arguments: metadata, which are the original's from the beginning


def test_a_shared_name_keeps_nothing_of_a_document():
    """Names and numbers outlive the document: one that knew its reader would hold all its bytes."""
    judge(signed_twice())
    judge(with_dss())
    for text in (b"/Type", b"/Annot", b"/Sig", b"/Page", b"/Catalog"):
        assert leaves.shared_name(text).container_ref is leaves.NOWHERE
    assert leaves.shared_number(b"0").container_ref is leaves.NOWHERE


def test_stands_in_pyhankos_place():
    """Reading a PDF goes through it."""
    assert generic.read_object is values.read_object


def test_a_comment_without_an_end_ends():
    """The original looks for its end behind the end of the stream, for ever; here it is refused."""
    for data in (b"%", b"% no end", b"[%"):
        with pytest.raises(misc.PdfError):
            values.read_object(io.BytesIO(data), PLACE)
    assert values.read_object(io.BytesIO(b"% ends\r 7 "), PLACE) == 7


BESIDE = [b"0", b"7", b"n", b"\n", b"\xff", b" "]
ESCAPES = [b"\\%03o" % byte for byte in range(256)] + [b"\\" + bytes((mark,)) for mark in b"()\\nrtbf"]


@settings(max_examples=500, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(ESCAPES), st.sampled_from(BESIDE))))
def test_escapes_mean_what_they_mean_to_the_original(pieces):
    """All that the pattern takes, side by side: a digit behind a number, a mark behind a backslash."""
    text = b"".join(pieces)
    assert spelling.ITEM.fullmatch(b"(" + text + b")")
    meant = generic.read_string_from_stream(io.BytesIO(b"(" + text + b")"))
    assert generic.pdf_string(spelling.unescaped(text)).original_bytes == meant.original_bytes


def test_every_escape_is_known_alone():
    """256 numbers and eight marks; what the pattern does not take never comes here."""
    for text in ESCAPES:
        assert len(spelling.unescaped(text)) == 1
    for odd in (b"\\8", b"\\400", b"\\12", b"\\x", b"\\\n"):
        found = spelling.ITEM.match(b"(" + odd + b")")
        assert found.lastindex == spelling.ODD_STRING
