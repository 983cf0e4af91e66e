"""Seal: events become receipts, in the manner of a group commit.

Whatever has come is sealed as soon as the last seal is done: one document
waits milliseconds, and a thousand share one signature.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from axis import failpoints, metrics
from axis.desk.office import Memory
from axis.evidence.receipts import seal_round

_log = logging.getLogger(__name__)

MOST_AT_ONCE: Final = 1000
"""Events of one round."""


async def seal_once(memory: Memory, seal: Callable[[bytes], bytes], now: Callable[[], datetime]) -> int:
    """Seal what has come; return how many receipts there are more.

    Args:
        memory: the ledger.
        seal: makes a detached CAdES signature over bytes.
        now: the clock.

    Raises:
        UnavailableError: the database is away; nothing was recorded.
    """
    events = await memory.unsealed(MOST_AT_ONCE)
    if not events:
        return 0
    at = now()
    sealed = await asyncio.to_thread(seal_round, [event.body for event in events], seal, at=at)
    failpoints.reached("seal.signed")
    await memory.record_round(
        events, sealed.proofs, checkpoint=sealed.checkpoint, signature=sealed.signature, at=at
    )
    failpoints.reached("seal.committed")
    metrics.SEALED.inc(len(events))
    for event in events:
        _log.info("sealed", extra={"packet_id": event.packet_id, "event_id": event.event_id})
        metrics.SEAL_DELAY_SECONDS.observe(max(0.0, (at - event.at).total_seconds()))
    return len(events)
