"""How commands speak: JSON lines for programs; rich text, tables and progress for people."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Final, TypeAlias

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from axis.cli.visible import visible
from axis.zone import VIETNAM

Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Mỗi dòng một đối tượng JSON (one JSON object a line).")
]


PIPED_WIDTH: Final = 120
"""Columns of a table that goes into a file or a pipe."""
LONGEST_ID: Final = 64
"""Characters of a SHA-256."""


def emit(value: object) -> None:
    """Print one object as one line of JSON."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")
    sys.stdout.flush()


def say(vi: str, en: str = "") -> None:
    """Print a sentence, Vietnamese first. Text is shown as it is, never read as markup."""
    vi, en = visible(vi), visible(en)
    console().print(f"{escape(vi)} [dim]({escape(en)})[/dim]" if en else escape(vi), soft_wrap=True)


def moment(at: datetime | None) -> str:
    """Return a moment by the clock of Vietnam, whatever clock this machine has; "-" for none."""
    return f"{at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S}" if at else "-"


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table."""
    grid = Table(
        title=title, title_justify="left", header_style="bold", box=SIMPLE_HEAD, show_header=any(columns)
    )
    lines = list(rows)
    for number, column in enumerate(columns):
        # What has no blanks is an id, a code or an address: whole, it can be copied.
        whole = all(" " not in line[number] and len(line[number]) <= LONGEST_ID for line in lines)
        grid.add_column(column, overflow="fold", no_wrap=whole)
    for row in lines:
        grid.add_row(*(escape(visible(cell)) for cell in row))
    console().print(grid)


def console() -> Console:
    """Return the console of standard output, as it is now (tests change it)."""
    wide = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(highlight=False, width=wide)


def _progress(stream: Console, *, shown: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=stream,
        transient=True,
        disable=not shown,
    )


@contextmanager
def waiting(vi: str, en: str, *, quiet: bool = False) -> Iterator[None]:
    """Show on the error stream that something long is under way.

    Args:
        vi: what is under way.
        en: the same in English.
        quiet: show nothing (``--json``).
    """
    stream = Console(stderr=True, highlight=False)
    with _progress(stream, shown=stream.is_terminal and not quiet) as progress:
        progress.add_task(f"{escape(vi)} [dim]({escape(en)})[/dim]", total=None)
        yield


@contextmanager
def steps(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show the steps of something long on the error stream, each with the seconds so far.

    Yields:
        What to tell each step to, in words for people.
    """
    stream = Console(stderr=True, highlight=False)
    since = time.monotonic()
    with _progress(stream, shown=stream.is_terminal and not quiet) as progress:
        task = progress.add_task("…", total=None)

        def tell(words: str) -> None:
            if quiet:
                return
            stream.print(f"[dim]{time.monotonic() - since:5.1f} s[/dim] {escape(words)}")
            progress.update(task, description=escape(words))

        yield tell
