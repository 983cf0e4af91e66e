"""The client for asyncio. `axis.client.blocking` has the same calls without it."""

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import httpx
import msgspec

from axis.client.answers import (
    AckAnswer,
    Agency,
    Entry,
    Overdue,
    PacketStatus,
    Receipt,
    ReceiptLine,
    Sent,
    SentLine,
    Whoami,
)
from axis.client.failures import NotYetError
from axis.client.files import NamedFile, digest_field, digest_of, named, pieces, saved
from axis.client.wire import PATIENCE_SECONDS, Wire

POLL_SECONDS: Final = 25.0
"""Longest single wait that is asked of the axis."""

OUTCOMES: Final = ("SubmissionAcceptance", "SubmissionRejection", "SubmissionExpiry")
"""Kinds of receipts that end a submission."""

Progress = Callable[[int, int], None]
"""Told bytes that went out and bytes in all."""

Verify = Callable[[bytes], object]
"""Raises where a receipt proves nothing; see `axis.evidence.receipts.verify_receipt`."""


class AxisClient:
    """One registered system speaking to the axis. Use it as an asynchronous context manager."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        ca: str | None = None,
        verify: Verify | None = None,
        patience: float = PATIENCE_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            url: of the axis, e.g. ``https://axis.example:8443``.
            client_id: as `axis connection add` printed it.
            client_secret: likewise.
            ca: PEM file of the authority behind the axis' TLS certificate; None: the system's.
            verify: called with every receipt that comes.
            patience: seconds a call goes on trying while the axis is away or full.
            transport: another way to the axis than TCP, for tests.
        """
        self._wire = Wire(url, client_id, client_secret, ca=ca, patience=patience, transport=transport)
        self._verify = verify

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    # --- sending -----------------------------------------------------------

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

        def body() -> dict[str, Any]:
            parts = [("files", (name, opened(), "application/octet-stream")) for name, _, opened in contents]
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

    # --- receipts ----------------------------------------------------------

    async def receipts(self, packet_id: str) -> list[ReceiptLine]:
        """List the receipts about a packet, oldest first."""
        return await self._wire.ask(list[ReceiptLine], "GET", f"/v1/packets/{packet_id}/receipts")

    async def receipt(self, event_id: str, *, timeout: float = 60.0) -> bytes:  # noqa: ASYNC109 - across retries
        """Return the exact bytes of a receipt, verified if the client was given a verifier.

        Raises:
            NotYetError: it is still being sealed after ``timeout`` seconds.
            Exception: whatever the verifier raises.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while True:
            wait = max(0.0, min(POLL_SECONDS, until - loop.time()))
            path, params = f"/v1/receipts/{event_id}", {"wait": wait}
            async with self._wire.response("GET", path, params=params, wait=wait) as answer:
                data = await answer.aread()
            if answer.status_code == httpx.codes.OK:
                if self._verify is not None:
                    self._verify(data)
                return data
            if loop.time() >= until:
                raise NotYetError(f"receipt {event_id} is still being sealed")

    async def wait_for_receipt(
        self,
        packet_id: str,
        kind: str | Sequence[str] = OUTCOMES,
        *,
        timeout: float = 60.0,  # noqa: ASYNC109
    ) -> Receipt:
        """Wait for a sealed receipt about a packet.

        Args:
            packet_id: as `send_packet` gave it.
            kind: one kind or several; as given, whatever ends the submission.
            timeout: seconds.

        Raises:
            NotYetError: none in that time.
        """
        kinds = [kind] if isinstance(kind, str) else list(kind)
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout
        while True:
            wait = max(0.0, min(POLL_SECONDS, until - loop.time()))
            lines = await self._wire.ask(
                list[ReceiptLine],
                "GET",
                f"/v1/packets/{packet_id}/receipts",
                params={"kind": kinds, "wait": wait},
                wait=wait,
            )
            # The newest: a refused packet that was sent again has an older refusal.
            for line in reversed(lines):
                if line.state == "sealed":
                    data = await self.receipt(line.event_id)
                    return Receipt(event_id=line.event_id, kind=line.kind, at=line.at, data=data)
            if loop.time() >= until:
                raise NotYetError(f"no receipt of {', '.join(kinds)} about {packet_id} in {timeout:.0f} s")

    # --- receiving ---------------------------------------------------------

    async def inbox(
        self, kind: str = "", *, packet_id: str = "", limit: int = 100, wait: float = 0.0
    ) -> list[Entry]:
        """List what is not marked yet, urgent first.

        Args:
            kind: document, status or receipt; empty: all.
            packet_id: only about this packet; empty: all.
            limit: most entries, at most 1,000.
            wait: at most so many seconds until there is one; at most 30.
        """
        params: dict[str, Any] = {"kind": kind, "packet_id": packet_id, "limit": limit, "wait": wait}
        return await self._wire.ask(list[Entry], "GET", "/v1/inbox", params=params, wait=wait)

    async def fetch(self, entry: Entry | int, folder: str | os.PathLike[str] = ".") -> Path:
        """Download what an entry is about into ``folder``; streaming, and held against its digest.

        Returns:
            Its path, named after packet, ack or event. It is whole or not there.

        Raises:
            DamagedError: other bytes came than were sent.
        """
        number = entry.entry_id if isinstance(entry, Entry) else entry
        name = f"{entry.kind}-{entry.subject}" if isinstance(entry, Entry) else f"entry-{number}"
        async with self._content(number) as answer:
            ending = ".json" if "json" in answer.headers.get("content-type", "") else ".edxml"
            return await saved(answer, Path(folder) / f"{name}{ending}")

    async def content(self, entry: Entry | int) -> bytes:
        """Return what an entry is about; for receipts and statuses, which are small."""
        async with self._content(entry.entry_id if isinstance(entry, Entry) else entry) as answer:
            return await answer.aread()

    async def mark(self, entry: Entry | int) -> None:
        """Take an entry off the list for good. Of a document: it counts as fetched."""
        number = entry.entry_id if isinstance(entry, Entry) else entry
        await self._wire.ask(
            dict[str, str], "POST", f"/v1/inbox/{number}/mark", body=lambda: {"json": {"result": "done"}}
        )

    async def answer(
        self,
        packet_id: str,
        recipient: str,
        code: str,
        description: str = "",
        *,
        reported_at: datetime | None = None,
    ) -> str:
        """Say what became of a delivered document.

        Args:
            packet_id: of the document, as the entry names it.
            recipient: code of the agency that answers.
            code: 01 arrived, 02 rejected, 03 accepted, 04 assigned, 05 processing, 06 done.
            description: mandatory for 02.
            reported_at: when it happened, with a zone; None: now.

        Returns:
            Id of the status. It is taken; its effect comes as a receipt.
        """
        told = {
            "packet_id": packet_id,
            "recipient": recipient,
            "code": code,
            "description": description,
            # Set once, here: a repeated request is then the same status.
            "reported_at": (reported_at or datetime.now(UTC)).isoformat(),
        }
        taken = await self._wire.ask(AckAnswer, "POST", "/v1/statuses", body=lambda: {"json": told})
        return taken.ack_id

    async def send_status(self, packet: bytes) -> str:
        """Hand in an edXML status packet, byte for byte; return the id of the status."""
        headers = {"Content-Type": "application/xml"}
        taken = await self._wire.ask(
            AckAnswer, "POST", "/v1/statuses", headers=headers, body=lambda: {"content": packet}
        )
        return taken.ack_id

    # --- looking up --------------------------------------------------------

    async def agencies(self, *, code: str = "", words: str = "", limit: int = 20) -> list[Agency]:
        """Look agencies up by code, old or new, or by a part of the name, with or without diacritics."""
        params: dict[str, Any] = {"code": code, "q": words, "limit": limit}
        return await self._wire.ask(list[Agency], "GET", "/v1/directory/agencies", params=params)

    async def whoami(self) -> Whoami:
        """Tell whom these credentials stand for."""
        return await self._wire.ask(Whoami, "GET", "/v1/whoami")

    @contextlib.asynccontextmanager
    async def _content(self, number: int) -> AsyncIterator[httpx.Response]:
        async with self._wire.response("GET", f"/v1/inbox/{number}/content") as answer:
            if answer.status_code != httpx.codes.OK:
                raise NotYetError(f"entry {number} is still being sealed")
            yield answer
