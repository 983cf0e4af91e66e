"""Receipts: which there are about a packet, and the exact bytes of one."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, TypeVar

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
from axis.store.views import ReceiptLine as Line
from axis.store.views import ReceiptParts

SEALING_SECONDS: Final = 1
"""After how long to ask again for a receipt that is being sealed."""

KINDS: Final = frozenset(Kind)
"""Anything else that is asked for does not reach the database."""

OUTCOMES: Final = frozenset({Kind.SUBMISSION_ACCEPTANCE, Kind.SUBMISSION_REJECTION, Kind.SUBMISSION_EXPIRY})
"""Kinds that end a submission."""

T = TypeVar("T")

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
    kinds = [one for one in kind if one in KINDS] if kind else None

    async def look() -> tuple[bool, ReceiptParts | None]:
        known, state, receipt = await parts.memory.newest(packet_id, caller.connection, kinds)
        required(known or None, "packet")
        return receipt is not None and _done(receipt, state, wait), receipt

    done, receipt = await _until_done(look, parts, caller, packet_id, wait)
    if receipt is None or not done:
        return _sealing()
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
        found = [line for line in lines if not kinds or line.kind in kinds]
        done = bool(found) and _done(found[-1], state, seconds)
        return done, tuple(answers.receipt_answer(line) for line in found)

    return await _until_done(look, parts, caller, packet_id, seconds)


def _done(newest: ReceiptParts | Line, state: str | None, seconds: float) -> bool:
    """Say whether that ends a wait: an outcome does unless its packet is being judged again."""
    if newest.sealed_at is None:
        return False
    return not seconds or newest.kind not in OUTCOMES or state not in OPEN


async def _until_done(
    look: Callable[[], Awaitable[tuple[bool, T]]],
    parts: Parts,
    caller: Caller,
    packet_id: str,
    seconds: float,
) -> tuple[bool, T]:
    return await wait_until(
        look,
        lambda seen: seen[0],
        bell=parts.bell,
        connection=caller.connection,
        packet_id=packet_id,
        seconds=seconds,
        for_news=True,
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
