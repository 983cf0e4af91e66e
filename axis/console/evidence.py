"""What an auditor sees: events and their receipts, and what people did. No subject, no file."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from axis.console.access import Auditor
from axis.console.pages import render
from axis.console.parts import Given
from axis.store import clerking, timeline

END: Final = 2**62
"""Before everything: where the first page begins."""

router = APIRouter()

Before = Annotated[int, Query(ge=0, le=END)]


@router.get("/evidence")
async def get_evidence(
    request: Request, parts: Given, _auditor: Auditor, before: Before = END, packet: str = ""
) -> Response:
    """List events, newest first, of all packets or of one."""
    wanted = packet.strip().lower()[:64]
    lines = await timeline.list_evidence(parts.pool, before=before, packet_id=wanted)
    more = lines[-1].seq if len(lines) == timeline.PAGE else 0
    return render(request, "evidence.html", lines=lines, more=more, packet=wanted)


@router.get("/audit")
async def get_audit(
    request: Request, parts: Given, _auditor: Auditor, before: Before = END, packet: str = ""
) -> Response:
    """List what people did, newest first."""
    wanted = packet.strip().lower()[:64]
    lines = await clerking.list_audit(parts.pool, before=before, subject=wanted)
    more = lines[-1].id if len(lines) == 50 else 0  # noqa: PLR2004 - a page of it
    return render(request, "audit.html", lines=lines, more=more, packet=wanted)
