"""What every door over HTTPS has in common: where a request comes from, and failures that are answered."""

import asyncio
import contextlib

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse

from axis import https
from axis.errors import DamagedContentError, SealError, SetupError, UnavailableError
from axis.settings import Settings

SETTINGS = {"home": "/nowhere"}


def settings(**given):
    return Settings(**{**SETTINGS, **given})


@contextlib.asynccontextmanager
async def served(app):
    """Serve ``app`` as a door is served, without TLS; give its port."""
    config = https.configured(app, settings(), host="127.0.0.1", port=0, grace_seconds=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.7"},
        {"X-Forwarded-For": "203.0.113.7, 127.0.0.1", "X-Forwarded-Proto": "https"},
        {"Forwarded": "for=203.0.113.7;proto=https"},
        {"X-Real-IP": "203.0.113.7"},
    ],
    ids=["for", "for-and-proto", "rfc-7239", "real-ip"],
)
async def test_nobody_chooses_the_address_he_comes_from(headers):
    """A limit by address would limit nobody whose header changes it."""
    app = FastAPI()

    @app.get("/")
    async def where(request: Request):
        return {"host": request.client.host, "scheme": request.url.scheme}

    async with served(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        plain = (await http.get("/")).json()
        assert plain == {"host": "127.0.0.1", "scheme": "http"}
        assert (await http.get("/", headers=headers)).json() == plain


async def test_an_answer_broken_off_on_purpose_is_no_bug(caplog):
    """Its end never comes and nothing is logged of it; the next answer that ends short by a bug is."""
    app = FastAPI()

    async def damaged():
        yield b"half"
        raise DamagedContentError("told already")

    @app.get("/damaged")
    async def on_purpose():
        return https.BreakableResponse(damaged(), headers={"Content-Length": "9"})

    @app.get("/bug")
    async def by_a_bug():
        class Short(PlainTextResponse):
            async def __call__(self, scope, receive, send):
                head = [(b"content-length", b"9")]
                await send({"type": "http.response.start", "status": 200, "headers": head})

        return Short()

    async with served(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for path, logged in (("/damaged", []), ("/bug", ["ERROR"]), ("/damaged", [])):
            caplog.clear()
            with pytest.raises(httpx.RemoteProtocolError):
                await http.get(path)
            assert [one.levelname for one in caplog.records if one.name != "httpx"] == logged


@pytest.mark.parametrize("given", [{}, {"tls_certificate": "c.pem"}, {"tls_key": "k.pem"}])
def test_nothing_is_served_without_tls(given):
    """Half of what TLS needs is none."""
    with pytest.raises(SetupError):
        https.check_tls(settings(**given))


@pytest.mark.parametrize(
    ("raised", "answer", "logged"),
    [
        (UnavailableError("database"), (503, "away"), "WARNING"),
        (SealError("key"), (500, "bug"), "ERROR"),
        (ZeroDivisionError(), (500, "bug"), "ERROR"),
        (KeyError("own"), (404, "own"), None),
        (ClientDisconnect(), (400, ""), None),
    ],
    ids=["away", "axis-error", "bug", "own", "client-gone"],
)
async def test_every_failure_is_answered_and_ours_are_logged(raised, answer, logged, caplog):
    """What is our fault is in the log; a client that went away is nobody's."""
    app = FastAPI()

    @app.get("/")
    async def fail():
        raise raised

    def say(status, text):
        async def answering(_request, _exc):
            return PlainTextResponse(text, status)

        return answering

    https.answer_failures(app, {KeyError: say(404, "own")}, unavailable=say(503, "away"), bug=say(500, "bug"))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        got = await http.get("/")
    assert (got.status_code, got.text) == answer
    assert [r.levelname for r in caplog.records if r.name == "axis.https"] == ([logged] if logged else [])
