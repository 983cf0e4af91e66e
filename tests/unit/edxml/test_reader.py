"""Reading, writing and splicing packets."""

import base64
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axis.edxml.reader import HeaderReader
from axis.edxml.trace import spliced, trace_splice
from tests.unit.edxml.packets import (
    ENVELOPE,
    LIMITS,
    NS,
    PDF,
    SENT,
    codes,
    contents,
    file,
    packet,
    reading,
    told,
    with_content,
)

GOOD = packet(file("vanban.pdf", PDF), file("bảng.xlsx", b"PK\3\4 no"), file("ghi chú.txt", b"text"))


class Dripping(io.RawIOBase):
    """A stream that gives its bytes in pieces of the given sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self.data, self.sizes, self.at = data, sizes, 0

    def read(self, size: int = -1) -> bytes:
        step = self.sizes[self.at % len(self.sizes)]
        self.at += 1
        piece, self.data = self.data[: min(step, size)], self.data[min(step, size) :]
        return piece


def test_what_was_written_is_read():
    """A packet of ours holds the envelope and the files it was made of, and breaks no rule."""
    found = reading(GOOD)
    assert found.violations == found.findings == ()
    assert found.envelope == ENVELOPE
    assert [r.name for r in found.references] == ["vanban.pdf", "bảng.xlsx", "ghi chú.txt"]
    assert contents(GOOD) == [PDF, b"PK\3\4 no", b"text"]


def test_writing_twice_gives_the_same_bytes():
    """Whatever machine builds it, the packet is one."""
    files = (file("vanban.pdf", PDF), file("x.txt", b"text" * 1000))
    assert packet(*files) == packet(*files)


@settings(deadline=None, max_examples=60)
@given(sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=8), content=st.binary(max_size=9000))
def test_any_chunking_gives_the_same_reading(sizes, content):
    """Where the network cut the packet leaves no trace, for the gate and for a door."""
    from axis.edxml.attachments import AttachmentSink  # noqa: PLC0415
    from axis.edxml.reader import read_packet  # noqa: PLC0415

    data = packet(file("vanban.pdf", PDF + content))
    with AttachmentSink() as sink:
        dripped = told(read_packet(Dripping(data, sizes), LIMITS, sink))
    assert dripped == told(reading(data))
    doors = []
    for pieces in ([data], [data[at : at + sizes[0]] for at in range(0, len(data), sizes[0])]):
        reader = HeaderReader(LIMITS)
        any(reader.feed(piece) for piece in pieces)
        doors.append(reader.result())
    assert doors[0] == doors[1]
    assert doors[0].envelope == ENVELOPE


@pytest.mark.parametrize("shift", range(0, 70, 3))
def test_content_that_begins_at_the_edge_of_a_block(shift):
    """Base64 is found whole wherever blocks of 64 KiB happen to end, line breaks included."""
    pad = 65536 - GOOD.index(b"<edXML:ContentTransferEncoded") - 100 + shift
    lines = base64.encodebytes(PDF * 20).replace(b"\n", b"\r\n")
    data = with_content(b"\r\n" + lines, "vanban.pdf")
    data = data.replace(b"  <AttachmentEncoded>", b" " * pad + b"<AttachmentEncoded>")
    assert contents(data) == [PDF * 20]


@settings(deadline=None, max_examples=300)
@given(at=st.integers(0, len(GOOD) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_never_raises(at, bit):
    """Any damage ends in a typed reading; damage that is told is told by code."""
    data = bytearray(GOOD)
    data[at] ^= 1 << bit
    found = reading(bytes(data))
    assert found.envelope is not None or found.violations


@settings(deadline=None, max_examples=200)
@given(data=st.binary(max_size=400))
def test_junk_never_raises(data):
    """Bytes that are no packet are refused."""
    assert reading(data).violations


PREFIXED = GOOD.replace(b"edXML:", b"q:").replace(b"xmlns:edXML", b"xmlns:q")
DEFAULT = GOOD.replace(b"edXML:", b"").replace(b' xmlns:edXML="%s"' % NS.encode(), b"")
LIST = GOOD[GOOD.index(b"<edXML:TraceHeaderList>") : GOOD.index(b"</edXML:edXMLHeader>")]
SIGNED = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><TraceHeaderList/></Signature>'
LIST_END, MESSAGE = b"</edXML:TraceHeaderList>", b"<edXML:MessageHeader>"
OWN = (
    b'<z:TraceHeaderList xmlns:z="%s" xmlns:edXML="urn:other"><z:TraceHeader/></z:TraceHeaderList>'
    % NS.encode()
)
SHAPES = {
    "as-written": GOOD,
    "another-prefix": PREFIXED,
    "default-namespace": DEFAULT,
    "byte-order-mark": b"\xef\xbb\xbf" + GOOD,
    "crlf": GOOD.replace(b"\n", b"\r\n"),
    "no-list": GOOD.replace(LIST, b""),
    "no-list-but-signature": GOOD.replace(LIST, SIGNED),
    "signature-first": GOOD.replace(LIST, SIGNED + LIST),
    "comment-at-the-end": GOOD.replace(LIST_END, b"<!-- </edXML:TraceHeaderList> -->" + LIST_END),
    "list-before-message": GOOD.replace(LIST, b"").replace(MESSAGE, LIST + MESSAGE),
    "own-prefix-in-the-list": GOOD.replace(LIST, OWN),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_spliced_packet_is_the_original_and_one_trace_header(shape):
    """After splicing nothing differs but one TraceHeader more, in the list, by the axis."""
    data = SHAPES[shape]
    found = reading(data)
    assert found.violations == ()
    splice = trace_splice(found.splice_prefix, found.splice_list, "000.00.00.TEST", SENT)
    after = b"".join(spliced(io.BytesIO(data), found.splice_offset, splice))
    again = reading(after)
    assert after.replace(splice, b"", 1) == data
    assert again.violations == ()
    assert again.envelope == found.envelope
    assert told(again)["files"] == told(found)["files"]
    assert traces(after)[:-1] == traces(data)
    assert traces(after)[-1] == ("000.00.00.TEST", "2026/11/20 09:15:00")
    assert found.splice_list == shape.startswith("no-list")
    if b"<Signature" in data and found.splice_list:
        assert again.splice_offset < after.index(b"<Signature")


def traces(data: bytes) -> list[tuple[str | None, str | None]]:
    """Return the trace headers as another reader finds them."""
    from xml.etree import ElementTree as ET  # noqa: PLC0415

    root = ET.fromstring(data)
    where = f"{{{NS}}}edXMLEnvelope/{{{NS}}}edXMLHeader/{{{NS}}}TraceHeaderList/{{{NS}}}TraceHeader"
    return [(t.findtext(f"{{{NS}}}OrganId"), t.findtext(f"{{{NS}}}Timestamp")) for t in root.findall(where)]


def test_a_stream_shorter_than_its_offset_is_told():
    """Splicing into other bytes than were read raises: it is our bug."""
    with pytest.raises(ValueError, match="shorter"):
        list(spliced(io.BytesIO(b"abc"), 4, b"x"))


@pytest.mark.parametrize(
    "empty", [b"<edXML:TraceHeaderList/>", b"<edXML:TraceHeaderList></edXML:TraceHeaderList>"]
)
def test_an_empty_trace_list_has_no_place_for_ours(empty):
    """Both spellings of an empty list are refused alike."""
    data = GOOD.replace(LIST, empty)
    assert codes(data) == ["format.element-missing"]
    assert reading(data).splice_offset is None


DATE = "PromulgationInfo.PromulgationDate"
MANDATORY = [
    ("From.OrganId", b"<edXML:OrganId>H37.01</edXML:OrganId>"),
    ("To[0].OrganId", b"<edXML:OrganId>H37.02</edXML:OrganId>"),
    ("DocumentId", b"<edXML:DocumentId>H37.01,2026/11/20,123/UBND-VP</edXML:DocumentId>"),
    ("Code.CodeNumber", b"<edXML:CodeNumber>123</edXML:CodeNumber>"),
    ("Code.CodeNotation", b"<edXML:CodeNotation>UBND-VP</edXML:CodeNotation>"),
    ("PromulgationInfo.Place", b"<edXML:Place>Th\xe1\xbb\xad Nghi\xe1\xbb\x87m</edXML:Place>"),
    ("PromulgationInfo.PromulgationDate", b"<edXML:PromulgationDate>2026/11/20</edXML:PromulgationDate>"),
    ("DocumentType.Type", b"<edXML:Type>2</edXML:Type>"),
    ("DocumentType.TypeName", "<edXML:TypeName>Công văn</edXML:TypeName>".encode()),
    ("SignerInfo.Position", "<edXML:Position>PHÓ CHỦ TỊCH</edXML:Position>".encode()),
    ("SignerInfo.FullName", "<edXML:FullName>Nguyễn Văn Thử</edXML:FullName>".encode()),
]


@pytest.mark.parametrize(("field", "markup"), MANDATORY)
def test_each_mandatory_value_is_missed_and_may_not_repeat(field, markup):
    """F6 and F7 say which field it was."""
    assert markup in GOOD
    for broken, code in ((b"", "format.element-missing"), (markup * 2, "format.element-repeated")):
        found = reading(GOOD.replace(markup, broken, 1))
        assert [(str(v.code), v.field) for v in found.violations] == [(code, field)]


@pytest.mark.parametrize(
    "name", ["From", "To", "Code", "PromulgationInfo", "DocumentType", "Subject", "SignerInfo"]
)
def test_each_mandatory_group_is_missed(name):
    """F6 for a whole element that is not there, once and not for each of its children."""
    import re  # noqa: PLC0415

    data = re.sub(rb"(?s) *<edXML:%s>.*?</edXML:%s>\n" % (name.encode(), name.encode()), b"", GOOD)
    assert [(str(v.code), v.field) for v in reading(data).violations] == [("format.element-missing", name)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"Date>2026/11/20<", b"Date>20/11/2026<", ("format.date-invalid", DATE)),
        (b"Date>2026/11/20<", b"Date>2026/02/30<", ("format.date-invalid", DATE)),
        (b"Type>2<", b"Type>x<", ("format.value-invalid", "DocumentType.Type")),
        # What nobody sees, or takes for another: Cyrillic, a blank of no width, a turn of direction.
        (b"Number>123<", "Number>1\u200b23<".encode(), ("format.value-invalid", "Code.CodeNumber")),
        (b"Notation>UBND-VP<", "Notation>UBND-VР<".encode(), ("format.value-invalid", "Code.CodeNotation")),
        (b"OrganId>H37.02<", "OrganId>Н37.02<".encode(), ("format.value-invalid", "To[0].OrganId")),
        (b"Place>", "Place>\u202e".encode(), ("format.value-invalid", "PromulgationInfo.Place")),
        (b"DocType>0<", b"DocType><", ("format.element-missing", "Bussiness.BussinessDocType")),
    ],
)
def test_broken_mandatory_values_refuse(old, new, expected):
    """F8 for what is there and means nothing."""
    found = reading(GOOD.replace(old, new, 1))
    assert [(str(v.code), v.field) for v in found.violations] == [expected]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        (b"Priority>3<", b"Priority>7<", "OtherInfo.Priority"),
        (b"Priority>3<", b"Priority>cao<", "OtherInfo.Priority"),
        (b"Type>2<", b"Type>18<", "DocumentType.Type"),
        (b"TypeDetail>18<", b"TypeDetail>x<", "DocumentType.TypeDetail"),
        (b"DueDate>2026/12/01<", b"DueDate>mai<", "DueDate"),
        (b"SteeringType>1<", b"SteeringType>9<", "SteeringType"),
    ],
)
def test_the_rest_of_the_standard_is_findings(old, new, field):
    """N2 is shown and does not refuse."""
    found = reading(GOOD.replace(old, new, 1))
    assert found.violations == ()
    assert [(str(v.code), v.field) for v in found.findings] == [("finding.value-unusual", field)]


def test_long_values_are_findings():
    """N1 for each value over its length, wherever it stands."""
    found = reading(packet(subject="x" * 501, to_places=("a", "x" * 151), number="1" * 12))
    assert found.violations == ()
    fields = [v.field for v in found.findings]
    assert fields == ["Code.CodeNumber", "Subject", "ToPlaces.Place[1]"]


def test_iso_dates_and_decomposed_text_are_read():
    """Days in ISO form, and text in any Unicode form, become one form."""
    import unicodedata  # noqa: PLC0415

    data = GOOD.replace(b"Date>2026/11/20<", b"Date> 2026-11-20T23:30:00+00:00\n<", 1)
    assert reading(data).envelope.issued_on.isoformat() == "2026-11-21"
    loose = unicodedata.normalize("NFD", GOOD.decode()).encode()
    assert reading(loose).envelope == ENVELOPE


def test_unknown_elements_are_left_alone_but_their_values_kept():
    """A value without a name of ours can be judged for secrecy marks."""
    data = GOOD.replace(
        b"</edXML:OtherInfo>",
        "<edXML:Moi><edXML:DoMat>Mật</edXML:DoMat></edXML:Moi></edXML:OtherInfo>".encode(),
    )
    assert reading(data).envelope.others == (("OtherInfo.Moi.DoMat", "Mật"),)


def test_the_older_manifest_with_links_is_read():
    """A content id may stand in an xlink attribute."""
    old = GOOD.replace(b"<edXML:ContentId>cid:1</edXML:ContentId>", b"")
    start = old.index(b"<edXML:Reference>")
    link = (
        b'<edXML:Reference xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="cid:1" xlink:type="simple">'
    )
    assert codes(old[:start] + link + old[start + len(b"<edXML:Reference>") :]) == []


@pytest.mark.parametrize(
    "content", [b"QUI", b"QUI=QUJD", b"QUJ=", b"QU JD", b"=", b"QUJDRA=", b"QUJD\t", b""]
)
def test_base64_is_strict(content):
    """F12: blanks, cut groups, early padding and unused bits that are set; the rest is still read."""
    assert codes(with_content(content)) == ["format.attachment-encoding"]


def test_a_door_stops_after_the_header():
    """Once the header ended nothing of the body is looked at."""
    reader = HeaderReader(LIMITS)
    body = GOOD.index(b"<edXML:edXMLBody>")
    assert reader.feed(GOOD[:body] + b"\0" * 100_000)
    found = reader.result()
    assert found.envelope == ENVELOPE
    assert found.violations == ()
    assert found.seen == ENVELOPE


def test_a_door_sees_what_came_before_the_break():
    """A packet that breaks off inside its header still shows its subject, to look for marks."""
    reader = HeaderReader(LIMITS)
    reader.feed(packet(subject="MẬT")[: GOOD.index(b"<edXML:SignerInfo>")])
    found = reader.result()
    assert found.envelope is None
    assert found.seen.subject == "MẬT"
