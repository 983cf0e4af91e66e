"""What goes wrong on a page, as a page: what happened and what to do."""

from typing import Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from axis.console.pages import render
from axis.errors import AxisError
from axis.https import answer_failures

SEE_OTHER: Final = 303


class PageError(AxisError):
    """A request that ends on a page that says why."""

    def __init__(self, status: int, title: str, title_en: str, advice: str) -> None:
        """Keep the words.

        Args:
            status: HTTP status.
            title: what happened, Vietnamese.
            title_en: the same, English.
            advice: what to do now.
        """
        super().__init__(title_en)
        self.status, self.title, self.title_en, self.advice = status, title, title_en, advice


class SignInError(AxisError):
    """Nobody is signed in, or not any more."""

    def __init__(self, back: str) -> None:
        """Keep where to go after signing in."""
        super().__init__("not signed in")
        self.back = back


def absent() -> PageError:
    """Make the answer to everything that does not exist or may not be seen: the two look the same."""
    return PageError(
        404, "Không có trang này", "no such page",
        "Có thể địa chỉ sai, hoặc văn bản này không thuộc cơ quan của bạn.",
    )  # fmt: skip


def forbidden(whom: str) -> PageError:
    """Make the answer to an account of another role."""
    return PageError(
        403, "Tài khoản của bạn không dùng trang này", "not for this account",
        f"Trang này dành cho {whom}. Nếu công việc của bạn cần nó, hãy hỏi người quản trị.",
    )  # fmt: skip


def bind(app: FastAPI) -> None:
    """Let every failure of ``app`` end as a page."""
    own = {
        PageError: _page,
        SignInError: _sign_in,
        RequestValidationError: _absent,
        HTTPException: _http,
    }
    answer_failures(app, own, unavailable=_unavailable, bug=_bug)


async def _page(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, PageError)
    return render(
        request, "error.html", status=exc.status, title=exc.title, title_en=exc.title_en, advice=exc.advice
    )


async def _sign_in(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, SignInError)
    if "hx-request" in request.headers:
        # A part of a page cannot become the login page: the browser goes there as a whole.
        return Response(status_code=401, headers={"HX-Redirect": "/login"})
    return RedirectResponse(f"/login{exc.back}", SEE_OTHER)


async def _unavailable(request: Request, _exc: Exception) -> Response:
    return await _page(request, PageError(
        503, "Hệ thống tạm thời không phục vụ được", "temporarily unavailable",
        "Chưa có gì bị mất. Hãy tải lại trang sau ít phút; nếu vẫn vậy, báo bộ phận vận hành.",
    ))  # fmt: skip


async def _absent(request: Request, _exc: Exception) -> Response:
    return await _page(request, absent())


async def _http(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)
    if exc.status_code == 405:  # noqa: PLR2004 - RFC 9110, 15.5.6
        return await _page(request, PageError(
            405, "Trang này không dùng được theo cách đó", "method not allowed", "Hãy quay lại trang trước.",
        ))  # fmt: skip
    return await _page(request, absent())


async def _bug(request: Request, _exc: Exception) -> Response:
    return await _page(request, PageError(
        500, "Trang gặp lỗi của chính hệ thống", "a fault of ours",
        "Lỗi đã được ghi lại. Hãy thử lại; nếu vẫn vậy, báo bộ phận vận hành kèm thời điểm này.",
    ))  # fmt: skip
