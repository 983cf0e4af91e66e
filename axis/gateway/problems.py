"""Problem details (RFC 9457): Vietnamese first, English beside it, and the published code."""

from typing import Final, TypeVar

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from axis import metrics
from axis.errors import DamagedContentError, RefusedError
from axis.gateway import answers
from axis.https import answer_failures
from axis.violations import REASONS, Code, Violation

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[Code, int]] = {
    Code.TAKE_TOO_LARGE: 413,
    Code.TAKE_RATE: 429,
    Code.TAKE_TOO_MANY_OPEN: 429,
    Code.TAKE_DIGEST: 400,
    Code.TAKE_KEY_REUSED: 409,
    Code.TAKE_UNAUTHENTICATED: 401,
    Code.TAKE_FORBIDDEN: 403,
    Code.TAKE_MALFORMED: 400,
    Code.TAKE_NO_ROOM: 503,
    Code.TAKE_NOT_FOUND: 404,
    Code.TAKE_UNAVAILABLE: 503,
    Code.CONTENT_REMOVED: 410,
}
"""HTTP status by reason; every other reason is the document's fault: 422."""

UNAVAILABLE_SECONDS: Final = 2.0
"""After how long a client may try again while our own database or broker is away."""

_NUMBERS: Final = {404: Code.TAKE_NOT_FOUND, 401: Code.TAKE_UNAUTHENTICATED, 413: Code.TAKE_TOO_LARGE}

T = TypeVar("T")


class DiskFullError(RefusedError):
    """The content store has no room: the same reason as a backlog, but HTTP 507."""


def refuse(code: Code, detail: str, *, field: str = "", retry_after: float | None = None) -> RefusedError:
    """Make the error that turns a request away.

    Args:
        code: the published reason.
        detail: for a developer's eyes, English.
        field: which part of the request.
        retry_after: seconds after which the same request may succeed.
    """
    return RefusedError(Violation(code, field, detail), retry_after=retry_after)


def required(found: T | None, what: str) -> T:
    """Return what was found.

    Raises:
        RefusedError: there is none for this connection (404).
    """
    if found is None:
        raise refuse(Code.TAKE_NOT_FOUND, f"no such {what} for this connection")
    return found


def problem(violation: Violation, *, status: int | None = None, retry_after: float | None = None) -> Response:
    """Say one reason as an HTTP answer.

    Args:
        violation: why.
        status: HTTP status; None: the usual one of the code.
        retry_after: seconds, rounded up; None: repeating is no use.
    """
    words = REASONS[violation.code]
    status = status or STATUS.get(violation.code, 422)
    body = answers.Problem(
        type=f"/v1/reasons/{violation.code}",
        title=words.vi,
        title_en=words.en,
        status=status,
        code=violation.code,
        rule=words.rule,
        detail=violation.detail,
        violations=(answers.reason(violation),),
    )
    response = Response(msgspec.json.encode(body), status, media_type=MEDIA_TYPE)
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, -int(-retry_after // 1)))
    if status == 401:  # noqa: PLR2004 - RFC 9110, 15.5.2: says how to authenticate
        response.headers["WWW-Authenticate"] = 'Bearer realm="axis"'
    return response


def bind(app: FastAPI) -> None:
    """Let every failure of ``app`` end as problem details."""
    own = {
        RefusedError: _refused,
        RequestValidationError: _invalid,
        HTTPException: _http,
        DamagedContentError: _bug,  # told where it was found
    }
    answer_failures(app, own, unavailable=_unavailable, bug=_bug)


async def _refused(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RefusedError)
    metrics.TURNED_AWAY.labels(exc.violation.code).inc()
    status = 507 if isinstance(exc, DiskFullError) else None
    return problem(exc.violation, status=status, retry_after=exc.retry_after)


async def _unavailable(_request: Request, exc: Exception) -> Response:
    metrics.TURNED_AWAY.labels(Code.TAKE_UNAVAILABLE).inc()
    return problem(Violation(Code.TAKE_UNAVAILABLE, "", str(exc)), retry_after=UNAVAILABLE_SECONDS)


async def _invalid(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, RequestValidationError)
    first = exc.errors()[0]
    where = ".".join(str(step) for step in first["loc"])
    return problem(Violation(Code.TAKE_MALFORMED, where, f"{where}: {first['msg']}"))


async def _http(_request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    code = _NUMBERS.get(exc.status_code, Code.TAKE_MALFORMED)
    answer = problem(Violation(code, "", str(exc.detail)), status=exc.status_code)
    answer.headers.update(exc.headers or {})
    return answer


async def _bug(_request: Request, _exc: Exception) -> Response:
    return problem(
        Violation(Code.TAKE_UNAVAILABLE, "", "an internal error; it was logged"), status=500, retry_after=30.0
    )
