"""Attachments: decoded into scratch files that nobody else can see, unwrapped, hashed."""

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import BinaryIO, Final, Self
from zipfile import ZipInfo

from axis.edxml.archive import EMPTY_ZIP_MAGIC, ZIP_MAGIC, Archive, ArchiveError, is_archive
from axis.edxml.transfer import Base64Decoder

ZIP_FAMILY: Final = frozenset(
    {".docx", ".docm", ".dotx", ".xlsx", ".xlsm", ".xltx", ".pptx", ".pptm", ".ppsx"}
    | {".odt", ".ods", ".odp", ".odg", ".epub", ".jar"}
)
"""Formats that are ZIP files by themselves."""

_WRAPPED_NAME: Final = re.compile(r"[0-9a-fA-F-]{36}(\.\w+)")
_ZIP_TYPE: Final = "application/zip"
_PDF: Final = b"%PDF-"
_PIECE: Final = 256 * 1024
"""Bytes hashed at a time."""


class TooLargeError(ValueError):
    """Attachments are larger than allowed. Never leaves `axis.edxml`."""


@dataclass(frozen=True, slots=True)
class DecodedAttachment:
    """One attachment after base64, and after one level of wrapping ZIP."""

    content_id: str
    name: str
    """``AttachmentName``: what people see. Never an entry's name."""
    content_type: str
    """As written; nothing relies on it."""
    size: int
    """Bytes."""
    hashed: str
    """Its SHA-256, hexadecimal; empty for a PDF, nearly all of which is hashed for its signatures."""
    wrapped: bool
    """It came as the one entry of a ZIP."""
    file: BinaryIO
    """Unlinked scratch file, positioned at its start; belongs to the sink."""

    def sha256(self) -> str:
        """Return its SHA-256, hexadecimal; where it is not known the file is read for it."""
        return self.hashed or sha256_of(self.file)


def sha256_of(file: BinaryIO) -> str:
    """Return the SHA-256 of a whole file, hexadecimal, and leave the position at the start."""
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(_PIECE):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


class Scratch:
    """A scratch file with its length and, unless it is a PDF, a running SHA-256."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.size = 0
        self._digest: hashlib._Hash | None = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        if not self.size and data.startswith(_PDF):
            self._digest = None
        self.file.write(data)
        self.size += len(data)
        if self._digest is not None:
            self._digest.update(data)

    @property
    def hashed(self) -> str:
        """Digest of what was written, hexadecimal; empty for a PDF."""
        return self._digest.hexdigest() if self._digest is not None else ""

    def magic(self, length: int) -> bytes:
        """Return the first bytes, and leave the position at the start."""
        self.file.seek(0)
        start = self.file.read(length)
        self.file.seek(0)
        return start


class AttachmentSink:
    """Where decoded attachments go: unlinked files in one directory, closed together."""

    def __init__(self, directory: Path | None = None) -> None:
        """Prepare a sink.

        Args:
            directory: on a disk with room for the decoded packet; None: the system's own for such files.
        """
        self._directory = directory
        self._open: list[BinaryIO] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def scratch(self) -> Scratch:
        """Open a new scratch file.

        Raises:
            OSError: no room.
        """
        file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 - closed by close()
        self._open.append(file)
        return Scratch(file)

    def close(self) -> None:
        """Close all files; their bytes are gone with that."""
        while self._open:
            self._open.pop().close()


class Decoding:
    """One attachment while its base64 comes in."""

    def __init__(self, sink: AttachmentSink, most: int) -> None:
        """Begin.

        Args:
            sink: gives the scratch file.
            most: bytes it may decode to.
        """
        self.scratch = sink.scratch()
        self._most = most
        self._decoder = Base64Decoder(self._write)
        self.broken = ""
        """Why it is no strict base64; empty so far."""

    def _write(self, data: bytes) -> None:
        if self.scratch.size + len(data) > self._most:
            raise TooLargeError
        self.scratch.write(data)

    def feed(self, data: bytes) -> bool:
        """Decode the next bytes; after a fault the rest is passed over.

        Returns:
            Whether all of them are base64 or line breaks.

        Raises:
            TooLargeError: more than allowed.
        """
        if self.broken:
            return False
        try:
            self._decoder.feed(data)
        except TooLargeError:
            raise
        except ValueError:
            self.broken = "không phải base64 đúng chuẩn / not strict base64"
            return False
        return self._decoder.is_sure

    def close(self, *, plain: bool) -> None:
        """Hear that the content ended; not ``plain``: comments, CDATA or elements stood in it."""
        if not plain:
            self.broken = "có thẻ hoặc chú thích trong base64 / markup inside base64"
        if not self.broken:
            try:
                self._decoder.close()
            except ValueError:
                self.broken = "base64 bị cắt cụt / base64 is cut"
            if not self.scratch.size:
                self.broken = self.broken or "rỗng / empty"


def extension(name: str) -> str:
    """Return the lower-case extension of a file's name with its dot, or an empty string."""
    return PurePosixPath(name).suffix.lower()


def finish(
    scratch: Scratch, sink: AttachmentSink, *, content_id: str, name: str, content_type: str, most: int
) -> DecodedAttachment:
    """Take off the ZIP that a sender's library put around a file, and only that.

    Args:
        scratch: the bytes after base64.
        sink: gives the scratch file for an unwrapped one.
        content_id: of the attachment.
        name: ``AttachmentName``.
        content_type: as written.
        most: bytes an unwrapped file may have.

    Raises:
        ArchiveError: rule F14.
        TooLargeError: unwrapped it has more than ``most`` bytes.

    Source:
        exchange-rules.md 1.3, rule 2; by magic bytes, never by the content type.
    """
    kind = extension(name)
    wrapped = False
    is_itself = kind in ZIP_FAMILY and content_type != _ZIP_TYPE
    if scratch.magic(4) in {ZIP_MAGIC, EMPTY_ZIP_MAGIC} and not is_itself:
        archive = Archive(scratch.file)
        if _is_wrapping(kind, archive.entries):
            scratch, wrapped = _unwrap(archive, sink, most), True
            if is_archive(scratch.magic(8)) and kind not in ZIP_FAMILY:
                raise ArchiveError("tệp nén lồng nhau / nested archive")
        elif kind == ".zip":
            archive.check(most, lambda inner: extension(inner) in ZIP_FAMILY)
        elif kind not in ZIP_FAMILY:
            raise ArchiveError("không có đúng một mục / not exactly one entry")
    scratch.file.seek(0)
    return DecodedAttachment(
        content_id, name, content_type, scratch.size, scratch.hashed, wrapped, scratch.file
    )


def _is_wrapping(kind: str, entries: list[ZipInfo]) -> bool:
    """Tell a wrapping from a ZIP that is the file itself."""
    if len(entries) != 1:
        return False
    if kind not in ZIP_FAMILY and kind != ".zip":
        return True
    # A format that is a ZIP itself: wrapped once more only under the name the vendor's library gives.
    named = _WRAPPED_NAME.fullmatch(entries[0].filename)
    return named is not None and named[1].lower() == kind


def _unwrap(archive: Archive, sink: AttachmentSink, most: int) -> Scratch:
    entry = archive.entries[0]
    # A reader that goes by the local headers would take what hides before the listed entry.
    if entry.header_offset != 0:
        raise ArchiveError("bytes before its one entry")
    if entry.file_size > most:
        raise TooLargeError
    archive.check_alone(entry)
    inner = sink.scratch()
    for piece in archive.read(entry):
        inner.write(piece)
    return inner
