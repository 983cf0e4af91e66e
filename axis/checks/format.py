"""Is this a document that may travel? Rules F9, F10, F13, F15 to F17, and findings N2 and N4.

What can be told from the bytes alone is told by the reader of edXML; here is
what needs the policy or the moment.
"""

import unicodedata
from datetime import datetime
from typing import Final

from axis.checks.policy import Policy
from axis.envelope import Envelope
from axis.reports import FileKind, FileReport
from axis.violations import Code, Violation
from axis.zone import VIETNAM

_DELIVER: Final = "deliver"
_ENDING: Final = frozenset({Code.XML_MALFORMED, Code.XML_FORBIDDEN, Code.XML_ENCODING, Code.XML_LIMIT})
"""What ends the reading of a packet."""


def main_document(files: tuple[FileReport, ...]) -> int | None:
    """Return the place of the main document: the first PDF in manifest order; None: there is none."""
    return next((at for at, file in enumerate(files) if file.kind is FileKind.PDF), None)


def check_format(
    envelope: Envelope,
    files: tuple[FileReport, ...],
    policy: Policy,
    *,
    at: datetime,
    read: tuple[Violation, ...] = (),
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Judge what a packet says and holds against the policy.

    Args:
        envelope: as read.
        files: in manifest order.
        policy: business types, usual names, and what becomes of unsigned files.
        at: moment of judgement, timezone-aware.
        read: what was wrong with the packet as it was read; files that it kept back are not missing.

    Returns:
        Violations and findings, each in rule order.

    Raises:
        ValueError: ``at`` is naive. The caller's bug, never the sender's.

    Source:
        exchange-rules.md 1.2, 1.8 and 1.9.
    """
    if at.tzinfo is None:
        raise ValueError("at must be timezone-aware")
    violations: list[Violation] = []
    findings: list[Violation] = []

    # F9: the day of issue is today in Viet Nam at the latest.
    if envelope.issued_on and envelope.issued_on > at.astimezone(VIETNAM).date():
        field = "PromulgationInfo.PromulgationDate"
        violations.append(Violation(Code.DATE_FUTURE, field, envelope.issued_on.isoformat()))

    violations += _recipients(envelope)  # F10

    # F13: there is something to read.
    if _kept_back(read):
        pass
    elif not files:
        violations.append(Violation(Code.ATTACHMENT_MISSING, "files", "0 tệp / files"))
    # F15: and one of the files is the document itself.
    elif main_document(files) is None:
        violations.append(Violation(Code.MAIN_DOCUMENT_MISSING, "files", "không có PDF / no PDF"))

    # F16, N4: a file that is no PDF bears no signature we can judge.
    for place, file in enumerate(files):
        if file.kind is FileKind.OTHER:
            if policy.unsigned_files == _DELIVER:
                findings.append(
                    Violation(Code.FINDING_UNSIGNED, f"files[{place}]", "để tham khảo / for reference")
                )
            else:
                violations.append(Violation(Code.UNSIGNED_FILE, f"files[{place}]", "không phải PDF / no PDF"))

    # F17: only what the axis can carry to its end.
    if envelope.business_type not in policy.business_types:
        field = "Bussiness.BussinessDocType"
        violations.append(Violation(Code.BUSINESS_TYPE, field, str(envelope.business_type)))

    findings += _lists(envelope, policy)  # N2
    return tuple(violations), tuple(findings)


def _kept_back(read: tuple[Violation, ...]) -> bool:
    # A file that was refused is told of by that, and one behind the place where reading ended is not known.
    return any(one.field.startswith("Attachment[") or one.code in _ENDING for one in read)


def _recipients(envelope: Envelope) -> list[Violation]:
    """F10: one agency, one line. Two generations of one code are told apart with the directory only."""
    found, seen = [], set()
    for place, organ in enumerate(envelope.recipients):
        code = organ.code.upper()
        if code and code in seen:
            found.append(Violation(Code.RECIPIENT_REPEATED, f"To[{place}].OrganId", organ.code))
        seen.add(code)
    return found


def _lists(envelope: Envelope, policy: Policy) -> list[Violation]:
    """N2: values of the lists that the policy holds."""
    found = []
    if envelope.type_name and _fold(envelope.type_name) not in {_fold(kind) for kind in policy.kinds}:
        detail = "ngoài danh mục / not in the list"
        found.append(Violation(Code.FINDING_VALUE, "DocumentType.TypeName", detail))
    return found


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
