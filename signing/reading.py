"""Opening a PDF: once, strictly, within the caps (rules G1 and G9).

Any exception of the parser, of whatever class, is a refusal. There is never a
second, lenient try: what a lenient reader mends, an attacker may have broken.
"""

import io
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Final, cast

from axis.checks.policy import Limits
from axis.violations import Code, Violation
from signing import hexadecimal, pages, sections, tokens, values, wellformed
from signing.bounds import check_bounds
from signing.causes import BrokenError
from signing.digests import Digests
from signing.mapped import MappedFile
from signing.tracing import cause_of
from signing.versions import Reader

HELD_BYTES: Final = 8 * 1024 * 1024
"""Up to this size a file is held in memory while it is read; larger ones are read from disk."""

hexadecimal.install()
tokens.install()
values.install()
sections.install()
pages.install()
wellformed.install()
for _library in ("pyhanko", "pyhanko_certvalidator"):
    # What they find they log with names and pieces of the document; what matters of it is in the report.
    logging.getLogger(_library).setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class OpenedPdf:
    """A PDF that was read strictly."""

    reader: Reader
    view: Callable[[int, int], bytes | memoryview]
    """So many bytes from an offset, apart from the parser's own; without a copy where they are held."""
    size: int
    """Bytes."""
    digests: Digests
    """Of those very bytes."""

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file as it came; fewer at its end."""
        return bytes(self.view(offset, length))


def open_pdf(file: BinaryIO, limits: Limits) -> OpenedPdf | Violation:
    """Read a PDF's structure.

    Args:
        file: seekable; read from its beginning.
        limits: ``pdf_bytes``, ``revisions`` and ``objects`` count here.

    Returns:
        The file, or why it cannot be read.

    Raises:
        MemoryError: the limit of the process; its keeper names it.
        OSError: the file itself failed.
    """
    size = file.seek(0, io.SEEK_END)
    if size > limits.pdf_bytes:
        return Violation(Code.LIMIT_SIZE, "", f"{size} bytes; {limits.pdf_bytes} are allowed")
    stream, view = _streams(file, size)
    if fault := check_bounds(stream, size, limits):
        return fault
    try:
        reader = Reader(stream, strict=True)
        revisions = reader.total_revisions
        objects = sum(len(reader.defined(number)) for number in range(revisions))
        _check_catalog(reader)
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001  # G1: any exception of any class
        return cause_of(exc, stream, size)
    if revisions > limits.revisions:
        return Violation(Code.LIMIT_REVISIONS, "", f"{revisions} revisions; {limits.revisions} are allowed")
    if objects > limits.objects:
        return Violation(Code.LIMIT_OBJECTS, "", f"{objects} objects; {limits.objects} are allowed")
    return OpenedPdf(reader, view, size, Digests(view, size))


def _check_catalog(reader: Reader) -> None:
    if "/Root" not in reader.trailer:
        raise BrokenError(Code.PDF_CATALOG, "no trailer names a catalog (/Root)")


def _streams(file: BinaryIO, size: int) -> tuple[BinaryIO, Callable[[int, int], bytes | memoryview]]:
    # For the parser, and for ourselves.
    if size <= HELD_BYTES:
        file.seek(0)
        held = file.read()
        return io.BytesIO(held), partial(_viewed, memoryview(held))
    try:
        return cast("BinaryIO", MappedFile.of(file)), partial(_read, file)
    except io.UnsupportedOperation:
        return file, partial(_read, file)  # no real file: its bytes are in memory already


def _viewed(held: memoryview, offset: int, length: int) -> memoryview:
    return held[offset : offset + length]


def _read(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)
