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


def test_stands_in_pyhankos_place():
    """Reading a PDF goes through it."""
    assert open_pdf is not None
    assert generic.read_until_delimiter is tokens.read_until_delimiter
