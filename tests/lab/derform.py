"""Values in DER as trees, to be changed and written again, in DER or in other forms."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONSTRUCTED = 0x20
_LONG = 0x80


@dataclass(slots=True)
class Node:
    """One value: its identifier octet, and what it holds."""

    tag: int
    content: bytes
    children: "list[Node] | None" = None
    """Set where the content is itself values; then it is what counts."""
    form: str = "der"
    """How it is written: ``der``, ``long`` (too many octets of length), ``ber`` (indefinite length)."""

    def written(self) -> bytes:
        """Return its bytes."""
        inside = (
            self.content if self.children is None else b"".join(child.written() for child in self.children)
        )
        if self.form == "ber" and self.tag & _CONSTRUCTED:
            return bytes((self.tag, _LONG)) + inside + b"\0\0"
        size = len(inside)
        if size < _LONG and self.form == "der":
            return bytes((self.tag, size)) + inside
        length = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        if self.form != "der":
            length = b"\0" + length
        return bytes((self.tag, _LONG | len(length))) + length + inside

    def all(self) -> "Iterator[Node]":
        """Yield it and all below it."""
        yield self
        for child in self.children or ():
            yield from child.all()


def nodes(data: bytes) -> list[Node]:
    """Read values in DER, one behind the other; values within octet strings too, where there are any.

    Raises:
        ValueError: it is no DER.
    """
    found = []
    while data:
        if len(data) < 2:
            raise ValueError("cut off")
        tag, size, start = data[0], data[1], 2
        if size == _LONG or tag & 0x1F == 0x1F:
            raise ValueError("not plain")
        if size > _LONG:
            start += size & 0x7F
            size = int.from_bytes(data[2:start], "big")
        content = data[start : start + size]
        if len(content) != size:
            raise ValueError("cut off")
        found.append(Node(tag, content, _children(tag, content)))
        data = data[start + size :]
    return found


def _children(tag: int, content: bytes) -> list[Node] | None:
    if tag & _CONSTRUCTED:
        return nodes(content)
    if tag != 0x04 or content[:1] != b"\x30":
        return None
    try:
        return nodes(content)
    except ValueError:
        return None
