"""Documents handed in as metadata and files: the packet is built here, then taken like any other."""

import asyncio
import hashlib
import io
import re
import unicodedata
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import date, datetime
from typing import Annotated, BinaryIO, Final, cast

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from axis.content.store import Spool
from axis.edxml.documentid import document_id
from axis.edxml.writer import PacketFile, build_packet
from axis.envelope import Envelope, Organ, ResponseFor, SignerInfo
from axis.errors import RefusedError
from axis.gateway.access import Sender
from axis.gateway.answers import Taken
from axis.gateway.openapi import described, takes
from axis.gateway.packets import PLACES_FOR, hand_over, taken
from axis.gateway.parts import Given, Parts
from axis.gateway.problems import refuse
from axis.gateway.sharing import place
from axis.gateway.streaming import before_body, bounded, decode_json, disk_full, keep, refuse_secret
from axis.violations import Code

DOOR: Final = "rest-built"
KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
"""An idempotency key: visible ASCII, at most 200 characters."""

METADATA_BYTES: Final = 256 * 1024
HASH_BYTES: Final = 256 * 1024

router = APIRouter(tags=["Gửi · Send"])


class Metadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The envelope of a document, in the words of QCVN 102:2016. Agencies are named by their codes."""

    sender: str
    recipients: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
    number: str
    notation: str
    place: str
    issued_on: date
    type_name: str
    subject: str
    document_id: str = ""
    """Empty: made from sender, date and number, e.g. ``H37,2026/11/22,1205/UBND-VP``."""
    type_group: int = 2
    """1 quy phạm pháp luật, 2 hành chính."""
    type_detail: int | None = None
    content: str = ""
    signer: SignerInfo = SignerInfo()
    due_on: date | None = None
    priority: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    steering_type: int | None = None
    response_for: tuple[ResponseFor, ...] = ()
    to_places: tuple[str, ...] = ()
    sent_at: datetime | None = None
    """Empty: when it arrives here."""


EXAMPLE: Final = {
    "sender": "H37",
    "recipients": ["G22", "H37.02"],
    "number": "1205",
    "notation": "UBND-VP",
    "place": "Lạng Sơn",
    "issued_on": "2026-11-22",
    "type_name": "Công văn",
    "subject": "V/v báo cáo tình hình gửi, nhận văn bản điện tử",
    "signer": {"competence": "TM. ỦY BAN NHÂN DÂN", "position": "CHỦ TỊCH", "full_name": "Nguyễn Văn Mẫu"},
    "priority": 0,
}


@router.post(
    "/v1/documents",
    **described(
        "document_taken",
        "Gửi PDF và metadata · Send PDFs with metadata",
        answer=Taken,
        status=202,
        errors=(400, 409, 413, 422, 507),
        body={
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["metadata", "files"],
                    "properties": {
                        "metadata": takes(Metadata),
                        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
                    },
                },
                "example": {"metadata": EXAMPLE, "files": ["cong-van.pdf"]},
            }
        },
    ),
)
async def post_document(request: Request, parts: Given, caller: Sender) -> Response:
    """Hand in `metadata` (JSON) and `files`; a packet is built from them. The first PDF is the main document.

    `Idempotency-Key` is mandatory: the same key with the same request gives
    the same packet, with another request `409`.
    """
    key = request.headers.get("idempotency-key", "")
    if not KEY.fullmatch(key):
        raise refuse(
            Code.TAKE_MALFORMED,
            "Idempotency-Key is mandatory: 1 to 200 visible ASCII characters",
            field="Idempotency-Key",
        )

    async def repeats() -> bool:
        return await parts.memory.repeated(caller.connection, key) is not None

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(place(parts.desk.share, caller, PLACES_FOR, repeats))
        limit = await before_body(request, parts, caller)
        metadata, files = await _form(request, limit, stack)
        sent = sum(file.size or 0 for file in files)
        parts.quota.sent(caller, sent)
        fingerprint = await asyncio.to_thread(_fingerprint, metadata, files)
        before = await parts.memory.repeated(caller.connection, key)
        if before is not None:
            if before[0] != fingerprint:
                raise refuse(
                    Code.TAKE_KEY_REUSED, "use a new key for a new document", field="Idempotency-Key"
                )
            return await taken(parts, before[1])
        envelope = await _envelope(parts, metadata)
        refuse_secret(envelope, parts)
        spool = await _build(parts, envelope, metadata.sent_at or parts.now(), files)
        if spool.size > limit:
            spool.discard()
            raise refuse(Code.TAKE_TOO_LARGE, f"the packet built from it has more than {limit} bytes")
        try:
            return await hand_over(
                parts,
                caller,
                sha256=await keep(spool),
                size=spool.size,
                envelope=envelope,
                door=DOOR,
                idempotency=(key, fingerprint),
            )
        except RefusedError:
            # The same request may have come twice at once and been built a second apart:
            # other bytes under one key. The first one stands, for both.
            before = await parts.memory.repeated(caller.connection, key)
            if before is None or before[0] != fingerprint:
                raise
            return await taken(parts, before[1])


async def _form(request: Request, limit: int, stack: AsyncExitStack) -> tuple[Metadata, list[UploadFile]]:
    """Read the parts; files go to unlinked temporary files, closed by ``stack``."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise refuse(Code.TAKE_MALFORMED, "send multipart/form-data", field="Content-Type")
    parser = MultiPartParser(
        request.headers, _stream(request, limit), max_files=100, max_fields=10, max_part_size=METADATA_BYTES
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError) as exc:
        raise refuse(Code.TAKE_MALFORMED, f"the multipart body is broken: {exc}") from exc
    except OSError as exc:
        raise disk_full() from exc
    stack.push_async_callback(form.close)
    files = [part for part in form.getlist("files") if isinstance(part, UploadFile)]
    if not files:
        raise refuse(Code.TAKE_MALFORMED, "no part named files", field="files")
    metadata = decode_json(await _metadata(form), Metadata, field="metadata")
    if metadata.sent_at is not None and metadata.sent_at.tzinfo is None:
        raise refuse(Code.TAKE_MALFORMED, "sent_at needs a time zone", field="metadata")
    return metadata, files


