"""Calls of a recipient: the mailbox, and the answers that are owed."""

import contextlib
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

from axis.answers import AckAnswer, Marked
from axis.client.answers import Entry
from axis.client.failures import DamagedError, NotYetError
from axis.client.files import held_against_digest, saved
from axis.client.seen import Store
from axis.client.wire import Wire

MOST_MARKS: Final = 1000
"""Entries of one request."""


class Receiving:
    """The part of `AxisClient` that receives."""

    _wire: Wire

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

    async def receive(
        self, store: Store, *, kind: str = "", wait: float = 25.0
    ) -> AsyncGenerator[Entry, None]:
        """Give every entry at least once, and one that was dealt with never again; endless.

        When the next entry is asked for, the one before was dealt with: it is remembered in ``store``,
        then marked. A crash in between marks it later and does not give it again; a crash while it was
        being dealt with gives it again.

        Args:
            store: remembers, best in a file.
            kind: document, status, receipt or notice; empty: all.
            wait: seconds that one look may wait for something to come.
        """
        while True:
            for entry in await self.inbox(kind, wait=wait):
                if not store.dealt(entry):
                    yield entry
                    store.deal(entry)
                await self.mark(entry)

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
        """Return what an entry is about, held against its digest; for receipts and statuses, which are small.

        Raises:
            DamagedError: other bytes came than were sent, or not all. Ask again.
        """
        number = entry.entry_id if isinstance(entry, Entry) else entry
        async with self._content(number) as answer:
            data = await answer.aread()
            held_against_digest(answer, hashlib.sha256(data).hexdigest())
            return data

    async def mark(self, entry: Entry | int) -> None:
        """Take an entry off the list for good. Of a document: it counts as fetched."""
        number = entry.entry_id if isinstance(entry, Entry) else entry
        await self._wire.ask(
            dict[str, str], "POST", f"/v1/inbox/{number}/mark", body=lambda: {"json": {"result": "done"}}
        )

    async def mark_many(self, entries: Iterable[Entry | int]) -> list[int]:
        """Take entries off the list for good, up to 1,000 in one request; return those that are off now."""
        numbers = [entry.entry_id if isinstance(entry, Entry) else entry for entry in entries]
        done: list[int] = []
        for start in range(0, len(numbers), MOST_MARKS):
            done.extend(await self._marked(numbers[start : start + MOST_MARKS]))
        return done

    async def _marked(self, numbers: list[int]) -> tuple[int, ...]:
        body = {"entry_ids": numbers, "result": "done"}
        taken = await self._wire.ask(Marked, "POST", "/v1/inbox/mark", body=lambda: {"json": body})
        return taken.marked

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

    @contextlib.asynccontextmanager
    async def _content(self, number: int) -> AsyncIterator[httpx.Response]:
        async with self._wire.response("GET", f"/v1/inbox/{number}/content") as answer:
            if answer.status_code != httpx.codes.OK:
                raise NotYetError(f"entry {number} is still being sealed")
            try:
                yield answer
            except httpx.TransportError as exc:
                raise DamagedError(f"entry {number} broke off on its way") from exc
