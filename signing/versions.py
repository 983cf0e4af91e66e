"""A document whose objects are read once: each version of each object, known by where it stands in the file.

pyHanko reads an object anew for every revision that is looked at, and the table at
the head of an object stream anew for every object in it. What is kept here is what
it read; what is not plainly spelled, its own functions read.
"""

import io
import re
from bisect import bisect_right
from collections import defaultdict
from typing import BinaryIO, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.xref import ObjStreamRef

from axis.violations import Code
from signing.causes import BrokenError, missing_key, placed
from signing.leaves import reference
from signing.objects import Key
from signing.packed import Head
from signing.spelling import FIRST_LOOK
from signing.values import read_plain, with_stream
from signing.ways import Edge, Resolver, edges_of

Place = int | ObjStreamRef | None
"""Where a version of an object stands: an offset, or an object stream and an index; None: nowhere."""

_HEADER: Final = re.compile(rb"([0-9]{1,10}) ([0-9]{1,5}) obj[ \n\r\t\f\x00]*+(?=[^ \n\r\t\f\x00%])")
_ENDING: Final = re.compile(rb"[ \n\r\t\f\x00]*+endobj[ \n\r\t\f\x00]*+(?=[^ \n\r\t\f\x00%])")
_ENDING_BYTES: Final = 16


