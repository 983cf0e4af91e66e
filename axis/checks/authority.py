"""May this agency, this connection and this person send this document to these recipients? Rules A1-A14.

Runs after the signatures were verified: it judges the identities that were
proven, and holds what the envelope claims to them. Pure: no clock, no I/O.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime

from axis.checks.closure import check_closure, closed
from axis.checks.competence import check_competence
from axis.checks.policy import Policy
from axis.checks.signers import fold, people_and_seals
from axis.envelope import Envelope
from axis.register import Agency, DirectoryView, Signer
from axis.reports import FileKind, FileReport, SignatureReport
from axis.violations import Code, Violation
from axis.zone import VIETNAM


def check_authority(
    envelope: Envelope,
    files: tuple[FileReport, ...],
    view: DirectoryView,
    policy: Policy,
    *,
    connection: str,
    at: datetime,
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Judge sender, recipients, seals and signers against the directory.

    Args:
        envelope: what the header says.
        files: with their verified signatures, in manifest order.
        view: one version of the directory; not re-read while judging.
        policy: knows the prefixes of competence.
        connection: proven name of the system that sent the packet.
        at: moment of judgement, timezone-aware.

    Returns:
        Violations in rule order, and findings. No violations: may be sent.

    Raises:
        ValueError: ``at`` is naive. The caller's bug, never the sender's.

    Source:
        NĐ 30/2020 Điều 13; exchange-rules 1.9, 5 and 6.4.
    """
    if at.tzinfo is None:
        raise ValueError("at must be timezone-aware")
    today = at.astimezone(VIETNAM).date()
    closure, findings = check_closure(envelope, files, view, at=at)
    found = [
        *_sender(envelope, view, connection, today),
        *closure,
        *_recipients(envelope, view, today),
    ]
    sender = view.agencies.get(envelope.sender.code)
    if sender is None:
        # Whose seal and whose signer it should be cannot be said.
        return tuple(found), tuple(findings)

    allowed = {sender.code}
    main = True
    for number, file in enumerate(files):
        if file.kind is not FileKind.PDF:
            continue
        where = f"files[{number}]"
        signatures = file.pdf.signatures if file.pdf else ()
        people, seals, _, anyone = people_and_seals(file, view, sender)
        if main:
            main = False
            spots = {place: f"{where}.signatures[{place}]" for place in (*people, *anyone)}
            authorised: set[str] = set()
            for place in people:
                signature = signatures[place]
                signer = view.signers[signature.certificate_sha256]
                signed_at = signature.timestamped_at or signature.claimed_at or at
                broken, mandate = check_competence(
                    envelope, signer, sender, policy, signed_at=signed_at, where=spots[place]
                )
                found.extend(broken)
                if mandate is not None and mandate.competence == "TUQ":
                    authorised.add(mandate.authorising_agency)
                findings.extend(_differences(envelope, signer, signature, spots[place]))
            detail = f"chính sách của / policy of {sender.code} ({sender.name})"
            findings.extend(Violation(Code.FINDING_ANY_PERSON, spots[place], detail) for place in anyone)
            # A4: the seal is of the agency in From, or for TUQ of the authorising agency.
            allowed = authorised or allowed
        found.extend(_foreign_seals(seals, signatures, view, allowed, where))
    return tuple(found), tuple(findings)


def _foreign_seals(
    seals: Sequence[int],
    signatures: Sequence[SignatureReport],
    view: DirectoryView,
    allowed: Collection[str],
    where: str,
) -> Iterator[Violation]:
    """Name every seal of an agency that may not seal this document."""
    needed = ", ".join(sorted(allowed))
    for place in seals:
        agency = view.seals[signatures[place].certificate_sha256].agency
        if agency not in allowed:
            yield Violation(
                Code.SEAL_NOT_OF_SENDER,
                f"{where}.signatures[{place}]",
                f"con dấu của / seal of {agency}, cần / needed {needed}",
            )


def in_force(agency: Agency, day: date) -> bool:
    """Tell whether an agency exists and is not locked on a day (half-open span)."""
    return (
        not agency.locked
        and agency.valid_from <= day
        and (agency.valid_until is None or day < agency.valid_until)
    )


def _sender(envelope: Envelope, view: DirectoryView, connection: str, today: date) -> list[Violation]:
    code = envelope.sender.code
    sender = view.agencies.get(code)
    # A1: the sender is registered and in force.
    if sender is None:
        return [Violation(Code.SENDER_UNKNOWN, "From.OrganId", code)]
    found = []
    # One that was closed since is judged by when it signed (A14).
    if not in_force(sender, today) and not (closed(sender, today) and not sender.locked):
        found.append(Violation(Code.SENDER_INACTIVE, "From.OrganId", f"{code} ({sender.name})"))
    # A2: the connection speaks for it.
    if sender.connection != connection:
        detail = f"{code} không thuộc / not of {connection}"
        found.append(Violation(Code.SENDER_NOT_OF_CONNECTION, "From.OrganId", detail))
    return found


def _recipients(envelope: Envelope, view: DirectoryView, today: date) -> list[Violation]:
    # A3: every recipient is known, in force and connected; one agency stands once, under whichever code.
    found = []
    seen: set[str] = set()
    for number, organ in enumerate(envelope.recipients):
        where = f"To[{number}].OrganId"
        agency = view.agencies.get(organ.code)
        if agency is None:
            found.append(Violation(Code.RECIPIENT_UNKNOWN, where, organ.code))
            continue
        if not in_force(agency, today):
            after = f"; kế thừa / successors: {', '.join(agency.successors)}" if agency.successors else ""
            found.append(Violation(Code.RECIPIENT_INACTIVE, where, f"{organ.code} ({agency.name}){after}"))
        elif not agency.connection:
            found.append(Violation(Code.RECIPIENT_NOT_CONNECTED, where, f"{organ.code} ({agency.name})"))
        if agency.code in seen and organ.code != agency.code:
            found.append(Violation(Code.RECIPIENT_REPEATED, where, f"{organ.code} = {agency.code}"))
        seen.add(agency.code)
    return found


def _differences(
    envelope: Envelope, signer: Signer, signature: SignatureReport, where: str
) -> Iterator[Violation]:
    # Advice for the clerk: names and positions are written in many ways.
    told = envelope.signer
    # N5: the document and the register.
    if fold(told.full_name) != fold(signer.full_name):
        yield Violation(Code.FINDING_SIGNER_NAME, where, "SignerInfo.FullName")
    # N10: the document and the certificate.
    if told.full_name and signature.subject and fold(told.full_name) not in fold(signature.subject):
        yield Violation(Code.FINDING_CERTIFICATE_NAME, where, "SignerInfo.FullName")
    # N11: the document and the register.
    if told.position and fold(told.position) != fold(signer.position):
        yield Violation(Code.FINDING_POSITION, where, "SignerInfo.Position")
