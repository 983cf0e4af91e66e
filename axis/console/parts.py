"""What the console is put together from; held by the application, handed to every page."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import Depends, Request

from axis.checks.policy import Policy
from axis.console.live import Live
from axis.console.passwords import Passwords
from axis.content.store import ContentStore
from axis.violations import Violation

if TYPE_CHECKING:
    from axis.store.pool import Pool


class Desk(Protocol):
    """The moves that people ask for, those of every door."""

    async def take_status(self, *, connection: str, data: bytes, organ_code: str, document_id: str) -> str:
        """Record that a status packet was taken; return its ack id."""
        ...

    async def fetched(self, *, connection: str, packet_id: str, recipient: str = "") -> int:
        """Record that a recipient has a document; return how many deliveries that is news for."""
        ...

    async def room(self) -> Violation | None:
        """Tell why nothing may be taken at the moment, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the pages use."""

    pool: "Pool"
    desk: Desk
    content: ContentStore
    policy: Policy
    live: Live
    passwords: Passwords
    now: Callable[[], datetime]
    """Timezone-aware; the database's clock."""
    anchors: tuple[bytes, ...]
    """PEM of the authorities that seal receipts; empty: a page says that it cannot verify."""
    watched: tuple[tuple[str, str, int], ...] = ()
    """Name, host and health port of each process that operations see."""
    decoding: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """How many packets are taken apart at once."""


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_parts)]
