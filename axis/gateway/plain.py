"""The requests that come with every document, read without FastAPI's general machinery.

A route of this class has two readers. The plain one takes a request apart by hand where it is spelt as the
client libraries spell it; anything else goes to FastAPI's own, which alone refuses. Both call the very
same function, under the same name in the description of `/v1`.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

from axis.gateway.parts import Parts
from axis.gateway.waiting import LONGEST_SECONDS
from axis.store.tokens import Caller

Identify = Callable[[Request, Parts], Awaitable[Caller]]
Arguments = Callable[[Request], dict[str, Any] | None]
"""What a request asks of its function besides parts and caller; None: not plain."""

_SECONDS: Final = re.compile(r"[0-9]{1,2}(?:\.[0-9]{1,20})?", re.ASCII)
_PLAIN: Final = "_axis_plain"


def plainly(identify: Identify, arguments: Arguments) -> Callable[[Any], Any]:
    """Give a function its plain reader. Its route must be a `PlainRoute`.

    Args:
        identify: who asks, as the function's own dependency says; it counts the request.
        arguments: takes a request apart.
    """

    def give(function: Any) -> Any:  # noqa: ANN401 - any handler
        setattr(function, _PLAIN, (identify, arguments))
        return function

    return give


class PlainRoute(APIRoute):
    """A route whose function may have a plain reader."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers requests."""
        general = super().get_route_handler()
        given: tuple[Identify, Arguments] | None = getattr(self.endpoint, _PLAIN, None)
        if given is None:
            return general
        identify, arguments = given
        function = self.endpoint

        async def handle(request: Request) -> Response:
            more = arguments(request)
            if more is None:
                return await general(request)
            parts: Parts = request.app.state.parts
            caller = await identify(request, parts)
            answer: Response = await function(parts=parts, caller=caller, **more)
            return answer

        return handle


def waiting_for_kinds(request: Request) -> dict[str, Any] | None:
    """Read packet id, kinds and a wait of a request that is about the receipts of a packet."""
    query = request.query_params
    waits = query.getlist("wait")
    if len(waits) > 1 or not all(_SECONDS.fullmatch(one) for one in waits):
        return None
    wait = float(waits[0]) if waits else 0
    if wait > LONGEST_SECONDS:
        return None
    kinds = query.getlist("kind") or None
    return {"packet_id": request.path_params["packet_id"], "kind": kinds, "wait": wait}


def whole_request(request: Request) -> dict[str, Any] | None:
    """Leave everything to the function."""
    return {"request": request}
