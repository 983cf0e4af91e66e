"""ZIP files from outside: listed and unwrapped under hard limits (rule F14).

A reader of its own because of what it refuses: ZIP64, encryption, several
disks, lists that do not fit, contents that do not match their sizes and
checksums. Names and paths of entries are never used to write anything.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

ENTRIES: Final = 1000
"""Entries of one archive."""
LIST_BYTES: Final = 1024 * 1024
"""Bytes of the list of entries."""
RATIO: Final = 200
"""How many times larger than its packed form an entry may be, once over `RATIO_FREE`."""
RATIO_FREE: Final = 1024 * 1024

_BLOCK: Final = 64 * 1024
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_STORED: Final = 0
_DEFLATED: Final = 8
_LOCATOR_BYTES: Final = 20

ZIP_MAGIC: Final = b"PK\x03\x04"
EMPTY_ZIP_MAGIC: Final = b"PK\x05\x06"
_ARCHIVES: Final = (
    ZIP_MAGIC,
    EMPTY_ZIP_MAGIC,
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b\x08",
    b"\xfd7zXZ\x00",
)


class ArchiveError(ValueError):
    """An archive is broken, nested, encrypted or too large. Never leaves `axis.edxml`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of an archive, as its list tells."""

    name: str
    offset: int
    """Of its local header, bytes."""
    packed: int
    size: int
    method: int
    crc: int


def is_archive(magic: bytes) -> bool:
    """Tell whether a file that begins so is an archive."""
    return magic.startswith(_ARCHIVES)


def list_entries(file: BinaryIO, size: int) -> list[Entry]:
    """Read the list of a ZIP file; directories are left out.

    Args:
        file: seekable.
        size: its length, bytes.

    Raises:
        ArchiveError: broken, encrypted, or over a limit.
    """
    count, length, start = _end_record(file, size)
    file.seek(start)
    data = file.read(length)
    entries, at = [], 0
    for _ in range(count):
        if at + _CENTRAL.size > len(data):
            raise ArchiveError("danh sách bị cắt / the list is cut")
        record = _CENTRAL.unpack_from(data, at)
        magic, _, _, flags, method = record[:5]
        crc, packed, unpacked, n, x, c, disk = record[7:14]
        if magic != b"PK\x01\x02" or disk:
            raise ArchiveError("danh sách hỏng / the list is broken")
        if flags & _ENCRYPTED:
            raise ArchiveError("có mật khẩu / encrypted")
        if method not in {_STORED, _DEFLATED}:
            raise ArchiveError(f"cách nén lạ / unknown method {method}")
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + n].decode("utf-8", "replace")
        at += _CENTRAL.size + n + x + c
        if unpacked or not name.endswith("/"):
            entries.append(Entry(name, record[16], packed, unpacked, method, crc))
    if at != len(data):
        raise ArchiveError("danh sách hỏng / the list is broken")
    return entries


def _end_record(file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Return how many entries there are, and length and offset of their list."""
    tail_size = min(size, _END.size + 0xFFFF + _LOCATOR_BYTES)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or place + _END.size > len(tail):
        raise ArchiveError("không có phần cuối / no end record")
    (_, disk, list_disk, here, count, length, start, comment) = _END.unpack_from(tail, place)
    if place + _END.size + comment != len(tail):
        raise ArchiveError("có byte thừa ở cuối / bytes after the end")
    if tail[max(place - _LOCATOR_BYTES, 0) : place].startswith(b"PK\x06\x07"):
        raise ArchiveError("ZIP64")
    if disk or list_disk or here != count:
        raise ArchiveError("nhiều phần / several disks")
    if count > ENTRIES or length > LIST_BYTES:
        raise ArchiveError(f"quá nhiều mục / too many entries ({ENTRIES})")
    if start + length != size - tail_size + place:
        raise ArchiveError("danh sách không đúng chỗ / the list is not where it must be")
    return count, length, start


def read_entry(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Unpack one entry, at most 64 KiB at a time.

    Raises:
        ArchiveError: broken, or larger than its list or `RATIO` says.
    """
    file.seek(entry.offset)
    header = file.read(_LOCAL.size)
    if len(header) != _LOCAL.size:
        raise ArchiveError("mục bị cắt / an entry is cut")
    (magic, _, flags, method, _, _, _, _, _, n, x) = _LOCAL.unpack(header)
    if magic != ZIP_MAGIC or method != entry.method or flags & _ENCRYPTED:
        raise ArchiveError("mục và danh sách khác nhau / an entry differs from the list")
    if entry.size > max(RATIO_FREE, entry.packed * RATIO):
        raise ArchiveError(f"nén quá nhiều / packed over {RATIO} times")
    position, left = entry.offset + _LOCAL.size + n + x, entry.packed
    unpack = _Inflater() if entry.method == _DEFLATED else None
    done, crc = 0, 0
    while left:
        file.seek(position)  # the reader of the pieces may share the file
        packed = file.read(min(_BLOCK, left))
        if not packed:
            raise ArchiveError("mục bị cắt / an entry is cut")
        position, left = position + len(packed), left - len(packed)
        for piece in unpack.pieces(packed) if unpack else (packed,):
            done, crc = done + len(piece), zlib.crc32(piece, crc)
            if done > entry.size:
                raise ArchiveError("mục lớn hơn danh sách nói / an entry is larger than listed")
            yield piece
    if done != entry.size or crc != entry.crc or (unpack and not unpack.ended):
        raise ArchiveError("mục không khớp tổng kiểm / an entry does not match its checksum")


class _Inflater:
    """Raw deflate, in pieces of bounded size."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def ended(self) -> bool:
        return self._stream.eof and not self._stream.unused_data

    def pieces(self, packed: bytes) -> Iterator[bytes]:
        while packed and not self._stream.eof:
            try:
                piece = self._stream.decompress(packed, _BLOCK)
            except zlib.error:
                raise ArchiveError("dữ liệu nén hỏng / broken data") from None
            packed = self._stream.unconsumed_tail
            yield piece
        if packed:
            raise ArchiveError("dữ liệu nén hỏng / broken data")


def check_entries(file: BinaryIO, entries: list[Entry], most: int, may_nest: Callable[[str], bool]) -> None:
    """Judge an archive that stays packed: what a receiver would meet who unpacks it.

    Args:
        file: the archive.
        entries: its list.
        most: bytes that all entries may have together.
        may_nest: tells of an entry's name whether it may itself be a ZIP (office documents are).

    Raises:
        ArchiveError: broken, nested, or over a limit.
    """
    if sum(entry.size for entry in entries) > most:
        raise ArchiveError(f"quá lớn sau khi giải nén / too large unpacked ({most})")
    for entry in entries:
        if entry.size > max(RATIO_FREE, entry.packed * RATIO):
            raise ArchiveError(f"nén quá nhiều / packed over {RATIO} times")
        magic = next(read_entry(file, entry), b"")
        if is_archive(magic) and not may_nest(entry.name):
            raise ArchiveError("tệp nén lồng nhau / nested archive")
