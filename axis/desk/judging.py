"""Judge one packet: the gate's report and the directory become a verdict. Nothing is recorded here.

1. The gate reads the packet in a killable process: packet, files, signatures.
2. Revocation evidence that was missing is fetched once, and the gate asked again.
3. Format rules (F), signers (S) and authority (A) are held to what was proven.
4. Four parts make the verdict. Unknown is never turned into yes or no: it waits.
"""

from datetime import datetime

import msgspec

from axis.checks.authority import check_authority
from axis.checks.fillings import check_fillings
from axis.checks.format import check_format
from axis.checks.secrecy import secret_mark
from axis.checks.signers import check_signers
from axis.checks.verdict import overall, part_of, pdf_parts, refusals
from axis.desk.office import Office
from axis.envelope import Envelope
from axis.gate.answers import Altered, Undetermined
from axis.records import IntakeRow
from axis.register import DirectoryView
from axis.reports import FileReport, GateReport, Need, Outcome, Part
from axis.violations import Code, Violation
from signing.evidence import NO_EVIDENCE, Evidence


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What came of judging one packet."""

    row: IntakeRow
    outcome: Outcome
    """Accepted, refused or waiting."""
    at: datetime
    """Moment of judgement."""
    parts: dict[str, Part]
    violations: tuple[Violation, ...]
    """Of a refusal: all of them."""
    findings: tuple[Violation, ...]
    report: GateReport
    view: DirectoryView
    """The directory's part that it was judged under."""
    waiting_for: Violation | None = None
    evidence: Evidence = NO_EVIDENCE
    """The revocation evidence that the gate was given."""


async def inspect(
    office: Office, row: IntakeRow, *, at: datetime
) -> tuple[GateReport | Undetermined | Altered, Evidence]:
    """Have the gate read a packet, fetching missing revocation evidence once (steps 1 and 2).

    Returns:
        What the gate says, and the evidence that it was given.
    """
    assert office.judge is not None, "only the worker judges"
    assert office.evidence is not None, "only the worker judges"
    path, sha256 = office.content.path(row.intake.sha256), row.intake.sha256
    trust = office.trust.current
    evidence = await office.evidence.current()
    report = await office.judge.judge(path, sha256=sha256, at=at, evidence=evidence, trust=trust)
    if isinstance(report, GateReport):
        needs = _needs(report)
        if needs and await office.evidence.obtain(needs):
            evidence = await office.evidence.current()
            report = await office.judge.judge(path, sha256=sha256, at=at, evidence=evidence, trust=trust)
    return report, evidence


def weigh(
    office: Office,
    row: IntakeRow,
    report: GateReport,
    view: DirectoryView,
    *,
    at: datetime,
    evidence: Evidence = NO_EVIDENCE,
) -> Judgement:
    """Come to a verdict on what the gate reported (steps 3 and 4). Pure.

    Args:
        office: for its policy.
        row: the intake.
        report: of the gate.
        view: the directory's part with the packet's codes and certificates.
        at: moment of judgement.
        evidence: that the gate was given.
    """
    envelope = report.envelope
    broken: tuple[Violation, ...] = report.violations
    findings = report.findings
    authority = Part(outcome=Outcome.NOT_JUDGED)
    if envelope is not None:
        mark = secret_mark(envelope, office.policy.secret_marks)
        format_broken, format_findings = check_format(
            envelope, report.files, office.policy, at=at, read=report.violations
        )
        broken = (*broken, *((mark,) if mark else ()), *format_broken)
        findings = (*findings, *format_findings)
        signers = check_signers(envelope, report.files, view, office.policy)
        rights, names = check_authority(
            envelope, report.files, view, office.policy, connection=row.intake.connection, at=at
        )
        filled, fillings = check_fillings(report.files, view, office.policy)
        findings = (*findings, *names, *fillings)
        authority = part_of((*signers, *rights, *filled))
    parts = pdf_parts(report.files)
    if broken:
        parts["content"] = part_of((*broken, *parts["content"].reasons))
    parts["authority"] = authority
    outcome = overall(parts)
    return Judgement(
        row=row,
        outcome=outcome,
        at=at,
        parts=parts,
        violations=refusals(parts),
        findings=findings,
        report=report,
        view=view,
        waiting_for=_waiting_for(parts) if outcome is Outcome.WAITING else None,
        evidence=evidence,
    )


def asked_of_directory(report: GateReport) -> tuple[list[str], list[str]]:
    """Return the agency codes and certificate fingerprints that a packet is about."""
    codes: list[str] = []
    if report.envelope is not None:
        codes = [report.envelope.sender.code, *(organ.code for organ in report.envelope.recipients)]
    return codes, [
        signature.certificate_sha256
        for file in report.files
        if file.pdf is not None
        for signature in file.pdf.signatures
        if signature.certificate_sha256
    ]


def canonical_recipients(envelope: Envelope, view: DirectoryView) -> tuple[str, ...]:
    """Return the recipients' canonical codes, each once, in the order of the envelope."""
    return tuple(dict.fromkeys(view.agencies[organ.code].code for organ in envelope.recipients))


def _needs(report: GateReport) -> tuple[Need, ...]:
    files: tuple[FileReport, ...] = report.files
    return tuple(need for file in files if file.pdf is not None for need in file.pdf.needs)


def _waiting_for(parts: dict[str, Part]) -> Violation:
    for part in parts.values():
        if part.outcome is Outcome.WAITING and part.reasons:
            return part.reasons[0]
    return Violation(Code.GATE_UNDETERMINED, "", "chưa xét xong / not judged in full")
