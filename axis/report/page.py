"""The report as one HTML page: pictures of the pages, findings drawn on them, no script, no network.

What a file says is text and nothing else: all of it is escaped, and the page's own policy forbids whatever
does not come from this module.
"""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from axis.appearance.view import Box, Picture
from axis.report.story import Told, ToldFile, at_home

_HERE: Final = Path(__file__).parent
_LABEL: Final = 5.0
"""Millimetres across a number drawn beside a box."""


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """One numbered box on a page."""

    label: str
    kind: str
    """``advice``, ``note`` or ``sign``."""
    box: Box
    label_x: float
    label_y: float
    title: str


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One page with what is drawn on it."""

    picture: Picture
    source: str
    """A data URI."""
    drawn: tuple[Drawn, ...]


def write_page(path: Path, told: Sequence[Told], *, lang: str = "vi") -> None:
    """Write one page about some files.

    Args:
        path: written over.
        told: the files in words.
        lang: ``vi`` or ``en``.

    Raises:
        OSError: it cannot be written.
    """
    path.write_text(render_page(told, lang=lang), encoding="utf-8")


def render_page(told: Sequence[Told], *, lang: str = "vi", at: datetime | None = None) -> str:
    """Return one page about some files, as HTML.

    Args:
        told: the files in words.
        lang: ``vi`` or ``en``.
        at: moment of the report; None: now.
    """
    style = (_HERE / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    english = lang == "en"
    environment.filters["say"] = lambda pair: pair[1] if english else pair[0]
    environment.filters["beside"] = lambda pair: "" if english or pair[0] == pair[1] else pair[1]
    environment.globals["sheets_of"] = sheets_of
    return environment.get_template("report.html.j2").render(
        told=told,
        lang=lang,
        english=english,
        style=style,
        digest=digest,
        made=at_home(at or datetime.now(UTC)),
    )


def sheets_of(file: ToldFile) -> list[Sheet]:
    """Return a file's pages with its findings drawn on them.

    Args:
        file: with its pictures.
    """
    sheets = []
    for picture in file.pictures:
        drawn: list[Drawn] = []
        for number, mark in enumerate(file.marks, start=1):
            if mark.page == picture.page and mark.box.width > 1:
                signed = next((one.number for one in file.signatures if one.field == mark.field), number)
                title = next((one.who for one in file.signatures if one.field == mark.field), mark.field)
                drawn.append(_drawn(f"K{signed}", "sign", mark.box, title, drawn))
        for number, one in enumerate(file.advice, start=1):
            if one.page == picture.page:
                title = f"{one.rule}: {one.found.vi}"
                drawn.append(_drawn(str(number), str(one.grade), one.box, title, drawn))
        source = "data:image/png;base64," + base64.b64encode(picture.png).decode()
        sheets.append(Sheet(picture=picture, source=source, drawn=tuple(drawn)))
    return sheets


def _drawn(label: str, kind: str, box: Box, title: str, others: list[Drawn]) -> Drawn:
    # Beside the box, so that it hides no letter, and never on another number.
    x, y = max(box.left - _LABEL / 2, _LABEL), max(box.top, _LABEL)
    while any(abs(one.label_x - x) < _LABEL and abs(one.label_y - y) < _LABEL for one in others):
        x, y = (x - _LABEL, y) if x >= 2 * _LABEL else (x, y + _LABEL)
    return Drawn(label=label, kind=kind, box=box, label_x=x, label_y=y, title=title)
