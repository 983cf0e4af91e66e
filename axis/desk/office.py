"""What a desk works with, as one value: everything comes in from outside."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from axis.checks.policy import Policy
from axis.content.store import ContentStore
from axis.contract.schemas import Schemas
from axis.desk.codes import Codes
from axis.desk.courier import Courier
from axis.desk.trustlist import Held, TrustSource
from axis.document import Document, Event, Intake
from axis.gate.answers import Altered, Undetermined
from axis.records import (
    Addressed,
    Handling,
    IntakeRow,
    Parked,
    Parking,
    Route,
    Ruling,
    Settled,
    StatusEnding,
    Taken,
    Unsealed,
)
from axis.register import Agency, DirectoryView
from axis.reports import GateReport, Need
from axis.traffic import Outgoing, Quarantined
from signing.evidence import Evidence
from signing.trust import TrustList


class Judge(Protocol):
    """The gate: reads a packet in a killable process."""

    async def judge(
        self, path: Path, *, sha256: str, at: datetime, evidence: Evidence, trust: TrustList
    ) -> GateReport | Undetermined | Altered:
        """Report all that is found in a packet, or why that could not be told."""
        ...


class EvidenceSource(Protocol):
    """Revocation evidence, fetched outside the judging processes."""

    async def current(self) -> Evidence:
        """Return what is at hand."""
        ...

    async def obtain(self, needs: Sequence[Need]) -> bool:
        """Fetch what was missing; True where something new came."""
        ...


class Memory(Protocol):
    """The transactions of `axis.store.ledger.Ledger` that the moves need; see there."""

    async def take_packet(  # noqa: D102
        self,
        intake: Intake,
        message_key: bytes,
        outgoing: Callable[[int], Outgoing],
        *,
        rules: str,
        trust: str,
        idempotency: tuple[str, str] | None,
    ) -> Taken | None: ...

    async def take_status(  # noqa: D102
        self, handling: Handling, message_key: bytes, outgoing: Outgoing
    ) -> Taken | None: ...

    async def open_intakes(self) -> tuple[int, datetime | None]: ...  # noqa: D102
    async def count_unjudged(self, connection: str, most: int) -> int: ...  # noqa: D102
    async def count_unrecorded(self, connection: str, most: int) -> int: ...  # noqa: D102
    async def intakes(self, packet_ids: Sequence[str]) -> dict[str, IntakeRow]: ...  # noqa: D102
    async def parked(self, packet_ids: Sequence[str]) -> dict[str, Parked]: ...  # noqa: D102
    async def directory_view(  # noqa: D102
        self, codes: Sequence[str], fingerprints: Sequence[str]
    ) -> DirectoryView: ...
    async def canonical_code(self, code: str) -> str | None: ...  # noqa: D102
    async def record_rulings(  # noqa: D102
        self, rulings: Sequence[Ruling], *, at: datetime
    ) -> list[tuple[Settled, list[int]]]: ...
    async def park(self, parkings: Sequence[Parking]) -> None: ...  # noqa: D102
    async def quarantine(  # noqa: D102
        self, record: Quarantined, *, packet_id: str | None = None, ack_id: str | None = None
    ) -> bool: ...
    async def route(  # noqa: D102
        self,
        packet_ids: Sequence[str],
        plan: Callable[[Document, Sequence[Agency], str], Route],
        *,
        chunk: int,
        at: datetime,
    ) -> tuple[list[Route], list[str]]: ...
    async def fetched(  # noqa: D102
        self,
        connection: str,
        packet_id: str,
        make: Callable[[str, str, str, str], Event],
        *,
        at: datetime,
        recipient: str = "",
    ) -> int: ...
    async def handling(self, ack_id: str) -> Handling | None: ...  # noqa: D102
    async def answer(  # noqa: D102
        self,
        ack_id: str,
        key: tuple[str, str, str] | None,
        decide: Callable[[Addressed | None], StatusEnding],
        *,
        at: datetime,
    ) -> StatusEnding | None: ...
    async def unsealed(self, limit: int) -> list[Unsealed]: ...  # noqa: D102
    async def record_round(  # noqa: D102
        self,
        sealed: Sequence[Unsealed],
        proofs: Sequence[bytes],
        *,
        checkpoint: bytes,
        signature: bytes,
        at: datetime,
    ) -> None: ...
    async def sweep(  # noqa: D102
        self, publish: Callable[[Sequence[Outgoing]], Awaitable[None]], *, before: datetime, limit: int
    ) -> Sequence[Outgoing]: ...
    async def send_again(  # noqa: D102
        self,
        make: Callable[[IntakeRow], Outgoing],
        *,
        at: datetime,
        again_at: datetime,
        stuck_before: datetime,
        limit: int,
    ) -> int: ...
    async def answer_again(  # noqa: D102
        self, make: Callable[[Handling, bytes], Outgoing], *, at: datetime, before: datetime, limit: int
    ) -> int: ...
    async def route_again(  # noqa: D102
        self, make: Callable[[Document], Outgoing], *, at: datetime, before: datetime, limit: int
    ) -> int: ...
    async def past_deadline(self, *, at: datetime, limit: int) -> list[IntakeRow]: ...  # noqa: D102
    async def directory_version(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Office:
    """The tools of one process. Only the worker judges."""

    memory: Memory
    content: ContentStore
    policy: Policy
    trust: TrustSource
    """The trust list in force."""
    schemas: Schemas
    courier: Courier
    now: Callable[[], datetime]
    judge: Judge | None = None
    evidence: EvidenceSource | None = None
    free_bytes_limit: int = 0
    """Free bytes of the content store below which nothing is taken."""
    backlog_limit: int = 0
    """Packets without an answer above which nothing is taken."""
    codes: Codes = field(default_factory=Codes)
    """Of senders, as the doors put them into keys."""
    slow_lane: set[asyncio.Task[None]] = field(default_factory=set)
    """Packets that take long, judged beside the batches."""

    @property
    def trust_version(self) -> str:
        """Digest of the trust list in force."""
        return self.trust.current.digest

    def under_one_list(self) -> "Office":
        """Return this office as it stands now: whatever is imported meanwhile, its trust list stays."""
        return replace(self, trust=Held(self.trust.current))
