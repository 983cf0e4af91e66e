"""Bytes coming in at a door: refused before they are read where possible, hashed while written."""

import asyncio
import base64
import binascii
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec
from fastapi import Request

from axis.checks.secrecy import secret_mark
from axis.content.store import Spool
from axis.edxml.reader import HeaderReader, HeaderReading
from axis.envelope import Envelope
from axis.gateway.parts import Parts
from axis.gateway.problems import DiskFullError, refuse
from axis.store.tokens import Caller
from axis.violations import Code, Violation

STALL_SECONDS: Final = 60.0
"""A body that does not move for this long is given up: half a packet must not hold a place for ever."""

LOOK_SECONDS: Final = 1.0
"""How much of that may have passed already when a body begins to stand still."""

INLINE_BYTES: Final = 1024 * 1024
"""Up to here a write goes to the page cache at once; larger packets go through a thread, in such pieces."""

ROOM_SECONDS: Final = 10.0
"""After how long to try again when there was no room."""

SMALL_BYTES: Final = 256 * 1024
"""Most bytes of a JSON request or a status packet."""

T = TypeVar("T")

_DIGEST: Final = re.compile(r"(?:^|,)\s*sha-256\s*=\s*:([A-Za-z0-9+/=]*):\s*(?:;[^,]*)?(?=,|$)")


@dataclass(frozen=True, slots=True)
class Received:
    """A body that came whole. Not content yet."""

    spool: Spool
    envelope: Envelope | None
    """Its header, as far as it could be read."""


async def before_body(request: Request, parts: Parts, caller: Caller) -> int:
    """Refuse what can be refused without reading a byte of the body.

    A client that asks first (``Expect: 100-continue``) has then sent nothing.

    Returns:
        The most bytes that this body may have.

    Raises:
        RefusedError: too large (413), too fast (429), no room (503, 507), a broken header (400).
    """
    limit = min(parts.policy.limits.packet_bytes, caller.max_packet_bytes)
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise refuse(Code.TAKE_MALFORMED, "Content-Length is no number", field="Content-Length")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise refuse(Code.TAKE_MALFORMED, "send the bytes uncompressed", field="Content-Encoding")
    if int(declared) > limit:
        raise _too_large(limit)
    parts.quota.may_send(caller)
    await refuse_full(parts)
    if parts.content.free_bytes() - int(declared) < parts.free_bytes_limit:
        raise disk_full()
    return limit


async def refuse_full(parts: Parts) -> None:
    """Turn everything away while there is no room for it.

    Raises:
        RefusedError: a backlog over its limit (503), or a full disk (507).
    """
    full = await parts.desk.room()
    if full is not None:
        raise disk_full() if full.field == "disk" else _no_room(full)


async def receive_packet(
    request: Request, parts: Parts, caller: Caller, expected: bytes | None
) -> Received:
    """Take a packet's bytes from the wire into a spool.

    Whatever goes wrong, nothing of it is left behind. An unreadable header is
    no reason to refuse here: admission does, with a receipt.

    Args:
        request: its body unread.
        parts: of the application.
        caller: who sends.
        expected: the SHA-256 that the bytes must have; None: whatever they have.

    Raises:
        RefusedError: see `before_body`; besides, another digest than declared
            (400), a state-secret mark (422), a body that stalls (400).
        ClientDisconnect: the client went away.
    """
    limit = await before_body(request, parts, caller)
    spool = _spool(parts)
    try:
        envelope = await _pour(request, parts, spool, limit)
        parts.quota.sent(caller, spool.size)
        _compare(spool, expected)
    except BaseException:
        spool.discard()
        raise
    return Received(spool, envelope)


async def _pour(request: Request, parts: Parts, spool: Spool, limit: int) -> Envelope | None:
    """Write the body into the spool; return its header. Stops at a state-secret mark."""
    reader = HeaderReader(parts.policy.limits)
    header: HeaderReading | None = None
    async for chunk in bounded(request, limit):
        if header is None and reader.feed(chunk):
            header = _looked_at(reader, parts)
        try:
            if spool.size < INLINE_BYTES:
                spool.write(chunk)
            else:
                await asyncio.to_thread(spool.write, chunk)
        except OSError as exc:
            raise disk_full() from exc
    return (header or _looked_at(reader, parts)).envelope


def _looked_at(reader: HeaderReader, parts: Parts) -> HeaderReading:
    header = reader.result()
    # Whatever was seen counts: a header that breaks off behind the mark is a secret all the same.
    refuse_secret(header.seen, parts)
    if header.is_status:
        raise refuse(Code.TAKE_MALFORMED, "this is a status packet: send it to POST /v1/statuses")
    return header


