"""What a search in a register looks for: words as patterns, agencies by code or name."""

from typing import TYPE_CHECKING, Final

from axis.register import searchable

if TYPE_CHECKING:
    from axis.store.pool import Pool

MOST: Final = 200
"""Agencies that one name may mean; whoever means more writes more of the name."""

_CODES: Final = """
SELECT code FROM agency
 WHERE lower(code) = lower($1) OR (code102 <> '' AND lower(code102) = lower($1))
    OR search LIKE '%' || $2 || '%'
 ORDER BY length(search), code
 LIMIT $3
"""


async def find_codes(pool: "Pool", text: str) -> list[str]:
    """Return the codes of the agencies that a code or a part of a name may mean; empty: none."""
    return [row["code"] for row in await pool.fetch(_CODES, text.strip(), _literal(text), MOST)]


def patterns(words: str) -> list[str]:
    """Return one pattern a word; a wildcard in it is taken literally."""
    return [f"%{word}%" for word in _literal(words).split()]


def _literal(text: str) -> str:
    return searchable(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
