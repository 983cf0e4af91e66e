"""Uploads: content for the Kafka door that is too large for a record."""

import asyncio
import re
from typing import Final

import msgspec
from fastapi import APIRouter, Request, Response

from axis.answers import Uploaded
from axis.content.uploads import Uploads
from axis.gateway.access import Sender
from axis.gateway.openapi import described
from axis.gateway.parts import Given
from axis.gateway.problems import refuse
from axis.gateway.streaming import declared_digest, disk_full, receive_packet
from axis.violations import Code

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

router = APIRouter(tags=["Gửi · Send"])


@router.put(
    "/v1/content/{sha256}",
    **described(
        "uploaded",
        "Tải gói tin lớn lên trước · Upload a large packet ahead",
        answer=Uploaded,
        status=201,
        errors=(400, 413, 422, 507),
        body={"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    ),
)
async def put_content(request: Request, sha256: str, parts: Given, caller: Sender) -> Response:
    """Bring a packet that a record of your submission topic then names by its SHA-256.

    The digest counts for this connection alone. What is not handed in within
    24 hours is forgotten. The same bytes again are the same upload.
    """
    if not _DIGEST.fullmatch(sha256):
        raise refuse(Code.TAKE_MALFORMED, "64 lower-case hexadecimal digits", field="sha256")
    digest = declared_digest(request.headers.get("content-digest", ""))
    received = await receive_packet(request, parts, caller, digest)
    spool = received.spool
    if spool.sha256 != sha256:
        spool.discard()
        raise refuse(Code.TAKE_DIGEST, f"the bytes that came have SHA-256 {spool.sha256}", field="sha256")
    try:
        await asyncio.to_thread(Uploads(parts.content.root).keep, caller.connection, spool)
    except OSError as exc:
        raise disk_full() from exc
    await parts.memory.add_upload(caller.connection, sha256, spool.size, at=parts.now())
    body = Uploaded(sha256=sha256, size=spool.size)
    return Response(msgspec.json.encode(body), 201, media_type="application/json")
