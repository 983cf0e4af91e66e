"""Metadata is parsed once for the same bytes, and what is said of it is what pyHanko says."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.sign.diff_analysis import SuspiciousModification
from pyhanko.sign.diff_analysis.rules.metadata_rules import MetadataUpdateRule

from signing import wellformed
from signing.reading import open_pdf
from tests.attacks.building import letter, stream
from tests.lab.pdfs import limits, update

XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a>1</a></x:xmpmeta>'
PIECES = st.lists(
    st.sampled_from([
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">', b"</x:xmpmeta>", b"<a>", b"</a>", b"&e;", b"&amp;", b"text",
        b"<!DOCTYPE x [<!ENTITY e 'x'>]>", b"<?xpacket?>", b"\xff", b"\x00", b'<x xmlns="other"/>',
    ]),
    max_size=6,
).map(b"".join)  # fmt: skip


def views(*metadata: bytes, **objects: bytes) -> list:
    """Revisions of a letter, each with its metadata stream (object 9)."""
    pdf = letter("/Metadata 9 0 R", n9=metadata[0], **objects)
    for each in metadata[1:]:
        pdf = update(pdf, {9: each})
    return views_of(pdf)


def views_of(pdf: bytes) -> list:
    reader = open_pdf(io.BytesIO(pdf), limits()).reader
    return [reader.get_historical_resolver(number) for number in range(reader.total_revisions)]


def said(ask, view, number: int = 9) -> str | None:
    try:
        ask(generic.Reference(number, 0, view))
    except SuspiciousModification as exc:
        return str(exc)
    return None


def test_it_stands_in_the_place_of_the_original():
    """PyHanko's rule asks it."""
    assert MetadataUpdateRule.is_well_formed_xml is wellformed.is_well_formed_xml
    assert wellformed.original is not wellformed.is_well_formed_xml


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.just(XMP), PIECES, PIECES.map(lambda text: XMP + text)), min_size=1, max_size=4))
def test_says_what_the_original_says_at_any_time(texts):
    """For each revision, asked once and again, in any order of good and bad ones."""
    seen = views(*(stream(text, b"/Type /Metadata") for text in texts))
    for view in (*seen, *reversed(seen)):
        assert said(wellformed.is_well_formed_xml, view) == said(wellformed.original, view)


def test_the_same_bytes_are_parsed_once_and_others_anew(monkeypatch):
    """Two revisions of one text, one of another: two parsings. What failed is parsed each time."""
    asked = []
    real = wellformed.original
    monkeypatch.setattr(wellformed, "original", lambda one: (asked.append(one.pdf.revision), real(one)))
    other = XMP.replace(b"1", b"2")
    seen = views(*(stream(text) for text in (XMP, XMP, other, XMP, b"<broken", b"<broken")))
    assert [bool(said(wellformed.is_well_formed_xml, view)) for view in seen] == [False] * 4 + [True] * 2
    assert asked == [0, 2, 4, 5]


def test_the_same_stream_under_another_filter_is_not_known():
    """The filter is an object of its own: an update changes what the unchanged stream says."""
    pdf = update(
        letter("/Metadata 9 0 R", n9=stream(XMP, b"/Filter 30 0 R"), n30=b"[]"), {30: b"/ASCIIHexDecode"}
    )
    before, after = views_of(pdf)
    assert said(wellformed.is_well_formed_xml, before) is None
    assert said(wellformed.is_well_formed_xml, after) == said(wellformed.original, after)
    assert said(wellformed.is_well_formed_xml, after) is not None


@pytest.mark.parametrize(
    "metadata", [b"(text)", b"[]", stream(XMP, b"/Filter /None"), stream(b"zz", b"/Filter /FlateDecode")]
)
def test_what_is_no_stream_or_cannot_be_read_never_becomes_known(metadata):
    """It refuses each time, also behind metadata that is well-formed."""
    good, bad = views(stream(XMP), metadata)
    assert said(wellformed.is_well_formed_xml, good) is None
    for _ in range(2):
        assert said(wellformed.is_well_formed_xml, bad) == said(wellformed.original, bad) is not None
