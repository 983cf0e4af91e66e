"""What the gateway is put together from: the desk, its own reads, content, bell, policy, clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import Depends, Request

from axis.checks.policy import Policy
from axis.content.store import ContentStore
from axis.desk.share import Share
from axis.document import Intake
from axis.envelope import Envelope
from axis.gateway.quota import Quota
from axis.store import inbox, lists, removals, signers, tokens, views
from axis.store.bell import Bell
from axis.store.doors import DoorMemory
from axis.violations import Violation

if TYPE_CHECKING:
    from axis.store.pool import Pool


class Desk(Protocol):
    """The moves that a door asks for."""

    share: Share
    """The places of each connection for packets that are not judged yet."""

    status_share: Share
    """Likewise for statuses that are not recorded yet."""

    async def take(
        self,
        *,
        connection: str,
        sha256: str,
        size: int,
        door: str,
        envelope: Envelope | None,
        idempotency: tuple[str, str] | None,
    ) -> Intake:
        """Record that content on disk was taken; the same packet again gives the same intake."""
        ...

    async def take_status(self, *, connection: str, data: bytes, organ_code: str, document_id: str) -> str:
        """Record that a status packet was taken; return its ack id."""
        ...

    async def fetched(self, *, connection: str, packet_id: str) -> int:
        """Record that a connection has a document; return how many deliveries that is news for."""
        ...

    async def room(self) -> Violation | None:
        """Tell why nothing may be taken at the moment, or None. Field ``disk``: no space."""
        ...


class Memory:
    """The gateway's own reads, each bound to the pool of database connections."""

    def __init__(self, pool: "Pool") -> None:
        """Bind every read to ``pool``."""
        self.issue_token = partial(tokens.issue_token, pool)
        self.find_bearer = partial(tokens.find_bearer, pool)
        self.packet = partial(views.read_packet_view, pool)
        self.recipients = partial(views.read_recipients, pool)
        self.receipts = partial(views.list_receipts, pool)
        self.outcome = partial(views.read_outcome, pool)
        self.newest = partial(views.read_newest, pool)
        self.receipt = partial(views.read_receipt, pool)
        self.repeated = partial(views.find_repeated, pool)
        self.entries = partial(inbox.list_entries, pool)
        self.entry = partial(inbox.read_entry, pool)
        self.delivered = partial(inbox.read_delivered, pool)
        self.status_digest = partial(inbox.read_status_digest, pool)
        self.why_removed = partial(removals.why_removed, pool)
        self.mark = partial(inbox.mark_entry, pool)
        self.reported = partial(inbox.read_reported, pool)
        self.sent = partial(lists.list_sent, pool)
        self.overdue = partial(lists.list_overdue, pool)
        self.agencies = partial(lists.find_agencies, pool)
        self.names = partial(lists.agency_names, pool)
        doorstep = DoorMemory(pool)
        self.add_upload = doorstep.add_upload
        self.notice = doorstep.notice
        self.agencies_of = partial(lists.agencies_of, pool)
        self.spoken_for = partial(signers.spoken_for, pool)
        self.signers = partial(signers.list_signers, pool)
        self.directory_change = partial(signers.directory_change, pool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything the handlers use. Held by the application, handed to each of them."""

    desk: Desk
    memory: Memory
    content: ContentStore
    bell: Bell
    policy: Policy
    now: Callable[[], datetime]
    """Timezone-aware."""
    free_bytes_limit: int
    """Bytes that must stay free after a packet was taken; else 507."""
    quota: Quota = field(default_factory=Quota)


async def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


Given = Annotated[Parts, Depends(_parts)]
