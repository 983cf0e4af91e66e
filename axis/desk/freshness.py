"""Revocation evidence: fetched ahead, shared through the memory, handed to the gate.

The judging processes have no network. Sources are the URLs of the trust list,
never those of a document. A source that is away costs nothing but time: what
is at hand is used while it holds, and what is missing makes documents wait.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from axis.errors import UnavailableError
from axis.records import Kept
from axis.reports import Need
from signing.evidence import NO_EVIDENCE, Evidence, evidence_of

_log = logging.getLogger(__name__)

RELOAD: Final = timedelta(seconds=2)
"""Age at which what other workers fetched is looked at again."""


class Shelf(Protocol):
    """Where evidence is kept; see `axis.store.ledger.Ledger`."""

    async def put_evidence(self, kept: Kept) -> None:
        """Keep the newest answer of a source."""
        ...

    async def all_evidence(self) -> list[Kept]:
        """Return all that is kept."""
        ...


class EvidenceDesk:
    """The evidence of one worker."""

    def __init__(
        self,
        shelf: Shelf,
        crl_urls: Sequence[str],
        *,
        fetch_crl: Callable[[str], Awaitable[Kept | None]],
        fetch_need: Callable[[Need], Awaitable[Kept | None]],
        now: Callable[[], datetime],
        refresh_seconds: float,
    ) -> None:
        """Prepare; nothing is fetched yet.

        Args:
            shelf: shared by all workers.
            crl_urls: of the trust list.
            fetch_crl: gets a list; None where the source is away.
            fetch_need: gets an OCSP response for one certificate; None where the source is away.
            now: the clock.
            refresh_seconds: age at which a list is fetched anew.
        """
        self._shelf = shelf
        self._urls = tuple(crl_urls)
        self._fetch_crl = fetch_crl
        self._fetch_need = fetch_need
        self._now = now
        self._refresh = timedelta(seconds=refresh_seconds)
        self._held: Evidence = NO_EVIDENCE
        self._loaded_at: datetime | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> Evidence:
        """Return what is at hand."""
        async with self._lock:
            now = self._now()
            if self._loaded_at is None or not timedelta(0) <= now - self._loaded_at < RELOAD:
                await self._load()
            return self._held

    async def obtain(self, needs: Sequence[Need]) -> bool:
        """Fetch what judging lacked: the lists anew, then one answer for each certificate.

        Returns:
            True where something new came, so that judging again may help.
        """
        before = (await self.current()).generation
        async with self._lock:
            got = await asyncio.gather(
                *(self._fetch_crl(url) for url in self._urls), *(self._fetch_need(need) for need in needs)
            )
            for kept in got:
                if kept is not None:
                    await self._shelf.put_evidence(kept)
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
        held = {kept.source: kept for kept in await self._shelf.all_evidence()}
        now = self._now()
        for url in self._urls:
            old = held.get(url)
            if old is not None and timedelta(0) <= now - old.fetched_at < self._refresh:
                continue
            kept = await self._fetch_crl(url)
            if kept is None:
                _log.warning("revocation source %s is away", url)
            else:
                await self._shelf.put_evidence(kept)

    async def _load(self) -> None:
        kept = await self._shelf.all_evidence()
        self._held = evidence_of(
            [one.der for one in kept if one.kind == "crl"], [one.der for one in kept if one.kind == "ocsp"]
        )
        self._loaded_at = self._now()
