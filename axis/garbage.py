"""How often a process looks for circles of objects that nobody refers to any more."""

import gc
from typing import Final

_ALLOCATIONS: Final = 50_000


def settle_memory() -> None:
    """Leave what is loaded by now out of the search for garbage, and search seldom.

    It lives as long as the process; what a document or a request makes lives until it is answered, and
    nearly all of it goes without a search.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)
