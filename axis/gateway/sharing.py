"""Fair share at the REST door: a connection with too much that is not judged yet waits. Rule T13."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

from axis.gateway.parts import Parts
from axis.gateway.problems import refuse
from axis.store.tokens import Caller
from axis.violations import Code

AGAIN_SECONDS: Final = 1.0
"""After how long a place may be free: dozens of packets are judged meanwhile."""


@contextlib.asynccontextmanager
async def place(parts: Parts, caller: Caller, repeats: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """Hold one of the connection's places while a packet is being taken. Asked before its body is read.

    Args:
        parts: of the application.
        caller: who sends.
        repeats: tells whether the request names a packet that was taken before. That one needs no
            place, so that a client that missed the answer gets it however full it is.

    Raises:
        RefusedError: no place is free (429).
    """
    share = parts.desk.share
    if not await share.left(caller.connection) and not await repeats():
        raise refuse(
            Code.TAKE_TOO_MANY_OPEN,
            f"at most {share.limit} packets of one connection wait to be judged",
            retry_after=AGAIN_SECONDS,
        )
    with share.held(caller.connection):
        yield
