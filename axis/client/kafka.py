"""The client over Kafka: the calls of `AxisClient`, by topics where topics do.

Sending, receiving and answering go through the connection's three topics; what they cannot carry
(large packets, look-ups) goes by REST with the same connection's credentials. Needs the extra ``kafka``.
"""

import asyncio
import hashlib
import os
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from axis.client.answers import Entry, Receipt, Sent
from axis.client.client import OUTCOMES, AxisClient, Verify
from axis.client.failures import AxisRefusedError, NotYetError, Problem, UnreachableError
from axis.client.files import digest_of
from axis.client.registry import read_schemas
from axis.client.seen import Arrived, Store
from axis.client.sending import Progress
from axis.client.topics import Topics
from axis.client.wire import PATIENCE_SECONDS
from axis.contract.doors import ConnAck, ConnReport, ConnSubmission
from axis.document import packet_id as name_packet
from axis.settings import Settings
from axis.topics import INLINE_BYTES

POLL_SECONDS: Final = 1.0


class AxisKafkaClient(AxisClient):
    """One registered system speaking to the axis over Kafka. Use it as an asynchronous context manager."""

    def __init__(
        self,
        told: Mapping[str, Any],
        *,
        store: str | os.PathLike[str] = ":memory:",
        verify: Verify | None = None,
        patience: float = PATIENCE_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare; nothing connects yet.

        Args:
            told: what `axis connection add --kafka --json` printed.
            store: file that keeps what came and was not marked yet, and what was dealt with; without one
                a restart shows again what the broker still has.
            verify: called with every receipt that is waited for.
            patience: seconds a call goes on trying while the axis is away.
            transport: another way to the axis' REST than TCP, for tests.
        """
        super().__init__(
            told["rest_url"],
            told["rest_client_id"],
            told["rest_client_secret"],
            ca=told.get("rest_ca") or None,
            verify=verify,
            patience=patience,
            transport=transport,
        )
        self._name: str = told["name"]
        self._store = Store(Path(store) if str(store) != ":memory:" else ":memory:")
        self._told = told
        self._patience = patience
        settings = Settings(
            home=Path("/nonexistent"),
            **{f"kafka_{field}": told[f"kafka_{field}"] for field in ("bootstrap", "user", "password", "ca")},
        )
        self._topics = Topics(self._name, settings, self._keep, self._schemas)

    async def close(self) -> None:
        """Let go of the connections and the store."""
        await self._topics.close()
        await super().close()
        self._store.close()

    # --- sending -----------------------------------------------------------

    async def send_packet(
        self, packet: str | os.PathLike[str] | bytes, *, progress: Progress | None = None
    ) -> Sent:
        """Hand in an edXML packet, byte for byte: inside a record up to 256 KiB, else uploaded first.

        Returns:
            Its id; ``state`` is ``sent``: the broker has it, the axis answers into the inbox. Sending it
            again is harmless: it has the same id.

        Raises:
            AxisRefusedError: the upload of a large packet was refused; other refusals come as notices,
                which `wait_for_receipt` raises.
            UnreachableError: not within the patience. Nothing is known: send it again.
            OSError: the file cannot be read.
        """
        size, sha256 = await asyncio.to_thread(digest_of, packet)
        name = name_packet(self._name, sha256)
        if size > INLINE_BYTES:
            await self.upload(packet, progress=progress)
            record = ConnSubmission(sha256=sha256, reference=name)
        else:
            data = packet if isinstance(packet, bytes) else await asyncio.to_thread(Path(packet).read_bytes)
            record = ConnSubmission(packet=data, reference=name)
        await self._topics.submit(record, patience=self._patience)
        if progress is not None and size <= INLINE_BYTES:
            progress(size, size)
        return Sent(packet_id=name, sha256=sha256, size=size, received_at=datetime.now(UTC), state="sent")

    async def wait_for_receipt(
        self,
        packet_id: str,
        kind: str | Sequence[str] = OUTCOMES,
        *,
        timeout: float = 60.0,  # noqa: ASYNC109 - across polls
    ) -> Receipt:
        """Wait for a sealed receipt about a packet to come into the inbox.

        Raises:
            AxisRefusedError: the axis did not take the packet; told by a notice.
            NotYetError: none in that time.
        """
        kinds = [kind] if isinstance(kind, str) else list(kind)
        until = asyncio.get_running_loop().time() + timeout
        while True:
            for one in reversed(self._store.about(packet_id, "receipt")):
                found = _receipt(one)
                if found.kind in kinds:
                    if self._verify is not None:
                        self._verify(found.data)
                    return found
            self._raise_notice(packet_id)
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                raise NotYetError(f"no receipt of {', '.join(kinds)} about {packet_id} in {timeout:.0f} s")
            await self._topics.receive(min(POLL_SECONDS, left))

    # --- receiving ---------------------------------------------------------

    async def inbox(
        self, kind: str = "", *, packet_id: str = "", limit: int = 100, wait: float = 0.0
    ) -> list[Entry]:
        """List what came and is not marked yet, urgent first; see `AxisClient.inbox`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        await self._topics.receive(0.05)
        while True:
            found = self._store.open(kind, packet_id, limit)
            left = until - loop.time()
            if found or left <= 0:
                return found
            await self._topics.receive(min(POLL_SECONDS, left))

    async def fetch(self, entry: Entry | int, folder: str | os.PathLike[str] = ".") -> Path:
        """Write what an entry is about into ``folder``; what is not inside is downloaded."""
        one = self._inside(entry)
        if one is None or one.content is None:
            return await super().fetch(entry, folder)
        ending = ".edxml" if one.entry.kind in {"document", "status"} else ".json"
        target = Path(folder) / f"{one.entry.kind}-{one.entry.subject}{ending}"
        await asyncio.to_thread(_write, target, one.content)
        return target

    async def content(self, entry: Entry | int) -> bytes:
        """Return what an entry is about."""
        one = self._inside(entry)
        return one.content if one is not None and one.content is not None else await super().content(entry)

    async def mark(self, entry: Entry | int) -> None:
        """Take an entry off the list for good. Of a document: it counts as fetched."""
        number = entry.entry_id if isinstance(entry, Entry) else entry
        one = self._store.find(number)
        if one is None:
            await super().mark(entry)
            return
        await self._topics.ack(ConnAck(received=one.entry.subject), patience=self._patience)
        self._store.mark(number)

    async def answer(
        self,
        packet_id: str,
        recipient: str,
        code: str,
        description: str = "",
        *,
        reported_at: datetime | None = None,
    ) -> str:
        """Say what became of a delivered document; see `AxisClient.answer`.

        Returns:
            The reference of the record; a refusal would name it.
        """
        report = ConnReport(
            packet_id=packet_id,
            recipient=recipient,
            code=code,
            description=unicodedata.normalize("NFC", description),
            reported_at=(reported_at or datetime.now(UTC)).astimezone(UTC),
        )
        reference = hashlib.sha256(msgspec.json.encode(report)).hexdigest()[:32]
        await self._topics.ack(ConnAck(report=report, reference=reference), patience=self._patience)
        return reference

    async def send_status(self, packet: bytes) -> str:
        """Hand in an edXML status packet, byte for byte; return the id of the status."""
        sha256 = hashlib.sha256(packet).hexdigest()
        name = hashlib.sha256(f"ack\n{self._name}\n{sha256}".encode()).hexdigest()[:32]
        await self._topics.ack(ConnAck(status_packet=packet, reference=name), patience=self._patience)
        return name

    # --- inside ------------------------------------------------------------

    async def _schemas(self) -> Any:  # noqa: ANN401 - Schemas, of an extra
        told = self._told
        async with httpx.AsyncClient(
            base_url=told["registry_url"].rstrip("/") + "/",
            auth=(told["registry_user"], told["registry_password"]),
            timeout=httpx.Timeout(10),
        ) as http:
            return await read_schemas(http)

    def _keep(self, arrived: Arrived, name: str) -> None:
        self._store.arrive(arrived, name)

    def _inside(self, entry: Entry | int) -> Arrived | None:
        return self._store.find(entry.entry_id if isinstance(entry, Entry) else entry)

    def _raise_notice(self, packet_id: str) -> None:
        for one in self._store.about("", "notice"):
            told = msgspec.json.decode(one.content or b"{}", type=dict[str, str])
            if told.get("reference") == packet_id:
                # Told once: the next sending of the same packet is a new try.
                self._store.mark(one.entry.entry_id)
                self._store.forget(one.entry.entry_id)
                raise AxisRefusedError(
                    httpx.codes.UNPROCESSABLE_ENTITY,
                    msgspec.convert(told, Problem),
                )


def _receipt(one: Arrived) -> Receipt:
    if one.content is None:
        raise UnreachableError("a receipt without its bytes")
    told = msgspec.json.decode(msgspec.json.decode(one.content)["event"])
    at = msgspec.convert(told["at"], type=datetime)
    return Receipt(event_id=told["event_id"], kind=told["kind"], at=at, data=one.content)


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.half")
    half.write_bytes(content)
    half.replace(target)
