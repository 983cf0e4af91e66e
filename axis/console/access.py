"""Who is asking: the session behind the cookie, its role, and proof that a form came from our page."""

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from typing import Annotated, Final
from urllib.parse import parse_qsl, quote, urlsplit

from fastapi import Depends, Request

from axis.console.failures import PageError, SignInError, forbidden
from axis.console.parts import Given
from axis.store.accounts import Session, find_session

COOKIE: Final = "__Host-axis"
"""``__Host-``: only over HTTPS, only from this very host, for all of it (RFC 6265bis, 4.1.3.2)."""

FORM_BYTES: Final = 32 * 1024
ROLES: Final = {"clerk": "văn thư", "operations": "vận hành", "auditor": "kiểm toán"}


async def _visitor(request: Request, parts: Given) -> Session:
    token = request.cookies.get(COOKIE, "")
    # A page that refreshes itself is no person: it does not keep a session alive.
    used = "live" not in request.query_params and request.url.path != "/events"
    session = await find_session(parts.pool, token, at=parts.now(), used=used) if token else None
    if session is None:
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        back = f"?next={quote(asked)}" if request.method == "GET" and asked != "/" else ""
        raise SignInError(back)
    request.state.session = session
    return session


Visitor = Annotated[Session, Depends(_visitor)]
"""Whoever is signed in."""


def _only(*roles: str) -> Callable[[Session], Awaitable[Session]]:
    async def check(session: Visitor) -> Session:
        if session.role not in roles:
            raise forbidden(" và ".join(ROLES[role] for role in roles))
        return session

    return check


Clerk = Annotated[Session, Depends(_only("clerk"))]
Operator = Annotated[Session, Depends(_only("operations"))]
Auditor = Annotated[Session, Depends(_only("auditor"))]
Reader = Annotated[Session, Depends(_only("clerk", "auditor"))]
"""Who may see receipts: a clerk her agency's, an auditor all."""


async def read_form(request: Request) -> dict[str, str]:
    """Read a small form that came from a page of ours.

    Raises:
        PageError: it is too large, of another kind, or from a page of somebody else.
    """
    came_from_us(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise _foreign()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES:
            raise PageError(413, "Biểu mẫu quá lớn", "form too large", "Hãy rút ngắn nội dung rồi gửi lại.")
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=40)
    except ValueError as exc:
        raise _foreign() from exc
    return dict(fields)


async def read_own_form(request: Request, session: Session) -> dict[str, str]:
    """Read a form of this very session.

    Raises:
        PageError: its token is another's: the form did not come from our page (CSRF).
    """
    form = await read_form(request)
    if not same(form.get("csrf", ""), session.csrf):
        raise _foreign()
    return form


def came_from_us(request: Request) -> None:
    """Check what the browser says of where a form came from.

    Raises:
        PageError: another site sent it.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise _foreign()
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise _foreign()


def same(given: str, kept: str) -> bool:
    """Compare two secrets in the same time wherever they differ."""
    return hmac.compare_digest(given.encode(), kept.encode())


def address(request: Request) -> str:
    """Return where a request comes from, an IPv6 address by its network: a person has all of it."""
    host = request.client.host if request.client else ""
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return host
    if found.version == 6:  # noqa: PLR2004 - IPv6
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _foreign() -> PageError:
    return PageError(
        403, "Biểu mẫu không còn hiệu lực", "form expired or foreign",
        "Hãy mở lại trang và làm lại: biểu mẫu chỉ dùng được trong phiên đã mở nó.",
    )  # fmt: skip
