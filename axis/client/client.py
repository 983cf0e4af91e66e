"""The client for asyncio. `axis.client.blocking` has the same calls without it."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Self

import httpx
import msgspec

from axis.answers import Agency, ReceiptLine, Whoami
from axis.client.answers import Receipt
from axis.client.failures import AxisRefusedError, NotYetError
from axis.client.receiving import Receiving
from axis.client.sending import Sending
from axis.client.wire import PATIENCE_SECONDS, Wire

POLL_SECONDS: Final = 25.0
"""Longest single wait that is asked of the axis."""

OUTCOMES: Final = ("SubmissionAcceptance", "SubmissionRejection", "SubmissionExpiry")
"""Kinds of receipts that end a submission."""

Verify = Callable[[bytes], object]
"""Raises where a receipt proves nothing; see `axis.evidence.receipts.verify_receipt`."""


class AxisClient(Sending, Receiving):
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
            wait = max(0.001, min(POLL_SECONDS, until - loop.time()))
            try:
                found = await self._newest(packet_id, kinds, wait)
            except AxisRefusedError as exc:
                if exc.status != httpx.codes.NOT_FOUND:
                    raise
                # No such packet, or a gateway that does not know the question yet: the list tells which.
                found = await self._newest_listed(packet_id, kinds, wait)
            if found is not None:
                return found
            if loop.time() >= until:
                raise NotYetError(f"no receipt of {', '.join(kinds)} about {packet_id} in {timeout:.0f} s")

    async def _newest(self, packet_id: str, kinds: list[str], wait: float) -> Receipt | None:
        path = f"/v1/packets/{packet_id}/receipt"
        async with self._wire.response(
            "GET", path, params={"kind": kinds, "wait": wait}, wait=wait
        ) as answer:
            data = await answer.aread()
        if answer.status_code != httpx.codes.OK:
            return None
        if self._verify is not None:
            self._verify(data)
        return Receipt(
            event_id=answer.headers["ETag"].strip('"'),
            kind=answer.headers["Axis-Receipt-Kind"],
            at=datetime.fromisoformat(answer.headers["Axis-Receipt-At"]),
            data=data,
        )

    async def _newest_listed(self, packet_id: str, kinds: list[str], wait: float) -> Receipt | None:
        """Ask in two requests, as every gateway understands."""
        path = f"/v1/packets/{packet_id}/receipts"
        async with self._wire.response(
            "GET", path, params={"kind": kinds, "wait": wait}, wait=wait
        ) as answer:
            lines = msgspec.json.decode(await answer.aread(), type=list[ReceiptLine])
        # 202: not yet. What is listed then may be of an earlier judgement.
        if answer.status_code != httpx.codes.OK or not lines:
            return None
        newest = lines[-1]
        data = await self.receipt(newest.event_id)
        return Receipt(event_id=newest.event_id, kind=newest.kind, at=newest.at, data=data)

    # --- looking up --------------------------------------------------------

    async def agencies(self, *, code: str = "", words: str = "", limit: int = 20) -> list[Agency]:
        """Look agencies up by code, old or new, or by a part of the name, with or without diacritics."""
        params: dict[str, Any] = {"code": code, "q": words, "limit": limit}
        return await self._wire.ask(list[Agency], "GET", "/v1/directory/agencies", params=params)

    async def whoami(self) -> Whoami:
        """Tell whom these credentials stand for."""
        return await self._wire.ask(Whoami, "GET", "/v1/whoami")
