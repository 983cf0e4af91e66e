"""Content that no document may bring, over all its revisions (rule G8).

Every object of every revision is walked, inline dictionaries too. Where nobody
has read the objects yet, one pass over the raw bytes and the inflated object
streams comes first, for the names in question in every way a PDF may spell them:
where none turns up, no object needs to be read.
"""

import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import DecodePurpose

from axis.violations import Code, Violation
from signing import catalogs, forbidden
from signing.objects import Key
from signing.reading import OpenedPdf

_CHUNK: Final = 1024 * 1024
_OVERLAP: Final = 64
"""Longer than any name in question with each letter escaped."""

SIGNED: Final = "ByteRange"
"""A file in which this name is not spelled bears no signature."""

_NAMES: Final = (*forbidden.CODES, *catalogs.NAMES, SIGNED)


def _tree(words: list[bytes]) -> bytes:
    # Alternatives by their letters one after another: each place of the text is looked at once.
    heads: dict[bytes, list[bytes]] = {}
    for word in words:
        if word:
            heads.setdefault(word[:1], []).append(word[1:])
    if not heads:
        return b""
    body = b"|".join(re.escape(head) + _tree(rest) for head, rest in sorted(heads.items()))
    return b"(?:" + body + b")" + (b"?" if b"" in words else b"")


_ENDS: Final = rb"\s\x00()<>\[\]{}/%"
_FILE: Final = b"F"
_WANTED: Final = frozenset(name.encode() for name in _NAMES)
_LITERAL: Final = re.compile(b"/(" + _tree(sorted(_WANTED)) + b")(?=[" + _ENDS + rb"]|\Z)")
_FLAGS: Final = re.compile(rb"[\s\x00]*(?:/|\+?(\d+)[\s\x00]*[/>])")
"""What follows the key ``/F`` of an annotation (its flags) or of an inline image (its filter): no file."""

_ESCAPED: Final = re.compile(
    b"/([^%b#]{0,16}(?:#[0-9a-fA-F]{2}[^%b#]{0,16})+)(?=[%b]|\\Z)" % (_ENDS, _ENDS, _ENDS)
)
"""Any letter of a name may be written as #hh."""


class Spelled:
    """Which names in question a file spells, in its bytes and in its inflated object streams."""

    def __init__(self, pdf: OpenedPdf) -> None:
        """Count nothing yet.

        Args:
            pdf: not encrypted.
        """
        self._pdf = pdf
        self._counts: Counter[str] | None = None

    @property
    def counts(self) -> Counter[str]:
        """How often each name is spelled.

        Raises:
            Exception: of any class, where an object stream cannot be read.
        """
        if self._counts is None:
            found = _names(self._pdf)
            self._counts = Counter({name.decode("latin-1"): count for name, count in found.items()})
        return self._counts


def check_content(
    pdf: OpenedPdf, spelled: Spelled, signatures: int, *, compared: bool, embedded_files: bool = False
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Look for forbidden content, and for signatures that no field shows.

    Args:
        pdf: not encrypted.
        spelled: the names in it.
        signatures: how many signature dictionaries are known.
        compared: its revisions were compared, so that its objects are read already: to look at them costs
            less than to search the bytes for names.
        embedded_files: policy lets files travel inside a document.

    Returns:
        What refuses the content (G8), and what refuses the number of signatures (G2).
    """
    found = _walked(pdf) if compared else None
    if found is None:
        found = _searched(pdf, spelled.counts, signatures)
    if embedded_files:
        del found[Code.CONTENT_EMBEDDED]
    told = tuple(Violation(code, "", detail) for code, detail in forbidden.DETAIL.items() if found[code])
    counted = found[forbidden.SIGNATURE]
    if counted not in {signatures, signatures + catalogs.usage_rights(pdf.reader)}:
        detail = f"{counted} signature dictionaries in all revisions, {signatures} in fields"
        return told, (Violation(Code.SIGNATURE_COUNT, "", detail),)
    return told, ()


def _walked(pdf: OpenedPdf) -> Counter[Code | str] | None:
    # None: an object that nothing asks for cannot be read. It refuses only where its bytes spell a name
    # in question, so these are searched.
    found: Counter[Code | str] = Counter()
    try:
        found.update(catalogs.check_catalogs(pdf.reader))
        for value in _objects(pdf):
            forbidden.look_at(value, found)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - of any class; what it means is judged by the search
        return None
    return found


def _searched(pdf: OpenedPdf, seen: Counter[str], signatures: int) -> Counter[Code | str]:
    found: Counter[Code | str] = Counter()
    if not seen.keys().isdisjoint(catalogs.NAMES):
        found.update(catalogs.check_catalogs(pdf.reader))
    # Every dictionary spells its names: as many as there are signatures, and none is hidden.
    counting = seen[SIGNED] != signatures
    wanted = {code for name, code in forbidden.CODES.items() if seen[name]}
    if counting or wanted:
        for value in _objects(pdf):
            forbidden.look_at(value, found)
            if not counting and all(found[code] for code in wanted):
                break  # nothing more can turn up
    if not counting:
        found[forbidden.SIGNATURE] = signatures
    return found


def _names(pdf: OpenedPdf) -> Counter[bytes]:
    seen: Counter[bytes] = Counter()
    position, overlap = 0, b""
    while chunk := pdf.read(position, _CHUNK):
        text = overlap + chunk
        last = position + len(chunk) >= pdf.size
        # What begins in the overlap is counted with the next chunk, where it stands whole.
        edge = len(text) if last else len(text) - _OVERLAP
        seen.update(_wanted(text, edge))
        overlap = b"" if last else text[-_OVERLAP:]
        position += len(chunk)
    for stream in _object_streams(pdf):
        data = stream.read_data(DecodePurpose.OBJECT_STREAM)
        seen.update(_wanted(data, len(data)))
    return seen


def _wanted(text: bytes, edge: int) -> Iterator[bytes]:
    for match in _LITERAL.finditer(text):
        if match.start() < edge and not (match.group(1) == _FILE and _is_harmless(text, match.end())):
            yield match.group(1)
    if b"#" not in text:
        return
    for match in _ESCAPED.finditer(text):
        name = re.sub(rb"#([0-9a-fA-F]{2})", lambda m: bytes([int(m.group(1), 16)]), match.group(1))
        if name in _WANTED and match.start() < edge:
            yield name


def _is_harmless(text: bytes, place: int) -> bool:
    flags = _FLAGS.match(text, place)
    return flags is not None and not (flags[1] and forbidden.only_in_print(int(flags[1][-9:])))


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
            stream = pdf.reader.get_object(reference, None if current else revision)  # type: ignore[no-untyped-call]
            if not isinstance(stream, generic.StreamObject):
                raise misc.PdfReadError("an object stream that is none")
            yield stream


def _objects(pdf: OpenedPdf) -> Iterator[Any]:
    # Every object that some revision defines, in its value of then, and all trailers. Once each: tools
    # name the same place again in a later table.
    reader = pdf.reader
    done = set[tuple[Key, int]]()
    for revision in range(reader.total_revisions):
        yield reader.trailer.flatten(revision)
        for key in reader.defined(revision):
            # Those in object streams come below, each stream inflated once.
            place = reader.place(key, revision)
            if isinstance(place, int) and (key, place) not in done:
                done.add((key, place))
                yield reader.version(key, revision)
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
