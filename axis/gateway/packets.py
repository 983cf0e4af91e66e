"""Packets: hand one in, ask where it is."""

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from axis.answers import PacketStatus
from axis.document import Intake, packet_id
from axis.envelope import Envelope
from axis.gateway import answers
from axis.gateway.access import Reader, Sender, as_sender
from axis.gateway.openapi import described
from axis.gateway.parts import Given, Parts
from axis.gateway.plain import PlainRoute, plainly, whole_request
from axis.gateway.problems import refuse, required
from axis.gateway.sharing import place
from axis.gateway.streaming import declared_digest, keep, receive_packet
from axis.gateway.waiting import CHANNEL, Wait, news_of, wait_until
from axis.store.tokens import Caller
from axis.violations import Code

DOOR: Final = "rest"
PLACES_FOR: Final = "packets of one connection wait to be judged"
OPEN: Final = frozenset({"taken", "waiting"})
"""States of an intake that still end in another one."""

TYPES: Final = frozenset({"", "application/xml", "text/xml", "application/octet-stream"})
_BODY: Final[dict[str, Any]] = {
    kind: {"schema": {"type": "string", "format": "binary"}}
    for kind in ("application/xml", "application/octet-stream")
}

router = APIRouter(tags=["Gửi · Send"], route_class=PlainRoute)


@router.post(
    "/v1/packets",
    **described(
        "packet_taken",
        "Gửi gói tin edXML · Send an edXML packet",
        answer=answers.Taken,
        status=202,
        errors=(400, 413, 415, 422, 507),
        body=_BODY,
    ),
)
@plainly(as_sender, whole_request)
async def post_packet(request: Request, parts: Given, caller: Sender) -> Response:
    """Hand in one packet, byte for byte. `202` means: it is on disk and will be judged; nothing more.

    The same bytes again give the same packet id and its state. With
    `Content-Digest: sha-256=:<base64>:` (RFC 9530) the bytes are held against
    that digest. Documents that bear a state-secret mark are turned away at
    once and nothing of them is kept.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in TYPES:
        raise refuse(
            Code.TAKE_MALFORMED, "send application/xml or application/octet-stream", field="Content-Type"
        )
    digest = declared_digest(request.headers.get("content-digest", ""))

    async def repeats() -> bool:
        # Bytes that are not those of the digest are refused when they have come.
        name = packet_id(caller.connection, digest.hex()) if digest else ""
        return bool(name) and await parts.memory.packet(name, caller.connection) is not None

    async with place(parts.desk.share, caller, PLACES_FOR, repeats):
        received = await receive_packet(request, parts, caller, digest)
        return await hand_over(
            parts,
            caller,
            sha256=await keep(received.spool),
            size=received.spool.size,
            envelope=received.envelope,
        )


async def hand_over(
    parts: Parts,
    caller: Caller,
    *,
    sha256: str,
    size: int,
    envelope: Envelope | None,
    door: str = DOOR,
    idempotency: tuple[str, str] | None = None,
) -> Response:
    """Let the desk take content that is on disk, and say so."""
    # Before it is taken: whoever waits for it finds nothing before the first news.
    parts.bell.mind(CHANNEL, news_of(caller.connection, packet_id(caller.connection, sha256)))
    intake = await parts.desk.take(
        connection=caller.connection,
        sha256=sha256,
        size=size,
        door=door,
        envelope=envelope,
        idempotency=idempotency,
    )
    return await taken(parts, intake)


async def taken(parts: Parts, intake: Intake) -> Response:
    """Answer with an intake: 202 while it is on its way, 200 once it has ended."""
    state = intake.state
    if state not in OPEN:
        parts.bell.ring(CHANNEL, news_of(intake.connection, intake.packet_id))  # its news came long ago
        view = await parts.memory.packet(intake.packet_id, intake.connection)
        state = state if view is None else answers.shown_state(view)
    body = answers.Taken(
        packet_id=intake.packet_id,
        sha256=intake.sha256,
        size=intake.size,
        received_at=intake.received_at,
        state=state,
        links=answers.links(intake.packet_id),
    )
    return Response(
        msgspec.json.encode(body),
        202 if state in OPEN else 200,
        headers={"Location": body.links["self"]},
        media_type="application/json",
    )


@router.get(
    "/v1/packets/{packet_id}",
    **described(
        "packet", "Gói tin đang ở đâu · Where a packet is", answer=PacketStatus, errors=(404,)
    ),
)
async def get_packet(packet_id: str, parts: Given, caller: Reader, wait: Wait = 0) -> Response:
    """State, decision with its reasons, recipients with their histories, receipts. Only for its sender.

    With `wait` the answer comes when the packet has ended, or after so many seconds.
    """
    view = required(
        await wait_until(
            lambda: parts.memory.packet(packet_id, caller.connection),
            lambda found: found is None or found.intake.state not in OPEN,
            bell=parts.bell,
            connection=caller.connection,
            packet_id=packet_id,
            seconds=wait,
        ),
        "packet",
    )
    recipients = await parts.memory.recipients(packet_id) if view.document else ()
    receipts = await parts.memory.receipts(packet_id, caller.connection)
    body = answers.packet_answer(view, recipients, receipts, at=parts.now())
    return Response(msgspec.json.encode(body), media_type="application/json")
