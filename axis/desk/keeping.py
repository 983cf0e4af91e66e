"""Keep: what time brings. Messages left behind, waiting documents, deadlines."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from axis import metrics
from axis.desk.office import Office
from axis.desk.ruling import accepted_message, decision_event
from axis.desk.taking import ack_message, submission_message
from axis.document import Decision, Verdict, Versions
from axis.records import IntakeRow, Ruling, Settled
from axis.traffic import Outgoing
from axis.violations import Code, Violation

_log = logging.getLogger(__name__)

LEFT_BEHIND: Final = timedelta(seconds=5)
"""Age at which an outbox row is no longer the business of the process that wrote it."""

STUCK: Final = timedelta(minutes=2)
"""Age at which a taken packet that nobody judged is sent to admission again."""

AGAIN: Final = timedelta(minutes=10)
"""How long a claimed waiting packet is left to admission before it is claimed again."""

MOST_AT_ONCE: Final = 500


async def sweep(office: Office, publish: Callable[[Sequence[Outgoing]], Awaitable[None]]) -> int:
    """Publish what a crash or an outage left in the outbox; return how many rows."""
    messages = await office.memory.sweep(publish, before=office.now() - LEFT_BEHIND, limit=MOST_AT_ONCE)
    for message in messages:
        metrics.SWEPT.labels(message.topic).inc()
    return len(messages)


async def resume(office: Office) -> int:
    """Send waiting packets whose next try is due, and lost ones, on their way again; return how many.

    The rows go into the outbox already left behind, so that the next sweep takes them.
    """
    now = office.now()
    again = await office.memory.send_again(
        lambda row: _again(office, row),
        at=now,
        again_at=now + AGAIN,
        stuck_before=now - STUCK,
        limit=MOST_AT_ONCE,
    )
    again += await office.memory.route_again(
        lambda document: accepted_message(office.schemas, document),
        at=now,
        before=now - STUCK,
        limit=MOST_AT_ONCE,
    )
    return again + await office.memory.answer_again(
        lambda handling, key: ack_message(office.schemas, handling, key),
        at=now,
        before=now - STUCK,
        limit=MOST_AT_ONCE,
    )


def _again(office: Office, row: IntakeRow) -> Outgoing:
    _log.info("sent again", extra={"packet_id": row.intake.packet_id})
    return submission_message(office.schemas, row.intake, row.message_key, row.take)


async def expire(office: Office) -> int:
    """End waiting packets whose time is over as "not judged in time"; return how many. Rule W4.

    The document id is not taken: the packet may be sent again.
    """
    now = office.now()
    late = await office.memory.past_deadline(at=now, limit=MOST_AT_ONCE)
    if not late:
        return 0
    version = await office.memory.directory_version()
    rulings = [_expired(office, row, version) for row in late]
    ended = await office.memory.record_rulings(rulings, at=now)
    metrics.EXPIRED.inc(len(ended))
    for ending, _ in ended:
        _log.info("decided", extra={"packet_id": ending.decision.packet_id, "verdict": str(Verdict.EXPIRED)})
    return len(ended)


def _expired(office: Office, row: IntakeRow, directory_version: int) -> Ruling:
    decision = Decision(
        packet_id=row.intake.packet_id,
        versions=Versions(
            rules=office.policy.rules_version, directory=directory_version, trust=office.trust_version
        ),
        verdict=Verdict.EXPIRED,
        violations=(Violation(Code.NOT_JUDGED_IN_TIME, "", ""),),
        findings=(),
        decided_at=office.now(),
    )
    ending = Settled(decision=decision, events=(decision_event(row, decision, None),))
    return Ruling(row=row, report=b"null", document=None, recipients=(), ending=ending, id_taken=None)
