"""HTTPS as every door serves it: one server, one way in which what goes wrong is logged and answered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from axis.errors import AxisError, DamagedContentError, SetupError, UnavailableError
from axis.garbage import settle_memory
from axis.health import Ready, serve_health
from axis.loop import new_loop
from axis.settings import Settings

_log = logging.getLogger(__name__)

Handler = Callable[[Request, Exception], Awaitable[Response]]

THREADS: Final = 16
"""Most fsyncs and file reads at once; more only queue in the kernel."""

IDLE_SECONDS: Final = 75
"""A connection between two requests is kept this long: clients send seldom, and TLS costs."""

_BROKEN_OFF: Final[ContextVar[bool]] = ContextVar("broken_off", default=False)
"""The answer of this request ended short on purpose."""


class BreakableResponse(StreamingResponse):
    """A stream that `DamagedContentError` breaks off: the connection closes before the last byte.

    Whoever raises it has told it already; no other line speaks of it.
    """

    broken = False

    async def stream_response(self, send: Send) -> None:
        """Send what there is; an answer without its end makes the server close the connection."""
        try:
            await super().stream_response(send)
        except DamagedContentError:
            self.broken = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await super().__call__(scope, receive, send)
        if self.broken:  # here, for the stream had a task and so a context of its own
            _BROKEN_OFF.set(True)


class _Unexpected(logging.Filter):
    """Keeps the server from calling an answer incomplete that was broken off on purpose."""

    def filter(self, _record: logging.LogRecord) -> bool:
        return not _BROKEN_OFF.get()


_UNEXPECTED: Final = _Unexpected()


def configured(
    app: ASGIApp, settings: Settings, *, host: str, port: int, grace_seconds: int
) -> uvicorn.Config:
    """Return how a door is served.

    Args:
        app: answers the requests.
        settings: with certificate and key.
        host: address to listen on.
        port: 0 takes a free one.
        grace_seconds: how long requests under way may take to end at SIGTERM.
    """
    logging.getLogger("uvicorn.error").addFilter(_UNEXPECTED)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        # Addresses come from the socket alone: a header that anybody can write limits nobody.
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=grace_seconds,
    )


async def serve(config: uvicorn.Config, settings: Settings, ready: Ready) -> None:
    """Serve until SIGTERM or SIGINT, `/metrics` and health beside it.

    Raises:
        OSError: a port is taken.
    """
    health = None
    if settings.metrics_port:
        health = await serve_health(settings.metrics_host, settings.metrics_port, ready)
    settle_memory()
    try:
        await uvicorn.Server(config).serve()
    finally:
        if health is not None:
            health.close()


def check_tls(settings: Settings) -> None:
    """Nothing is served without TLS.

    Raises:
        SetupError: there is no certificate or no key.
    """
    if not (settings.tls_certificate and settings.tls_key):
        raise SetupError("no TLS certificate and key given: set AXIS_TLS_CERTIFICATE and AXIS_TLS_KEY")


def run(serving: Coroutine[None, None, None]) -> None:
    """Run a door on the fast event loop."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.get_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="door"))
        runner.run(serving)


def answer_failures(
    app: Starlette, own: Mapping[type[Exception], Handler], *, unavailable: Handler, bug: Handler
) -> None:
    """Let every failure of ``app`` end as an answer.

    Args:
        app: the door.
        own: what the door answers to errors of its own.
        unavailable: answers while our own database or broker is away.
        bug: answers anything else; it is in the log.
    """

    async def log_unavailable(request: Request, exc: Exception) -> Response:
        _log.warning("cannot serve %s: %s", request.url.path, exc)
        return await unavailable(request, exc)

    async def log_bug(request: Request, exc: Exception) -> Response:
        _log.error("bug at %s %s", request.method, request.url.path, exc_info=exc)
        return await bug(request, exc)

    app.add_exception_handler(UnavailableError, log_unavailable)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(AxisError, log_bug)
    app.add_exception_handler(Exception, log_bug)
    for kind, handler in own.items():
        app.add_exception_handler(kind, handler)


async def _gone(_request: Request, _exc: Exception) -> Response:
    """Answer nobody: the client went away in the middle of its body."""
    return Response(status_code=400)
