"""From a judgement to what is recorded: the decision, its event, the document, the message."""

import asyncio
import hashlib
import unicodedata

import msgspec

from axis.contract.codec import Accepted, encode_accepted
from axis.contract.schemas import Schemas
from axis.desk.judging import Judgement, canonical_recipients
from axis.desk.office import Office
from axis.document import Decision, Document, Event, Verdict, Versions, event_id
from axis.edxml.trace import spliced, trace_splice
from axis.evidence.events import Kind, make_event
from axis.evidence.receipts import NOT_PROVEN
from axis.records import Incident, IntakeRow, Proof, Ruling, Settled
from axis.reports import GateReport, Outcome, Part
from axis.topics import ACCEPTED, document_key
from axis.traffic import Outgoing
from axis.violations import REASONS, Code, Violation
from signing.evidence import by_digest


async def ruling_of(office: Office, judgement: Judgement) -> Ruling:
    """Make ready what a judged packet comes to, for either owner of its document id."""
    if secret := _secret(judgement):
        return _incident_of(office, judgement, secret)
    report = msgspec.json.encode(judgement.report)
    if judgement.outcome is Outcome.REFUSED:
        refused = _settled(office, judgement, Verdict.REFUSED, judgement.violations, "")
        return Ruling(
            row=judgement.row,
            report=report,
            document=None,
            recipients=(),
            ending=refused,
            id_taken=None,
            evidence=_proofs(judgement),
        )
    envelope = judgement.report.envelope
    assert envelope is not None, "what was accepted has an envelope"
    document = _document(office, judgement)
    digest = await asyncio.to_thread(_delivered_sha256, office, judgement.row.intake.sha256, document)
    owned = Violation(Code.DOCUMENT_ID_TAKEN, "DocumentId", document.document_id)
    message = accepted_message(office.schemas, document)
    accepted = _settled(office, judgement, Verdict.ACCEPTED, (), digest)
    return Ruling(
        row=judgement.row,
        report=report,
        document=document,
        recipients=canonical_recipients(envelope, judgement.view),
        ending=msgspec.structs.replace(accepted, outgoing=(message,)),
        id_taken=_settled(office, judgement, Verdict.REFUSED, (owned,), ""),
        evidence=_proofs(judgement),
    )


def _secret(judgement: Judgement) -> Violation | None:
    parts = (reason for part in judgement.parts.values() for reason in part.reasons)
    return next((one for one in (*judgement.violations, *parts) if one.code is Code.SECRECY_MARKED), None)


def _incident_of(office: Office, judgement: Judgement, secret: Violation) -> Ruling:
    """End a packet that bears a state-secret mark: refused, whatever else it is, and nothing of it is kept.

    Rule T10. The report, the names of its files, its number and what other
    checks quote of it are content too: the receipt says the mark and its place.
    """
    bare = msgspec.structs.replace(
        judgement,
        outcome=Outcome.REFUSED,
        violations=(secret,),
        findings=(),
        parts={
            name: Part(outcome=part.outcome, reasons=(secret,) if secret in part.reasons else ())
            for name, part in judgement.parts.items()
        },
        report=GateReport(envelope=None),
        waiting_for=None,
    )
    return Ruling(
        row=judgement.row,
        report=msgspec.json.encode(bare.report),
        document=None,
        recipients=(),
        ending=_settled(office, bare, Verdict.REFUSED, (secret,), ""),
        id_taken=None,
        incident=Incident(field=secret.field or "PDF", at=judgement.at),
    )


def _named(judgement: Judgement) -> list[str]:
    """Return the digests of the revocation evidence that a judgement rests on."""
    files = judgement.report.files
    return sorted({name for file in files if file.pdf is not None for name in file.pdf.evidence})


def _proofs(judgement: Judgement) -> tuple[Proof, ...]:
    # What the document brought along itself is kept with it, and not here.
    given = by_digest(judgement.evidence)
    return tuple(
        Proof(sha256=name, kind=given[name][0], der=given[name][1])
        for name in _named(judgement)
        if name in given
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


def accepted_message(schemas: Schemas, document: Document) -> Outgoing:
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
        value=encode_accepted(record, schemas),
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
        facts["evidence"] = _named(judgement)
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
