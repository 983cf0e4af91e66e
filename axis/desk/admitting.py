"""Admit: what was taken is judged, and one verdict recorded for good.

Each record is judged by itself, outside any transaction; all verdicts of a
batch are recorded in one. A record that fails stands alone.
"""

import asyncio
import hashlib
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from axis import failpoints, metrics
from axis.contract.codec import Accepted, decode_submission, encode_accepted
from axis.desk.judging import (
    Judgement,
    asked_of_directory,
    canonical_recipients,
    inspect,
    weigh,
)
from axis.desk.office import Office
from axis.desk.setting_aside import set_aside
from axis.document import (
    Decision,
    Document,
    Event,
    GateReport,
    Incoming,
    Outcome,
    Outgoing,
    Verdict,
    Versions,
    event_id,
)
from axis.edxml.trace import spliced, trace_splice
from axis.errors import MalformedError
from axis.evidence.events import Kind, make_event
from axis.evidence.receipts import NOT_PROVEN
from axis.gate.answers import Altered, Undetermined
from axis.records import IntakeRow, Parked, Parking, Ruling, Settled
from axis.topics import ACCEPTED, document_key
from axis.violations import REASONS, Code, Violation

OPEN_STATES: Final = frozenset({"taken", "waiting", "quarantined"})
"""A record that comes for a quarantined packet was replayed: it is judged anew."""


async def admit(office: Office, batch: Sequence[Incoming]) -> None:
    """Bring a batch of records of `axis.submission.v1` to their ends.

    Returns only when every record is answered, waits by name, or is in quarantine.

    Raises:
        UnavailableError: our own database is away; nothing of the batch may be let go.
    """
    rows = await _open_rows(office, batch)
    read = await asyncio.gather(*(_read(office, record, row) for record, row in rows))
    reports = [(row, report, at) for row, report, at in filter(None, read) if isinstance(report, GateReport)]
    stalled = [
        _parking(office, row, found, at=at)
        for row, found, at in filter(None, read)
        if isinstance(found, Violation)
    ]
    judgements = await _weighed(office, reports)
    failpoints.reached("admit.judged")
    waiting = [one for one in judgements if one.outcome is Outcome.WAITING]
    stalled += [_parking(office, one.row, one.waiting_for, at=one.at) for one in waiting]
    rulings = await asyncio.gather(
        *(_ruling(office, one) for one in judgements if one.outcome is not Outcome.WAITING)
    )
    if rulings:
        for ending, ids in await office.memory.record_rulings(rulings, at=office.now()):
            failpoints.reached("admit.committed")
            _count(ending.decision)
            office.courier.post(ids, ending.outgoing)
    if stalled:
        known = await office.memory.parked([one.intake.packet_id for one in stalled])
        await office.memory.park([_patiently(office, one, known) for one in stalled])
        for one in stalled:
            metrics.PARKED.labels(one.code).inc()


async def _open_rows(office: Office, batch: Sequence[Incoming]) -> list[tuple[Incoming, IntakeRow]]:
    # Only names are taken from a record; everything else comes from our own memory,
    # so that a forged record can at most have a packet judged that waits for it anyway.
    wanted: dict[str, tuple[Incoming, int]] = {}
    for record in batch:
        try:
            submission = decode_submission(record.value, office.schemas)
        except MalformedError as exc:
            await set_aside(office, record, exc.violation.code, exc.violation.detail)
            continue
        wanted[submission.packet_id] = (record, submission.take)
    rows = await office.memory.intakes(list(wanted))
    found = []
    for name, (record, take) in wanted.items():
        row = rows.get(name)
        if row is None:
            await set_aside(office, record, Code.QUARANTINE_ORPHAN, name)
        elif row.intake.state in OPEN_STATES and row.take == take:
            found.append((record, row))
    return found


async def _read(
    office: Office, record: Incoming, row: IntakeRow
) -> tuple[IntakeRow, GateReport | Violation, datetime] | None:
    # The report; or what the packet must wait for; None where its record was set aside.
    at = office.now()
    with metrics.JUDGE_SECONDS.time():
        report = await inspect(office, row, at=at)
    if isinstance(report, Altered):
        await set_aside(office, record, Code.QUARANTINE_CONTENT, f"found {report.found}")
        return None
    if isinstance(report, Undetermined):
        return row, Violation(report.code, "", report.detail), at
    return row, report, at


async def _weighed(
    office: Office, reports: Sequence[tuple[IntakeRow, GateReport, datetime]]
) -> list[Judgement]:
    # One look into the directory for the batch: all of it is judged under one version.
    asked = [asked_of_directory(report) for _, report, _ in reports]
    if not asked:
        return []
    view = await office.memory.directory_view(
        [code for codes, _ in asked for code in codes], [name for _, names in asked for name in names]
    )
    return [weigh(office, row, report, view, at=at) for row, report, at in reports]


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
    return msgspec.structs.replace(parking, next_try_at=parking.at + timedelta(seconds=pause))


