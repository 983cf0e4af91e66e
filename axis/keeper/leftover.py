"""Uploads that lie there and wait for nothing: a restored database has forgotten them, or they came twice."""

import asyncio
import logging
import time
from itertools import islice
from typing import Final

from axis.content.store import ContentStore
from axis.content.uploads import Uploads
from axis.store.doors import DoorMemory

_log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 3600.0
"""How often the folder is looked through: nobody waits for it."""

MOST: Final = 1000
"""Uploads asked for in one look."""


class Leftover:
    """Lets go of uploads that no row speaks for, once they are old enough."""

    def __init__(self, memory: DoorMemory, content: ContentStore, *, seconds: float) -> None:
        """Keep the tools.

        Args:
            memory: the rows of uploads.
            content: the store that they lie beside.
            seconds: age at which bytes without a row are left over: their door has written it or died.
        """
        self._memory = memory
        self._content = content
        self._uploads = Uploads(content.root)
        self._seconds = seconds
        self._looked_at = float("-inf")

    async def keep(self) -> int:
        """Look through the folder, once an hour; return how many uploads went.

        What was handed in stays until it is content: its record may come again.

        Raises:
            UnavailableError: the database is away.
        """
        if time.monotonic() - self._looked_at < EVERY_SECONDS:
            return 0
        than = time.time() - self._seconds
        old = await asyncio.to_thread(lambda: list(islice(self._uploads.older(than), MOST)))
        gone = 0
        for name, sha256, used in await self._memory.not_waiting(old):
            if used and not self._content.path(sha256).exists():
                continue
            if await asyncio.to_thread(self._uploads.remove, name, sha256, than):
                gone += 1
                _log.info("upload left over", extra={"connection": name, "sha256": sha256})
        if len(old) < MOST or not gone:
            self._looked_at = time.monotonic()
        return gone
