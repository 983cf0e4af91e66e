"""Blocks of nothing but base64 pass by the parser, and no reading tells the difference."""

import base64
import io
import random

import pytest

from axis.edxml.attachments import AttachmentSink
from axis.edxml.packet import PacketListener
from axis.edxml.rawtext import RawText
from axis.edxml.scanner import BLOCK, Scanner
from tests.unit.edxml.packets import LIMITS, file, packet, reading, told, with_content

SIZE = 5 * BLOCK
CONTENT = base64.b64encode(random.Random(5).randbytes(SIZE))
"""Seven blocks of text."""
PLACES = (0, 1, BLOCK - 900, BLOCK, 2 * BLOCK - 3, 3 * BLOCK + 1, len(CONTENT) - 1)
JUNK = (
    b"&", b"&amp;", b"&#65;", b"]]>", b"<!-- -->", b"<![CDATA[QUFB]]>", b"<x/>", b"<?x?>", b"<", b"\0",
    b"\xff", b"\xc3\xa9", b"\r", b"\r\n", b"\n", b" ", b"\t", b"=", b"==", b"-", b"A", b"AAAA", b"</edXML:x>",
)  # fmt: skip


def always_parsed(monkeypatch, data):
    """Read with every byte given to the parser."""
    with monkeypatch.context() as patch:
        patch.setattr(RawText, "passes", lambda *_: False)
        return reading(data)


def unseen(data):
    """Return how many bytes of a packet the parser was never given."""
    with AttachmentSink() as sink:
        scanner = Scanner(LIMITS, PacketListener(LIMITS, sink))
        scanner.feed(data)
        scanner.close()
        return scanner._unseen.size


def folded(text, width, end):
    return end.join(text[at : at + width] for at in range(0, len(text), width))


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("width", [76, 997, len(CONTENT)])
def test_base64_is_not_parsed(ending, width):
    """All but the blocks in which the content begins and ends, lines broken or not."""
    data = with_content(folded(CONTENT, width, ending))
    # An end of line that stands at the edge of a block is held back by the parser: it sees the next one, too.
    assert unseen(data) >= 4 * BLOCK if ending == b"\n" else unseen(data) >= 2 * BLOCK


def test_a_reading_is_the_same_past_the_parser(monkeypatch):
    """Digest, size, place of the splice and all: nothing shows that bytes passed by."""
    data = with_content(folded(CONTENT, 76, b"\n"))
    found = reading(data)
    assert told(found) == told(always_parsed(monkeypatch, data))
    assert not found.violations
    assert found.attachments[0].size == SIZE


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("junk", JUNK)
def test_whatever_stands_in_the_base64(monkeypatch, junk, place):
    """Markup, references, characters that XML forbids: found where they stand, in any block."""
    data = with_content(CONTENT[:place] + junk + CONTENT[place:])
    found = reading(data)
    assert told(found) == told(always_parsed(monkeypatch, data))
    assert found.violations or junk.strip(b"\r\nA") == b""


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("width", [76, 997, 2 * BLOCK, len(CONTENT)])
def test_a_broken_end_far_behind(monkeypatch, width, ending):
    """An error behind blocks that passed by is told as it is, by the line and column that it stands at."""
    data = with_content(folded(CONTENT, width, ending))
    for end in (b"", b"<", data[-30:-20] + b"\xff", b"</wrong>"):
        broken = data[:-60] + end
        found = reading(broken)
        assert found.violations
        assert told(found) == told(always_parsed(monkeypatch, broken))


def test_pieces_of_any_size_pass_alike():
    """What passes by does not hang on how the bytes come in."""
    data = with_content(CONTENT)
    with AttachmentSink() as sink:
        scanner = Scanner(LIMITS, PacketListener(LIMITS, sink))
        stream = io.BytesIO(data)
        while piece := stream.read(7001):
            scanner.feed(piece)
        scanner.close()
        assert scanner._unseen.size == unseen(data) > 0


def test_two_contents_on_one_line(monkeypatch):
    """Places are told rightly behind the second content, too, where no line ends between them."""
    files = (file(name, base64.b64decode(CONTENT)) for name in ("a.bin", "b.bin"))
    broken = packet(*files).replace(b"\n", b" ")[:-40] + b"</wrong>"
    found = reading(broken)
    assert found.violations
    assert told(found) == told(always_parsed(monkeypatch, broken))
