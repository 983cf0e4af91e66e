"""What a process does about memory between two pieces of work."""

import ctypes
import gc
from typing import Final

_ALLOCATIONS: Final = 50_000
_KEPT_BYTES: Final = 16 * 1024 * 1024
"""What a letter of some megabytes needs."""
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def settle_memory() -> None:
    """Leave what is loaded by now out of the search for garbage, and search seldom.

    It lives as long as the process; what a document or a request makes lives until it is answered, and
    nearly all of it goes without a search.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_ALLOCATIONS)


def keep_memory() -> None:
    """Keep what a document took of the system's memory for the next one, up to 16 MiB.

    To give a megabyte back and get it anew, page by page and emptied, is a tenth of judging a letter. For
    processes with one thread: others keep as much for each.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # glibc
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
