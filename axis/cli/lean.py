"""A sender that costs as little as it can: it shares its processors with what it measures.

It asks what `axis.client` asks, in the same order and with the same digest of every packet, over one
connection that stays open. Receipts are kept, and verified when the measured time is over.
"""

import asyncio
import base64
import hashlib
import ssl
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from axis.answers import TokenAnswer
from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.profiles import Profile
from axis.client.answers import Sent

WAIT: Final = 25
"""Seconds that one question may wait for its answer."""

AGAIN: Final = frozenset({429, 503})
"""Statuses that say: not now."""

OUTCOMES: Final = urlencode(
    {"kind": ("SubmissionAcceptance", "SubmissionRejection", "SubmissionExpiry"), "wait": WAIT}, doseq=True
)
"""As `axis.client.client` asks for whatever ends a submission."""


class LeanSender:
    """One sender with one connection to the axis."""

    def __init__(self, profile: Profile) -> None:
        """Prepare; nothing is sent yet."""
        self._profile = profile
        self._host = urlsplit(profile.rest_url).netloc
        self._bearer = ""

    async def open(self) -> None:
        """Connect, and get a token: good for an hour."""
        profile = self._profile
        where = urlsplit(profile.rest_url)
        context = ssl.create_default_context(cafile=profile.ca_file or None)
        self._reader, self._writer = await asyncio.open_connection(where.hostname, where.port, ssl=context)
        named = f"{quote(profile.client_id, safe='')}:{quote(profile.client_secret, safe='')}"
        _, _, body = await self._ask(
            "POST",
            "/v1/token",
            f"Authorization: Basic {base64.b64encode(named.encode()).decode()}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n",
            b"grant_type=client_credentials",
        )
        token = msgspec.json.decode(body, type=TokenAnswer)
        self._bearer = f"Authorization: Bearer {token.access_token}\r\n"

    def close(self) -> None:
        """Let go of the connection."""
        self._writer.close()

    async def through(self, packet: bytes) -> bytes:
        """Send a packet and wait for the sealed receipt of its acceptance; return it, not verified.

        Raises:
            StopError: it was not accepted, or the axis says no to a request.
        """
        digest = base64.b64encode(hashlib.sha256(packet).digest()).decode()
        typed = f"Content-Type: application/xml\r\nContent-Digest: sha-256=:{digest}:\r\n"
        _, _, body = await self._ask("POST", "/v1/packets", self._bearer + typed, packet)
        sent = msgspec.json.decode(body, type=Sent)
        status, fields = 202, dict[str, str]()
        while status == 202:  # noqa: PLR2004 - not yet
            status, fields, body = await self._ask(
                "GET", f"/v1/packets/{sent.packet_id}/receipt?{OUTCOMES}", self._bearer
            )
        if (kind := fields["axis-receipt-kind"]) != "SubmissionAcceptance":
            raise StopError(
                exits.REFUSED, f"văn bản của phép đo bị từ chối: {kind}", "refused while measuring"
            )
        return body

    async def _ask(
        self, method: str, path: str, headers: str, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}{length}\r\n".encode()
        while True:
            self._writer.write(head)
            self._writer.write(body)
            status, fields, answer = await self._answer()
            if status in AGAIN:
                await asyncio.sleep(float(fields.get("retry-after", "1")))
            elif status >= 400:  # noqa: PLR2004 - a refusal
                raise StopError(
                    exits.REFUSED, f"{method} {path}: {status} {answer.decode(errors='replace')}", "refused"
                )
            else:
                return status, fields, answer

    async def _answer(self) -> tuple[int, dict[str, str], bytes]:
        first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        parts = [line.partition(":") for line in lines]
        fields = {name.lower(): value.strip() for name, _, value in parts}
        body = await self._reader.readexactly(int(fields["content-length"]))
        return int(first.split(" ", 2)[1]), fields, body
