"""What a process says of itself over HTTP, to its operator: `/metrics`, `/healthz`, `/readyz`."""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_log = logging.getLogger(__name__)

Ready = Callable[[], Awaitable[Mapping[str, bool]]]
"""Asks each dependency; by its name, whether it is usable now."""

READY_SECONDS: Final = 4.0
"""A dependency that has not answered by then is not usable; the truth is told within 5 s."""

_REQUEST_SECONDS: Final = 5.0
_REQUEST_BYTES: Final = 16 * 1024
_JSON: Final = "application/json"


async def serve_health(host: str, port: int, ready: Ready) -> asyncio.Server:
    """Serve the three pages until the returned server is closed.

    ``/healthz`` says that the event loop turns. ``/readyz`` is 200 when every
    dependency is usable, else 503; both name each dependency.

    Args:
        host: address to listen on; loopback unless an operator decides otherwise.
        port: 0 takes a free one.
        ready: asked anew for each request; what it raises means not ready.

    Raises:
        OSError: the port is taken.
    """

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
            writer.write(await _answer(head, ready))
            await writer.drain()
        writer.close()

    return await asyncio.start_server(handle, host, port, limit=_REQUEST_BYTES)


async def _answer(head: bytes, ready: Ready) -> bytes:
    method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    if method not in ("GET", "HEAD"):
        return _response("405 Method Not Allowed", _JSON, b'{"error": "GET or HEAD"}')
    if path == "/metrics":
        status, kind, body = "200 OK", CONTENT_TYPE_LATEST, generate_latest()
    elif path == "/healthz":
        status, kind, body = "200 OK", _JSON, b'{"alive": true}'
    elif path == "/readyz":
        checks = await _checks(ready)
        good = all(checks.values())
        status, kind = ("200 OK" if good else "503 Service Unavailable"), _JSON
        body = json.dumps({"ready": good, "checks": checks}).encode()
    else:
        status, kind, body = "404 Not Found", _JSON, b'{"error": "/metrics, /healthz, /readyz"}'
    return _response(status, kind, body, with_body=method == "GET")


async def _checks(ready: Ready) -> Mapping[str, bool]:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return await ready()
    except TimeoutError:
        return {"answered_in_time": False}
    except Exception:  # noqa: BLE001 - a bug in asking is no readiness either
        _log.exception("readiness cannot be told")
        return {"asked": False}


def _response(status: str, kind: str, body: bytes, *, with_body: bool = True) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")
