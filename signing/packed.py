"""The table at the head of an object stream, read once for all objects in it."""

import io
import re
from typing import Any, Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.pdf_utils.reader import PdfFileReader

_PAIR: Final = re.compile(
    rb"[ \n\r\t\f\x00]*+([0-9]{1,10})[ \n\r\t\f\x00]++([0-9]{1,10})[ \n\r\t\f\x00]++(?=[^%])"
)


class Head:
    """An object stream with a plain table: pairs of numbers and white space."""

    def __init__(self, data: bytes, first: int, places: dict[int, tuple[int, int]]) -> None:
        self._data = data
        self._first = first
        self._places = places
        """Index and offset by number of object; the first of two counts, as in the original."""

    @classmethod
    def of(cls, stream: Any) -> "Head | None":  # noqa: ANN401  # pyHanko's objects are untyped
        """Read the table; None: it is left to the original."""
        if not isinstance(stream, generic.StreamObject) or stream.get("/Type") != "/ObjStm":
            return None
        count, first = stream.get("/N"), stream.get("/First")
        if not isinstance(count, generic.NumberObject) or not isinstance(first, generic.NumberObject):
            return None
        data = stream.read_data(DecodePurpose.OBJECT_STREAM)
        places: dict[int, tuple[int, int]] = {}
        position = 0
        for index in range(count):
            if not (pair := _PAIR.match(data, position)):
                return None
            places.setdefault(int(pair.group(1)), (index, int(pair.group(2))))
            position = pair.end()
        return cls(data, first, places)

    def value(self, number: int, index: int, reader: PdfFileReader) -> generic.PdfObject | None:
        """Read one object; None: it is not plain, or not where it should be."""
        where, offset = self._places.get(number, (-1, 0))
        if where != index or self._first < 0:
            return None
        stream = io.BytesIO(self._data)
        stream.seek(self._first + offset)
        try:
            found = generic.read_object(stream, generic.Reference(number, 0, reader))
            misc.read_non_whitespace(stream, seek_back=True, allow_eof=True)
        except misc.PdfError:
            return None
        return None if isinstance(found, (generic.StreamObject, generic.IndirectObject)) else found
