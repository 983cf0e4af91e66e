"""Quarantine: a record that cannot be handled is kept byte for byte, with its reason."""

import asyncio
import logging

from axis import metrics
from axis.contract.codec import decode_ack, decode_submission
from axis.desk.office import Office
from axis.errors import MalformedError
from axis.topics import ACK, SUBMISSION
from axis.traffic import Incoming, Quarantined
from axis.violations import Code

_log = logging.getLogger(__name__)


async def set_aside(office: Office, record: Incoming, code: Code, detail: str) -> None:
    """Put a record into quarantine; its offset may be let go after this returns.

    What the record is about, a packet to judge or a status to record, rests with
    it until the record is replayed.

    Args:
        office: of the process that read the record.
        record: as it came.
        code: why; a Q code.
        detail: for operations; holds no content.

    Raises:
        UnavailableError: the database is away: stay on the record.
        OSError: the content store is full: stay on the record.
    """
    value = record.value or b""
    packet_id, ack_id = _about(office, record)
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
        ack_id=ack_id,
    )
    if fresh:
        metrics.QUARANTINED.labels(code).inc()
        _log.error(
            "quarantined %s/%d@%d: %s %s", record.topic, record.partition, record.offset, code, detail
        )


def _about(office: Office, record: Incoming) -> tuple[str | None, str | None]:
    try:
        if record.topic == SUBMISSION:
            return decode_submission(record.value, office.schemas).packet_id, None
        if record.topic == ACK:
            return None, decode_ack(record.value, office.schemas).ack_id
    except MalformedError:
        pass  # it is about nothing that can be told
    return None, None
