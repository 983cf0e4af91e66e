"""The gateway on real sockets: what only a server shows: answers before the body, and clients that vanish."""

import asyncio
import contextlib

import httpx
import pytest
import uvicorn

from axis import https
from axis.settings import Settings
from tests.lab.door import axis
from tests.unit.gateway.conftest import packet

__all__ = ["axis"]


@pytest.fixture
async def server(axis):
    """Serve over plain HTTP; give the axis, a token and the port."""
    settings = Settings(home="/nowhere")
    made = uvicorn.Server(https.configured(axis.app, settings, host="127.0.0.1", port=0, grace_seconds=1))
    made.capture_signals = contextlib.nullcontext
    serving = asyncio.create_task(made.serve())
    while not made.started:
        await asyncio.sleep(0.01)
    port = made.servers[0].sockets[0].getsockname()[1]
    client = await axis.client("lang-son", "H37", max_packet_bytes=5_000_000)
    await client.whoami()
    yield axis, client._wire._token, port
    await client.close()
    made.should_exit = True
    await serving


def head(token, *lines):
    """The head of a request to take a packet."""
    fixed = ["POST /v1/packets HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *lines]
    return "\r\n".join([*fixed, "", ""]).encode()


async def test_who_asks_first_sends_no_byte_of_what_is_refused(server):
    """With ``Expect: 100-continue`` a packet that is too large is refused instead of asked for."""
    _, token, port = server
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(token, "Content-Length: 9000000", "Expect: 100-continue"))
    assert (await asyncio.wait_for(reader.readline(), 2)).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_who_does_not_ask_still_gets_the_answer(server):
    """A refused body is read past, not kept; its sender is not cut off before it hears why."""
    axis, _, port = server
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        answer = await http.post(
            "/v1/packets", content=b"x" * 40_000_000, headers={"Authorization": "Bearer wrong"}
        )
    assert answer.status_code == 401
    assert [p for p in axis.content._root.rglob("*") if p.is_file()] == []


async def test_a_client_that_vanishes_leaves_nothing(server, tmp_path):
    """Half a packet on a broken connection is no content, no row, no file."""
    axis, token, port = server
    data = packet(tmp_path, 1_000_000)
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head(token, f"Content-Length: {len(data)}") + data[:500_000])
    await writer.drain()
    files = axis.content._root / "tmp"
    async with asyncio.timeout(5):
        while not list(files.iterdir()):
            await asyncio.sleep(0.01)
        writer.transport.abort()
        while list(files.iterdir()):
            await asyncio.sleep(0.01)
    assert await axis.pool.fetchval("SELECT count(*) FROM intake") == 0


async def test_many_senders_at_once_each_get_their_own_digest(server, tmp_path):
    """No answer speaks of another's packet, however many are under way."""
    axis, token, port = server
    other = await axis.client("other", "G12")
    await other.whoami()
    # Two connections: together they hold more places than are under way at once, each fewer than its share.
    tokens = (token, other._wire._token)
    packets = [packet(tmp_path, 20_000 + n) for n in range(28)]
    limits = httpx.Limits(max_connections=16)
    async with other, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits) as http:
        answers = await asyncio.gather(*[
            http.post("/v1/packets", content=data, headers={"Authorization": f"Bearer {tokens[n % 2]}"})
            for n, data in enumerate(packets)
        ])
    for data, answer in zip(packets, answers, strict=True):
        assert answer.status_code == 202
        assert axis.content.path(answer.json()["sha256"]).read_bytes() == data
    assert await axis.pool.fetchval("SELECT count(*) FROM intake") == 28
