"""What operations see: health, queues, what waits and why, quarantine, connections. No content."""

import asyncio
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from axis.console.access import Operator, read_own_form
from axis.console.failures import SEE_OTHER, PageError, absent
from axis.console.health import look_at
from axis.console.pages import render
from axis.console.parts import Given, Parts
from axis.document import event_id
from axis.store import overview
from axis.store.clerking import note_audit
from axis.store.quarantine import Entry
from axis.topics import BY_NAME
from axis.traffic import Outgoing

router = APIRouter()

Number = Annotated[int, Path(ge=1, le=2**62)]

NOTE_MOST: Final = 500
"""Characters of why a record was closed."""

ALIVE_HOURS: Final = 24
"""A connection that was not heard of for so long is pointed out."""


@router.get("/operations")
async def get_operations(request: Request, parts: Given, _operator: Operator) -> Response:
    """Show how everything stands."""
    at = parts.now()
    health = await asyncio.gather(*(look_at(*one) for one in parts.watched))
    queues = await overview.read_overview(parts.pool, at=at)
    return render(
        request,
        "operations_part.html" if "live" in request.query_params else "operations.html",
        health=health,
        queues=queues,
        free=parts.content.free_bytes(),
        waiting=await overview.list_waiting(parts.pool),
        connections=await overview.list_contacts(parts.pool),
        quarantine=await overview.list_open_quarantine(parts.pool),
        listeners=parts.live.listeners,
        age=lambda since: (at - since).total_seconds() if since else 0.0,
        silent=lambda since: since is None or (at - since).total_seconds() > ALIVE_HOURS * 3600,
    )


@router.get("/operations/quarantine/{number}")
async def get_record(request: Request, number: Number, parts: Given, _operator: Operator) -> Response:
    """Show why a record was set aside, and ask whether it is to be sent again."""
    entry = await overview.read_record(parts.pool, number)
    if entry is None:
        raise absent()
    return _record(request, entry)


@router.post("/operations/quarantine/{number}/replay")
async def post_replay(request: Request, number: Number, parts: Given, operator: Operator) -> Response:
    """Send a record again to its own topic; the keeper publishes it within seconds."""
    form = await read_own_form(request, operator)
    entry = await overview.read_record(parts.pool, number)
    if entry is None:
        raise absent()
    if entry.record.topic not in BY_NAME:
        raise PageError(
            409, "Bản ghi này không gửi lại được", "not a topic of ours", "Topic của nó không thuộc trục."
        )
    if form.get("seen") != _spoken(entry.replayed_at):
        # The second of two clicks, or a page that is older than the last replay: done already.
        return RedirectResponse("/operations?done=replay", SEE_OTHER)
    at = parts.now()
    value = await _bytes(parts, entry.record.sha256)
    again = Outgoing(
        topic=entry.record.topic,
        key=entry.record.key or b"",
        value=value,
        event_id=event_id("replay", f"{entry.id}@{_spoken(entry.replayed_at)}"),
    )
    if await overview.replay(parts.pool, entry, again, at=at):
        await note_audit(
            parts.pool, operator.name, "replay", at=at, subject=str(entry.id), detail=entry.record.code
        )
    return RedirectResponse("/operations?done=replay", SEE_OTHER)


@router.post("/operations/quarantine/{number}/close")
async def post_close(request: Request, number: Number, parts: Given, operator: Operator) -> Response:
    """Close a record that is not to be sent again, with the reason; its bytes stay."""
    form = await read_own_form(request, operator)
    entry = await overview.read_record(parts.pool, number)
    if entry is None:
        raise absent()
    note = " ".join(form.get("note", "").split())
    if not note or len(note) > NOTE_MOST:
        return _record(request, entry, status=422, wrong=f"Hãy ghi lý do đóng, không quá {NOTE_MOST} ký tự.")
    at = parts.now()
    if await overview.close(parts.pool, number, note=note, at=at):
        await note_audit(
            parts.pool, operator.name, "close", at=at, subject=str(entry.id), detail=entry.record.code
        )
    return RedirectResponse("/operations?done=close", SEE_OTHER)


def _record(request: Request, entry: Entry, *, status: int = 200, wrong: str = "") -> Response:
    ours = entry.record.topic in BY_NAME
    return render(request, "quarantine.html", status=status, entry=entry, ours=ours, wrong=wrong)


async def _bytes(parts: Parts, sha256: str) -> bytes:
    try:
        return await asyncio.to_thread(parts.content.path(sha256).read_bytes)
    except FileNotFoundError as exc:
        raise PageError(
            409,
            "Không còn nội dung của bản ghi này",
            "its bytes are gone",
            "Xem kho nội dung (AXIS_CONTENT_DIR).",
        ) from exc


def _spoken(at: datetime | None) -> str:
    return at.isoformat() if at else "first"
