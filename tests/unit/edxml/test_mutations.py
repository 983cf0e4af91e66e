"""Flip, insert, cut, append, repeat bytes anywhere in a packet: a typed refusal, or what stands there.

A packet is signed by nothing as a whole, so a changed subject is another subject. What must
hold is that whatever is read is what stands there, attachments to the last byte, by libxml2 (which
the axis itself never uses), and the same by a door, by the gate, and however the bytes come in.
"""

import base64
import io
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import HeaderReader, read_packet
from axis.violations import REASONS
from tests.unit.edxml.packets import LIMITS, contents, file, packet, reading, told, with_file, zipped

PACKETS = {
    "one-file": packet(),
    "two-files": packet(file("a.pdf", b"%PDF-1.7\nnot one\n"), file("b.docx", bytes(range(256)) * 3)),
    "zipped": with_file(zipped([("x.pdf", b"%PDF-1.7 in a ZIP")]), "x.pdf"),
}
WHERE = st.floats(0, 1, exclude_max=True)
"""A place in a packet, as a part of its length."""
JUNK = st.one_of(
    st.binary(min_size=1, max_size=30),
    st.sampled_from(
        [
            b"<", b">", b"&", b"&#x41;", b"&lt;", b"<!-- -->", b"<![CDATA[x]]>", b"<?x?>", b"<!DOCTYPE x>",
            b"</edXML:Subject>", b"<edXML:Subject>", b"<edXML:From/>", b"=", b"QUJD", b"\0", b"\r\n",
            b"\xef\xbb\xbf", b"\xc3", b'xmlns="x"', b"<ContentId>cid:1</ContentId>",
        ]
    ),
)  # fmt: skip


def flipped(data: bytes, at: int, junk: bytes) -> bytes:
    return data[:at] + bytes([data[at] ^ (junk[0] or 1)]) + data[at + 1 :]


def inserted(data: bytes, at: int, junk: bytes) -> bytes:
    return data[:at] + junk + data[at:]


def replaced(data: bytes, at: int, junk: bytes) -> bytes:
    return data[:at] + junk + data[at + len(junk) :]


def removed(data: bytes, at: int, junk: bytes) -> bytes:
    return data[:at] + data[at + len(junk) :]


def cut(data: bytes, at: int, junk: bytes) -> bytes:
    return data[:at] + junk


def appended(data: bytes, at: int, junk: bytes) -> bytes:
    del at
    return data + junk


def repeated(data: bytes, at: int, junk: bytes) -> bytes:
    return data[:at] + data[at : at + 30 * len(junk)] + data[at:]


WAYS = (flipped, inserted, replaced, removed, cut, appended, repeated)


def parsed(data: bytes) -> etree._Element:
    """Read a packet with libxml2."""
    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))


class Dribbling(io.BytesIO):
    """The same bytes, a few at a time."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7 if size is None or size < 0 else min(size, 7))


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", PACKETS)
@settings(max_examples=60, deadline=None)
@given(where=WHERE, junk=JUNK)
def test_a_changed_packet_is_refused_or_read_as_it_stands(
    name: str, way: Callable[[bytes, int, bytes], bytes], where: float, junk: bytes
):
    """Never an exception, never a content that does not stand there, one answer however it is asked for."""
    original = PACKETS[name]
    changed = way(original, int(where * len(original)), junk)
    found = reading(changed)
    assert all(one.code in REASONS for one in found.violations)
    with AttachmentSink() as sink:
        again = read_packet(Dribbling(changed), LIMITS, sink)
        assert told(again) == told(found)
    if found.violations:
        return
    root = parsed(changed)
    texts = ["".join(each.itertext()) for each in root.iter("{*}ContentTransferEncoded")]
    standing = [base64.b64decode("".join(text.split()), validate=True) for text in texts]
    wrapped = [attachment.wrapped for attachment in found.attachments]
    for raw, got, taken_off in zip(standing, contents(changed), wrapped, strict=True):
        assert taken_off or raw == got
    door = HeaderReader(LIMITS)
    for at in range(0, len(changed), 11):
        if door.feed(changed[at : at + 11]):
            break
    assert door.result().envelope == found.envelope


@settings(max_examples=150, deadline=None)
@given(where=WHERE, junk=JUNK, way=st.sampled_from(WAYS))
def test_what_is_accepted_another_parser_accepts_too(where: float, junk: bytes, way):
    """libxml2 finds the accepted packet well-formed, with the same subject and document id in it."""
    original = PACKETS["one-file"]
    changed = way(original, int(where * len(original)), junk)
    found = reading(changed)
    if found.violations or found.envelope is None:
        return
    root = etree.fromstring(
        changed, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    )
    for name, value in (("Subject", found.envelope.subject), ("DocumentId", found.envelope.document_id)):
        texts = ["".join(each.itertext(with_tail=False)).strip() for each in root.iter("{*}" + name)]
        assert value in texts
