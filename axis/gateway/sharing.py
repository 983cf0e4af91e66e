"""Fair share at the REST door: a connection with too much that has no answer yet waits. Rule T13."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from axis.desk.share import Share
from axis.gateway.problems import refuse
from axis.store.tokens import Caller
from axis.violations import Code

AGAIN_SECONDS: Final = 1.0
"""After how long a place may be free: dozens of packets are judged meanwhile."""


@contextlib.asynccontextmanager
async def place(
    share: Share, caller: Caller, waiting: str, repeats: Callable[[], Awaitable[bool]] | None = None
) -> AsyncIterator[None]:
    """Hold one of the connection's places while something is being taken. Asked before its body is read.

    Args:
        share: the places.
        caller: who sends.
        waiting: what they are for, and for what that waits, in English.
        repeats: tells whether the request names what was taken before. That needs no place, so that a
            client that missed the answer gets it however full it is. None: it cannot.

    Raises:
        RefusedError: no place is free (429).
    """
    if not await share.left(caller.connection) and not (repeats and await repeats()):
        raise refuse(
            Code.TAKE_TOO_MANY_OPEN,
            f"at most {share.limit} {waiting}",
            retry_after=AGAIN_SECONDS,
        )
    with share.held(caller.connection):
        yield
