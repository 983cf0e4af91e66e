"""Remove: content goes on purpose, by retention or because it is a state secret. Rules T10, T12.

What goes is decided in a row first, then its file goes, then the row says so:
whatever dies in between, the keeper ends it. Rows, events and receipts stay.
Retention never touches what is under way: a file that came to the disk within
the last hour may belong to a packet whose row is just being written.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from axis import metrics
from axis.content.store import ContentStore
from axis.content.uploads import Uploads
from axis.store.faults import store_faults
from axis.store.removals import Due, content_due, decide_removal, mark_removed, open_incidents, to_remove

if TYPE_CHECKING:
    from axis.store.pool import Connection

_log = logging.getLogger(__name__)

STATE_SECRET: Final = "state-secret"  # noqa: S105 - the name of a reason
YOUNG: Final = timedelta(hours=1)
AGAIN: Final = timedelta(minutes=1)
MOST_AT_ONCE: Final = 1000


async def due(conn: "Connection", content: ContentStore, *, days: int, at: datetime) -> list[Due]:
    """Return what retention lets go now and is there; nothing where policy keeps everything.

    Args:
        conn: its own connection.
        content: the store.
        days: of the policy; 0: everything is kept.
        at: now.
    """
    if days <= 0:
        return []
    found = await content_due(conn, before=at - timedelta(days=days), limit=MOST_AT_ONCE)
    old = (at - YOUNG).timestamp()
    return [one for one in found if await asyncio.to_thread(content.older, one.sha256, old)]


async def let_go(conn: "Connection", content: ContentStore, going: Sequence[Due], *, at: datetime) -> int:
    """Remove content that `due` named; return how many files went.

    Raises:
        UnavailableError: the database went away; what was decided is ended later.
    """
    with store_faults():
        await decide_removal(conn, [(one.sha256, one.size) for one in going], why="retention", at=at)
    return await end_removals(conn, content, at=at)


async def end_removals(conn: "Connection", content: ContentStore, *, at: datetime) -> int:
    """Remove the files of decided removals that are there still; return how many went.

    Args:
        conn: its own connection.
        content: the store.
        at: now.
    """
    gone, ended = 0, []
    with store_faults():
        for digest, why, again in await to_remove(conn, MOST_AT_ONCE):
            if why == STATE_SECRET:
                await asyncio.to_thread(Uploads(content.root).forget, digest)
            there = content.path(digest).exists()
            before = (at - _patience(why, again=again)).timestamp()
            if there and not await asyncio.to_thread(content.remove, digest, before):
                continue
            gone += there
            if not again:
                ended.append(digest)
        if ended:
            await mark_removed(conn, ended, at=at)
        metrics.INCIDENTS_OPEN.set(await open_incidents(conn))
    if gone:
        metrics.CONTENT_REMOVED.inc(gone)
        _log.info("content removed", extra={"files": gone})
    return gone


def _patience(why: str, *, again: bool) -> timedelta:
    if why != STATE_SECRET:
        return YOUNG
    # Sent again, its row is being written this moment: until then its bytes are needed to refuse it.
    return AGAIN if again else timedelta(0)
