"""Who is asking: client credentials for a short token, and the token on every request."""

import base64
import binascii
import time
from typing import Annotated, Final
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from axis.answers import TokenAnswer
from axis.gateway.openapi import described
from axis.gateway.parts import Given
from axis.gateway.problems import refuse
from axis.gateway.quota import READ_COST
from axis.store.tokens import Caller, digest
from axis.violations import Code

CACHE_SECONDS: Final = 10.0
"""How long a token is believed without asking the database: also how long a removed one still works."""

CACHE_SIZE: Final = 10_000
FORM_BYTES: Final = 4096

router = APIRouter(tags=["Truy cập · Access"])


class Bearers:
    """Tokens seen lately, by digest: a request does not need a query each."""

    def __init__(self) -> None:
        """Begin empty."""
        self._seen: dict[str, tuple[float, Caller]] = {}

    def get(self, token: str) -> Caller | None:
        """Return the caller of a token that was checked at most `CACHE_SECONDS` ago."""
        found = self._seen.get(digest(token))
        return found[1] if found and time.monotonic() - found[0] < CACHE_SECONDS else None

    def put(self, token: str, caller: Caller) -> None:
        """Keep a token that the database knows."""
        if len(self._seen) >= CACHE_SIZE:
            self._seen.clear()
        self._seen[digest(token)] = (time.monotonic(), caller)


async def identify(request: Request, parts: Given) -> Caller:
    """Return the connection behind the bearer token.

    Raises:
        RefusedError: no token, an unknown or an ended one (401).
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise refuse(Code.TAKE_UNAUTHENTICATED, "send Authorization: Bearer <token of POST /v1/token>")
    bearers: Bearers = request.app.state.bearers
    now = parts.now()
    caller = bearers.get(token)
    if caller is None:
        caller = await parts.memory.find_bearer(token, at=now)
        if caller is None:
            raise refuse(Code.TAKE_UNAUTHENTICATED, "unknown or ended token; get a new one at POST /v1/token")
        bearers.put(token, caller)
    if caller.expires_at <= now:
        raise refuse(Code.TAKE_UNAUTHENTICATED, "the token has ended; get a new one at POST /v1/token")
    return caller


async def as_reader(request: Request, parts: Given) -> Caller:
    """Return who looks, and count it lightly.

    Raises:
        RefusedError: see `identify`; too many requests (429).
    """
    caller = await identify(request, parts)
    parts.quota.request(caller, READ_COST)
    return caller


async def as_sender(request: Request, parts: Given) -> Caller:
    """Return who hands something in, and count it in full.

    Raises:
        RefusedError: see `identify`; too many requests (429).
    """
    caller = await identify(request, parts)
    parts.quota.request(caller)
    return caller


Reader = Annotated[Caller, Depends(as_reader)]
"""A caller who looks: counted lightly."""

Sender = Annotated[Caller, Depends(as_sender)]
"""A caller who hands something in: counted in full."""


@router.post(
    "/v1/token",
    **described(
        "token",
        "Lấy mã truy cập · Get a token",
        answer=TokenAnswer,
        errors=(401,),
        form={"grant_type": "client_credentials", "client_id": "…", "client_secret": "…"},
    ),
)
async def post_token(request: Request, parts: Given) -> Response:
    """Client credentials (RFC 6749, 4.4), by HTTP Basic or in the form, for an opaque token good for an hour.

    `axis connection add` prints id and secret, once.
    """
    client_id, secret = await _credentials(request)
    now = parts.now()
    token = await parts.memory.issue_token(client_id, secret, at=now)
    if token is None:
        raise refuse(
            Code.TAKE_UNAUTHENTICATED,
            "sai client id hoặc bí mật, hoặc kết nối đã bỏ / wrong id or secret, or a removed connection",
        )
    body = TokenAnswer(
        access_token=token.text,
        token_type="Bearer",  # noqa: S106 - the name of a scheme
        expires_in=int((token.expires_at - now).total_seconds()),
    )
    return Response(
        msgspec.json.encode(body), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def _credentials(request: Request) -> tuple[str, str]:
    form: dict[str, str] = {}
    if request.headers.get("content-type", "").partition(";")[0] == "application/x-www-form-urlencoded":
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > FORM_BYTES:
                raise refuse(Code.TAKE_TOO_LARGE, f"a token request has at most {FORM_BYTES} bytes")
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
    if form.get("grant_type", "client_credentials") != "client_credentials":
        raise refuse(Code.TAKE_MALFORMED, "grant_type must be client_credentials", field="grant_type")
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as exc:
            raise refuse(Code.TAKE_UNAUTHENTICATED, "the Authorization header is not HTTP Basic") from exc
        # RFC 6749, 2.3.1: both are form-encoded before they go into the header.
        return unquote_plus(name), unquote_plus(secret)
    if "client_id" in form and "client_secret" in form:
        return form["client_id"], form["client_secret"]
    raise refuse(Code.TAKE_UNAUTHENTICATED, "send client id and secret by HTTP Basic or as a form")
