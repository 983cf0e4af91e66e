"""Signing in and out: a password, a limit on wrong ones, a session in a cookie."""

import hashlib
import secrets
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from axis import metrics
from axis.console.access import COOKIE, Visitor, address, read_form, read_own_form, same
from axis.console.failures import SEE_OTHER
from axis.console.pages import render
from axis.console.parts import Given
from axis.store.accounts import LIFE, end_session, open_session, read_password
from axis.store.clerking import note_audit
from axis.store.logins import FAILURE_WINDOW, count_failures, forgive, note_failure, take_back

BOTH: Final = 5
"""Wrong passwords for one account from one address within `FAILURE_WINDOW`."""
ONE_ACCOUNT: Final = 30
"""For one account from everywhere: above it even its owner waits, for somebody guesses."""
ONE_ADDRESS: Final = 40
"""From one address for any account: an office behind one address makes mistakes too."""

LOGIN_COOKIE: Final = "__Host-axis-login"
HOMES: Final = {"clerk": "/incoming", "operations": "/operations", "auditor": "/evidence"}

router = APIRouter()


@router.get("/login")
async def get_login(request: Request, next: str = "") -> Response:  # noqa: A002 - the word of the address
    """Show the form."""
    return _form(request, back=next)


@router.post("/login")
async def post_login(request: Request, parts: Given) -> Response:
    """Open a session for the right password."""
    form = await read_form(request)
    if not same(form.get("csrf", ""), request.cookies.get(LOGIN_COOKIE, "-")):
        return _form(request, back=form.get("next", ""), wrong="stale", status=403)
    name, password = form.get("name", "").strip().lower(), form.get("password", "")
    keys = _keys(name, address(request))
    at = parts.now()
    # Noted before anything is compared: many at once count as many.
    await note_failure(parts.pool, keys, at=at)
    failed = await count_failures(parts.pool, keys, at=at)
    if any(failed[key] > most for key, most in zip(keys, (BOTH, ONE_ACCOUNT, ONE_ADDRESS), strict=True)):
        metrics.LOGINS.labels("limited").inc()
        # An attempt that was not even looked at does not make the wait longer.
        await take_back(parts.pool, keys, at=at)
        return _form(request, back=form.get("next", ""), name=name, wrong="limited", status=429)
    kept = await read_password(parts.pool, name)
    if not await parts.passwords.matches(kept, password):
        metrics.LOGINS.labels("wrong").inc()
        await note_audit(parts.pool, name[:40] if kept else "-", "login failed", at=at)
        return _form(request, back=form.get("next", ""), name=name, wrong="password", status=401)
    await forgive(parts.pool, keys[0], keys[1:], at=at)
    if old := request.cookies.get(COOKIE):
        await end_session(parts.pool, old)
    token = await open_session(parts.pool, name, at=at)
    await note_audit(parts.pool, name, "login", at=at)
    metrics.LOGINS.labels("in").inc()
    response = RedirectResponse(local(form.get("next", "")), SEE_OTHER)
    response.set_cookie(
        COOKIE, token, max_age=int(LIFE.total_seconds()), path="/", secure=True, httponly=True, samesite="lax"
    )
    response.delete_cookie(LOGIN_COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


@router.post("/logout")
async def post_logout(request: Request, parts: Given, visitor: Visitor) -> Response:
    """End the session."""
    await read_own_form(request, visitor)
    await end_session(parts.pool, request.cookies[COOKIE])
    await note_audit(parts.pool, visitor.name, "logout", at=parts.now())
    response = RedirectResponse("/login", SEE_OTHER)
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return response


@router.get("/")
async def get_home(visitor: Visitor) -> Response:
    """Go where this role works."""
    return RedirectResponse(HOMES[visitor.role], SEE_OTHER)


def local(back: str) -> str:
    """Return where to go after signing in: a path of ours, never another site."""
    plain = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if plain and "\\" not in back else "/"


def _form(request: Request, *, back: str, name: str = "", wrong: str = "", status: int = 200) -> Response:
    token = request.cookies.get(LOGIN_COOKIE) or secrets.token_urlsafe(24)
    minutes = int(FAILURE_WINDOW.total_seconds() // 60)
    response = render(
        request, "login.html", status=status, csrf=token, back=local(back) if back else "", name=name,
        wrong=wrong, minutes=minutes,
    )  # fmt: skip
    response.set_cookie(
        LOGIN_COOKIE, token, max_age=3600, path="/", secure=True, httponly=True, samesite="strict"
    )
    if status == 429:  # noqa: PLR2004 - RFC 6585, 4
        response.headers["Retry-After"] = str(minutes * 60)
    return response


def _keys(name: str, place: str) -> tuple[str, str, str]:
    """Return digests of account and address together, of the account, of the address."""
    spelled = (f"both\n{name}\n{place}", f"account\n{name}", f"address\n{place}")
    both, account, where = (hashlib.sha256(text.encode()).hexdigest() for text in spelled)
    return both, account, where
