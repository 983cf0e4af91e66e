"""Revocation evidence: fetched ahead, shared through the memory, handed to the gate.

The judging processes have no network. Sources are the addresses of the trust
list in force, never those of a document. A source that is away or slow costs
those documents time that need it, and nobody else: what is at hand is used
while it holds, and what is missing makes documents wait.
"""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol, TypeAlias

from axis.errors import UnavailableError
from axis.records import Kept, Shelved
from axis.reports import Need
from signing.evidence import NO_EVIDENCE, Evidence, evidence_of

_log = logging.getLogger(__name__)

RELOAD: Final = timedelta(seconds=2)
"""Age at which what other workers fetched is looked at again."""

PATIENCE_SECONDS: Final = 2.0
"""How long judging waits for a source before the document waits by name; the asking goes on."""

REST_SECONDS: Final = 4.0
"""How long a source that was away is not asked again: shorter than the first pause of a waiting document."""

KEPT_AFTER: Final = timedelta(hours=1)
"""How long a response is shared after its time is over; what decisions rest on is kept apart, for good."""

_Fetch: TypeAlias = Callable[[], Awaitable[Kept | None]]


class Shelf(Protocol):
    """Where evidence is kept; see `axis.store.ledger.Ledger`."""

    async def put_evidence(self, kept: Kept) -> None:
        """Keep the newest answer of a source."""
        ...

    async def shelved(self) -> list[Shelved]:
        """Tell what is kept, without the bytes."""
        ...

    async def evidence_bytes(self, digests: Sequence[str]) -> dict[str, bytes]:
        """Return the bytes of what is kept, by digest."""
        ...

    async def forget_stale(self, *, before: datetime) -> None:
        """Drop responses whose time ended before a moment."""
        ...


class EvidenceDesk:
    """The evidence of one worker."""

    def __init__(
        self,
        shelf: Shelf,
        sources: Callable[[], Mapping[str, Sequence[str]]],
        *,
        fetch_crl: Callable[[str], Awaitable[Kept | None]],
        fetch_need: Callable[[Need], Awaitable[Kept | None]],
        now: Callable[[], datetime],
        refresh_seconds: float,
    ) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            shelf: shared by all workers.
            sources: where the trust list in force says lists are published, by the
                fingerprint of the authority that signs them.
            fetch_crl: gets a list; None where the source is away.
            fetch_need: gets an OCSP response for one certificate; None where the source is away.
            now: the clock.
            refresh_seconds: age at which a list is fetched anew.
        """
        self._shelf = shelf
        self._sources = sources
        self._fetch_crl = fetch_crl
        self._fetch_need = fetch_need
        self._now = now
        self._refresh = timedelta(seconds=refresh_seconds)
        self._held: Evidence = NO_EVIDENCE
        self._bytes: dict[str, bytes] = {}
        self._loaded_at: datetime | None = None
        self._lock = asyncio.Lock()
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._resting: dict[str, float] = {}

    async def current(self) -> Evidence:
        """Return what is at hand."""
        async with self._lock:
            now = self._now()
            if self._loaded_at is None or not timedelta(0) <= now - self._loaded_at < RELOAD:
                await self._load()
            return self._held

    async def obtain(self, needs: Sequence[Need]) -> bool:
        """Fetch what judging lacked: the lists of the issuers anew, and one answer for each certificate.

        Waits a little. A source that takes longer is asked on in the background.

        Returns:
            True where something new came, so that judging again may help.
        """
        before = (await self.current()).generation
        published = self._sources()
        calls: dict[str, _Fetch] = {}
        for need in needs:
            for url in published.get(need.issuer_sha256, ()):
                calls[url] = partial(self._fetch_crl, url)
            calls[f"ocsp:{hashlib.sha256(need.certificate).hexdigest()}"] = partial(self._fetch_need, need)
        asked = [task for task in (self._asked(*call) for call in calls.items()) if task is not None]
        if asked:
            await asyncio.wait(asked, timeout=PATIENCE_SECONDS)
            for task in asked:
                if task.done():
                    task.result()
        async with self._lock:
            await self._load()
            return self._held.generation != before

    async def run(self) -> None:
        """Keep the lists fresh until cancelled."""
        while True:
            try:
                await self._freshen()
            except UnavailableError as exc:
                _log.warning("evidence cannot be kept: %s", exc)
            await asyncio.sleep(self._refresh.total_seconds() / 4)

    async def _freshen(self) -> None:
        held = {kept.source: kept for kept in await self._shelf.shelved()}
        now = self._now()
        due = []
        for url in dict.fromkeys(url for urls in self._sources().values() for url in urls):
            old = held.get(url)
            if old is None or not timedelta(0) <= now - old.fetched_at < self._refresh:
                due.append(self._asked(url, partial(self._fetch_crl, url)))
        await asyncio.gather(*(task for task in due if task is not None))
        await self._shelf.forget_stale(before=now - KEPT_AFTER)

    def _asked(self, source: str, fetch: _Fetch) -> asyncio.Task[None] | None:
        """Ask a source, or join whoever asks it now; None: it was away a moment ago."""
        if source in self._asking:
            return self._asking[source]
        loop = asyncio.get_running_loop()
        self._resting = {name: until for name, until in self._resting.items() if until > loop.time()}
        if source in self._resting:
            return None
        task = asyncio.create_task(self._fetched(source, fetch))
        self._asking[source] = task
        task.add_done_callback(partial(self._answered, source))
        return task

    async def _fetched(self, source: str, fetch: _Fetch) -> None:
        kept = await fetch()
        if kept is None:
            self._resting[source] = asyncio.get_running_loop().time() + REST_SECONDS
        else:
            await self._shelf.put_evidence(kept)

    def _answered(self, source: str, task: asyncio.Task[None]) -> None:
        self._asking.pop(source, None)
        # Whoever waited for it has its error; where nobody did, the next to ask meets it anew.
        if not task.cancelled() and (exc := task.exception()) is not None:
            _log.warning("evidence of %s was not kept: %s", source, type(exc).__name__)

    async def _load(self) -> None:
        kept = {one.sha256: one.kind for one in await self._shelf.shelved()}
        if kept.keys() != self._bytes.keys():
            fresh = await self._shelf.evidence_bytes([name for name in kept if name not in self._bytes])
            # One that was replaced meanwhile is missing; its successor comes with the next look.
            self._bytes = {name: der for name, der in {**self._bytes, **fresh}.items() if name in kept}
            self._held = evidence_of(
                [der for name, der in self._bytes.items() if kept[name] == "crl"],
                [der for name, der in self._bytes.items() if kept[name] == "ocsp"],
            )
        self._loaded_at = self._now()
