"""Base64 is decoded strictly, in whatever pieces it comes, as the standard library decodes it strictly."""

import base64
import binascii

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from axis.edxml.transfer import Base64Decoder

ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LOOSE = st.lists(st.sampled_from(sorted(ALPHABET + b"=-_ \t\r\n\0\xff")), max_size=24).map(bytes)
BROKEN = st.tuples(
    st.binary(max_size=40), st.integers(0, 60), st.sampled_from([b"=", b"\n", b"A", b"\r\n", b""])
)


def decoded(pieces) -> bytes | None:
    """What comes out of pieces; None: it is refused."""
    out = bytearray()
    decoder = Base64Decoder(out.extend)
    try:
        for piece in pieces:
            decoder.feed(piece)
        decoder.close()
    except ValueError:
        return None
    return bytes(out)


def strictly(text: bytes) -> bytes | None:
    """The standard library's word, and that the text is the one for its bytes."""
    plain = text.replace(b"\r", b"").replace(b"\n", b"")
    try:
        value = binascii.a2b_base64(plain, strict_mode=True)
    except ValueError:
        return None
    return value if binascii.b2a_base64(value, newline=False) == plain else None


@given(LOOSE, st.integers(0, 24), st.integers(0, 24))
@example(b"QUI=", 4, 4)
@example(b"QUI=QUI=", 4, 4)
@example(b"QUJ=", 0, 0)
@example(b"Q\nU\rI\r\n=\n", 3, 5)
def test_any_text_is_decoded_as_the_standard_library_does(text, one, other):
    """Or refused, as there: alphabet, padding, unused bits, line breaks, whatever the pieces."""
    start, end = sorted((one, other))
    assert decoded([text[:start], text[start:end], text[end:]]) == strictly(text)


@given(BROKEN, st.integers(1, 9))
def test_good_text_with_something_put_in(broken, size):
    """What was good is good, and what was put in is judged as the standard library judges it."""
    value, place, junk = broken
    text = base64.b64encode(value)
    text = text[:place] + junk + text[place:]
    assert decoded([text[at : at + size] for at in range(0, len(text), size)]) == strictly(text)


@pytest.mark.parametrize("text", [b"QUI", b"Q===", b"====", b"QUJ=", b"QU I", b"QU-_", b"QUI=A", b"QUI=QUI="])
def test_one_text_for_the_same_bytes(text):
    """Nothing cut, nothing loose, nothing behind the padding."""
    assert decoded([text]) is None
