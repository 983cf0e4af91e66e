"""The pages on which a process tells the truth about itself."""

import asyncio
import contextlib
import json

import pytest

from axis import health, metrics
from axis.health import serve_health


@pytest.fixture
async def ask():
    servers = []

    async def _ask(path, ready, *, method="GET"):
        server = await serve_health("127.0.0.1", 0, ready)
        servers.append(server)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        return int(head.split()[1]), body

    yield _ask
    for server in servers:
        server.close()


async def all_good():
    return {"database": True, "broker": True}


async def one_away():
    return {"database": True, "broker": False}


async def hangs():
    await asyncio.Event().wait()


async def raises():
    raise ZeroDivisionError


async def test_ready_when_every_dependency_is_usable(ask):
    """200, and each dependency by name."""
    status, body = await ask("/readyz", all_good)
    assert status == 200
    assert json.loads(body) == {"ready": True, "checks": {"database": True, "broker": True}}


@pytest.mark.parametrize("ready", [one_away, hangs, raises], ids=lambda f: f.__name__)
async def test_not_ready_in_every_other_case(ask, ready, monkeypatch):
    """One dependency away, no answer in time, or a bug in asking: 503, within the promised time."""
    monkeypatch.setattr(health, "READY_SECONDS", 0.05)
    status, body = await ask("/readyz", ready)
    assert status == 503
    assert json.loads(body)["ready"] is False


async def test_alive_while_a_dependency_is_away(ask):
    """A process that waits for its database is not to be killed for it."""
    assert (await ask("/healthz", one_away))[0] == 200


async def test_metrics_are_prometheus_text(ask):
    """The one list of metrics is served."""
    status, body = await ask("/metrics", all_good)
    assert status == 200
    assert metrics.ACCEPTED is not None
    assert b"# HELP axis_accepted_total" in body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/readyz", 405), ("GET", "/", 404), ("HEAD", "/healthz", 200)],
)
async def test_nothing_else_is_served(ask, method, path, status):
    """Other paths and methods are refused; HEAD has no body."""
    got, body = await ask(path, all_good, method=method)
    assert got == status
    assert bool(body) == (method != "HEAD")


async def test_an_endless_head_is_cut_off():
    """A caller that sends no end of headers is dropped and harms nobody."""
    server = await serve_health("127.0.0.1", 0, all_good)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"GET / HTTP/1.1\r\n" + b"x" * 200_000)
    with contextlib.suppress(ConnectionError):  # it may be told by a reset
        assert await reader.read() == b""
    writer.close()
    server.close()
