"""Digests of one file: what signatures cover, and the whole of it, each byte hashed once."""

import hashlib
import io

import pytest

from signing.byteranges import Range
from signing.digests import Digests
from signing.reading import open_pdf
from tests.lab.pdfs import limits, signed_twice

DATA = bytes(range(256)) * 20
RANGES = [Range(100, 200, 900), Range(3000, 3100, len(DATA)), Range(50, 60, 70)]


class Counted:
    """Bytes, and how many of them were asked for."""

    def __init__(self, data):
        self.data = data
        self.read_bytes = 0

    def read(self, offset, length):
        """As a file does."""
        self.read_bytes += len(self.data[offset : offset + length])
        return self.data[offset : offset + length]


@pytest.mark.parametrize("algorithms", [(), ("sha256",), ("sha512",), ("sha512", "sha256", "sha3_256")])
def test_the_whole_is_the_whole(algorithms):
    """Whatever was hashed before, and by which algorithms."""
    digests = Digests(Counted(DATA).read, len(DATA))
    for covered in RANGES:
        for algorithm in algorithms:
            expected = DATA[: covered.gap_start] + DATA[covered.gap_end : covered.end]
            assert digests.of(covered, algorithm) == hashlib.new(algorithm, expected).digest()
    assert digests.whole() == hashlib.sha256(DATA).hexdigest()


def test_what_signatures_share_is_not_hashed_again():
    """The whole costs what stands behind the last gap, no more."""
    file = Counted(DATA)
    digests = Digests(file.read, len(DATA))
    digests.of(RANGES[1], "sha256")
    before = file.read_bytes
    digests.whole()
    assert file.read_bytes - before == len(DATA) - RANGES[1].gap_start


def test_an_opened_file_tells_its_digest():
    """Of the very bytes that are judged."""
    pdf = signed_twice()
    assert open_pdf(io.BytesIO(pdf), limits()).digests.whole() == hashlib.sha256(pdf).hexdigest()
