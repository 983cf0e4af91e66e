"""Agencies that are no more: what they signed before stays good, what came after does not. Rule A14. Pure.

Source:
    exchange-rules 8.4: signing certificates and seals of dissolved bodies are
    valid for documents signed before closure.
"""

from datetime import date, datetime

from axis.envelope import Envelope
from axis.register import Agency, DirectoryView
from axis.reports import FileReport
from axis.violations import Code, Violation
from axis.zone import VIETNAM


def closed(agency: Agency, day: date) -> bool:
    """Tell whether an agency is no more on a day: ``valid_until`` is the first such day."""
    return agency.valid_until is not None and agency.valid_until <= day


def check_closure(
    envelope: Envelope, files: tuple[FileReport, ...], view: DirectoryView, *, at: datetime
) -> tuple[list[Violation], list[Violation]]:
    """Hold every known signature, and the sender, to the closure of its agency.

    Args:
        envelope: names the sender.
        files: with their verified signatures.
        view: the directory's part; has the agencies behind the certificates.
        at: moment of judgement, timezone-aware.

    Returns:
        Violations, and findings.
    """
    found: list[Violation] = []
    sender = view.agencies.get(envelope.sender.code)
    today = at.astimezone(VIETNAM).date()
    proven = 0
    for number, file in enumerate(files):
        for place, signature in enumerate(file.pdf.signatures if file.pdf else ()):
            owner = view.seals.get(signature.certificate_sha256) or view.signers.get(
                signature.certificate_sha256
            )
            agency = view.agencies.get(owner.agency) if owner is not None else None
            if signature.timestamp or agency is None or not closed(agency, today):
                continue
            # Only a time-stamp proves that it was before: a claimed time is what an impostor would claim.
            stamped = signature.timestamped_at
            if stamped is None or closed(agency, stamped.astimezone(VIETNAM).date()):
                found.append(
                    Violation(
                        Code.SIGNED_AFTER_CLOSURE,
                        f"files[{number}].signatures[{place}]",
                        f"{agency.code} ({agency.name}): {agency.valid_until}",
                    )
                )
            else:
                proven += 1
    if sender is None or sender.locked or not closed(sender, today):
        return found, []
    detail = f"{sender.code} ({sender.name}): {sender.valid_until}"
    if found:
        return found, []
    if not proven:
        # A1: nothing shows that this is an old document.
        return [Violation(Code.SENDER_INACTIVE, "From.OrganId", detail)], []
    return [], [Violation(Code.FINDING_BEFORE_CLOSURE, "From.OrganId", detail)]
