"""Look-ups: what was sent, what is overdue, which agencies there are, who am I, what a code means."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query, Response

from axis.answers import Agency, Overdue, Reason, SentLine, Whoami
from axis.gateway.access import Reader
from axis.gateway.openapi import described
from axis.gateway.parts import Given
from axis.gateway.problems import refuse, required
from axis.register import searchable
from axis.violations import REASONS, Code

MOST_LINES: Final = 1000
_CODES: Final[dict[str, Code]] = {str(code): code for code in Code}

router = APIRouter(tags=["Tra cứu · Look up"])
Limit = Annotated[int, Query(ge=1, le=MOST_LINES)]


@router.get("/v1/sent", **described("sent", "Đã gửi · What was sent", answer=SentLine, many=True))
async def get_sent(
    parts: Given,
    caller: Reader,
    limit: Limit = 100,
    before: Annotated[
        datetime | None, Query(description="Trang sau: received_at của dòng cuối · last line's received_at")
    ] = None,
) -> Response:
    """Packets of this connection, newest first, with how many recipients fetched and answered."""
    if before is not None and before.tzinfo is None:
        raise refuse(Code.TAKE_MALFORMED, "before needs a time zone", field="before")
    return _json(await parts.memory.sent(caller.connection, before=before or parts.now(), limit=limit))


@router.get(
    "/v1/overdue",
    **described("overdue", "Quá hạn trả lời · Answers overdue", answer=Overdue, many=True),
)
async def get_overdue(parts: Given, caller: Reader, limit: Limit = 100) -> Response:
    """Deliveries whose answer is due and missing: `in` we owe it, `out` it is owed to us."""
    return _json(await parts.memory.overdue(caller.connection, at=parts.now(), limit=limit))


@router.get(
    "/v1/directory/agencies",
    **described("agencies", "Tìm cơ quan · Look agencies up", answer=Agency, many=True, errors=(400,)),
)
async def get_agencies(
    parts: Given,
    _caller: Reader,
    code: Annotated[str, Query(max_length=64, description="Mã định danh, cũ hoặc mới · code")] = "",
    q: Annotated[str, Query(max_length=200, description="Một phần tên · part of the name")] = "",
    limit: Limit = 20,
) -> Response:
    """Agencies by code (old or new), or by a part of the name, with or without diacritics."""
    words = searchable(q)
    if not code and not words:
        raise refuse(Code.TAKE_MALFORMED, "give code or q", field="q")
    return _json(await parts.memory.agencies(code=code, words=words, limit=limit))


@router.get("/v1/whoami", **described("whoami", "Tôi là ai · Who am I", answer=Whoami))
async def get_whoami(parts: Given, caller: Reader) -> Response:
    """Tell the connection behind the token, whom it speaks for, and its limits."""
    return _json(
        Whoami(
            connection=caller.connection,
            agencies=await parts.memory.agencies_of(caller.connection),
            bytes_per_second=caller.bytes_per_second,
            requests_per_second=caller.requests_per_second,
            max_packet_bytes=caller.max_packet_bytes,
            token_expires_at=caller.expires_at,
        )
    )


@router.get(
    "/v1/reasons", **described("reasons", "Mọi mã lý do · Every reason code", answer=Reason, many=True)
)
async def get_reasons() -> Response:
    """Every published reason code with its rule and its words. Needs no token. Codes are never renamed."""
    return _json([_reason(code) for code in Code])


@router.get(
    "/v1/reasons/{code}",
    **described("reason", "Một mã lý do · One reason code", answer=Reason, errors=(404,)),
)
async def get_reason(code: str) -> Response:
    """Return what one code means: where the ``type`` of problem details leads."""
    return _json(_reason(required(_CODES.get(code), "reason code")))


def _reason(code: Code) -> Reason:
    words = REASONS[code]
    return Reason(code=code, rule=words.rule, field="", vi=words.vi, en=words.en, detail="")


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
