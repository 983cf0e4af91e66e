"""Receipts: which there are about a packet, and the exact bytes of one."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from axis.answers import ReceiptLine
from axis.desk.telling import sealed_bytes
from axis.evidence.events import Kind
from axis.gateway import answers
from axis.gateway.access import Reader, as_reader
from axis.gateway.openapi import described
from axis.gateway.packets import OPEN
from axis.gateway.parts import Given, Parts
from axis.gateway.plain import PlainRoute, plainly, waiting_for_kinds
from axis.gateway.problems import required
from axis.gateway.waiting import Wait, wait_until
from axis.store.tokens import Caller
from axis.store.views import ReceiptParts

SEALING_SECONDS: Final = 1
"""After how long to ask again for a receipt that is being sealed."""

OUTCOMES: Final = frozenset({Kind.SUBMISSION_ACCEPTANCE, Kind.SUBMISSION_REJECTION, Kind.SUBMISSION_EXPIRY})
"""Kinds that end a submission."""

router = APIRouter(tags=["Biên nhận · Receipts"], route_class=PlainRoute)

Kinds = Annotated[
    list[str] | None, Query(description="Loại biên nhận · kinds, e.g. SubmissionAcceptance; repeatable")
]


@router.get(
    "/v1/packets/{packet_id}/receipts",
    **described(
        "receipts",
        "Biên nhận của gói tin · Receipts of a packet",
        answer=ReceiptLine,
        many=True,
        errors=(404,),
    ),
)
async def get_receipts(
    packet_id: str, parts: Given, caller: Reader, kind: Kinds = None, wait: Wait = 0
) -> Response:
    """Receipts about a packet that belong to this connection, oldest first.

    With `wait` the answer comes when the newest one (of the kinds asked for)
    is sealed; after so many seconds it is `202` with what there is. A packet
    that was refused and is being judged again is not done with its old refusal.
    """
    done, found = await _waited(parts, caller, packet_id, kind, wait)
    status = 202 if wait and not done else 200
    return Response(msgspec.json.encode(found), status, media_type="application/json")


@router.get(
    "/v1/packets/{packet_id}/receipt",
    **described(
        "packet_receipt", "Biên nhận mới nhất của gói tin · The newest receipt of a packet", errors=(404,)
    ),
)
@plainly(as_reader, waiting_for_kinds)
async def get_newest(
    packet_id: str, parts: Given, caller: Reader, kind: Kinds = None, wait: Wait = 0
) -> Response:
    """Exact bytes of the newest receipt about a packet (of the kinds asked for); `202` until it is sealed.

    Waits as the list does, and saves asking twice. Its id is the `ETag`; its kind and moment stand in
    `Axis-Receipt-Kind` and `Axis-Receipt-At` too.
    """
    done, found = await _waited(parts, caller, packet_id, kind, wait)
    if not done:
        return _sealing()
    receipt = required(await parts.memory.receipt(found[-1].event_id, caller.connection), "receipt")
    answer = receipt_response(receipt)
    answer.headers["Axis-Receipt-Kind"] = receipt.kind
    answer.headers["Axis-Receipt-At"] = receipt.at.isoformat()
    return answer


async def _waited(
    parts: Parts, caller: Caller, packet_id: str, kinds: list[str] | None, seconds: float
) -> tuple[bool, tuple[ReceiptLine, ...]]:
    """Wait for the newest receipt of some kinds to be sealed; return whether it is, and all there are."""

    async def look() -> tuple[bool, tuple[ReceiptLine, ...]]:
        state, lines = await parts.memory.outcome(packet_id, caller.connection)
        if not lines:
            # Nothing yet is no error for its sender; for anybody else there is no such packet.
            required(state, "packet")
        found = tuple(answers.receipt_answer(line) for line in lines if not kinds or line.kind in kinds)
        done = bool(found) and found[-1].state == "sealed"
        if seconds and done and found[-1].kind in OUTCOMES:
            done = state not in OPEN
        return done, found

    return await wait_until(
        look,
        lambda seen: seen[0],
        bell=parts.bell,
        connection=caller.connection,
        packet_id=packet_id,
        seconds=seconds,
    )


@router.get(
    "/v1/receipts/{event_id}",
    **described("receipt", "Một biên nhận · One receipt", errors=(404,)),
)
async def get_receipt(event_id: str, parts: Given, caller: Reader, wait: Wait = 0) -> Response:
    """Return the receipt's exact bytes: the same for ever. `202` while it is being sealed."""
    found = required(
        await wait_until(
            lambda: parts.memory.receipt(event_id, caller.connection),
            lambda one: one is None or one.sealed_at is not None,
            bell=parts.bell,
            connection=caller.connection,
            seconds=wait,
        ),
        "receipt",
    )
    return receipt_response(found)


def receipt_response(found: ReceiptParts) -> Response:
    """Answer with a receipt's bytes, or with 202 while it has no seal yet."""
    data = sealed_bytes(found)
    if data is None:
        return _sealing()
    return Response(data, headers={"ETag": f'"{found.event_id}"'}, media_type="application/json")


def _sealing() -> Response:
    return Response(
        msgspec.json.encode(answers.Sealing()),
        202,
        headers={"Retry-After": str(SEALING_SECONDS)},
        media_type="application/json",
    )