async def _metadata(form: FormData) -> bytes:
    """Return the metadata part: a plain field, or a file part of type application/json."""
    given = form.get("metadata")
    if isinstance(given, str):
        return given.encode()
    if isinstance(given, UploadFile) and (given.size or 0) <= METADATA_BYTES:
        return await given.read()
    raise refuse(
        Code.TAKE_MALFORMED, f"one part named metadata, at most {METADATA_BYTES} bytes", field="metadata"
    )


async def _stream(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    async for chunk in bounded(request, limit):
        yield chunk


def _fingerprint(metadata: Metadata, files: Sequence[UploadFile]) -> str:
    """Name a request by its content: metadata, and name and bytes of every file in order."""
    whole = hashlib.sha256(msgspec.json.encode(metadata, order="sorted"))
    for file in files:
        content = hashlib.sha256()
        file.file.seek(0)
        while piece := file.file.read(HASH_BYTES):
            content.update(piece)
        whole.update(msgspec.json.encode([file.filename, content.hexdigest()]))
    return whole.hexdigest()


async def _envelope(parts: Parts, told: Metadata) -> Envelope:
    """Make the envelope; names of agencies come from the directory."""
    names = await parts.memory.names((told.sender, *told.recipients))
    sender = Organ(code=told.sender, name=names.get(told.sender, ""))
    return Envelope(
        sender=sender,
        recipients=tuple(Organ(code=code, name=names.get(code, "")) for code in told.recipients),
        document_id=told.document_id or document_id(told.sender, told.issued_on, told.number, told.notation),
        number=told.number,
        notation=told.notation,
        place=told.place,
        issued_on=told.issued_on,
        type_group=told.type_group,
        type_detail=told.type_detail,
        type_name=told.type_name,
        subject=told.subject,
        content=told.content,
        signer=told.signer,
        due_on=told.due_on,
        priority=told.priority,
        steering_type=told.steering_type,
        response_for=told.response_for,
        to_places=told.to_places,
    )


async def _build(parts: Parts, envelope: Envelope, sent_at: datetime, files: Sequence[UploadFile]) -> Spool:
    """Write the packet into a spool, in a thread: it reads and encodes every file."""
    sources = [PacketFile(name=_name(file, n), open=_opener(file)) for n, file in enumerate(files)]

    def write() -> Spool:
        spool = parts.content.spool()
        try:
            for piece in build_packet(envelope, sources, sent_at=sent_at):
                spool.write(piece)
        except BaseException:
            spool.discard()
            raise
        return spool

    try:
        return await asyncio.to_thread(write)
    except OSError as exc:
        raise disk_full() from exc


def _name(file: UploadFile, place: int) -> str:
    """Return the name of a file as people see it: no folders, nothing that XML cannot hold."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", file.filename or ""))[-1]
    return "".join(c for c in last if c.isprintable()).strip()[:500] or f"tep-{place + 1}"


def _opener(file: UploadFile) -> Callable[[], BinaryIO]:
    def open_again() -> BinaryIO:
        file.file.seek(0)
        return cast("BinaryIO", _Lent(file.file))

    return open_again


class _Lent(io.BufferedIOBase):
    """An uploaded file, lent to a reader that closes what it was given: the request closes it at its end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        return self._file.read(-1 if size is None else size)
