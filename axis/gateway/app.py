"""The application: routes, failures, description. What it works with is handed in."""

import msgspec
from fastapi import FastAPI, Response
from starlette.responses import HTMLResponse

from axis.gateway import (
    access,
    asking,
    documents,
    inbox,
    openapi,
    packets,
    page,
    problems,
    receipts,
    signers,
    statuses,
    uploads,
)
from axis.gateway.parts import Parts


def build_app(parts: Parts) -> FastAPI:
    """Put the application together.

    Args:
        parts: desk, memory, content, bell, policy and clock.
    """
    # The ready-made pages load scripts from a public CDN, which the network of
    # the state does not reach: `/v1/docs` is ours, and needs no script.
    app = FastAPI(title=openapi.TITLE, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.parts = parts
    app.state.bearers = access.Bearers()
    problems.bind(app)
    for module in (access, packets, documents, receipts, inbox, statuses, signers, uploads, asking):
        app.include_router(module.router)

    @app.get("/v1/openapi.json", include_in_schema=False)
    async def description() -> Response:
        return Response(msgspec.json.encode(openapi.schema(app)), media_type="application/json")

    @app.get("/v1/docs", include_in_schema=False)
    async def docs() -> Response:
        return HTMLResponse(page.render(openapi.schema(app)))

    return app
