"""ZIP files of strangers, and the frame of ours: what the standard library alone would let pass."""

import base64
import hashlib
import io
import random
import re
import struct
import time
import tracemalloc
import zipfile
import zlib

import pytest

from axis.edxml.archive import ENTRIES, LIST_BYTES, Archive, ArchiveError, frame
from tests.unit.edxml.packets import PDF, codes, contents, file, packet, with_file, zipped

LISTED = b"PK\x01\x02"


def unpacked(data: bytes) -> list[bytes]:
    """Return the contents of all entries."""
    archive = Archive(io.BytesIO(data))
    return [b"".join(archive.read(entry)) for entry in archive.entries]


def in_list(data: bytes, offset: int, value: bytes) -> bytes:
    """Return a ZIP with other bytes at an offset of its first line of the list."""
    at = data.index(LISTED) + offset
    return data[:at] + value + data[at + len(value) :]


def long_list(count: int, extra: bytes = b"") -> bytes:
    """Return a ZIP whose list has so many lines for one and the same empty entry."""
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 0, 0)
    line = struct.pack("<4s6H3I5H2I", LISTED, 20, 20, 0, 0, 0, 33, 0, 0, 0, 0, len(extra), 0, 0, 0, 0, 0)
    listing = (line + extra) * count
    tail = (0, 0, count % 65536, count % 65536, len(listing), len(local), 0)
    return local + listing + struct.pack("<4s4H2IH", b"PK\x05\x06", *tail)


