"""Cross-reference tables of signed files: hybrid ones, and entries that point out of what is signed."""

import re
import zlib

import pytest

from tests.attacks.layouts import linearised_as_signed
from tests.lab.pdfs import a_cms, codes, judge, newest, plain, seal, sign_by_hand, update
from tests.lab.services import a_token

CLEAN = {"integrity": set(), "content": set(), "trust": set()}
HIDDEN = b"<< /S /Document /K [] >>"


def start(pdf: bytes) -> int:
    return int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])


def hybrid(pdf: bytes, entries: dict[int, bytes], *, table: bytes = b"xref\n0 0\n") -> bytes:
    """Append a hybrid section as Word writes it: an empty table, and a stream that defines objects.

    Args:
        pdf: what is there.
        entries: objects of the stream, by number.
        table: the table beside it.
    """
    out, places = bytearray(pdf), {}
    for number, value in sorted(entries.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    size = max(30, *(number + 2 for number in entries))
    rows = b"".join(b"\1" + place.to_bytes(4, "big") + b"\0" for place in places.values())
    index = b" ".join(b"%d 1" % number for number in places)
    where = len(out)
    out += (
        b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 1] /Index [%s] /Length %d /Root 1 0 R >>\n"
        b"stream\n%s\nendstream\nendobj\n" % (size - 1, size, index, len(rows), rows)
    )
    place = len(out)
    out += table + b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R /Prev %d /XRefStm %d >>\n" % (
        size, start(pdf), where,
    )  # fmt: skip
    return bytes(out) + b"startxref\n%d\n%%%%EOF\n" % place


def signed(pdf: bytes) -> bytes:
    return sign_by_hand(pdf, a_cms(token=a_token))


def with_tree() -> bytes:
    """A PDF whose structure tree, object 20, no table defines yet."""
    return plain("/StructTreeRoot 20 0 R")


def test_g1_a_hybrid_file_as_word_writes_it_is_let_in():
    """G1-hybrid: the stream adds what the table leaves out; no viewer reads two documents."""
    pdf = signed(hybrid(with_tree(), {20: HIDDEN}))
    assert codes(judge(pdf)) == CLEAN
    sealed = sign_by_hand(pdf, a_cms(seal(), token=a_token), name="Seal")
    assert codes(judge(sealed)) == CLEAN


def test_g1_a_stream_that_repeats_the_tables_own_entries_is_let_in():
    """G1-hybrid-repeated: Word's stream lists the table's objects once more, at the same places."""
    pdf = hybrid(with_tree(), {20: HIDDEN})
    rows = re.search(rb"/Index \[20 1\] /Length 6 .*?stream\n(.{6})\nendstream", pdf, re.DOTALL)
    assert rows is not None
    content = pdf.index(b"4 0 obj")
    wider = b"\1" + content.to_bytes(4, "big") + b"\0" + rows.group(1)
    made = pdf.replace(b"/Index [20 1] /Length 6 ", b"/Index [4 1 20 1] /Length 12 ")
    made = made.replace(b"stream\n" + rows.group(1), b"stream\n" + wider)
    grown = len(made) - len(pdf)
    made = made.replace(b"startxref\n%d\n" % start(pdf), b"startxref\n%d\n" % (start(pdf) + grown))
    assert codes(judge(signed(made))) == CLEAN


def packed_beside(action: bytes) -> bytes:
    """Sign a hybrid file whose link lies packed where only the stream beside the table leads."""
    out = bytearray(plain(n7=b"[20 0 R]"))
    link = b"20 0 << /Subtype /Link /Rect [0 0 9 9] /A << /S %s >> >>" % action
    data, held = zlib.compress(link), len(out)
    head = b"<< /Type /ObjStm /N 1 /First 5 /Filter /FlateDecode /Length %d >>" % len(data)
    out += b"21 0 obj\n%s\nstream\n" % head
    out += data + b"\nendstream\nendobj\n"
    rows = b"\2" + (21).to_bytes(4, "big") + b"\0" + b"\1" + held.to_bytes(4, "big") + b"\0"
    beside = len(out)
    out += b"22 0 obj\n<< /Type /XRef /Size 23 /W [1 4 1] /Index [20 2] /Length 12 /Root 1 0 R >>\nstream\n"
    out += rows + b"\nendstream\nendobj\n"
    named = b"/Size 23 /Root 1 0 R /Info 5 0 R /Prev %d /XRefStm %d" % (start(bytes(out)), beside)
    out += b"xref\n0 0\ntrailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n" % (named, len(out))
    return signed(bytes(out))


def test_g8_what_the_stream_beside_a_table_packs_is_looked_at():
    """G8-hybrid-packed: objects that only newer viewers find are content like any other."""
    assert codes(judge(packed_beside(b"/GoTo"))) == CLEAN
    assert codes(judge(packed_beside(b"/JavaScript")))["content"] == {"content.javascript"}
    assert codes(judge(packed_beside(b"/Launch")))["content"] == {"content.launch-action"}


OTHER = b"<< /Length 17 >>\nstream\nBT (other) Tj ET  \nendstream"
ATTACKS = {
    # A viewer that knows the stream and one that does not would show different pages.
    "stream-redefines-the-page": lambda: signed(hybrid(plain(), {4: OTHER})),
    "stream-beside-its-own-table": lambda: signed(
        hybrid(
            update(plain(), {4: newest(plain(), 4)}),
            {4: OTHER},
            table=b"xref\n4 1\n%010d 00000 n \n" % plain().index(b"4 0 obj"),
        )
    ),
    "hybrid-update-behind-a-signature": lambda: hybrid(signed(plain()), {4: OTHER}),
    "hybrid-update-between-signatures": lambda: sign_by_hand(
        hybrid(signed(plain()), {25: HIDDEN}), a_cms(seal(), token=a_token), name="Seal"
    ),
}


@pytest.mark.parametrize("make", [pytest.param(make, id=f"G1-{name}") for name, make in ATTACKS.items()])
def test_a_hybrid_file_that_could_show_two_documents_is_refused(make):
    """Where table and stream could answer differently, nobody can say what was signed."""
    assert "signature.hybrid-references" in codes(judge(make()))["integrity"]


def test_g4_an_object_that_lies_behind_the_signature_is_not_signed():
    """G4-offset-behind-the-end: the signed table points to where an update will put other content.

    Without the check the comparison sees an update that changes nothing of the page.
    """
    base = plain()
    width = len(b"%010d" % 0)
    # The page's content is found where the file will go on after the signature.
    entry = re.search(rb"4 1\n(\d{10}) 00000 n", base)
    assert entry is not None

    def pointed(target: int) -> bytes:
        moved = base[: entry.start(1)] + b"%010d" % target + base[entry.start(1) + width :]
        return signed(moved)

    length = len(pointed(0))
    pdf = pointed(length)
    assert len(pdf) == length
    body = b"BT (appended) Tj ET"
    later = b"4 0 obj\n<< /Length %d >>\nstream\n%s\nendstream\nendobj\n" % (len(body), body)
    attack = update(pdf + later, {1: newest(pdf, 1)})
    assert "signature.not-covering-file" in codes(judge(attack))["integrity"]


@pytest.mark.parametrize("spelt", [b"%010d", b"%08d.0"], ids=["whole", "real"])
def test_g1_a_linearised_file_of_its_length_has_one_beginning(spelt):
    """G1-linearised: however the number is spelled that names the length."""
    assert codes(judge(linearised_as_signed(spelt)))["integrity"] == {"signature.hybrid-references"}
