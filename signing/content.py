"""Content that no document may bring, over all its revisions (rule G8).

Two steps. First one pass over the raw bytes and the inflated object streams
for the names in question, in every way a PDF may spell them. Only where one
turns up, every object of every revision is read and walked, inline
dictionaries too, to see whether it is what it looks like.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from axis.violations import Code, Violation
from signing.reading import OpenedPdf

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 64
"""Longer than any name in question with each letter escaped."""

_NAMES: Final = ("JavaScript", "JS", "Launch", "XFA", "ByteRange")
_DETAIL: Final = {
    Code.CONTENT_JAVASCRIPT: "a script",
    Code.CONTENT_LAUNCH: "an action that starts a program",
    Code.CONTENT_XFA: "an XFA form",
}


def _spelled(name: str) -> bytes:
    # Any letter of a name may be written as #hh.
    return b"".join(b"(?:%c|#%s)" % (ord(c), _either_case(f"{ord(c):02x}")) for c in name)


def _either_case(digits: str) -> bytes:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in digits).encode()


_SUSPECT: Final = re.compile(rb"/(?:" + b"|".join(map(_spelled, _NAMES)) + rb")(?=[\s\x00()<>\[\]{}/%]|\Z)")


def check_content(pdf: OpenedPdf, signatures: int) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Look for forbidden content, and for signatures that no field shows.

    Args:
        pdf: not encrypted.
        signatures: how many signature dictionaries are known.

    Returns:
        What refuses the content (G8), and what refuses the number of signatures (G2).
    """
    seen = _names(pdf)
    if seen.keys() <= {b"ByteRange"} and seen[b"ByteRange"] == signatures:
        return (), ()
    found: Counter[Code | str] = Counter()
    for value in _objects(pdf):
        _walk(value, found)
    forbidden = tuple(Violation(code, "", detail) for code, detail in _DETAIL.items() if found[code])
    counted = found["signature"]
    hidden: tuple[Violation, ...] = ()
    if counted != signatures:
        detail = f"{counted} signature dictionaries in all revisions, {signatures} in fields"
        hidden = (Violation(Code.SIGNATURE_COUNT, "", detail),)
    return forbidden, hidden


def _names(pdf: OpenedPdf) -> Counter[bytes]:
    seen: Counter[bytes] = Counter()
    position, overlap = 0, b""
    while chunk := pdf.read(position, _CHUNK):
        text = overlap + chunk
        last = position + len(chunk) >= pdf.size
        # What begins in the overlap is counted with the next chunk, where it stands whole.
        edge = len(text) if last else len(text) - _OVERLAP
        for match in _SUSPECT.finditer(text):
            if match.start() < edge:
                seen[_plain(match.group())] += 1
        overlap = b"" if last else text[-_OVERLAP:]
        position += len(chunk)
    for stream in _object_streams(pdf):
        for match in _SUSPECT.finditer(stream.read_data(DecodePurpose.OBJECT_STREAM)):
            seen[_plain(match.group())] += 1
    return seen


def _plain(name: bytes) -> bytes:
    return re.sub(rb"#([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), name[1:])


def _object_streams(pdf: OpenedPdf) -> Iterator[generic.StreamObject]:
    # Each version of each object stream once.
    xrefs, done = pdf.reader.xrefs, set()
    for revision in range(pdf.reader.total_revisions):
        for reference in sorted(xrefs.object_streams_used_in(revision), key=lambda ref: ref.idnum):
            where = xrefs.get_historical_ref(reference, revision)
            if (reference.idnum, where) in done:
                continue
            done.add((reference.idnum, where))
            current = xrefs[reference] == where
            stream = pdf.reader.get_object(reference, None if current else revision)
            if not isinstance(stream, generic.StreamObject):
                raise misc.PdfReadError("an object stream that is none")
            yield stream


def _objects(pdf: OpenedPdf) -> Iterator[Any]:
    # Every object that some revision defines, in its value of then, and all trailers.
    xrefs = pdf.reader.xrefs
    for revision in range(pdf.reader.total_revisions):
        yield pdf.reader.trailer.flatten(revision)
        for reference in xrefs.explicit_refs_in_revision(revision):
            # Those in object streams come below, each stream inflated once.
            if isinstance(xrefs.get_historical_ref(reference, revision), int):
                yield pdf.reader.get_object(reference, revision)
    for stream in _object_streams(pdf):
        data = io.BytesIO(stream.read_data(DecodePurpose.OBJECT_STREAM))
        heads = []
        for _ in range(int(stream["/N"])):
            pair = []
            for _ in range(2):
                misc.read_non_whitespace(data, seek_back=True)
                pair.append(int(generic.NumberObject.read_from_stream(data)))
            heads.append(pair)
        for number, offset in heads:
            data.seek(int(stream["/First"]) + offset)
            misc.read_non_whitespace(data, seek_back=True)
            yield generic.read_object(data, generic.Reference(number, 0, pdf.reader))


def _walk(root: Any, found: Counter[Code | str]) -> None:  # noqa: ANN401  # pyHanko's objects are untyped
    # Without following references: what they lead to is an object of its own, and walked as such.
    waiting = [root]
    while waiting:
        value = waiting.pop()
        if isinstance(value, generic.DictionaryObject):
            if "/JavaScript" in value or ("/JS" in value and "/S" in value):
                found[Code.CONTENT_JAVASCRIPT] += 1
            if "/XFA" in value:
                found[Code.CONTENT_XFA] += 1
            if "/ByteRange" in value and "/Contents" in value:
                found["signature"] += 1
            waiting.extend(value.raw_get(key) for key in value)
        elif isinstance(value, generic.ArrayObject):
            waiting.extend(value.raw_get(index) for index in range(len(value)))
        elif isinstance(value, generic.NameObject):
            # A name may be an object of its own, with the action referring to it.
            if value == "/JavaScript":
                found[Code.CONTENT_JAVASCRIPT] += 1
            elif value == "/Launch":
                found[Code.CONTENT_LAUNCH] += 1
