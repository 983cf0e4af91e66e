"""An agency's own register of signers: what may be added to it, and what may only be ended. Pure.

Mandates are never edited in place: one that was granted stays as it was
granted, and may be given an end that is not in the past. So what was judged by
it yesterday would be judged the same today.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from axis.directory.check import Placed
from axis.directory.problems import Place, Problem
from axis.register import Agency, Mandate, Seal, Signer
from axis.zone import VIETNAM


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What a request changes in the register."""

    signers: tuple[Signer, ...] = ()
    """As they stand from now on; those that do not change are left out."""
    problems: tuple[Problem, ...] = ()
    """Empty, or nothing may change."""


def register(
    given: Sequence[Placed[Signer]],
    *,
    current: Mapping[str, Signer],
    seals: Mapping[str, Seal],
    agencies: Mapping[str, Agency],
    allowed: Collection[str] | None,
    at: datetime,
) -> Registered:
    """Merge signers into the register.

    Args:
        given: one for each certificate, with the line or field it came from.
        current: the register's signers of these certificates.
        seals: the seals of these certificates: a certificate is one or the other.
        agencies: those that are named, by canonical code.
        allowed: agencies that the asker speaks for; None: all (the operator).
        at: now, timezone-aware.
    """
    problems: list[Problem] = []
    changed: list[Signer] = []
    for signer, place in given:
        wrong = [
            *_of_whom(signer, current.get(signer.certificate_sha256), place, agencies, allowed),
            *_no_seal(signer, seals, place),
        ]
        before = current.get(signer.certificate_sha256)
        mandates, edited = _merged(before.mandates if before else (), signer.mandates, place, at)
        problems += [*wrong, *edited]
        after = msgspec.structs.replace(signer, mandates=mandates)
        if after != before:
            changed.append(after)
    return Registered(problems=tuple(problems)) if problems else Registered(signers=tuple(changed))


def _no_seal(signer: Signer, seals: Mapping[str, Seal], place: Place) -> list[Problem]:
    if signer.certificate_sha256 not in seals:
        return []
    return [
        Problem(place, "chứng thư này là của một con dấu", "this certificate is a seal's, and no person's")
    ]


def _of_whom(
    signer: Signer,
    before: Signer | None,
    place: Place,
    agencies: Mapping[str, Agency],
    allowed: Collection[str] | None,
) -> list[Problem]:
    named = {signer.agency, *(mandate.authorising_agency for mandate in signer.mandates)} - {""}
    problems = [
        Problem(place, f"không có cơ quan “{code}” trong danh bạ", f'no agency "{code}" in the directory')
        for code in sorted(named)
        if code not in agencies
    ]
    if before is not None and before.agency != signer.agency:
        problems.append(
            Problem(
                place,
                f"chứng thư đã thuộc {before.agency}; người chuyển cơ quan dùng chứng thư mới",
                f"the certificate is registered for {before.agency}; who moves gets a new one",
            )
        )
    if allowed is None or problems:
        return problems
    # Whoever grants a mandate answers for it: for TUQ that is the authorising agency, which may
    # name a person of another one, but may not enter a new person there.
    granting = {
        mandate.authorising_agency if mandate.competence == "TUQ" else signer.agency
        for mandate in signer.mandates
        if before is None or mandate not in before.mandates
    }
    if before is None or (before.full_name, before.position) != (signer.full_name, signer.position):
        granting.add(signer.agency)
    return [
        Problem(
            place,
            f"kết nối không đại diện cho {code}",
            f"the connection does not speak for {code}",
            forbidden=True,
        )
        for code in sorted(granting - set(allowed))
    ]


def _merged(
    before: Sequence[Mandate], given: Sequence[Mandate], place: Place, at: datetime
) -> tuple[tuple[Mandate, ...], list[Problem]]:
    mandates, problems = list(before), []
    midnight = at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    for mandate in given:
        if mandate in mandates:
            continue
        same = [
            number
            for number, one in enumerate(mandates)
            if msgspec.structs.replace(one, valid_until=mandate.valid_until) == mandate
        ]
        if not same:
            mandates.append(mandate)
            continue
        old = mandates[same[-1]]
        until = mandate.valid_until
        ends = until is not None and (old.valid_until is None or until < old.valid_until)
        if ends and until is not None and until >= midnight:
            mandates[same[-1]] = mandate
        else:
            problems.append(
                Problem(
                    place,
                    "thẩm quyền đã giao thì không sửa, chỉ được kết thúc (không sớm hơn hôm nay);"
                    " muốn kéo dài thì giao thẩm quyền mới",
                    "a granted mandate is not edited, only ended (not before today);"
                    " to prolong it, grant a new one",
                )
            )
    return tuple(mandates), problems
