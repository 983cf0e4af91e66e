"""The stream that open pages listen to: `/events`."""

from collections.abc import AsyncIterator
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from axis.console.access import COOKIE, Visitor
from axis.console.failures import PageError
from axis.console.live import EVERYTHING, messages, spell
from axis.console.parts import Given, Parts
from axis.store.accounts import Session, find_session
from axis.store.hearing import packets_since
from axis.store.papers import seen_by

BEAT_SECONDS: Final = 10.0
MOST_STREAMS: Final = 2_000
"""Open pages of one process; above it pages refresh themselves once a minute all the same."""

router = APIRouter()


@router.get("/events")
async def get_events(request: Request, parts: Given, visitor: Visitor) -> Response:
    """Tell a page that something it may see has changed; from `Last-Event-ID` on, where it says so."""
    if parts.live.listeners >= MOST_STREAMS:
        raise PageError(503, "Quá nhiều trang đang mở", "too many open pages", "Trang tự làm mới mỗi phút.")
    heard = request.headers.get("last-event-id", "")
    since = int(heard) if heard.isdecimal() and len(heard) < 19 else None  # noqa: PLR2004 - a bigint
    stream = _stream(parts, visitor, request.cookies.get(COOKIE, ""), since)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _stream(parts: Parts, visitor: Session, token: str, since: int | None) -> AsyncIterator[bytes]:
    agency = visitor.agency if visitor.role == "clerk" else EVERYTHING

    async def still() -> bool:
        now = await find_session(parts.pool, token, at=parts.now(), used=False)
        return now is not None and (now.role, now.agency) == (visitor.role, visitor.agency)

    with parts.live.stream(agency) as queue:
        yield b"retry: 3000\n\n"
        if since is not None:
            for message in await _missed(parts, agency, since):
                yield message
        async for message in messages(queue, still, beat_seconds=BEAT_SECONDS):
            yield message


async def _missed(parts: Parts, agency: str, since: int) -> list[bytes]:
    """Return what a page did not hear while its line was away; lists are told in any case."""
    number, packets = await packets_since(parts.pool, since)
    told = [spell(number, EVERYTHING)]
    if agency != EVERYTHING and packets:
        seen = await seen_by(parts.pool, packets, (agency,))
        told += [spell(number, packet) for _, packet in sorted(seen)]
    return told
