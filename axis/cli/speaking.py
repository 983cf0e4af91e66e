"""Speaking to the axis as one connection; its refusals become lines and exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

import typer

from axis.cli import exits, profiles
from axis.cli.exits import StopError
from axis.cli.profiles import Profile
from axis.cli.visible import sides
from axis.client import Axis, AxisRefusedError, DamagedError, NotYetError, UnreachableError

PATIENCE_SECONDS: Final = 10.0
"""How long a person waits for an axis that does not answer."""

As: TypeAlias = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Hồ sơ kết nối; không cần nếu chỉ có một (profile).")
]

_BY_STATUS: Final = {
    HTTPStatus.UNAUTHORIZED: exits.CREDENTIALS,
    HTTPStatus.FORBIDDEN: exits.CREDENTIALS,
    HTTPStatus.INSUFFICIENT_STORAGE: exits.NO_ROOM,
    HTTPStatus.SERVICE_UNAVAILABLE: exits.UNAVAILABLE,
    HTTPStatus.TOO_MANY_REQUESTS: exits.UNAVAILABLE,
    HTTPStatus.BAD_REQUEST: exits.USAGE,
}


@contextmanager
def speaking(name: str) -> Iterator[Axis]:
    """Open the client with the credentials of a profile.

    Raises:
        StopError: whatever the axis or the way to it said no to.
    """
    profile = profiles.load(name)
    with (
        refusals(profile),
        Axis(
            profile.rest_url,
            profile.client_id,
            profile.client_secret,
            ca=profile.ca_file or None,
            patience=PATIENCE_SECONDS,
        ) as axis,
    ):
        yield axis


@contextmanager
def refusals(profile: Profile) -> Iterator[None]:
    """Turn what the client raises into lines and exit codes.

    Args:
        profile: whose credentials are spoken with.
    """
    try:
        yield
    except AxisRefusedError as exc:
        told = [sides(exc.vi, f"{exc.code}: {exc.en}", exc.detail)]
        told += [
            sides(f"{reason.field} {reason.vi}".strip(), "", reason.detail)
            for reason in exc.reasons
            if reason.code != exc.code or reason.detail != exc.detail
        ]
        if exc.status == HTTPStatus.UNAUTHORIZED:
            told.append((f"cấp bí mật mới: axis connection rotate {profile.name} --save", ""))
        raise StopError(
            _BY_STATUS.get(HTTPStatus(exc.status), exits.REFUSED),
            "; ".join(vi for vi, _ in told),
            "; ".join(en.strip() for _, en in told if en),
        ) from exc
    except UnreachableError as exc:
        raise StopError(
            exits.UNAVAILABLE,
            f"trục ở {profile.rest_url} không trả lời; trục có đang chạy không? (axis ps, axis up) [{exc}]",
            "the axis does not answer",
        ) from exc
    except NotYetError as exc:
        raise StopError(exits.WAITING, f"chưa có câu trả lời: {exc}; hỏi lại sau", "not yet") from exc
    except DamagedError as exc:
        raise StopError(
            exits.UNAVAILABLE, f"tải về bị hỏng: {exc}; hãy tải lại", "damaged on the way"
        ) from exc
