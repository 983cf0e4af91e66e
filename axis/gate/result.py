"""The verdict on one file as four parts, and how it encodes to the published line of JSON."""

import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from axis.appearance.advice import Words
from axis.appearance.grades import Grade
from axis.appearance.view import Box
from axis.checks.format import check_format
from axis.checks.policy import Policy
from axis.checks.secrecy import secret_mark
from axis.checks.verdict import overall, pdf_parts
from axis.gate.answers import Altered, Judged, Kind, Undetermined
from axis.gate.seen import Seen
from axis.reports import FileReport, GateReport, Outcome, Part
from axis.violations import REASONS, Code, Violation
from signing.indications import indication_of

_NEEDED: Final = ("integrity", "content", "trust")
"""Authority needs the directory: it is never judged here, and nothing waits for it."""


class CheckReason(msgspec.Struct, frozen=True):
    """Why a part is not accepted."""

    code: Code
    rule: str
    detail: str
    indication: str = ""
    """Main indication of ETSI EN 319 102-1; empty where it is no matter of a signature."""
    subindication: str = ""


class CheckPart(msgspec.Struct, frozen=True):
    """One part of a verdict."""

    outcome: Outcome
    reasons: tuple[CheckReason, ...] = ()


class AdviceLine(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of advice on the appearance of one file."""

    file: str
    """Name of an attachment; empty for a PDF that stands alone."""
    code: Code
    rule: str
    grade: Grade
    page: int
    """From 1."""
    box: Box
    """Left, top, right, bottom in millimetres from the upper left corner of the page."""
    found: Words
    wanted: Words
    article: str


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one file; encodes to the published line of JSON."""

    path: str
    kind: Kind
    outcome: Outcome
    """accepted, refused or waiting."""
    integrity: CheckPart
    content: CheckPart
    trust: CheckPart
    authority: CheckPart
    signatures: tuple[dict[str, object], ...] = ()
    """The fields of `axis.reports.SignatureReport`, and ``file``: its name."""
    elapsed_ms: float
    policy: str = ""
    """Version of the rules: of the code, of the policy data, and the beginning of the data's digest."""
    advice: tuple[AdviceLine, ...] | msgspec.UnsetType | None = msgspec.UNSET
    """Only where it was asked for; None: it could not be had. Advice never decides anything."""

    def line(self) -> str:
        """Return one line of JSON, without a line end."""
        return msgspec.json.encode(self).decode()


def judged_result(path: Path, judged: Judged, policy: Policy, *, at: datetime, trust: bool) -> CheckResult:
    """Put a report into the four parts of a verdict.

    A packet's integrity, content and trust are those of all its PDFs together;
    what is wrong with the packet itself stands under content.

    Args:
        path: what was judged.
        judged: the gate's answer.
        policy: for the format rules.
        at: moment of judgement, timezone-aware.
        trust: a trust list was given.
    """
    report, packet = judged.report, judged.kind is Kind.PACKET
    own = _own(report, policy, at) if packet else report.violations
    # G9 ends the reading of bytes, so it stands with what the bytes are.
    reading = tuple(one for one in own if one.rule.startswith("G"))
    parts = pdf_parts(report.files) if packet or not report.files else _parts_of(report.files[0])
    parts["integrity"] = _with(parts["integrity"], reading)
    if packet:
        parts["content"] = _with(parts["content"], tuple(one for one in own if one not in reading))
    # A refusal that no list could mend (G7) stands without one too.
    if not trust and parts["trust"].outcome is not Outcome.REFUSED:
        not_given = (Violation(Code.TRUST_NOT_GIVEN, "", ""),)
        parts["trust"] = Part(outcome=Outcome.NOT_JUDGED, reasons=not_given)
    return CheckResult(
        path=shown(path),
        kind=judged.kind,
        outcome=overall(parts, needed=_NEEDED),
        integrity=_part(parts["integrity"]),
        content=_part(parts["content"]),
        trust=_part(parts["trust"]),
        authority=CheckPart(Outcome.NOT_JUDGED),
        signatures=tuple(
            {"file": file.name, **msgspec.to_builtins(one)}
            for file in report.files
            if file.pdf is not None
            for one in file.pdf.signatures
        ),
        policy=policy.rules_version,
        elapsed_ms=round(judged.wall_seconds * 1000, 3),
    )


def _own(report: GateReport, policy: Policy, at: datetime) -> tuple[Violation, ...]:
    if report.envelope is None:
        return report.violations
    broken, _findings = check_format(report.envelope, report.files, policy, at=at)
    mark = secret_mark(report.envelope, policy.secret_marks)
    # The reader and the rules may both name the same fault.
    return tuple(dict.fromkeys((*report.violations, *broken, *((mark,) if mark else ()))))


def _parts_of(file: FileReport) -> dict[str, Part]:
    assert file.pdf is not None, "a PDF that stands alone was inspected"
    return {"integrity": file.pdf.integrity, "content": file.pdf.content, "trust": file.pdf.trust}


def _with(part: Part, broken: tuple[Violation, ...]) -> Part:
    """Add what is wrong beside the PDFs."""
    if not broken:
        return part
    return Part(outcome=Outcome.REFUSED, reasons=(*broken, *part.reasons))


def _part(part: Part) -> CheckPart:
    return CheckPart(part.outcome, tuple(_reason(one) for one in part.reasons))


def _reason(one: Violation) -> CheckReason:
    detail = one.detail or REASONS[one.code].en
    told = f"{one.field}: {detail}" if one.field else detail
    return CheckReason(one.code, one.rule, told, *indication_of(one.code))


def with_advice(result: CheckResult, seen: Seen | None) -> CheckResult:
    """Add what a file looks like. Advice changes no verdict; a secrecy stamp does: it refuses (T10).

    Args:
        result: the verdict.
        seen: None: no answer could be had.
    """
    if seen is None or any(file.unseen for file in seen.files):
        result = msgspec.structs.replace(result, advice=None)
    if seen is None:
        return result
    lines = tuple(
        AdviceLine(
            file=file.name,
            code=one.code,
            rule=one.rule,
            grade=one.grade,
            page=one.page,
            box=one.box,
            found=one.found,
            wanted=one.wanted,
            article=one.article,
        )
        for file in seen.files
        for one in file.advice
    )
    if lines or result.advice is msgspec.UNSET:
        result = msgspec.structs.replace(result, advice=lines)
    marks = tuple(_reason(file.secrecy) for file in seen.files if file.secrecy is not None)
    if not marks:
        return result
    reasons = (*marks, *result.content.reasons)
    refused = CheckPart(Outcome.REFUSED, reasons)
    return msgspec.structs.replace(result, content=refused, outcome=Outcome.REFUSED)


def undetermined_result(
    path: Path, answer: Altered | Undetermined, policy: Policy, seconds: float
) -> CheckResult:
    """Return what is said where the gate gave no answer: the file waits.

    Args:
        path: what was to be judged.
        answer: the gate's.
        policy: whose version is named.
        seconds: it took.
    """
    detail = answer.detail if isinstance(answer, Undetermined) else "altered while it was read"
    nothing = CheckPart(Outcome.NOT_JUDGED)
    return CheckResult(
        path=shown(path),
        kind=Kind.OTHER,
        outcome=Outcome.WAITING,
        integrity=CheckPart(Outcome.WAITING, (_reason(Violation(answer.code, "", detail)),)),
        content=nothing,
        trust=nothing,
        authority=nothing,
        policy=policy.rules_version,
        elapsed_ms=round(seconds * 1000, 3),
    )


def shown(path: Path) -> str:
    """Return a path as text; bytes of its name that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")
