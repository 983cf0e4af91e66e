"""Why a PDF cannot be read, in words that name the cause and the place (rule G1).

Whatever the strict reader raises refuses; nothing here is ever asked whether it should. What it says
is told by its meaning and its numbers alone, since its own words may quote the document.
"""

import re
import zlib
from typing import Final

from pyhanko.pdf_utils import misc

from axis.violations import Code, Violation
from signing.objects import Key


class BrokenError(Exception):
    """A part of the document is not what it has to be. Never leaves this room."""

    def __init__(self, code: Code, detail: str) -> None:
        """Say what is broken.

        Args:
            code: of rule G1 or G9.
            detail: for people; no document content.
        """
        super().__init__(detail)
        self.code = code
        self.detail = detail


_DIGITS: Final = "a hexadecimal string holds what is no hexadecimal digit"
_KNOWN: Final = (
    (Code.PDF_HEADER, "the header names no version", r"Illegal PDF header"),
    (
        Code.PDF_END,
        "no startxref with a number before the last %%EOF",
        r"EOF marker not found|startxref not found",
    ),
    (
        Code.PDF_STARTXREF,
        "no cross-references begin where the file says",
        r"Could not find xref|Failed to locate xref|negative seek|xref table read error",
    ),
    (
        Code.PDF_LOOP,
        "/Prev leads back to the cross-references at byte {0}",
        r"startxref loop detected at (\d+)",
    ),
    (Code.PDF_TRAILER, "/Prev is no number", r"Expected /Prev to be a number"),
    (
        Code.PDF_SIZE,
        "the table has an object {0}, and by /Size the last is {1}",
        r"table allocated object with id (\d+).* trailer (-?\d+)",
    ),
    (
        Code.PDF_SIZE,
        "/Size goes down from {1} to {0} in a later update",
        r"nondecreasing; found XRef section of size (\d+) after section of size (\d+)",
    ),
    (
        Code.PDF_CROSS_REFERENCES,
        "object {0} has generation {1}, and no table freed the one before it",
        r"id (\d+) has an orphaned generation: generation (\d+)",
    ),
    (
        Code.PDF_CROSS_REFERENCES,
        "object {0} has generation {1} after generation {2} was freed",
        r"id (\d+) and generation (\d+) was found after (\d+) was freed",
    ),
    (
        Code.PDF_CROSS_REFERENCES,
        "object {1} has generation {0}; 65535 is the last there is",
        r"Illegal generation (\d+) for object ID (\d+)",
    ),
    (
        Code.PDF_SIZE,
        "a cross-reference stream holds more entries than /Size or /Index say",
        r"Trailing data in cross-reference",
    ),
    (
        Code.PDF_SIZE,
        "a cross-reference stream holds fewer entries than /Size or /Index say",
        r"XRef stream ended prematurely",
    ),
    (
        Code.PDF_CROSS_REFERENCES,
        "an entry of a table is not spelled as one",
        r"Unknown marker|XRef line parsing|not enough values to unpack",
    ),
    (Code.PDF_STREAM_LENGTH, "its stream does not end where /Length says", r"'endstream' marker"),
    (
        Code.PDF_OBJECT_MISPLACED,
        "object {0} {1} stands there instead",
        r"Expected object ID \(.*\) does not match actual \((\d+) (\d+)\)",
    ),
    (Code.PDF_OBJECT_MISPLACED, "no object begins there", r"Failed to read object header"),
    (Code.PDF_OBJECT, "it does not end with endobj", r"Expected endobj marker"),
    (
        Code.PDF_OBJECT_MISSING,
        "object {0} {1} is referred to and stands nowhere",
        r"Reference\(idnum=(\d+), generation=(\d+).*not found",
    ),
    (Code.PDF_OBJECT, "a dictionary has one key twice", r"Multiple definitions in dictionary"),
    (Code.PDF_OBJECT, "no dictionary begins where one must stand", r"Dictionary read error"),
    (Code.PDF_OBJECT, "a dictionary has a key that is no name", r"Failed to read dictionary key"),
    (
        Code.PDF_OBJECT,
        _DIGITS,
        r"Unexpected token in hex string",
    ),
    (Code.PDF_OBJECT, "a name has an escape that is none", r"in PDF name"),
    (
        Code.PDF_OBJECT,
        "its object stream holds something else there",
        r"bject stream|wrong index|not found in stream",
    ),
    (
        Code.PDF_OBJECT,
        "it holds what is no value of the language",
        r"Unexpected byte|Could not read|Parse error|Unexpected escaped|should start with /|invalid literal",
    ),
    (Code.PDF_OBJECT, "it ends in the middle", r"[Ss]tream (?:has )?ended (?:prematurely|unexpectedly)"),
    (Code.PDF_FORM, "a field's name has a period", r"must not contain periods"),
    (
        Code.PDF_FILTER,
        "it has a filter that is unknown or not supported",
        r"Stream filter|Filters of type|Unsupported|security handler",
    ),
    (Code.PDF_STREAM_DATA, "its data are not what its filter makes", r"ASCII85|ASCIIHex|non-hexadecimal"),
)
_SAID: Final = tuple((code, words, re.compile(pattern)) for code, words, pattern in _KNOWN)
"""What it is, in our words, and how pyHanko says it, of the pinned version; another version's words that
are not found here are told by the class alone."""

