"""How pages are made: templates with everything escaped, dates of Vietnam, words for codes."""

from datetime import date, datetime
from typing import Any, Final

from fastapi import Request
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.responses import HTMLResponse

from axis.console import words
from axis.zone import VIETNAM


def moment(at: datetime | None) -> str:
    """Return a moment as people read it: dd/MM/yyyy HH:mm in Vietnam."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M}" if at else "–"


def day(on: date | None) -> str:
    """Return a day as people read it."""
    return f"{on:%d/%m/%Y}" if on else "–"


def size(count: int) -> str:
    """Return bytes as people read them."""
    if count < 1024:  # noqa: PLR2004 - the unit
        return f"{count} B"
    for unit, length in (("GB", 1024**3), ("MB", 1024**2)):
        if count >= length:
            return f"{count / length:.1f} {unit}".replace(".", ",")
    return f"{count / 1024:.0f} KB"


def span(seconds: float) -> str:
    """Return an age in the largest unit that fits."""
    for unit, length in (("ngày", 86400), ("giờ", 3600), ("phút", 60)):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(max(seconds, 0))} giây"


_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("axis.console"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(
    moment=moment,
    second=words.second,
    day=day,
    size=size,
    span=span,
    reason=words.reason,
    state=words.state,
    own_state=words.own_state,
    told=words.told,
    numbered=words.numbered,
)
_ENVIRONMENT.globals.update(
    ACTIONS=words.ACTIONS,
    GROUNDS=words.GROUNDS,
    KINDS=words.KINDS,
    LEVELS=words.LEVELS,
    PRIORITIES=words.PRIORITIES,
)


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401
    """Make a page; what it shows comes in as values, the session from the request.

    Args:
        request: of this page.
        template: file name in ``templates``.
        status: HTTP status.
        values: what the template names.
    """
    values.setdefault("now", request.app.state.parts.now())
    session = getattr(request.state, "session", None)
    text = _ENVIRONMENT.get_template(template).render(session=session, path=request.url.path, **values)
    return HTMLResponse(text, status)
