"""HTTP to the axis: a token when one is needed, and the same request again while that may help."""

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import httpx
import msgspec

from axis.answers import TokenAnswer
from axis.client.failures import AxisRefusedError, Problem, UnreachableError
from axis.errors import SetupError

T = TypeVar("T")

AGAIN: Final = frozenset({429, 502, 503, 504, 507})
"""Statuses that say: not now."""

PATIENCE_SECONDS: Final = 60.0
"""How long one call goes on trying before it says that the axis is not to be reached."""

FIRST_PAUSE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 60.0

RENEW_SECONDS: Final = 60.0
"""A token that ends sooner than this is renewed before it is used."""

Body = Callable[[], dict[str, Any]]
"""Makes the body of one attempt, as keyword arguments of `httpx`; called anew for each."""


class Wire:
    """One axis, one set of credentials, one pool of connections."""

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        *,
        ca: str | None,
        patience: float,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        if not url.startswith(("https://", "http://")):
            raise SetupError(f"địa chỉ của trục phải bắt đầu bằng https:// (not an address: {url!r})")
        context = _trusting(ca) if ca else True
        self._http = httpx.AsyncClient(
            base_url=url,
            verify=context,
            transport=transport,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        )
        self._credentials = httpx.BasicAuth(_quoted(client_id), _quoted(client_secret))
        self._patience = patience
        self._token = ""
        self._renew_at = 0.0
        self._renewing = asyncio.Lock()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def ask(self, kind: type[T], method: str, path: str, *, body: Body | None = None, **more: Any) -> T:  # noqa: ANN401
        """Send a request and decode its answer as ``kind``."""
        async with self.response(method, path, body=body, **more) as answer:
            return msgspec.json.decode(await answer.aread(), type=kind)

    @contextlib.asynccontextmanager
    async def response(
        self,
        method: str,
        path: str,
        *,
        body: Body | None = None,
        params: Mapping[str, str | float | list[str]] | None = None,
        headers: dict[str, str] | None = None,
        wait: float = 0.0,
    ) -> AsyncIterator[httpx.Response]:
        """Send a request until it is answered; give the answer, its body unread.

        Args:
            method: every request of `/v1` may be repeated.
            path: below the axis' address.
            body: makes the body of each attempt.
            params: of the query.
            headers: besides the token.
            wait: seconds that the axis may take to answer on purpose.

        Raises:
            AxisRefusedError: the axis said no.
            UnreachableError: no answer, or no room, for longer than the patience.
        """
        until = time.monotonic() + self._patience + wait
        pauses = _pauses()
        renewed = False
        while True:
            try:
                request = self._http.build_request(
                    method,
                    path,
                    params=params,
                    headers={**(headers or {}), "Authorization": f"Bearer {await self._bearer()}"},
                    timeout=httpx.Timeout(READ_SECONDS + wait, connect=CONNECT_SECONDS),
                    **(body() if body else {}),
                )
                answer = await self._http.send(request, stream=True)
            except (httpx.TransportError, UnreachableError) as exc:
                await _rest(next(pauses), until, exc)
                continue
            try:
                if answer.status_code < httpx.codes.BAD_REQUEST:
                    yield answer
                    return
                refused = await _refused(answer)
                if answer.status_code == httpx.codes.UNAUTHORIZED and not renewed:
                    self._token, renewed = "", True
                    continue
                if answer.status_code not in AGAIN:
                    raise refused
                await _rest(_pause(answer, pauses), until, refused)
            finally:
                await answer.aclose()

    async def _bearer(self) -> str:
        async with self._renewing:
            if not self._token or time.monotonic() >= self._renew_at:
                answer = await self._http.post(
                    "/v1/token", data={"grant_type": "client_credentials"}, auth=self._credentials
                )
                if answer.status_code in AGAIN:
                    raise UnreachableError(f"no token at the moment: HTTP {answer.status_code}")
                if answer.status_code != httpx.codes.OK:
                    raise await _refused(answer)
                token = msgspec.json.decode(answer.content, type=TokenAnswer)
                self._token = token.access_token
                self._renew_at = time.monotonic() + token.expires_in - RENEW_SECONDS
            return self._token


def _trusting(ca: str) -> ssl.SSLContext:
    """Trust one authority and no other.

    Raises:
        SetupError: its file is missing or holds no certificate.
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as exc:  # ssl.SSLError is one
        raise SetupError(
            f"không đọc được chứng thư gốc của cửa trục {ca} (cannot read the door's authority: {exc})"
        ) from exc


def _quoted(text: str) -> str:
    """Encode credentials as RFC 6749, 2.3.1 asks before they go into HTTP Basic."""
    return str(httpx.QueryParams({"v": text}))[2:]


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE_SECONDS
    while True:
        # Spread, so that many clients that lost the axis at once do not all come back at once.
        yield pause * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


async def _rest(seconds: float, until: float, why: Exception) -> None:
    if time.monotonic() + seconds > until:
        raise UnreachableError(f"{type(why).__name__}: {why}".removesuffix(": ")) from why
    await asyncio.sleep(seconds)


def _pause(answer: httpx.Response, pauses: Iterator[float]) -> float:
    """Return how long to wait after an answer that says: not now. Never less than it asks for."""
    asked, own = _retry_after(answer), next(pauses)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and asked:
        # The axis is well and counts: coming later than it asks would only leave places empty.
        return asked * random.uniform(1.0, 1.5)  # noqa: S311 - no secret
    return max(asked, own)


def _retry_after(answer: httpx.Response) -> float:
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdigit() else 0.0


async def _refused(answer: httpx.Response) -> AxisRefusedError:
    data = await answer.aread()
    try:
        problem = msgspec.json.decode(data, type=Problem)
    except msgspec.MsgspecError:
        # Not from the axis: a proxy in between.
        problem = Problem(title=f"HTTP {answer.status_code}", title_en=answer.reason_phrase)
    return AxisRefusedError(answer.status_code, problem)