async def _ruling(office: Office, judgement: Judgement) -> Ruling:
    report = msgspec.json.encode(judgement.report)
    if judgement.outcome is Outcome.REFUSED:
        refused = _settled(office, judgement, Verdict.REFUSED, judgement.violations, "")
        return Ruling(
            row=judgement.row, report=report, document=None, recipients=(), ending=refused, id_taken=None
        )
    envelope = judgement.report.envelope
    assert envelope is not None, "what was accepted has an envelope"
    document = _document(office, judgement)
    digest = await asyncio.to_thread(_delivered_sha256, office, judgement.row.intake.sha256, document)
    owned = Violation(Code.DOCUMENT_ID_TAKEN, "DocumentId", document.document_id)
    message = accepted_message(office, document)
    accepted = _settled(office, judgement, Verdict.ACCEPTED, (), digest)
    return Ruling(
        row=judgement.row,
        report=report,
        document=document,
        recipients=canonical_recipients(envelope, judgement.view),
        ending=msgspec.structs.replace(accepted, outgoing=(message,)),
        id_taken=_settled(office, judgement, Verdict.REFUSED, (owned,), ""),
    )


def _document(office: Office, judgement: Judgement) -> Document:
    envelope, report = judgement.report.envelope, judgement.report
    assert envelope is not None, "what was accepted has an envelope"
    assert envelope.issued_on is not None, "F6 saw to the date of issue"
    assert report.splice_offset is not None, "what was accepted has a header"
    splice = trace_splice(
        report.splice_prefix,
        with_list=report.splice_list,
        organ_code=office.policy.axis_code,
        at=judgement.at,
    )
    return Document(
        packet_id=judgement.row.intake.packet_id,
        agency=judgement.view.agencies[envelope.sender.code].code,
        document_id=unicodedata.normalize("NFC", envelope.document_id),
        number=envelope.number,
        notation=envelope.notation,
        type_name=envelope.type_name,
        subject=envelope.subject,
        issued_on=envelope.issued_on,
        due_on=envelope.due_on,
        priority=min(max(envelope.priority, 0), 4),
        accepted_at=judgement.at,
        splice_offset=report.splice_offset,
        splice=splice,
    )


def _delivered_sha256(office: Office, sha256: str, document: Document) -> str:
    digest = hashlib.sha256()
    with office.content.open(sha256) as stream:
        for chunk in spliced(stream, document.splice_offset, document.splice):
            digest.update(chunk)
    return digest.hexdigest()


def accepted_message(office: Office, document: Document) -> Outgoing:
    """Make the record that sends an accepted document to its recipients."""
    name = event_id("accepted", document.packet_id)
    record = Accepted(
        event_id=name,
        packet_id=document.packet_id,
        agency=document.agency,
        document_id=document.document_id,
        priority=document.priority,
        accepted_at=document.accepted_at,
    )
    return Outgoing(
        topic=ACCEPTED,
        key=document_key(document.agency, document.document_id),
        value=encode_accepted(record, office.schemas),
        event_id=name,
    )


def _settled(
    office: Office, judgement: Judgement, verdict: Verdict, violations: tuple[Violation, ...], digest: str
) -> Settled:
    row = judgement.row
    versions = Versions(
        rules=office.policy.rules_version,
        directory=judgement.view.version,
        trust=office.trust_version,
    )
    decision = Decision(
        packet_id=row.intake.packet_id,
        versions=versions,
        verdict=verdict,
        violations=violations,
        findings=judgement.findings,
        decided_at=judgement.at,
        parts=judgement.parts,
        delivered_sha256=digest,
    )
    return Settled(decision=decision, events=(decision_event(row, decision, judgement),))


def decision_event(row: IntakeRow, decision: Decision, judgement: Judgement | None) -> Event:
    """Write a decision down as evidence, with the versions that it was made under.

    Args:
        row: the intake.
        decision: what was decided.
        judgement: what it rests on; None where it was not judged in time.
    """
    kinds = {
        Verdict.ACCEPTED: Kind.SUBMISSION_ACCEPTANCE,
        Verdict.REFUSED: Kind.SUBMISSION_REJECTION,
        Verdict.EXPIRED: Kind.SUBMISSION_EXPIRY,
    }
    facts: dict[str, object] = {
        "sha256": row.intake.sha256,
        "size": row.intake.size,
        "take": row.take,
        "versions": msgspec.to_builtins(decision.versions),
        "findings": [_spoken(one) for one in decision.findings],
    }
    if decision.verdict is Verdict.ACCEPTED:
        facts["delivered_sha256"] = decision.delivered_sha256
        facts["not_proven"] = NOT_PROVEN
    else:
        facts["reasons"] = [_spoken(one) for one in decision.violations]
    if judgement is not None and judgement.report.envelope is not None:
        facts["agency"] = judgement.report.envelope.sender.code
        facts["document_id"] = judgement.report.envelope.document_id
        facts["files"] = [
            {"name": file.name, "sha256": file.sha256, "size": file.size, "kind": str(file.kind)}
            for file in judgement.report.files
        ]
    return make_event(
        kinds[decision.verdict],
        f"{row.intake.packet_id}/{row.take}",
        packet_id=row.intake.packet_id,
        connection=row.intake.connection,
        at=decision.decided_at,
        facts=facts,
    )


def _spoken(violation: Violation) -> dict[str, str]:
    reason = REASONS[violation.code]
    return {
        "code": str(violation.code),
        "rule": reason.rule,
        "field": violation.field,
        "detail": violation.detail,
        "vi": reason.vi,
        "en": reason.en,
    }


def _count(decision: Decision) -> None:
    if decision.verdict is Verdict.ACCEPTED:
        metrics.ACCEPTED.inc()
    for code in {violation.code for violation in decision.violations}:
        metrics.REFUSED.labels(code).inc()
