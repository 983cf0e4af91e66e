"""The bulk reader of hexadecimal strings reads what pyHanko's own reads."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.version import __version__

from signing import hexadecimal
from tests.lab.pdfs import signed_twice

HEX = "0123456789abcdefABCDEF"
PIECES = st.lists(
    st.one_of(
        st.text(HEX, max_size=600),
        st.sampled_from([" ", "\r\n", "\t", "\x00", "\f", "\x0b", "%note>\n", "%", "g", "<", "(", "é"]),
    ),
    max_size=12,
)


def outcome(read, data: bytes):
    """Return what a reader makes of bytes, and where it stands then; or the class of its exception."""
    stream = io.BytesIO(data)
    try:
        value = read(stream)
    except Exception as exc:  # noqa: BLE001
        return type(exc)
    return type(value), value.original_bytes, stream.tell()


@settings(max_examples=1500, deadline=None)
@given(PIECES, st.binary(max_size=8), st.booleans())
def test_equals_the_original_on_anything(pieces, behind, closed):
    """Same object, same position behind it, same class of exception, whatever stands there."""
    data = b"<" + "".join(pieces).encode("latin-1") + (b">" if closed else b"") + behind
    assert outcome(hexadecimal.read_hex_string, data) == outcome(hexadecimal.original, data)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 257, 65535, 65536, 70000, 200001])
def test_equals_the_original_at_every_edge_of_a_chunk(size):
    """Odd and even lengths around the sizes of its reads."""
    data = b"<" + b"a" * size + b"> next"
    assert outcome(hexadecimal.read_hex_string, data) == outcome(hexadecimal.original, data)


def test_stands_in_for_the_version_it_was_written_for():
    """The pinned version is the known one, and the reader is in its place."""
    assert __version__ == hexadecimal.KNOWN_VERSION
    assert generic.read_hex_string_from_stream is hexadecimal.read_hex_string


def test_leaves_another_version_alone(monkeypatch):
    """Of a version that nobody compared it with, the original reads."""
    monkeypatch.setattr(hexadecimal, "pyhanko_version", "0.39.0")
    monkeypatch.setattr(generic, "read_hex_string_from_stream", hexadecimal.original)
    assert not hexadecimal.install()
    assert generic.read_hex_string_from_stream is hexadecimal.original


def test_reads_a_real_signature():
    """The value of a signature is the same by both."""
    pdf = signed_twice()
    data = pdf[pdf.index(b"/Contents <") + len(b"/Contents ") :]
    assert outcome(hexadecimal.read_hex_string, data) == outcome(hexadecimal.original, data)
