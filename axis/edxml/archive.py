"""ZIP files: those from outside under hard limits (rule F14), and the frame of one of ours.

The standard library reads and writes the format. Here stands what it does not
refuse: sizes, encryption, nesting, and places where two readers would find
different contents. Names and paths of entries are never used to write anything.
"""

import copy
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

ENTRIES: Final = 1000
"""Entries of one archive."""
LIST_BYTES: Final = 512 * 1024
"""Bytes of the list of entries: half a KiB for each of `ENTRIES`."""
RATIO: Final = 200
"""How many times larger than its packed form an entry may be, once over `RATIO_FREE`."""
RATIO_FREE: Final = 1024 * 1024

FRAME_BYTES: Final = 2048
"""Bytes that a ZIP may have around its one entry: names, times and sizes, twice, and the list's end."""

_BLOCK: Final = 64 * 1024
_MAGIC: Final = 8
_END: Final = struct.Struct("<4s4H2IH")
_LOCAL: Final = struct.Struct("<4s3H")
_LOCAL_WHOLE: Final = struct.Struct("<4s5H3I2H")
_OF_PDF: Final = re.compile(rb"%PDF-|startxref|%%EOF")
_ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000
_UNIX: Final = 3
_OWNERS_FILE: Final = 0o600 << 16

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


class ArchiveLimitError(ArchiveError):
    """An archive beyond the caps on entries, ratio or size. Rule F19."""


def is_archive(magic: bytes) -> bool:
    """Tell whether a file that begins so is an archive."""
    return magic.startswith(_ARCHIVES)


class Archive:
    """A ZIP file from outside: its list is checked before anything is unpacked."""

    def __init__(self, file: BinaryIO) -> None:
        """Read and check the list.

        Args:
            file: seekable; stays open, and its position is anywhere afterwards.

        Raises:
            ArchiveError: broken, encrypted, or over a limit.
        """
        self._file = file
        with _refusing():
            self._zip = ZipFile(_Guarded(file))
        listed = self._zip.infolist()
        if len(listed) > ENTRIES:
            raise ArchiveLimitError(f"quá nhiều mục / too many entries ({ENTRIES})")
        self._check_end()
        for entry in listed:
            self._check_entry(entry)
        self.entries = [entry for entry in listed if entry.file_size or not entry.orig_filename.endswith("/")]
        """Without the directories."""

    def _check_end(self) -> None:
        # The library passes over bytes behind and between the parts; other readers do not.
        place = self._file.seek(-_END.size - len(self._zip.comment), os.SEEK_END)
        magic, *disks, here, count, length, start, comment = _END.unpack(self._file.read(_END.size))
        if magic != EMPTY_ZIP_MAGIC or comment != len(self._zip.comment):
            raise ArchiveError("có byte thừa ở cuối / bytes after the end")
        if any(disks) or here != count or count != len(self._zip.infolist()):
            raise ArchiveError("danh sách không đủ / the list is not whole")
        if start != self._zip.start_dir or start + length != place:
            raise ArchiveError("danh sách không đúng chỗ / the list is not where it must be")

    def _check_entry(self, entry: ZipInfo) -> None:
        if entry.flag_bits & _ENCRYPTED:
            raise ArchiveError("có mật khẩu / encrypted")
        if entry.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            # Their unpackers give as much at once as they please.
            raise ArchiveError(f"cách nén lạ / unknown method {entry.compress_type}")
        if entry.volume or entry.header_offset + entry.compress_size > self._zip.start_dir:
            raise ArchiveError("mục không đúng chỗ / an entry is not where it must be")
        if entry.file_size > max(RATIO_FREE, entry.compress_size * RATIO):
            raise ArchiveLimitError(f"nén quá nhiều / packed over {RATIO} times")
        self._file.seek(entry.header_offset)
        header = self._file.read(_LOCAL.size).ljust(_LOCAL.size, b"\0")
        magic, _, flags, method = _LOCAL.unpack(header)
        if magic != ZIP_MAGIC or method != entry.compress_type or flags & _ENCRYPTED:
            raise ArchiveError("mục và danh sách khác nhau / an entry differs from the list")

    def check_alone(self, entry: ZipInfo) -> None:
        """Judge what stands around the one entry, at the beginning: no second document for other readers.

        A viewer of PDFs takes a header some way into a file for its beginning, and the last table for the
        document: what is packed would be judged, and what lies around it be shown.

        Raises:
            ArchiveError: more than a ZIP needs, or words of a PDF.
        """
        self._file.seek(0, os.SEEK_END)
        size = self._file.tell()
        self._file.seek(entry.header_offset)
        *_, name, extra = _LOCAL_WHOLE.unpack(self._file.read(_LOCAL_WHOLE.size))
        begin = entry.header_offset + _LOCAL_WHOLE.size + name + extra
        end = begin + entry.compress_size
        if size - (end - begin) > FRAME_BYTES:
            raise ArchiveError("có byte thừa quanh tệp / bytes around its one entry")
        self._file.seek(0)
        head = self._file.read(begin)
        self._file.seek(end)
        if _OF_PDF.search(head) or _OF_PDF.search(self._file.read(FRAME_BYTES)):
            raise ArchiveError("phần khung là một PDF khác / its frame is another PDF")

    def read(self, entry: ZipInfo) -> Iterator[bytes]:
        """Unpack one of the entries, at most 64 KiB at a time.

        Raises:
            ArchiveError: broken, or larger than the list says.
        """
        listed = copy.copy(entry)
        # The library cuts an entry at its listed size without a word; one byte more shows a longer one.
        listed.file_size += 1
        done = 0
        with _refusing(), self._zip.open(listed) as content:
            while piece := content.read(_BLOCK):
                done += len(piece)
                if done > entry.file_size:
                    break
                yield piece
        if done != entry.file_size:
            raise ArchiveError("mục không đúng cỡ / an entry has not its listed size")

    def check(self, most: int, may_nest: Callable[[str], bool]) -> None:
        """Judge an archive that stays packed: what a receiver would meet who unpacks it.

        Args:
            most: bytes that all entries may have together.
            may_nest: tells of an entry's name whether it may itself be a ZIP (office documents are).

        Raises:
            ArchiveError: broken, nested, or over a limit.
        """
        if sum(entry.file_size for entry in self.entries) > most:
            raise ArchiveLimitError(f"quá lớn sau khi giải nén / too large unpacked ({most})")
        for entry in self.entries:
            with _refusing(), self._zip.open(entry) as content:
                magic = content.read(_MAGIC)
            if is_archive(magic) and not may_nest(entry.filename):
                raise ArchiveError("tệp nén lồng nhau / nested archive")


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn all that the library raises about hostile bytes into one error; not what the disk raises."""
    try:
        yield
    except ArchiveError:
        raise
    except (BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError) as exc:
        raise ArchiveError("tệp nén hỏng / broken") from exc


class _Guarded:
    """A file as the library may read it: the list of entries is one read, and as long as a ZIP says."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > LIST_BYTES:
            raise ArchiveLimitError(f"danh sách quá dài / the list is too long ({LIST_BYTES})")
        return self._file.read(LIST_BYTES if size < 0 else size)


