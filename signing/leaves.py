"""Names, numbers and references of a PDF, made without detours.

Names and numbers within a value may be one object in many documents: they are
never changed, and what they say of their place leads nowhere.
"""

from functools import lru_cache
from typing import Final

from pyhanko.pdf_utils import generic

_SHARED: Final = 8192
NOWHERE: Final = generic.Reference(0)

_new: Final = object.__new__


def indirect(idnum: int, generation: int, handler: object) -> generic.IndirectObject:
    """Make a reference within a value as its own class does, without detours."""
    found = _new(generic.IndirectObject)
    found.reference = reference(idnum, generation, handler)
    return found


def reference(idnum: int, generation: int, handler: object) -> generic.Reference:
    """Make a reference as its own class does, without the detours of a frozen class's making."""
    place = _new(generic.Reference)
    place.__dict__.update(idnum=idnum, generation=generation, pdf=handler)
    return place


def new_name(text: bytes) -> generic.NameObject:
    """Make a name that stands by itself."""
    return generic.NameObject(text.decode("ascii"))


def new_number(text: bytes) -> generic.PdfObject:
    """Make a number that stands by itself."""
    spelled = text.decode("ascii")
    return generic.FloatObject(spelled) if "." in spelled else generic.NumberObject(spelled)


@lru_cache(maxsize=_SHARED)
def shared_name(text: bytes) -> generic.NameObject:
    """Return a name that stands within others: one object, in many documents."""
    value = new_name(text)
    value.container_ref = NOWHERE
    return value


@lru_cache(maxsize=_SHARED)
def shared_number(text: bytes) -> generic.PdfObject:
    """Return a number that stands within others."""
    value = new_number(text)
    value.container_ref = NOWHERE
    return value