_KINDS: Final = (
    (misc.PdfDecodeLimitError, Code.LIMIT_DECODED, "its data grow too large when they are decoded"),
    (RecursionError, Code.LIMIT_NESTING, "its parts are nested too deeply"),
    (zlib.error, Code.PDF_STREAM_DATA, "its data cannot be inflated: damaged or cut off"),
)

_PLACE: Final = "axis_place"


def placed(exc: Exception, key: Key, offset: int | None) -> None:
    """Remember with an exception which object was being read; the innermost counts.

    Args:
        exc: raised by whoever read it.
        key: number and generation.
        offset: where it begins; None: in an object stream, or nowhere.
    """
    vars(exc).setdefault(_PLACE, (key, offset))


def broken_digits(exc: Exception) -> BrokenError | None:
    """Say of a signature that cannot be read that its value holds other characters; None: it is otherwise."""
    why = unreadable(exc)
    return BrokenError(Code.CONTENTS, why.detail) if why.detail.endswith(_DIGITS) else None


def missing_key(exc: KeyError) -> BrokenError:
    """Say that an object cannot be read for an entry that it lacks."""
    if exc.args == ("/Length",):
        return BrokenError(Code.PDF_STREAM_LENGTH, "its stream has no /Length")
    return BrokenError(Code.PDF_OBJECT, "it lacks an entry that it must have")


def unreadable(exc: Exception, where: str = "") -> Violation:
    """Say why the document cannot be read.

    Args:
        exc: of any class.
        where: the part of the report that it belongs to.
    """
    code, words = _cause(exc)
    place = vars(exc).get(_PLACE)
    if place is None or code is Code.PDF_OBJECT_MISSING:
        return Violation(code, where, words)
    (number, generation), offset = place
    at = f" at byte {offset}" if offset is not None else ""
    return Violation(code, where, f"object {number} {generation}{at}: {words}")


def _cause(exc: Exception) -> tuple[Code, str]:
    if isinstance(exc, BrokenError):
        return exc.code, exc.detail
    if isinstance(exc, KeyError) and exc.args == ("/Root",):
        return Code.PDF_CATALOG, "the trailer of an earlier revision names no catalog (/Root)"
    for kind, code, words in _KINDS:
        if isinstance(exc, kind):
            return code, words
    text = str(exc)
    for code, words, pattern in _SAID:
        if found := pattern.search(text):
            return code, words.format(*found.groups())
    if _PLACE in vars(exc):
        return Code.PDF_OBJECT, f"it is not what it must be ({type(exc).__name__})"
    return Code.PDF_UNREADABLE, f"the strict reader failed: {type(exc).__name__}"