# --- ours ----------------------------------------------------------------------


def frame(name: str, content: Iterable[bytes]) -> tuple[bytes, bytes]:
    """Make a ZIP with one entry, without the entry's content: what stands before it, and what after it.

    Stored, since deflated bytes would differ between libraries; nothing of
    the machine or the moment is in it. Sizes stand before the content: Java's
    reader takes no stored entry whose sizes come after.

    Args:
        name: of the entry, ASCII.
        content: its bytes in pieces; none of them is kept.
    """
    entry = ZipInfo(name)  # of 1 January 1980, the first day a ZIP can name
    entry.create_system = _UNIX
    entry.external_attr = _OWNERS_FILE
    out = _Hollow()
    with ZipFile(out, "w", ZIP_STORED) as archive:
        with archive.open(entry, "w") as inside:
            start = out.tell()
            out.keeps = False
            for piece in content:
                inside.write(piece)
            out.keeps = True
        end = out.tell()
    return out.kept(0, start), out.kept(end, out.tell())


class _Hollow:
    """A file that keeps what is written to it only while it is told to."""

    def __init__(self) -> None:
        self._pieces: dict[int, bytes] = {}
        self._at = 0
        self.keeps = True

    def write(self, data: bytes) -> int:
        if self.keeps:
            self._pieces[self._at] = bytes(data)
        self._at += len(data)
        return len(data)

    def seek(self, offset: int) -> int:
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is open."""

    def kept(self, start: int, end: int) -> bytes:
        return b"".join(piece for at, piece in sorted(self._pieces.items()) if start <= at < end)
