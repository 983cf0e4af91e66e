"""From all that was found to one verdict: four parts, judged apart, then combined. Pure."""

from axis.reports import FileReport, Outcome, Part, PdfReport
from axis.violations import Violation

PARTS = ("integrity", "content", "trust", "authority")


def part_of(reasons: tuple[Violation, ...], *, judged: bool = True) -> Part:
    """Return a part that refuses for its reasons, or accepts where there are none."""
    if not judged:
        return Part(outcome=Outcome.NOT_JUDGED)
    return Part(outcome=Outcome.REFUSED if reasons else Outcome.ACCEPTED, reasons=reasons)


def joined(parts: tuple[Part, ...]) -> Part:
    """Return one part for the same part of several files.

    Refused where one is refused, else waiting where one waits, else not judged
    where one was not; accepted only where all are, and there is at least one.
    """
    for outcome in (Outcome.REFUSED, Outcome.WAITING, Outcome.NOT_JUDGED):
        hit = tuple(part for part in parts if part.outcome is outcome)
        if hit:
            return Part(outcome=outcome, reasons=tuple(reason for part in hit for reason in part.reasons))
    return Part(outcome=Outcome.ACCEPTED if parts else Outcome.NOT_JUDGED)


def pdf_parts(files: tuple[FileReport, ...]) -> dict[str, Part]:
    """Return integrity, content and trust over all PDFs, each reason with the place of its file."""
    placed: list[PdfReport] = []
    for number, file in enumerate(files):
        if file.pdf is not None:
            placed.append(_placed(file.pdf, f"files[{number}]"))
    return {
        "integrity": joined(tuple(pdf.integrity for pdf in placed)),
        "content": joined(tuple(pdf.content for pdf in placed)),
        "trust": joined(tuple(pdf.trust for pdf in placed)),
    }


def overall(parts: dict[str, Part], *, needed: tuple[str, ...] = PARTS) -> Outcome:
    """Return the verdict over the parts that are needed. Unknown is never a yes.

    A part that was not judged makes the whole wait: it cannot be accepted.
    """
    outcomes = [parts[name].outcome if name in parts else Outcome.NOT_JUDGED for name in needed]
    if Outcome.REFUSED in outcomes:
        return Outcome.REFUSED
    if all(outcome is Outcome.ACCEPTED for outcome in outcomes):
        return Outcome.ACCEPTED
    return Outcome.WAITING


def refusals(parts: dict[str, Part]) -> tuple[Violation, ...]:
    """Return every reason of the parts that refuse, once each, in the order of the parts."""
    found: dict[Violation, None] = {}
    for name in PARTS:
        part = parts.get(name)
        if part is not None and part.outcome is Outcome.REFUSED:
            found.update(dict.fromkeys(part.reasons))
    return tuple(found)


def _placed(pdf: PdfReport, where: str) -> PdfReport:
    def place(part: Part) -> Part:
        reasons = tuple(
            Violation(reason.code, f"{where}.{reason.field}" if reason.field else where, reason.detail)
            for reason in part.reasons
        )
        return Part(outcome=part.outcome, reasons=reasons)

    return PdfReport(
        signatures=pdf.signatures,
        integrity=place(pdf.integrity),
        content=place(pdf.content),
        trust=place(pdf.trust),
        needs=pdf.needs,
    )
