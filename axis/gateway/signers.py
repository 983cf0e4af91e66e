"""The register of signers: a connection manages those of the agencies it speaks for, and nobody else's."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response

from axis.checks.competence import lacks
from axis.directory.problems import Place
from axis.directory.registering import register
from axis.errors import RefusedError
from axis.gateway.access import Reader, Sender
from axis.gateway.openapi import described, takes
from axis.gateway.parts import Given
from axis.gateway.problems import refuse
from axis.gateway.streaming import decode_json, read_small
from axis.register import EVERY_KIND, Mandate, Signer
from axis.violations import Code

router = APIRouter(tags=["Người ký · Signers"])

COMPETENCES = frozenset({"", "TM", "KT", "TL", "TUQ", "Q"})


class MandateRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a person may sign, and for how long."""

    competence: str = ""
    """Empty (own office), TM, KT, TL, TUQ or Q."""
    kinds: tuple[str, ...]
    """Names of document types; `["*"]` for every kind."""
    valid_from: datetime
    valid_until: datetime | None = None
    """Half-open. TUQ needs one."""
    authorising_agency: str = ""
    """For TUQ only: whose form and seal the document bears."""
    field: str = ""
    """Assigned field (KT) or authorised content (TUQ)."""
    basis: str = ""
    """The document that grants it; Q needs its appointment."""


class SignerRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who may sign for an agency."""

    agency: str
    """Current code of an agency that this connection speaks for."""
    full_name: str
    position: str
    mandates: tuple[MandateRequest, ...]


class SignerAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A person of the register."""

    certificate_sha256: str
    agency: str
    full_name: str
    position: str
    mandates: tuple[MandateRequest, ...]


class RegisterAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a change."""

    changed: bool
    version: int
    """Of the directory that is in force with it."""


@router.get(
    "/v1/signers",
    **described("signers", "Sổ người ký · The register of signers", answer=SignerAnswer, many=True),
)
async def get_signers(
    parts: Given,
    caller: Reader,
    agency: Annotated[str, Query(description="Chỉ của cơ quan này · of this agency only")] = "",
) -> Response:
    """List the signers of the agencies that this connection speaks for, and whom these authorised (TUQ)."""
    spoken = await parts.memory.spoken_for(caller.connection)
    if agency and agency not in spoken:
        raise refuse(Code.TAKE_FORBIDDEN, "the connection does not speak for this agency", field="agency")
    found = await parts.memory.signers([agency] if agency else spoken)
    told = [msgspec.convert(msgspec.to_builtins(one), SignerAnswer) for one in found]
    return Response(msgspec.json.encode(told), media_type="application/json")


@router.put(
    "/v1/signers/{certificate_sha256}",
    **described(
        "signer_registered",
        "Đăng ký người ký · Register a signer",
        answer=RegisterAnswer,
        errors=(400, 403, 413),
        body={
            "application/json": {
                "schema": takes(SignerRequest),
                "example": {
                    "agency": "G12",
                    "full_name": "Nguyễn Thử Nghiệm",
                    "position": "Thứ trưởng",
                    "mandates": [
                        {
                            "competence": "KT",
                            "kinds": ["quyết định", "công văn"],
                            "valid_from": "2026-12-01T00:00:00+07:00",
                            "field": "Tài chính ngân sách",
                            "basis": "QĐ 12/QĐ-BTC ngày 20/11/2026",
                        }
                    ],
                },
            }
        },
    ),
)
async def put_signer(
    request: Request,
    parts: Given,
    caller: Sender,
    certificate_sha256: Annotated[
        str, Path(pattern="^[0-9a-f]{64}$", description="SHA-256 of the certificate, hexadecimal")
    ],
) -> Response:
    """Register a person, grant a mandate, or end one.

    Mandates that are not named stay. The same mandate with an earlier
    `valid_until`, today or later, ends it; nothing else about a granted
    mandate can be changed. The same request again changes nothing.
    """
    told = decode_json(await read_small(request), SignerRequest)
    signer = _signer(certificate_sha256, told)
    at = parts.now()
    async with parts.memory.directory_change() as change:
        around = await change.around([certificate_sha256], signer.codes())
        merged = register(
            [(signer, Place("mandates", 0))],
            current=around.signers,
            seals=around.seals,
            agencies=around.agencies,
            allowed=await change.spoken_for(caller.connection),
            at=at,
        )
        if merged.problems:
            problem = merged.problems[0]
            code = Code.TAKE_FORBIDDEN if problem.forbidden else Code.TAKE_MALFORMED
            raise refuse(code, f"{problem.vi} / {problem.en}")
        version = await change.write(merged.signers, by=f"connection {caller.connection}", at=at)
    answer = RegisterAnswer(changed=bool(merged.signers), version=version)
    return Response(msgspec.json.encode(answer), media_type="application/json")


def _signer(certificate: str, told: SignerRequest) -> Signer:
    if not told.full_name.strip() or not told.position.strip() or not told.mandates:
        raise _wrong("full_name, position and at least one mandate are needed", "mandates")
    mandates = []
    for number, one in enumerate(told.mandates):
        where = f"mandates[{number}]"
        if one.competence not in COMPETENCES:
            raise _wrong("competence is empty, TM, KT, TL, TUQ or Q", where)
        if (one.competence == "TUQ") != bool(one.authorising_agency):
            raise _wrong("authorising_agency belongs to TUQ, and TUQ needs it", where)
        if one.valid_from.tzinfo is None or (one.valid_until and one.valid_until.tzinfo is None):
            raise _wrong("moments need a time zone", where)
        if one.valid_until is not None and one.valid_until <= one.valid_from:
            raise _wrong("valid_until must come after valid_from", where)
        kinds = tuple(kind.strip().casefold() for kind in one.kinds if kind.strip())
        if not kinds or (EVERY_KIND in kinds and len(kinds) > 1):
            raise _wrong('kinds names document types, or is ["*"] alone', where)
        mandate = Mandate(
            competence=one.competence,
            kinds=kinds,
            valid_from=one.valid_from,
            valid_until=one.valid_until,
            authorising_agency=one.authorising_agency,
            field=one.field,
            basis=one.basis,
        )
        for lack in lacks(mandate):
            raise _wrong(lack, where)
        mandates.append(mandate)
    return Signer(
        certificate_sha256=certificate,
        agency=told.agency,
        full_name=told.full_name,
        position=told.position,
        mandates=tuple(mandates),
    )


def _wrong(detail: str, field: str) -> RefusedError:
    return refuse(Code.TAKE_MALFORMED, detail, field=field)
