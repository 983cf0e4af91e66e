"""Handling statuses: a recipient says what became of a document."""

from datetime import datetime
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response

from axis.answers import AckAnswer
from axis.desk.telling import write_status
from axis.edxml.status import read_status
from axis.errors import RefusedError
from axis.gateway.access import Sender
from axis.gateway.openapi import described, takes
from axis.gateway.parts import Given, Parts
from axis.gateway.problems import refuse
from axis.gateway.sharing import place
from axis.gateway.streaming import decode_json, read_small, refuse_full
from axis.store.tokens import Caller
from axis.violations import Code

PLACES_FOR: Final = "statuses of one connection wait to be recorded"

router = APIRouter(tags=["Trả lời · Answer"])


class StatusRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A handling status in a few words; the axis builds the edXML status packet from it."""

    packet_id: str
    """Of the delivered document, as the mailbox names it."""
    recipient: str
    """Code of the agency that answers: one of the entry's recipients."""
    code: str
    """Two digits: 01 arrived, 02 rejected, 03 accepted, 04 assigned, 05 processing, 06 done."""
    description: str = ""
    """Mandatory for 02: the reason."""
    reported_at: datetime | None = None
    """When it happened; empty: now. The same moment again makes the same status."""


@router.post(
    "/v1/statuses",
    **described(
        "status_taken",
        "Báo trạng thái xử lý · Report a handling status",
        answer=AckAnswer,
        status=202,
        errors=(400, 404, 413, 422),
        body={
            "application/json": {
                "schema": takes(StatusRequest),
                "example": {
                    "packet_id": "5f0c1c1e0f6d4c0b9d6a4f6f2f1f7a3e",
                    "recipient": "H37",
                    "code": "03",
                    "description": "Đã tiếp nhận, vào sổ số 1205",
                    "reported_at": "2026-11-23T08:15:00+07:00",
                },
            },
            "application/xml": {"schema": {"type": "string", "format": "binary"}},
        },
    ),
)
async def post_status(request: Request, parts: Given, caller: Sender) -> Response:
    """Report a status: an edXML status packet (`application/xml`), or JSON from which one is built.

    `202` means it is taken: its effect, or why it has none, comes as a
    receipt. The same bytes again are the same status, with the same id.
    """
    await refuse_full(parts)
    async with place(parts.desk.status_share, caller, PLACES_FOR):
        data = await read_small(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            data = await _built(parts, caller, decode_json(data, StatusRequest))
        status, violations = read_status(data, parts.policy.limits)
        if status is None:
            raise RefusedError(violations[0])
        ack_id = await parts.desk.take_status(
            connection=caller.connection,
            data=data,
            organ_code=status.response_for.organ_code,
            document_id=status.response_for.document_id,
        )
    return Response(msgspec.json.encode(AckAnswer(ack_id=ack_id)), 202, media_type="application/json")


async def _built(parts: Parts, caller: Caller, told: StatusRequest) -> bytes:
    if told.reported_at is not None and told.reported_at.tzinfo is None:
        raise refuse(Code.TAKE_MALFORMED, "reported_at needs a time zone", field="reported_at")
    known = await parts.memory.reported(told.packet_id, caller.connection, told.recipient)
    if known is None:
        raise refuse(Code.TAKE_NOT_FOUND, "no such document was delivered to this recipient of yours")
    return write_status(
        known,
        code=told.code,
        description=told.description,
        reported_at=told.reported_at or parts.now(),
    )
