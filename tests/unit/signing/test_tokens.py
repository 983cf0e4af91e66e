"""The bulk reader of tokens reads what pyHanko's own reads."""

import io

from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic

from signing import tokens
from signing.reading import open_pdf

PIECES = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.sampled_from([b"Type", b"A" * 31, b"A" * 32, b"A" * 33, b" ", b"/", b"<<", b"\x00", b"(", b"\r"]),
    ),
    max_size=8,
)


def outcome(read, data, start):
    """What a reader makes of bytes, and where it stands then."""
    stream = io.BytesIO(data)
    stream.seek(start)
    return read(stream), stream.tell()


@settings(max_examples=1500, deadline=None)
@given(PIECES, st.integers(0, 40))
def test_equals_the_original_on_anything(pieces, start):
    """Same bytes, same position behind them, whatever stands there."""
    data = b"".join(pieces)
    assert outcome(tokens.read_until_delimiter, data, start) == outcome(tokens.original, data, start)


def told(call, *arguments):
    """What a function gives, or the class of its exception."""
    try:
        return call(*arguments)
    except Exception as exc:  # noqa: BLE001
        return type(exc)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from([*b"Type#4 1/%\x00\xff"]), max_size=80).map(bytes))
def test_names_are_decoded_as_the_original_does(raw):
    """Same text or same exception, but for bytes that are no UTF-8; never one object for two places."""
    mine, theirs = told(tokens.decode_name, raw), told(tokens.original_name, raw)
    assert type(mine) is type(theirs)
    assert mine == theirs or not mine.isprintable()
    assert isinstance(mine, type) or mine is not tokens.decode_name(raw)


@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=70), st.binary(max_size=70))
def test_names_of_other_bytes_are_other_names(one, other):
    """The original takes what is no UTF-8 for Latin-1, and so E9 for C3 A9."""
    for first, second in ((one, other), (b"\xe9" + one, b"\xc3\xa9" + one)):
        names = [tokens.decode_name(b"".join(b"#%02X" % byte for byte in raw)) for raw in (first, second)]
        assert (names[0] == names[1]) == (first == second)
        assert [name[1:].encode("utf-8", "surrogateescape") for name in names] == [first, second]


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.sampled_from([*b" \n\r\t\x00%xy"]), max_size=12).map(bytes), st.booleans(), st.booleans())
def test_white_space_is_skipped_as_the_original_does(data, seek_back, allow_eof):
    """Same byte and same position, comments and the end included."""
    results = []
    for read in (tokens.read_non_whitespace, tokens.original_next):
        stream = io.BytesIO(data)
        results.append((told(read, stream, seek_back, allow_eof), stream.tell()))
    assert results[0] == results[1]


def test_stands_in_pyhankos_place():
    """Reading a PDF goes through it."""
    assert open_pdf is not None
    assert generic.read_until_delimiter is tokens.read_until_delimiter
    assert generic._decode_name is tokens.decode_name
    assert generic.read_non_whitespace is tokens.read_non_whitespace
