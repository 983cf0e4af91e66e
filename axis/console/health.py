"""How the processes beside this one say they are: their `/readyz`, asked over the inner network."""

import asyncio
import contextlib
from typing import Final

import msgspec

SECONDS: Final = 2.0
_BYTES: Final = 64 * 1024


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """What one process says of itself."""

    name: str
    answers: bool
    ready: bool
    checks: dict[str, bool] = {}
    """Each thing it depends on."""


class _Ready(msgspec.Struct):
    ready: bool
    checks: dict[str, bool] = {}


async def look_at(name: str, host: str, port: int) -> Health:
    """Ask one process; one that does not answer in two seconds is shown so.

    Args:
        name: of the process.
        host: where its health pages are.
        port: of them.
    """
    writer = None
    try:
        async with asyncio.timeout(SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(f"GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            answer = await reader.read(_BYTES)
            while more := await reader.read(_BYTES):
                answer += more
        body = answer.partition(b"\r\n\r\n")[2]
        told = msgspec.json.decode(body, type=_Ready)
    except (OSError, TimeoutError, msgspec.MsgspecError):
        return Health(name=name, answers=False, ready=False)
    finally:
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
    return Health(name=name, answers=True, ready=told.ready, checks=told.checks)


def read_watched(text: str) -> tuple[tuple[str, str, int], ...]:
    """Read ``name=host:port,...``.

    Raises:
        ValueError: it is not of that form.
    """
    found = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, place = part.partition("=")
        host, _, port = place.rpartition(":")
        if not (name and host):
            raise ValueError(part)
        found.append((name, host, int(port)))
    return tuple(found)