DEFLATED = zipped([("x.pdf", PDF * 9)])
STORED = zipped([("x.pdf", PDF)], zipfile.ZIP_STORED)
TWO = zipped([("x.pdf", PDF), ("y.pdf", PDF)])
SHORT = struct.pack("<I", zlib.crc32(PDF)), struct.pack("<I", len(PDF))
HOSTILE = {
    "listed-shorter-than-it-is": in_list(in_list(DEFLATED, 16, SHORT[0]), 24, SHORT[1]),
    "listed-longer-than-it-is": in_list(DEFLATED, 24, struct.pack("<I", len(PDF) * 9 + 1)),
    "stored-in-the-list-only": in_list(DEFLATED, 10, b"\0\0"),
    "stored-in-the-header-only": DEFLATED[:8] + b"\0\0" + DEFLATED[10:],
    "encrypted-in-the-header-only": DEFLATED[:6] + b"\x01" + DEFLATED[7:],
    "encrypted-in-the-list-only": in_list(DEFLATED, 8, b"\x01"),
    "strongly-encrypted": in_list(DEFLATED, 8, b"\x41"),
    "patched": in_list(DEFLATED, 8, b"\x20"),
    "bzip2": zipped([("x.pdf", PDF)], zipfile.ZIP_BZIP2),
    "lzma": zipped([("x.pdf", PDF)], zipfile.ZIP_LZMA),
    "newer-version": in_list(DEFLATED, 6, b"\xff"),
    "second-disk": in_list(DEFLATED, 34, b"\x01"),
    "another-name": in_list(DEFLATED, 46, b"y"),
    "no-utf-8": in_list(in_list(DEFLATED, 9, b"\x08"), 46, b"\xff"),
    "offset-outside": in_list(DEFLATED, 42, b"\xff\xff\xff\x7f"),
    "offset-in-the-list": in_list(DEFLATED, 42, struct.pack("<I", DEFLATED.index(LISTED))),
    "bytes-before": b"PK\x03\x04 and more" + DEFLATED,
    "bytes-before-the-list": DEFLATED.replace(LISTED, b"hidden" + LISTED),
    "bytes-after": DEFLATED + b"PK",
    "comment-cut": DEFLATED[:-2] + b"\x05\0123",
    "count-of-one": TWO[:-14] + b"\x01\0\x01\0" + TWO[-10:],
    "count-of-this-disk": TWO[:-14] + b"\x01" + TWO[-13:],
    "no-list": DEFLATED[: DEFLATED.index(LISTED)],
    "two-ends": DEFLATED + DEFLATED[-22:],
    "content-cut": DEFLATED[:-60],
    "broken-content": DEFLATED[:38] + b"\xff\xff\xff" + DEFLATED[41:],
    "broken-extra": long_list(1, b"\x01\0\xff\xff"),
    "list-too-long": long_list(LIST_BYTES // 46 + 1),
    "list-of-a-million": long_list(1_000_000),
    "entries": long_list(LIST_BYTES // 46),
    "one-entry-too-many": long_list(ENTRIES + 1),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_archives_are_refused_as_archives(name):
    """F14 or F19 and nothing else, whatever the library raises or passes over, in 8 MiB and half a second."""
    data = io.BytesIO(HOSTILE[name])
    begun = time.process_time()
    with pytest.raises(ArchiveError):
        unpacked(HOSTILE[name])
    assert time.process_time() - begun < 0.5
    tracemalloc.start()
    with pytest.raises(ArchiveError):
        [b"".join(archive.read(entry)) for archive in [Archive(data)] for entry in archive.entries]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 2**20


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("visible", ["a.pdf", "a.zip"])
def test_a_packet_with_a_hostile_archive_is_read_to_its_end(name, visible):
    """What a sender names a document or an archive never raises out of the reader."""
    found = set(codes(with_file(HOSTILE[name][:2_000_000], visible)))
    assert found <= {"format.archive-refused", "format.archive-too-large"}


@pytest.mark.parametrize("where", ["extra", "comment", "name"])
def test_a_wrapping_that_is_another_pdf_is_refused(where):
    """F14: a viewer that takes the packed file for a PDF would show what nobody judged."""
    forged = PDF.replace(b"real", b"good")
    packed = zlib.compress(PDF, wbits=-15)
    name = b"%PDF-1.7\n" if where == "name" else b"x.pdf"
    extra = struct.pack("<2H", 0xCAFE, len(forged)) + forged if where == "extra" else b""
    comment = forged if where == "comment" else b""
    sizes = (zlib.crc32(PDF), len(packed), len(PDF), len(name))
    local = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 33, *sizes, len(extra))
    entry = local + name + extra + packed
    line = struct.pack("<4s6H3I5H2I", LISTED, 20, 20, 0, 8, 0, 33, *sizes, *[0] * 6) + name
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, len(line), len(entry), len(comment))
    assert codes(with_file(entry + line + end + comment, "a.pdf")) == ["format.archive-refused"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_honest_archives_are_unpacked(method):
    """Empty entries, folders, names of any alphabet, an archive comment."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("thư mục/", b"")
        archive.writestr("thư mục/văn bản.pdf", PDF * 5000)
        archive.writestr("empty", b"")
        archive.comment = b"made by hand"
    assert unpacked(out.getvalue()) == [PDF * 5000, b""]


def test_an_archive_written_as_a_stream_is_unpacked():
    """Sizes may stand behind the content, as writers leave them that cannot go back."""

    class Stream(io.BytesIO):
        def seekable(self):
            return False

        def tell(self):
            raise OSError

    out = Stream()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.pdf", PDF)
    assert unpacked(out.getvalue()) == [PDF]


def test_random_damage_never_raises_anything_else():
    """Ten thousand damaged archives: unpacked, or refused by name."""
    chance = random.Random(14)
    for _ in range(10_000):
        data = bytearray(chance.choice([DEFLATED, STORED, TWO]))
        for _ in range(chance.randrange(1, 4)):
            data[chance.randrange(len(data))] = chance.choice([0, 1, 255, chance.randrange(256)])
        try:
            unpacked(bytes(data))
        except ArchiveError:
            continue


def test_a_disk_that_fails_is_not_the_documents_fault():
    """An error of the scratch file while unpacking stays what it is."""

    class Failing(io.BytesIO):
        failing = False

        def read(self, size=-1):
            if self.failing:
                raise OSError(5, "disk")
            return super().read(size)

    disk = Failing(STORED)
    archive = Archive(disk)
    disk.failing = True
    with pytest.raises(OSError, match="disk"):
        b"".join(archive.read(archive.entries[0]))


def test_our_frame_is_the_same_on_any_machine():
    """The bytes around a content are pinned: no clock, no system, no version of Python in them."""
    before, after = frame("x.xlsx", [b"abc", b"def"])
    digest = hashlib.sha256(before + b"abcdef" + after).hexdigest()
    assert digest == "1ea79caf2b8495988fae42380d71ef32839a484b856747518668b90e56363c93"


@pytest.mark.parametrize("content", [b"", b"x", PDF * 10_000])
def test_our_frame_closes_around_its_content(content):
    """Unpacked it is the content again, and its sizes stand before it, where Java wants them."""
    before, after = frame("x.xlsx", [content[:5], content[5:]])
    whole = before + content + after
    assert unpacked(whole) == [content]
    flags, sizes = struct.unpack_from("<H", before, 6)[0], struct.unpack_from("<II", before, 18)
    assert (flags & 8, sizes) == (0, (len(content), len(content)))
    assert zipfile.ZipFile(io.BytesIO(whole)).testzip() is None


def test_wrapped_files_of_one_packet_have_names_of_their_own():
    """The same packet gives the same bytes; entries are named apart, by extension and nothing visible."""
    files = [file("bảng.xlsx", b"1"), file("bảng.xlsx", b"1"), file("lạ.x!", b"2")]
    whole = packet(*files)
    assert packet(*files) == whole
    assert contents(whole) == [b"1", b"1", b"2"]
    encoded = re.findall(rb'QCVN_102_2016">([\w+/=]+)</edXML:ContentTransferEncoded>', whole)
    names = [zipfile.ZipFile(io.BytesIO(base64.b64decode(text))).namelist() for text in encoded]
    assert [len(found) for found in names] == [1, 1, 1]
    assert [re.sub(r"[0-9a-f-]{36}", "", found[0]) for found in names] == [".xlsx", ".xlsx", ".bin"]
    assert len({found[0] for found in names}) == 3
