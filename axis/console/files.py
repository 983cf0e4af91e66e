"""The files of a document, decoded from its packet; a recipient who gets one has the document (handover)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import gettempdir
from typing import BinaryIO, Final
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from axis.console.access import Clerk
from axis.console.failures import PageError, absent
from axis.console.paper import Id, seen_paper
from axis.console.parts import Given, Parts
from axis.content.damage import tell_damage
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.reports import FileKind, FileReport
from axis.store import removals
from axis.store.clerking import note_audit

PIECE: Final = 256 * 1024

VIEW_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)
"""For a PDF that the browser shows by itself: it may load nothing."""

router = APIRouter()


@router.get("/documents/{packet_id}/files/{number}")
async def get_file(packet_id: Id, number: int, parts: Given, clerk: Clerk, view: bool = False) -> Response:  # noqa: FBT001, FBT002 - a query
    """Give one file: shown where it is a PDF and that is asked for, else saved."""
    paper, seen = await seen_paper(parts, packet_id, clerk.agency)
    if paper.state != "accepted" or not 0 < number <= len(paper.files):
        raise absent()
    wanted = paper.files[number - 1]
    async with AsyncExitStack() as stack:
        file = await _decoded(parts, stack, packet_id, paper.sha256, wanted)
        await note_audit(
            parts.pool,
            clerk.name,
            "file",
            at=parts.now(),
            subject=packet_id,
            detail=f"{number} {wanted.sha256}",
        )
        # From here on the answer owns the scratch file.
        owned = stack.pop_all()

    async def handed_over() -> None:
        if seen.delivery_id:
            await parts.desk.fetched(connection=clerk.connection, packet_id=packet_id, recipient=clerk.agency)

    return StreamingResponse(
        _pieces(owned, file, handed_over), headers=_headers(wanted, view=view and wanted.kind is FileKind.PDF)
    )


async def _decoded(
    parts: Parts, stack: AsyncExitStack, packet_id: str, sha256: str, wanted: FileReport
) -> BinaryIO:
    """Take a packet apart and return the one file, checked against what the gate saw.

    Raises:
        PageError: the stored packet is not there, or not what it was.
    """
    sink = stack.enter_context(AttachmentSink(Path(gettempdir())))

    def decode() -> BinaryIO | None:
        with parts.content.open(sha256) as stream:
            reading = read_packet(stream, parts.policy.limits, sink)
        for one in reading.attachments:
            if (one.content_id, one.sha256()) == (wanted.content_id, wanted.sha256):
                return one.file
        return None

    try:
        async with parts.decoding:
            found = await asyncio.to_thread(decode)
    except FileNotFoundError:
        found = None
    if found is None and await removals.why_removed(parts.pool, sha256) is not None:
        raise PageError(
            410,
            "Nội dung đã được xóa theo quy định",
            "content was removed on purpose",
            "Biên nhận và lịch sử của văn bản vẫn còn; nội dung thì không lấy lại được từ trục.",
        )
    if found is None:
        tell_damage(packet_id, sha256)
        raise PageError(
            409, "Nội dung đã lưu không còn nguyên vẹn", "stored content is missing or altered",
            "Tệp không được giao để tránh nhầm lẫn. Hãy báo ngay bộ phận vận hành.",
        )  # fmt: skip
    return found


async def _pieces(
    owned: AsyncExitStack, file: BinaryIO, handed_over: Callable[[], Awaitable[None]]
) -> AsyncIterator[bytes]:
    """Give the file; after its last byte, note that the recipient has the document."""
    async with owned:
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    await handed_over()


def _headers(wanted: FileReport, *, view: bool) -> dict[str, str]:
    name = wanted.name.replace("\\", "/").rpartition("/")[2] or "tep"
    plain = "".join(c if c.isascii() and (c.isalnum() or c in ".-_ ") else "_" for c in name)
    kind = "inline" if view else "attachment"
    return {
        "Content-Type": "application/pdf" if view else "application/octet-stream",
        "Content-Length": str(wanted.size),
        "Content-Disposition": f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": VIEW_POLICY if view else "sandbox; default-src 'none'",
        "ETag": f'"{wanted.sha256}"',
    }
