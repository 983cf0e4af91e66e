"""Quarantine: a record that cannot be handled is kept byte for byte, with its reason."""

import asyncio
import logging

from axis import metrics
from axis.desk.office import Office
from axis.document import Incoming, Quarantined
from axis.violations import Code

_log = logging.getLogger(__name__)


async def set_aside(
    office: Office, record: Incoming, code: Code, detail: str, *, packet_id: str | None = None
) -> None:
    """Put a record into quarantine; its offset may be let go after this returns.

    Args:
        office: of the process that read the record.
        record: as it came.
        code: why; a Q code.
        detail: for operations; holds no content.
        packet_id: the intake that ends here too, if the record is about one.

    Raises:
        UnavailableError: the database is away: stay on the record.
        OSError: the content store is full: stay on the record.
    """
    value = record.value or b""
    sha256 = await asyncio.to_thread(office.content.put, value)
    fresh = await office.memory.quarantine(
        Quarantined(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=record.key,
            sha256=sha256,
            size=len(value),
            code=code,
            detail=detail[:500],
            at=office.now(),
        ),
        packet_id=packet_id,
    )
    if fresh:
        metrics.QUARANTINED.labels(code).inc()
        _log.error(
            "quarantined %s/%d@%d: %s %s", record.topic, record.partition, record.offset, code, detail
        )
