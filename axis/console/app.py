"""The application of the pages: routes, headers, failures. What it works with is handed in."""

from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from axis.console import (
    acting,
    evidence,
    failures,
    files,
    listening,
    operations,
    paper,
    receipts,
    registers,
    signing_in,
)
from axis.console.parts import Parts

STATIC: Final = Path(__file__).parent / "static"

HEADERS: Final = {
    # No inline script or style anywhere, nothing from elsewhere, in nobody's frame.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=31536000",
    "Cache-Control": "no-store",
}


class Guarded:
    """Puts the headers of safety on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; add headers to its answer."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    if name not in headers:
                        headers[name] = value
                if scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "public, max-age=3600"
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def build_app(parts: Parts) -> FastAPI:
    """Put the pages together.

    Args:
        parts: memory, desk, content, policy, clock.
    """
    app = FastAPI(title="Trục liên thông văn bản", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    failures.bind(app)
    app.add_middleware(Guarded)
    app.mount("/static", StaticFiles(directory=STATIC))
    for module in (
        signing_in, registers, paper, acting, files, receipts, listening, operations, evidence,
    ):  # fmt: skip
        app.include_router(module.router)
    return app
