"""Whether two signed files say the same: they differ in nothing but what no signature can cover.

A few bytes of a signed file are signed by nothing: the digits of each newest
signature's value (part of a CMS is not signed by itself: its unsigned
attributes, certificates that nobody needs, the order of a set, the padding),
and an end of line behind the file. Another value that still verifies says the
same about the same bytes, so it counts as the same document; nothing else does.
"""

import re
from typing import Final

_VALUE: Final = re.compile(rb"/Contents <[0-9A-Fa-f]*>")


def without_values(pdf: bytes) -> bytes:
    """Return a file without the digits of its signatures and the end of line behind it."""
    bare = _VALUE.sub(lambda found: b"/Contents <%d>" % len(found[0]), pdf)
    return bare.rstrip(b"\r\n")


def same(original: bytes, other: bytes) -> bool:
    """Tell whether both are one document."""
    return without_values(original) == without_values(other)
