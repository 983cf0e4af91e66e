"""Admit: what was taken is judged, and one verdict recorded for good.

Each record is judged by itself, outside any transaction; all verdicts of a
batch are recorded in one. A record that fails stands alone.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import msgspec

from axis import failpoints, metrics
from axis.contract.codec import decode_submission
from axis.desk.judging import (
    Judgement,
    asked_of_directory,
    inspect,
    weigh,
)
from axis.desk.office import Office
from axis.desk.ruling import ruling_of
from axis.desk.setting_aside import set_aside
from axis.document import Decision, Verdict
from axis.errors import MalformedError, UnavailableError
from axis.gate.answers import Altered, Undetermined
from axis.records import IntakeRow, Parked, Parking
from axis.reports import GateReport, Outcome
from axis.traffic import Incoming
from axis.violations import Code, Violation
from signing.evidence import Evidence

_log = logging.getLogger(__name__)

OPEN_STATES: Final = frozenset({"taken", "waiting", "quarantined"})
"""A record that comes for a quarantined packet was replayed: it is judged anew."""

SLOW_SECONDS: Final = 2.0
"""How long a batch waits for its slowest packet before the others go ahead."""

SLOW_MOST: Final = 16
"""Packets judged beside the batches; with so many of them the next batch waits for its slowest."""

Read: TypeAlias = tuple[IntakeRow, GateReport | Violation, datetime, Evidence]
"""What the gate said of a packet, or what it must wait for; when it was asked, and what it was given."""

UNDETERMINED_SECONDS: Final = 3600.0
"""Longest pause between two tries of a packet about which the gate gives no answer."""


async def admit(office: Office, batch: Sequence[Incoming]) -> None:
    """Bring a batch of records of `axis.submission.v1` to their ends.

    Returns only when every record is answered, waits by name, or is in quarantine.

    Raises:
        UnavailableError: our own database is away; nothing of the batch may be let go.
    """
    # One batch, one trust list: what is imported meanwhile counts from the next one on.
    office = office.under_one_list()
    rows = await _open_rows(office, batch)
    if not rows:
        return
    tasks = {asyncio.create_task(_read(office, record, row)): row for record, row in rows}
    patience = SLOW_SECONDS if len(office.slow_lane) < SLOW_MOST else None
    try:
        done, slow = await asyncio.wait(tasks, timeout=patience)
        await _settle(office, [task.result() for task in tasks if task in done])
        # What takes long is judged on beside the batch, and meanwhile waits by name: should this
        # process die, the keeper sends it again.
        late = Violation(Code.GATE_UNDETERMINED, "", "đang kiểm tra lâu hơn thường lệ / judged slowly")
        await _park(office, [_parking(office, tasks[task], late, at=office.now()) for task in slow])
    except BaseException:
        for task in tasks:
            task.cancel()
        raise
    for task in slow:
        beside = asyncio.create_task(_settle_late(office, task))
        office.slow_lane.add(beside)
        beside.add_done_callback(office.slow_lane.discard)


async def _settle_late(office: Office, task: asyncio.Task[Read | None]) -> None:
    try:
        await _settle(office, [await task])
    except UnavailableError as exc:
        _log.warning("a slow packet waits for its next try: %s", exc)
    except Exception:  # noqa: BLE001 - no edge stands here; the packet waits by name all the same
        _log.exception("a slow packet waits for its next try after a bug of ours")


async def _settle(office: Office, read: Sequence[Read | None]) -> None:
    known = [one for one in read if one is not None]
    reports = [(row, found, at, given) for row, found, at, given in known if isinstance(found, GateReport)]
    stalled = [
        _parking(office, row, found, at=at) for row, found, at, _ in known if isinstance(found, Violation)
    ]
    judgements = await _weighed(office, reports)
    failpoints.reached("admit.judged")
    waiting = [one for one in judgements if one.outcome is Outcome.WAITING]
    stalled += [_parking(office, one.row, one.waiting_for, at=one.at) for one in waiting]
    rulings = await asyncio.gather(
        *(ruling_of(office, one) for one in judgements if one.outcome is not Outcome.WAITING)
    )
    if rulings:
        for ending, ids in await office.memory.record_rulings(rulings, at=office.now()):
            failpoints.reached("admit.committed")
            _count(ending.decision)
            _tell(ending.decision)
            office.courier.post(ids, ending.outgoing)
    await _park(office, stalled)


async def _park(office: Office, stalled: Sequence[Parking]) -> None:
    if not stalled:
        return
    known = await office.memory.parked([one.intake.packet_id for one in stalled])
    await office.memory.park([_patiently(office, one, known) for one in stalled])
    for one in stalled:
        metrics.PARKED.labels(one.code).inc()
        _log.info("waits", extra={"packet_id": one.intake.packet_id, "code": str(one.code)})


async def _open_rows(office: Office, batch: Sequence[Incoming]) -> list[tuple[Incoming, IntakeRow]]:
    # Only names are taken from a record; everything else comes from our own memory,
    # so that a forged record can at most have a packet judged that waits for it anyway.
    read = []
    for record in batch:
        try:
            read.append((record, decode_submission(record.value, office.schemas)))
        except MalformedError as exc:
            await set_aside(office, record, exc.violation.code, exc.violation.detail)
    rows = await office.memory.intakes([submission.packet_id for _, submission in read])
    # Each packet once, however often it is told; a record of another take must not hide the one that counts.
    found = {}
    for record, submission in read:
        row = rows.get(submission.packet_id)
        if row is None:
            await set_aside(office, record, Code.QUARANTINE_ORPHAN, submission.packet_id)
        elif row.intake.state in OPEN_STATES and row.take == submission.take:
            found[submission.packet_id] = (record, row)
    return list(found.values())


async def _read(
    office: Office, record: Incoming, row: IntakeRow
) -> Read | None:
    # The report; or what the packet must wait for; None where its record was set aside.
    at = office.now()
    with metrics.JUDGE_SECONDS.time():
        report, evidence = await inspect(office, row, at=at)
    if isinstance(report, Altered):
        await set_aside(office, record, Code.QUARANTINE_CONTENT, f"found {report.found}")
        return None
    if isinstance(report, Undetermined):
        return row, Violation(report.code, "", report.detail), at, evidence
    return row, report, at, evidence


async def _weighed(
    office: Office, reports: Sequence[tuple[IntakeRow, GateReport, datetime, Evidence]]
) -> list[Judgement]:
    # One look into the directory for the batch: all of it is judged under one version.
    asked = [asked_of_directory(report) for _, report, _, _ in reports]
    if not asked:
        return []
    view = await office.memory.directory_view(
        [code for codes, _ in asked for code in codes], [name for _, names in asked for name in names]
    )
    return [
        weigh(office, row, report, view, at=at, evidence=evidence) for row, report, at, evidence in reports
    ]


def _parking(office: Office, row: IntakeRow, reason: Violation | None, *, at: datetime) -> Parking:
    assert reason is not None, "what waits knows for what"
    return Parking(
        intake=row.intake,
        code=reason.code,
        detail=reason.detail,
        at=at,
        next_try_at=at + timedelta(seconds=office.policy.retry_seconds[0]),
        deadline=at + timedelta(hours=office.policy.judge_within_hours),
    )


def _patiently(office: Office, parking: Parking, known: dict[str, Parked]) -> Parking:
    tries = known[parking.intake.packet_id].attempts if parking.intake.packet_id in known else 0
    pauses = office.policy.retry_seconds
    pause = pauses[min(tries, len(pauses) - 1)]
    if parking.code == Code.GATE_UNDETERMINED:
        # No source comes back here: the file itself, or what it does to us, gave no answer, and every
        # try may cost two processes their wall limit. It is tried ever more seldom.
        pause = min(pauses[-1] * 2**tries, UNDETERMINED_SECONDS)
    return msgspec.structs.replace(parking, next_try_at=parking.at + timedelta(seconds=pause))


def _tell(decision: Decision) -> None:
    codes = sorted({str(one.code) for one in decision.violations})
    if Code.SECRECY_MARKED in codes:
        metrics.STATE_SECRETS.inc()
    _log.info(
        "decided",
        extra={"packet_id": decision.packet_id, "verdict": str(decision.verdict), "codes": ", ".join(codes)},
    )


def _count(decision: Decision) -> None:
    if decision.verdict is Verdict.ACCEPTED:
        metrics.ACCEPTED.inc()
    for code in {violation.code for violation in decision.violations}:
        metrics.REFUSED.labels(code).inc()