class Reader(PdfFileReader):
    """pyHanko's reader, which reads each version of an object once."""

    stream: BinaryIO

    def __init__(self, stream: BinaryIO, *, strict: bool) -> None:
        """Read the structure; as `PdfFileReader`."""
        # The file's bytes, where they are in memory: looked at where they lie.
        self._held = stream.getvalue() if type(stream) is io.BytesIO else None
        self._versions: dict[tuple[Key, Place], generic.PdfObject] = {}
        self._edges: dict[tuple[Key, Place], tuple[Edge, ...]] = {}
        self._mentions: dict[int, tuple[int, ...]] | None = None
        self._places: dict[tuple[Key, int], Place] = {}
        """By the revision asked for, and by the one that says it."""
        self._ends: dict[int, int] = {}
        """Where each object that was read ends, by where it begins."""
        self._heads: dict[int, Head | None] = {}
        self._being_read: set[tuple[Key, Place]] = set()
        self._has_no_encryption: bool | None = None
        self.meant: dict[int, frozenset[int]] = {}
        """Numbers that anything refers to, by revision; `signing.numbers` finds them."""
        self.well_formed: set[bytes] = set()
        """Metadata that is XML, without its filters; `signing.wellformed` parses it."""
        super().__init__(stream, strict=strict)

    def let_go(self) -> None:
        """Let go of all that was read; nothing can be asked for afterwards.

        A document's objects refer to their reader, which holds them: such circles would lie about until
        somebody looks for them.
        """
        for view in self._historical_resolver_cache.values():
            vars(view).clear()
        vars(self).clear()

    def _is_plain(self) -> bool:
        if self._has_no_encryption is None:
            self._has_no_encryption = "/Encrypt" not in self.trailer
        return self._has_no_encryption

    @property
    def encrypted(self) -> bool:
        """Whether it is; asked for with every object."""
        return not self._is_plain() and bool(super().encrypted)

    def get_historical_resolver(self, revision: int) -> "Resolver":
        """Return the view of one revision."""
        known = self._historical_resolver_cache
        if revision not in known:
            known[revision] = Resolver(self, revision)
        found = known[revision]
        assert isinstance(found, Resolver), "made here alone"
        return found

    def _read_object(
        self,
        ref: generic.Reference,
        marker: Place,
        never_decrypt: bool = False,  # noqa: FBT001, FBT002 - as the original
        as_metadata_stream: bool = False,  # noqa: FBT001, FBT002
    ) -> generic.PdfObject:
        if marker is None or as_metadata_stream or not self._is_plain():
            found = super()._read_object(ref, marker, never_decrypt, as_metadata_stream)
            assert isinstance(found, generic.PdfObject), "as its own description says"
            return found
        key = (ref.idnum, ref.generation), marker
        if (known := self._versions.get(key)) is None:
            known = self._versions[key] = self._read_once(ref, marker, never_decrypt=never_decrypt)
        return known

    def _read_once(
        self, ref: generic.Reference, marker: int | ObjStreamRef, *, never_decrypt: bool
    ) -> generic.PdfObject:
        key = (ref.idnum, ref.generation), marker
        if key in self._being_read:
            detail = f"to read object {ref.idnum} {ref.generation} it must be read already"
            raise BrokenError(Code.PDF_LOOP, detail)
        self._being_read.add(key)
        try:
            found = self._plain(ref, marker) if isinstance(marker, int) else None
            if found is None:
                found = super()._read_object(ref, marker, never_decrypt)
                if isinstance(marker, int):
                    self._ends[marker] = self.stream.tell()
        except KeyError as exc:
            # Not to be taken for an entry that a dictionary does not have.
            broken = missing_key(exc)
            placed(broken, key[0], marker if isinstance(marker, int) else None)
            raise broken from exc
        except Exception as exc:
            placed(exc, key[0], marker if isinstance(marker, int) else None)
            raise
        finally:
            self._being_read.discard(key)
        assert isinstance(found, generic.PdfObject), "as its own description says"
        return found

    def _plain(self, ref: generic.Reference, offset: int) -> generic.PdfObject | None:
        # An object as nearly all programs write it; None: pyHanko's own function reads it from its beginning.
        stream, held, begin = self.stream, self._held, offset
        if held is None:
            stream.seek(offset)
            held, begin = bytes(stream.read(FIRST_LOOK)), 0
        head = _HEADER.match(held, begin, begin + FIRST_LOOK)
        if head is None or (int(head.group(1)), int(head.group(2))) != (ref.idnum, ref.generation):
            return None
        # Who asks for a stream's length asks by an indirect object.
        own = type(ref) is generic.Reference and ref.pdf is self
        container = ref if own else generic.Reference(ref.idnum, ref.generation, self)
        read = read_plain(held, head.end(), container)
        if read is None:
            stream.seek(offset + head.end() - begin)
            value = generic.read_object(stream, container)
            end = stream.tell()
        else:
            value, end, behind = read
            end += offset - begin
            if isinstance(value, generic.DictionaryObject) and behind in b"s%":
                stream.seek(end)
                value = with_stream(stream, value, container)
                end = stream.tell()
        self._ends[offset] = end
        if self._held is None:
            stream.seek(end)
            return value if _ENDING.match(stream.read(_ENDING_BYTES)) else None
        return value if _ENDING.match(held, end, end + _ENDING_BYTES) else None

    def _get_object_from_stream(self, idnum: int, stmnum: int, idx: int) -> generic.PdfObject:
        # pyHanko reads the table at the head of an object stream anew for each object in it.
        if stmnum not in self._heads:
            self._heads[stmnum] = Head.of(generic.Reference(stmnum, 0, self).get_object())
        head = self._heads[stmnum]
        found = head.value(idnum, idx, self) if head is not None else None
        if found is None:
            found = super()._get_object_from_stream(idnum, stmnum, idx)  # type: ignore[no-untyped-call]
        return found

    def defined(self, revision: int) -> set[Key]:
        """Return what a revision adds, overwrites or frees, by number and generation."""
        data = self.xrefs.get_xref_data(revision)
        found: set[Key] = data.explicit_refs_in_revision
        beside = data.hybrid
        return found | beside.xref_data.explicit_refs_in_revision if beside is not None else found

    def mentions(self, number: int) -> tuple[int, ...]:
        """Return the revisions whose cross-references say a word about a number, oldest first."""
        if self._mentions is None:
            self._mentions = _mentions(self)
        return self._mentions.get(number, ())

    def place(self, key: Key, revision: int) -> Place:
        """Return where an object stands in a revision: what ``xrefs.get_historical_ref`` says, asked once."""
        asked = key, revision
        try:
            return self._places[asked]
        except KeyError:
            pass
        numbers = self.mentions(key[0])
        until = bisect_right(numbers, revision)
        said = numbers[until - 1] if until else None
        if said is None:
            found = None
        elif said == revision:
            found = self.xrefs.get_historical_ref(reference(*key, self), said)
        else:
            found = self.place(key, said)
        self._places[asked] = found
        return found

    def end(self, key: Key, offset: int) -> int:
        """Return where an object ends that begins at an offset; at least its value ends before.

        Raises:
            PdfReadError: there is none, or it cannot be read.
        """
        if offset not in self._ends:
            self._read_object(generic.Reference(*key, pdf=self), offset)
        return self._ends[offset]

    def at(self, key: Key, offset: int) -> generic.PdfObject:
        """Return the object that begins at an offset.

        Raises:
            PdfReadError: there is none, or it cannot be read.
        """
        return self._read_object(generic.Reference(*key, pdf=self), offset)

    def version(self, key: Key, revision: int) -> generic.PdfObject:
        """Return an object as a revision has it, with references that lead nowhere in particular.

        Raises:
            PdfReadError: there is none, or it cannot be read.
        """
        place = self.place(key, revision)
        known = self._versions.get((key, place))
        if known is None:
            known = self._read_object(generic.Reference(*key, pdf=self), place)
        return known

    def edges(self, key: Key, revision: int) -> tuple[Edge, ...]:
        """Return what an object of a revision refers to, and by which path within it.

        Raises:
            PdfReadError: there is no such object, or it cannot be read.
        """
        known = key, self.place(key, revision)
        if (found := self._edges.get(known)) is None:
            found = self._edges[known] = tuple(edges_of(self.version(key, revision)))
        return found


def _mentions(reader: PdfFileReader) -> dict[int, tuple[int, ...]]:
    # Of each number, the revisions whose cross-references say a word about it: the others change nothing.
    found: defaultdict[int, list[int]] = defaultdict(list)
    for revision in range(reader.total_revisions):
        data = reader.xrefs.get_xref_data(revision)
        numbers = {*data.standard_xrefs, *data.xrefs_in_objstm, *data.freed}
        if data.hybrid is not None:
            beside = data.hybrid.xref_data
            numbers |= {*beside.standard_xrefs, *beside.xrefs_in_objstm, *beside.freed}
        for number in numbers:
            found[number].append(revision)
    return {number: tuple(revisions) for number, revisions in found.items()}
