"""Receipts: to view, to print, to download byte for byte, to verify on the page and at home."""

import asyncio

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from axis.console.access import Reader
from axis.console.failures import PageError, absent
from axis.console.pages import render
from axis.console.paper import Id
from axis.console.parts import Given, Parts
from axis.console.words import TOLD_APART, fact
from axis.desk.telling import sealed_bytes
from axis.proving import Proven, prove
from axis.store.accounts import Session
from axis.store.timeline import OwnedReceipt, read_owned_receipt

router = APIRouter()


@router.get("/receipts/{event_id}")
async def get_receipt(request: Request, event_id: Id, parts: Given, reader: Reader) -> Response:
    """Show a receipt and what it proves, verified now."""
    found = await seen_receipt(parts, event_id, reader)
    data = sealed_bytes(found)
    proven: Proven | None = None
    if data is not None and parts.anchors:
        proven = await asyncio.to_thread(prove, data, parts.anchors)
    facts = facts_of(found)
    return render(
        request, "receipt.html", receipt=found, sealed=data is not None, proven=proven,
        facts=facts, told=told(facts), anchors=bool(parts.anchors),
    )  # fmt: skip


@router.get("/receipts/{event_id}/file")
async def get_receipt_file(event_id: Id, parts: Given, reader: Reader) -> Response:
    """Give the receipt's exact bytes: the same for ever."""
    data = sealed_bytes(await seen_receipt(parts, event_id, reader))
    if data is None:
        raise PageError(
            409, "Biên nhận đang được niêm phong", "being sealed", "Thường chỉ mất vài giây. Hãy thử lại."
        )
    name = f'attachment; filename="bien-nhan-{event_id}.json"'
    return Response(data, media_type="application/json", headers={"Content-Disposition": name})


@router.get("/trust.pem")
async def get_trust(parts: Given, _reader: Reader) -> Response:
    """Give the anchors that receipts are verified by, for the offline command."""
    if not parts.anchors:
        raise absent()
    return Response(
        b"".join(parts.anchors),
        media_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="goc-truc.pem"'},
    )


async def seen_receipt(parts: Parts, event_id: str, reader: Session) -> OwnedReceipt:
    """Return a receipt that this person may see.

    Raises:
        PageError: there is none, or it is another agency's: 404 either way.
    """
    found = await read_owned_receipt(parts.pool, event_id)
    if found is None or (reader.role == "clerk" and (not found.owner or found.owner != reader.agency)):
        raise absent()
    return found


def facts_of(found: OwnedReceipt) -> dict[str, object]:
    """Return what the event says, decoded."""
    facts: dict[str, object] = msgspec.json.decode(found.body)
    return facts


def told(facts: dict[str, object]) -> list[tuple[str, str]]:
    """Return each fact that is shown by itself: what it is called, and its value in words."""
    return [
        fact(name, value)
        for name, value in facts.items()
        if name not in TOLD_APART and value not in ("", None, [])
    ]
