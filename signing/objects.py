"""Looking into the parser's dictionaries without its traps.

``get`` of a pyHanko dictionary returns references as they stand, and indexing
raises for a null. Everything that reads a value by its key goes through here.
"""

from typing import Any, TypeVar

T = TypeVar("T")
Key = tuple[int, int]
"""Number and generation of an object."""


def key_of(reference: Any) -> Key:  # noqa: ANN401  # pyHanko's objects are untyped
    """Return number and generation of what a reference leads to."""
    return reference.idnum, reference.generation


def resolved(holder: Any, key: str, default: T | None = None) -> Any | T | None:  # noqa: ANN401  # untyped library
    """Return a dictionary's value with references followed; a null counts as absent.

    Args:
        holder: a pyHanko dictionary.
        key: with its slash.
        default: what an absent value is.
    """
    try:
        return holder[key]
    except KeyError:
        return default
