"""The trust list in force, as one process sees it: taken up by itself, never lost, never half.

A list is checked before it is imported, and again here: one that cannot be
relied on changes nothing, and the one before stays in force (rule G6).
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final, Protocol

from axis import metrics
from axis.errors import AxisError, SetupError, UnavailableError
from signing.trust import TrustList, load_trust, parse_trust

_log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 2.0
"""How often a process looks whether another list is in force: one row by its index."""


class Shelf(Protocol):
    """Where versions are kept; see `axis.store.trust.Trusts`."""

    async def trust_digest(self) -> str | None:
        """Return the digest of the list in force."""
        ...

    async def trust_in_force(self) -> tuple[str, bytes] | None:
        """Return its digest and JSON."""
        ...


class TrustSource(Protocol):
    """Who knows the list in force."""

    @property
    def current(self) -> TrustList:
        """The list to judge by from now on."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """One list that does not change: what a batch is judged under."""

    current: TrustList


class TrustDesk:
    """The list in force, kept up to date."""

    def __init__(self, shelf: Shelf, first: TrustList) -> None:
        """Begin with a list; see `open_trust`."""
        self._shelf = shelf
        self._current = first

    @property
    def current(self) -> TrustList:
        """The list to judge by from now on. Whoever judges several documents asks once."""
        return self._current

    def crl_urls(self) -> tuple[str, ...]:
        """Return where the list in force says that revocation lists are published."""
        return tuple(url for urls in self._current.crl_urls().values() for url in urls)

    async def look(self) -> bool:
        """Take up another list where one is in force; tell whether it changed.

        Raises:
            UnavailableError: our own database is away; the list stays.
        """
        digest = await self._shelf.trust_digest()
        if digest is None or digest == self._current.digest:
            return False
        found = await _read(self._shelf)
        if found is None:
            return False
        _log.info("trust list %s (%s) is in force", found.version, found.digest[:12])
        self._current = found
        return True

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except UnavailableError as exc:
                _log.warning("the trust list cannot be looked at: %s", exc)
            except AxisError as exc:
                metrics.TRUST_UNUSABLE.inc()
                _log.error("the trust list in the database is not taken up: %s", exc)


async def open_trust(shelf: Shelf, path: str) -> TrustDesk:
    """Return the list in force: the newest imported one, or the file while none was imported.

    Args:
        shelf: with the imported versions.
        path: of the file that counts until the first import.

    Raises:
        SetupError: it cannot be relied on; nothing is judged by it.
        UnavailableError: our own database is away.
    """
    return TrustDesk(shelf, await _read(shelf) or load_trust(path))


async def _read(shelf: Shelf) -> TrustList | None:
    row = await shelf.trust_in_force()
    if row is None:
        return None
    digest, body = row
    found = parse_trust(body, name="the imported trust list")
    if found.digest != digest:
        raise SetupError("the imported trust list is not the one its digest names")
    return found
