"""The page of one document: what it is, every recipient's state and times, reasons, receipts, what to do."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from axis.console.access import Clerk
from axis.console.acting import may_ask_back, offered, shown_request, shown_state
from axis.console.failures import absent
from axis.console.pages import render
from axis.console.parts import Given
from axis.document import DeliveryState
from axis.status import FROM_SENDER, REQUESTS
from axis.store import clerking, papers, timeline
from axis.store.papers import Paper, Sight
from axis.store.views import RecipientView

router = APIRouter()

Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
"""Packet, delivery or event id; anything else is no address of ours."""

MOST_FILES: Final = 200


class Recipient(msgspec.Struct, frozen=True):
    """One recipient as the sender's clerk sees it."""

    view: RecipientView
    request: str
    """The last word on giving the document back; empty: nobody asked."""
    may_ask: bool
    acts: tuple[clerking.Act, ...]
    """Requests that were made on the page."""


def last_request(view: RecipientView) -> str:
    """Return the last word on giving a document back; empty: nobody asked."""
    return next((told.code for told in reversed(view.history) if told.code in REQUESTS), "")


async def _recipients(parts: Given, packet_id: str, after: str) -> tuple[Recipient, ...]:
    views = await timeline.read_deliveries(parts.pool, packet_id, after=after)
    told = await clerking.list_acts(parts.pool, *(one.delivery_id for one in views))
    found = []
    for view in views:
        acts = tuple(act for act in told if act.delivery_id == view.delivery_id and act.code in FROM_SENDER)
        request = shown_request(last_request(view), acts)
        found.append(Recipient(view, request, may_ask_back(DeliveryState(view.state), request), acts))
    return tuple(found)


@router.get("/documents/{packet_id}")
async def get_document(
    request: Request,
    packet_id: Id,
    parts: Given,
    clerk: Clerk,
    *,
    after: str = "",
    receipts_after: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> Response:
    """Show one document to a clerk of its sender or of one of its recipients."""
    paper, seen = await seen_paper(parts, packet_id, clerk.agency)
    own: tuple[RecipientView, ...] = ()
    mine: tuple[clerking.Act, ...] = ()
    if seen.delivery_id:
        own = await timeline.read_deliveries(parts.pool, packet_id, only=seen.delivery_id)
        acts = await clerking.list_acts(parts.pool, seen.delivery_id)
        mine = tuple(act for act in acts if act.code not in FROM_SENDER)
    deliveries: tuple[Recipient, ...] = ()
    lines: tuple[timeline.NumberedLine, ...] = ()
    states: dict[str, int] = {}
    if seen.sent:
        deliveries = await _recipients(parts, packet_id, after)
        lines = await timeline.receipts_of(parts.pool, packet_id, paper.connection, after=receipts_after)
        states = await papers.count_states(parts.pool, packet_id)
    state = shown_state(own[0].state, mine) if own else DeliveryState.CONSIGNED
    asked = shown_request(last_request(own[0]), mine) if own else ""
    return render(
        request,
        "document_part.html" if "live" in request.query_params else "document.html",
        paper=paper,
        seen=seen,
        own=own[0] if own else None,
        acts=mine,
        asked=asked,
        offered=offered(state, asked) if own and clerk.connection else (),
        connected=bool(clerk.connection),
        deliveries=deliveries,
        more=deliveries[-1].view.code if len(deliveries) == timeline.PAGE else "",
        lines=lines,
        more_receipts=lines[-1].seq if len(lines) == timeline.RECEIPTS else 0,
        states=states,
        files=paper.files[:MOST_FILES] if paper.state == "accepted" else (),
    )


async def seen_paper(parts: Given, packet_id: str, agency: str) -> tuple[Paper, Sight]:
    """Return a document and what an agency has to do with it.

    Raises:
        PageError: nothing, or there is no such document: 404 either way.
    """
    seen = await papers.sight(parts.pool, packet_id, agency)
    paper = await papers.read_paper(parts.pool, packet_id) if seen else None
    if seen is None or paper is None:
        raise absent()
    return paper, seen