def _compare(spool: Spool, expected: bytes | None) -> None:
    if spool.size == 0:
        raise refuse(Code.TAKE_MALFORMED, "the body is empty")
    if expected is not None and expected.hex() != spool.sha256:
        raise refuse(
            Code.TAKE_DIGEST, f"the bytes that came have SHA-256 {spool.sha256}", field="Content-Digest"
        )


async def keep(spool: Spool) -> str:
    """Make spooled bytes content, durably, without holding up the loop; return their digest.

    Raises:
        RefusedError: the disk is full (507).
    """
    try:
        return await asyncio.to_thread(spool.commit)
    except OSError as exc:
        raise disk_full() from exc


async def bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """Give the body in pieces: small ones as they come, those of a large body gathered.

    Args:
        request: its body unread.
        limit: most bytes.

    Raises:
        RefusedError: more than ``limit`` (413), or a stall (400).
    """
    total = 0
    gathered = bytearray()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(STALL_SECONDS) as patience:
            looked_at = loop.time()
            async for chunk in request.stream():
                # Not with every piece: a timer each would cost as much as the piece.
                if (now := loop.time()) - looked_at > LOOK_SECONDS:
                    looked_at = now
                    patience.reschedule(now + STALL_SECONDS)
                total += len(chunk)
                if total > limit:
                    raise _too_large(limit)
                if total <= INLINE_BYTES:
                    if chunk:
                        yield chunk
                    continue
                gathered += chunk
                if len(gathered) >= INLINE_BYTES:
                    yield bytes(gathered)
                    gathered.clear()
    except TimeoutError as exc:
        raise refuse(Code.TAKE_MALFORMED, f"the body stood still for {STALL_SECONDS:.0f} s") from exc
    if gathered:
        yield bytes(gathered)


async def read_small(request: Request) -> bytes:
    """Read a body that is small by its nature.

    Raises:
        RefusedError: it is larger than `SMALL_BYTES` (413).
    """
    return b"".join([chunk async for chunk in bounded(request, SMALL_BYTES)])


async def read_json(request: Request, kind: type[T]) -> T:
    """Read a small JSON body as a value.

    Raises:
        RefusedError: it is not what ``kind`` asks for (400).
    """
    return decode_json(await read_small(request), kind)


def decode_json(data: bytes, kind: type[T], *, field: str = "") -> T:
    """Decode JSON from outside as a value.

    Raises:
        RefusedError: it is not what ``kind`` asks for (400); the detail says where.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as exc:
        raise refuse(Code.TAKE_MALFORMED, str(exc), field=field) from exc


def refuse_secret(envelope: Envelope, parts: Parts) -> None:
    """Turn away what bears a state-secret mark, before anything becomes content.

    Raises:
        RefusedError: it does (422). The mark's field is told, never its text.
    """
    marked = secret_mark(envelope, parts.policy.secret_marks)
    if marked is not None:
        raise refuse(Code.SECRECY_MARKED, marked.detail, field=marked.field)


def declared_digest(header: str) -> bytes | None:
    """Read the SHA-256 of a ``Content-Digest`` field; None where it names none.

    Raises:
        RefusedError: it names one that cannot be read (400).

    Source:
        RFC 9530, section 2.
    """
    if "sha-256" not in header:
        return None
    found = _DIGEST.search(header)
    try:
        value = base64.b64decode(found[1], validate=True) if found else b""
    except binascii.Error:
        value = b""
    if len(value) != hashlib.sha256().digest_size:
        raise refuse(Code.TAKE_MALFORMED, "Content-Digest must be sha-256=:<base64>:", field="Content-Digest")
    return value


def digest_field(sha256: str) -> str:
    """Write a ``Content-Digest`` field (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


def disk_full() -> DiskFullError:
    """Make the error for a content store without room (507)."""
    return DiskFullError(
        Violation(Code.TAKE_NO_ROOM, "", "the content store has no room"), retry_after=ROOM_SECONDS
    )


def _spool(parts: Parts) -> Spool:
    try:
        return parts.content.spool()
    except OSError as exc:
        raise disk_full() from exc


def _too_large(limit: int) -> Exception:
    return refuse(Code.TAKE_TOO_LARGE, f"at most {limit} bytes")


def _no_room(violation: Violation) -> Exception:
    return refuse(violation.code, violation.detail, field=violation.field, retry_after=ROOM_SECONDS)
