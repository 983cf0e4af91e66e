"""Files on their way out and in: hashed in pieces, never held whole."""

import asyncio
import base64
import hashlib
import io
import os
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

import httpx

from axis.client.failures import DamagedError

PIECE: Final = 256 * 1024

NamedFile: TypeAlias = str | os.PathLike[str] | tuple[str, bytes]
"""A path, or a name and bytes."""

Source: TypeAlias = str | os.PathLike[str] | bytes


def digest_of(source: Source) -> tuple[int, str]:
    """Return size and SHA-256 of a file or of bytes."""
    if isinstance(source, bytes):
        return len(source), hashlib.sha256(source).hexdigest()
    with Path(source).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def digest_field(sha256: str) -> str:
    """Write a ``Content-Digest`` field (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:"


async def pieces(
    source: Source, size: int, progress: Callable[[int, int], None] | None
) -> AsyncIterator[bytes]:
    """Give a file or bytes in pieces, telling how far it is."""
    gone = 0
    with (
        io.BytesIO(source)
        if isinstance(source, bytes)
        else await asyncio.to_thread(Path(source).open, "rb") as file
    ):
        while piece := await _read(file):
            yield piece
            gone += len(piece)
            if progress is not None:
                progress(gone, size)


def named(file: NamedFile) -> tuple[str, str, Callable[[], BinaryIO]]:
    """Return name and SHA-256 of a file, and what opens it again."""
    if isinstance(file, tuple):
        name, data = file
        return name, hashlib.sha256(data).hexdigest(), lambda: io.BytesIO(data)
    path = Path(file)
    return path.name, digest_of(path)[1], lambda: path.open("rb")


async def saved(answer: httpx.Response, target: Path) -> Path:
    """Write an answer's body to a file, whole or not at all.

    Raises:
        DamagedError: the bytes are not those of its ``Content-Digest``.
    """
    digest = hashlib.sha256()
    half = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    await asyncio.to_thread(target.parent.mkdir, parents=True, exist_ok=True)
    try:
        with await asyncio.to_thread(half.open, "xb") as file:
            async for piece in answer.aiter_raw(PIECE):
                digest.update(piece)
                await asyncio.to_thread(file.write, piece)
        held_against_digest(answer, digest.hexdigest())
        await asyncio.to_thread(half.replace, target)
    finally:
        await asyncio.to_thread(half.unlink, missing_ok=True)
    return target


def held_against_digest(answer: httpx.Response, sha256: str) -> None:
    """Compare what came with the answer's ``Content-Digest``.

    Raises:
        DamagedError: they differ.
    """
    expected = answer.headers.get("content-digest")
    if expected is not None and expected != digest_field(sha256):
        raise DamagedError(f"SHA-256 {sha256}, expected {expected}")


async def _read(file: BinaryIO | io.BytesIO) -> bytes:
    return file.read(PIECE) if isinstance(file, io.BytesIO) else await asyncio.to_thread(file.read, PIECE)
