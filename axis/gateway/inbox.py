"""Mailboxes: list, fetch, mark. A document is fetched once its bytes went out, or when it is marked."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, BinaryIO, Final, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response

from axis.answers import Marked
from axis.content.damage import tell_damage
from axis.contract.doors import notice_bytes
from axis.edxml.trace import spliced
from axis.gateway.access import Reader
from axis.gateway.openapi import described, takes
from axis.gateway.parts import Given, Parts
from axis.gateway.problems import refuse, required
from axis.gateway.receipts import receipt_response
from axis.gateway.streaming import digest_field, read_json
from axis.gateway.waiting import Wait, wait_until
from axis.https import BreakableResponse
from axis.store.inbox import Delivered, Entry
from axis.store.tokens import Caller
from axis.violations import Code

MOST_ENTRIES: Final = 1000
XML: Final = "application/xml"
PIECE_BYTES: Final = 512 * 1024

router = APIRouter(tags=["Nhận · Receive"])


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of an entry. ``done``: we have it, take it off the list."""

    result: Literal["done"]


class Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of many entries at once."""

    entry_ids: Annotated[tuple[int, ...], msgspec.Meta(min_length=1, max_length=MOST_ENTRIES)]
    result: Literal["done"]


@router.get(
    "/v1/inbox",
    **described("inbox", "Hộp thư đến · The mailbox", answer=Entry, many=True),
)
async def get_inbox(
    *,
    parts: Given,
    caller: Reader,
    kind: Annotated[
        Literal["", "document", "status", "receipt", "notice"],
        Query(description="Chỉ một loại · only this kind"),
    ] = "",
    packet_id: Annotated[str, Query(description="Chỉ về gói tin này · only about this packet")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
    wait: Wait = 0,
) -> Response:
    """List entries not marked yet, urgent documents first, then oldest first.

    With `wait` the answer comes when there is one, or after so many seconds.
    """
    found = await wait_until(
        lambda: parts.memory.entries(caller.connection, kind=kind, packet_id=packet_id, limit=limit),
        bool,
        bell=parts.bell,
        connection=caller.connection,
        packet_id=packet_id,
        seconds=wait,
    )
    return Response(msgspec.json.encode(found), media_type="application/json")


@router.get(
    "/v1/inbox/{entry_id}/content",
    **described("content", "Nội dung một mục · Content of an entry", errors=(404, 410), media=XML),
)
async def get_content(entry_id: int, parts: Given, caller: Reader) -> Response:
    """Fetch what an entry is about, as exact bytes.

    A document: the packet as its sender gave it, with the axis' trace header
    spliced in; once it went out whole, its deliveries count as fetched. A
    status: the status packet. A receipt: the receipt. A notice, why a record of the
    Kafka door was not taken: problem details.
    """
    entry = required(await parts.memory.entry(caller.connection, entry_id), "entry")
    if entry.kind == "receipt":
        return receipt_response(
            required(await parts.memory.receipt(entry.subject, caller.connection), "receipt")
        )
    if entry.kind == "status":
        sha256 = required(await parts.memory.status_digest(entry.subject), "status")
        data = await asyncio.to_thread(parts.content.read, sha256)
        if data is None:
            raise tell_damage(entry.packet_id, sha256)
        return Response(
            data, headers={"ETag": f'"{sha256}"', "Content-Digest": digest_field(sha256)}, media_type=XML
        )
    if entry.kind == "notice":
        told = required(await parts.memory.notice(entry.subject, caller.connection), "notice")
        data = notice_bytes(
            code=told.code,
            field=told.field,
            detail=told.detail,
            reference=told.reference,
            record=told.record,
        )
        return Response(data, media_type="application/problem+json")
    delivered = required(await parts.memory.delivered(entry.packet_id), "document")
    # Opened before the answer begins: a missing file is an error, not a broken stream.
    try:
        stream = await asyncio.to_thread(parts.content.open, delivered.sha256)
    except FileNotFoundError:
        # T12: gone on purpose is an answer; gone otherwise is a fault of ours.
        if await parts.memory.why_removed(delivered.sha256) is None:
            raise tell_damage(entry.packet_id, delivered.sha256) from None
        raise refuse(Code.CONTENT_REMOVED, "") from None
    return BreakableResponse(
        _delivery(parts, caller, entry.packet_id, delivered, stream),
        headers={
            "Content-Length": str(delivered.size + len(delivered.splice)),
            "ETag": f'"{delivered.delivered_sha256}"',
            "Content-Digest": digest_field(delivered.delivered_sha256),
            "Content-Disposition": f'attachment; filename="{entry.packet_id}.edxml"',
        },
        media_type=XML,
    )


@router.post(
    "/v1/inbox/{entry_id}/mark",
    **described(
        "mark",
        "Đánh dấu đã xử lý · Mark an entry",
        answer=Mark,
        errors=(400, 404),
        body={"application/json": {"schema": takes(Mark), "example": {"result": "done"}}},
    ),
)
async def post_mark(request: Request, entry_id: int, parts: Given, caller: Reader) -> Response:
    """Take an entry off the list for good. Of a document, its deliveries count as fetched from now on."""
    body = await read_json(request, Mark)
    entry = required(await parts.memory.entry(caller.connection, entry_id), "entry")
    await _mark(parts, caller, entry)
    return Response(msgspec.json.encode(body), media_type="application/json")


@router.post(
    "/v1/inbox/mark",
    **described(
        "mark_many",
        "Đánh dấu nhiều mục · Mark many entries",
        answer=Marked,
        errors=(400,),
        body={
            "application/json": {
                "schema": takes(Marks),
                "example": {"entry_ids": [41, 42], "result": "done"},
            }
        },
    ),
)
async def post_marks(request: Request, parts: Given, caller: Reader) -> Response:
    """Take up to 1,000 entries off the list for good; each as if it were marked alone.

    Doing it again changes nothing: after a broken connection, send the same once more.
    """
    body = await read_json(request, Marks)
    marked, unknown = [], []
    for number in dict.fromkeys(body.entry_ids):
        entry = await parts.memory.entry(caller.connection, number)
        if entry is None:
            unknown.append(number)
            continue
        await _mark(parts, caller, entry)
        marked.append(number)
    done = Marked(marked=tuple(marked), unknown=tuple(unknown))
    return Response(msgspec.json.encode(done), media_type="application/json")


async def _mark(parts: Parts, caller: Caller, entry: Entry) -> None:
    if entry.kind == "document":
        await parts.desk.fetched(connection=caller.connection, packet_id=entry.packet_id)
    await parts.memory.mark(caller.connection, entry.entry_id, at=parts.now())


async def _delivery(
    parts: Parts, caller: Caller, packet_id: str, delivered: Delivered, stream: BinaryIO
) -> AsyncIterator[bytes]:
    """Give the delivered packet; after its last byte went out, note that it was fetched.

    The last piece goes out only when all bytes are those that were decided on:
    a stored file that was altered since then ends as a broken download.
    """
    digest, held = hashlib.sha256(), b""
    left = delivered.size + len(delivered.splice)
    try:
        with stream:
            pieces = spliced(stream, delivered.splice_offset, delivered.splice)
            while left >= 0 and (gathered := await asyncio.to_thread(_gathered, pieces)):
                digest.update(gathered)
                left -= len(gathered)
                if held and left >= 0:
                    yield held
                held = gathered
    except ValueError:  # it ends before the splice
        left = -1
    if left or digest.hexdigest() != delivered.delivered_sha256:
        raise tell_damage(packet_id, delivered.sha256)
    yield held
    await parts.desk.fetched(connection=caller.connection, packet_id=packet_id)


def _gathered(pieces: Iterator[bytes]) -> bytes:
    """Join pieces to about `PIECE_BYTES`, so that a thread is asked seldom; empty at the end."""
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) >= PIECE_BYTES:
            break
    return bytes(joined)
