"""Calls of a sender: hand in, and see what became of it."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from axis.answers import Overdue, PacketStatus, SentLine, Uploaded
from axis.client.answers import Sent
from axis.client.files import NamedFile, digest_field, digest_of, named, pieces
from axis.client.wire import Wire

Progress = Callable[[int, int], None]
"""Told bytes that went out and bytes in all."""


class Sending:
    """The part of `AxisClient` that sends."""

    _wire: Wire

    async def send_packet(
        self, packet: str | os.PathLike[str] | bytes, *, progress: Progress | None = None
    ) -> Sent:
        """Hand in an edXML packet, byte for byte, with its digest.

        Args:
            packet: its path, or its bytes.
            progress: told how far it is, for each attempt anew.

        Returns:
            Its id. It is on disk there, and not judged yet: see `wait_for_receipt`.

        Raises:
            AxisRefusedError: too large, a state-secret mark, ...
            UnreachableError: not within the patience. Nothing is known: send it again.
            OSError: the file cannot be read.
        """
        size, sha256 = await asyncio.to_thread(digest_of, packet)
        headers = {
            "Content-Type": "application/xml",
            "Content-Length": str(size),
            "Content-Digest": digest_field(sha256),
        }
        return await self._wire.ask(
            Sent,
            "POST",
            "/v1/packets",
            headers=headers,
            body=lambda: {"content": pieces(packet, size, progress)},
        )

    async def upload(
        self,
        packet: str | os.PathLike[str] | bytes,
        *,
        sha256: str | None = None,
        progress: Progress | None = None,
    ) -> str:
        """Bring a packet that a record of the Kafka door will name by its digest.

        Args:
            packet: its path, or its bytes.
            sha256: what the digest must be; None: whatever it is.
            progress: told how far it is, for each attempt anew.

        Returns:
            Its SHA-256. It is kept for 24 hours, for this connection alone.

        Raises:
            AxisRefusedError: too large, a state-secret mark, another digest.
        """
        size, digest = await asyncio.to_thread(digest_of, packet)
        headers = {"Content-Type": "application/xml", "Content-Length": str(size)}
        done = await self._wire.ask(
            Uploaded,
            "PUT",
            f"/v1/content/{sha256 or digest}",
            headers=headers,
            body=lambda: {"content": pieces(packet, size, progress)},
        )
        return done.sha256

    async def send_document(
        self, metadata: Mapping[str, object], files: Sequence[NamedFile], *, key: str | None = None
    ) -> Sent:
        """Hand in metadata and files, from which the axis builds the packet.

        Args:
            metadata: sender, recipients, number, notation, place, issued_on, type_name, subject, ...;
                see the axis' `/v1/docs`.
            files: paths, or pairs of name and bytes; the first PDF is the main document.
            key: idempotency key; None: made from the content, so that the same document sent
                twice is one document.

        Raises:
            AxisRefusedError: see `send_packet`; besides, the key was used for other content.
        """
        told = msgspec.json.encode(metadata)
        contents = [await asyncio.to_thread(named, file) for file in files]
        made = (
            key
            or hashlib.sha256(
                told + b"".join(f"\n{name}\n{sha256}".encode() for name, sha256, _ in contents)
            ).hexdigest()
        )

        with contextlib.ExitStack() as stack:

            def body() -> dict[str, Any]:
                parts = [
                    ("files", (name, stack.enter_context(opened()), "application/octet-stream"))
                    for name, _, opened in contents
                ]
                return {"files": [("metadata", ("metadata.json", told, "application/json")), *parts]}

            return await self._wire.ask(
                Sent, "POST", "/v1/documents", headers={"Idempotency-Key": made}, body=body
            )

    async def status(self, packet_id: str, *, wait: float = 0.0) -> PacketStatus:
        """Ask where a packet is.

        Args:
            packet_id: as `send_packet` gave it.
            wait: at most so many seconds until it has ended; at most 30.
        """
        return await self._wire.ask(
            PacketStatus, "GET", f"/v1/packets/{packet_id}", params={"wait": wait}, wait=wait
        )

    async def sent(self, *, limit: int = 100, before: datetime | None = None) -> list[SentLine]:
        """List what was sent, newest first; ``before`` is the last line's ``received_at``."""
        params: dict[str, Any] = {"limit": limit}
        if before is not None:
            params["before"] = before.isoformat()
        return await self._wire.ask(list[SentLine], "GET", "/v1/sent", params=params)

    async def overdue(self, *, limit: int = 100) -> list[Overdue]:
        """List deliveries, from us and to us, whose answer is due and missing."""
        return await self._wire.ask(list[Overdue], "GET", "/v1/overdue", params={"limit": limit})
