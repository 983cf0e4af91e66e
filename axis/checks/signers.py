"""Who must have signed which file? Rules S1-S3.

Judges signatures that were verified elsewhere: here only whose they are counts.
"""

import unicodedata
from collections.abc import Iterator
from typing import Final

from axis.checks.policy import Policy
from axis.envelope import Envelope
from axis.register import Agency, DirectoryView
from axis.reports import FileKind, FileReport, Outcome, SignatureReport
from axis.violations import Code, Violation

_PERSON: Final = "person"
_SEAL: Final = "seal"
"""Roles of the trust list."""


def is_copy(envelope: Envelope, policy: Policy) -> bool:
    """Tell whether the document is a copy: it needs only the copying agency's seal.

    Source:
        NĐ 30/2020 Điều 25-27.
    """
    kind = fold(envelope.type_name)
    return any(kind == fold(known) for known in policy.copy_kinds)


def fold(text: str) -> str:
    """Return text as names are compared: NFC, case-folded, single blanks."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def people_and_seals(
    file: FileReport, view: DirectoryView, sender: Agency | None
) -> tuple[list[int], list[int], list[tuple[int, SignatureReport]], list[int]]:
    """Sort the signatures of a PDF: persons, seals, unknown ones, and persons who may sign unregistered.

    Document time-stamps are no one's signature. Known by the fingerprint of
    the certificate that verified, never by a name: but for an agency whose own
    policy lets any person sign whose certificate names it.
    """
    people, seals, unknown, anyone = [], [], [], []
    for place, signature in enumerate(file.pdf.signatures if file.pdf else ()):
        if signature.timestamp:
            continue
        if signature.certificate_sha256 in view.seals:
            seals.append(place)
        elif signature.certificate_sha256 in view.signers:
            people.append(place)
        elif sender is not None and sender.any_person and _is_person_of(signature, sender):
            anyone.append(place)
        else:
            unknown.append((place, signature))
    return people, seals, unknown, anyone


def _was_read(file: FileReport) -> bool:
    # Of a file in which no signature could be looked for, nobody can say that one is missing. It is refused.
    if file.pdf is None or file.pdf.signatures or file.pdf.integrity.outcome is Outcome.ACCEPTED:
        return True
    return any(reason.code is Code.SIGNATURE_NONE for reason in file.pdf.integrity.reasons)


def _vouched(file: FileReport, people: list[int], seals: list[int], where: str) -> Iterator[Violation]:
    signatures = file.pdf.signatures if file.pdf else ()
    for role, places in ((_PERSON, people), (_SEAL, seals)):
        for place in places:
            roles = signatures[place].roles
            if roles and role not in roles:
                detail = (
                    f"danh sách tin cậy không cho cơ quan chứng thực này bảo chứng / the trust list does not"
                    f" let its authority vouch for: {role}"
                )
                yield Violation(Code.CHAIN_UNTRUSTED, f"{where}.signatures[{place}]", detail)


def _is_person_of(signature: SignatureReport, agency: Agency) -> bool:
    # A seal bears the agency's name as its own: it must stand in the directory in any case.
    name = fold(agency.name)
    named = {fold(one) for one in signature.organizations}
    person = not signature.roles or _PERSON in signature.roles
    return person and name in named and bool(signature.subject) and fold(signature.subject) != name


def check_signers(
    envelope: Envelope, files: tuple[FileReport, ...], view: DirectoryView, policy: Policy
) -> tuple[Violation, ...]:
    """Check that the files bear the signatures that their place asks for.

    Args:
        envelope: what the header says; only the kind of document counts here.
        files: in manifest order. The first PDF is the main document.
        view: the directory's part, with the seals and signers known in it.
        policy: names the kinds that are copies.

    Returns:
        Every violation, in the order of the files. Empty: all is signed as it must be.

    Source:
        NĐ 30/2020 Điều 5.1, 32.2.d and Phụ lục I, III.1.d (main document: person,
        then agency; separate files and copies: the agency).
    """
    found: list[Violation] = []
    sender = view.agencies.get(envelope.sender.code)
    main_seen = False
    for number, file in enumerate(files):
        if file.kind is not FileKind.PDF:
            continue
        where = f"files[{number}]"
        registered, seals, unknown, anyone = people_and_seals(file, view, sender)
        people = [*registered, *anyone]
        needs_person = not main_seen and not is_copy(envelope, policy)
        main_seen = True

        # A signature that nobody answers for is told by name of its place.
        found.extend(
            Violation(
                Code.SIGNER_UNREGISTERED,
                f"{where}.signatures[{place}]",
                f"chứng thư không có trong danh bạ / not in the directory: {signature.certificate_sha256}",
            )
            for place, signature in unknown
        )
        read = _was_read(file)
        # S1: the main document needs a person's signature; an unregistered one was told above.
        if read and needs_person and not people and not unknown:
            found.append(Violation(Code.PERSON_MISSING, where, file.name))
        # S2: every PDF needs the agency's seal.
        if read and not seals:
            found.append(Violation(Code.SEAL_MISSING, where, file.name))
        # S3: the person signs first; the clerk seals what already bears that signature.
        # Nor does a person sign what is sealed: the seal would not cover it.
        if needs_person and people and seals and (min(people) > min(seals) or max(people) > max(seals)):
            found.append(Violation(Code.SIGNERS_ORDER, where, file.name))
        # G6: an authority that may vouch for persons alone makes nobody a seal, and the other way round.
        found.extend(_vouched(file, registered, seals, where))
    return tuple(found)
