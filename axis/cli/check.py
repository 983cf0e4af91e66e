"""`axis check`: judge PDFs and packets without sending anything."""

import asyncio
import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import aclosing, contextmanager
from enum import StrEnum, unique
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from axis.appearance.grades import load_standard
from axis.cli import exits, out
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.cli.telling import Teller
from axis.cli.visible import sides
from axis.gate.check import Checked, CheckResult, exit_code, find_files, report_paths
from axis.report.page import write_page
from axis.report.story import tell
from axis.violations import REASONS, Code

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

COUNTED: Final = (
    ("accepted", "đạt / accepted"),
    ("refused", "bị từ chối / refused"),
    ("waiting", "còn chờ / waiting"),
)
MARKS: Final = {"accepted": "✓", "refused": "✗", "waiting": "…", "not-judged": "·"}
MOST_TOLD: Final = 10
"""Files: more of them get a line each, unless advice is asked for."""
MOST_ON_A_PAGE: Final = 20
"""Files of one HTML page."""

HELP: Final = """Kiểm tra PDF hoặc gói tin, cùng mã và giới hạn như trục, không gửi gì (judge, send nothing).

Bốn phần: toàn vẹn, nội dung, tin cậy, thẩm quyền. Toàn vẹn và nội dung không phụ thuộc ai tin ai;
thẩm quyền cần danh bạ nên không xét ở đây. Không có --trust thì phần tin cậy không xét, và kết quả
là đang chờ trừ khi bị từ chối. (Without --trust nothing is accepted: it waits, unless refused.)

Thể thức theo Phụ lục I NĐ 30/2020 là khuyến nghị, không chặn (appearance: advice, never blocking).

Mã thoát: 1 có tệp bị từ chối; 2 có tệp còn chờ; 0 tất cả đạt; 64 gọi sai.

\b
Ví dụ / Examples
  $ axis check cong-van.pdf
  $ axis check --trust goc-ca.pem --html bao-cao.html cong-van.pdf
  $ axis check --trust goc-ca.pem --trust ca-2.pem den/
  $ axis check --json thu-muc/ > ket-qua.jsonl
"""


@unique
class Lang(StrEnum):
    """Language of a report."""

    VI = "vi"
    EN = "en"


@app.command("check", help=HELP)
def check(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Tệp hoặc thư mục (files, folders).")],
    *,
    trust: Annotated[
        list[Path] | None, typer.Option(metavar="PEM", help="Gốc tin cậy, lặp lại được (anchors).")
    ] = None,
    processes: Annotated[
        int, typer.Option(min=1, max=64, help="Số tiến trình (processes); mặc định: số lõi, tối đa 4.")
    ] = min(4, os.cpu_count() or 1),
    lang: Annotated[Lang, typer.Option(help="Ngôn ngữ báo cáo (language).")] = Lang.VI,
    advice: Annotated[
        bool | None,
        typer.Option(
            "--advice/--no-advice",
            help="Xem trang theo NĐ 30; mặc định: có, trừ --json và nhiều tệp (look at the pages).",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Ghi một trang HTML tự đủ (one HTML page).")
    ] = None,
    appearance: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Dữ liệu thể thức khác (other appearance data)."),
    ] = None,
    json: Json = False,
) -> None:
    """Judge files."""
    files = list(find_files(paths))
    if not files:
        # A folder named wrongly must not end as "all well".
        raise StopError(
            exits.USAGE, f"không có tệp nào để kiểm tra ở {', '.join(map(str, paths))}", "no files there"
        )
    if html is not None:
        _place(html, files)
    if html is not None and len(files) > MOST_ON_A_PAGE:
        raise StopError(
            exits.USAGE, f"--html: tối đa {MOST_ON_A_PAGE} tệp", f"at most {MOST_ON_A_PAGE} files"
        )
    full = not json and len(files) <= MOST_TOLD
    if advice is None:
        advice = full or html is not None
    work = _check(
        paths,
        trust or [],
        max(1, min(processes, len(files))),
        _Shown(count=len(files), lang=lang, full=full or advice, json=json),
        advice=advice or html is not None,
        html=html,
        appearance=appearance,
    )
    raise typer.Exit(asyncio.run(work))


def _place(html: Path, files: Sequence[Path]) -> None:
    """Find out before the work that the page could not be written after it.

    Raises:
        OSError: no such folder, no right to it, or a folder of that name.
        StopError: it would be written over a document that is judged.
    """
    if html.is_dir():
        raise IsADirectoryError(errno.EISDIR, "folder", str(html))
    if not html.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no folder", str(html))
    if not os.access(html if html.exists() else html.parent, os.W_OK):
        raise PermissionError(errno.EACCES, "no permission", str(html))
    if html.exists() and any(html.samefile(file) for file in files):
        raise StopError(
            exits.USAGE,
            f"--html {html}: đó là tệp được kiểm tra, trang báo cáo sẽ ghi đè lên nó; chọn tên khác",
            "the page would be written over a file that is judged",
        )


class _Shown:
    """How results are shown while they come."""

    def __init__(self, *, count: int, lang: Lang, full: bool, json: bool) -> None:
        self.count = count
        self.lang = lang
        self.full = full
        self.json = json
        self.teller = Teller(lang)

    def show(self, checked: Checked, *, advice: bool) -> None:
        if self.json:
            out.emit(checked.result)
        elif self.full:
            self.teller.tell(tell(checked), advice=advice)
        else:
            _line(checked.result)


async def _check(
    paths: list[Path],
    trust: list[Path],
    processes: int,
    shown: _Shown,
    *,
    advice: bool,
    html: Path | None,
    appearance: Path | None,
) -> int:
    outcomes, kept = [], []
    found = report_paths(
        paths,
        trust=trust,
        processes=processes,
        advice=advice,
        pictures=html is not None,
        standard=load_standard(str(appearance)) if appearance else None,
    )
    with _progress(shown.count) as progress:
        async with aclosing(found) as results:
            async for checked in results:
                outcomes.append(checked.result.outcome)
                shown.show(checked, advice=advice)
                progress.advance(progress.task_ids[0])
                if html is not None:
                    kept.append(tell(checked))
    if html is not None:
        write_page(html, kept, lang=shown.lang)
    if not shown.json:
        told = ", ".join(
            f"{MARKS[name]} {sum(str(one) == name for one in outcomes)} {words}" for name, words in COUNTED
        )
        out.say(f"{len(outcomes)} tệp / files: {told}")
        if html is not None:
            out.say(f"Báo cáo: {html}", "report")
        if not trust and "waiting" in map(str, outcomes):
            out.say("Chưa xét tin cậy: thêm --trust goc-ca.pem", "trust was not judged: give anchors")
    return exit_code(outcomes)


@contextmanager
def _progress(count: int) -> Iterator[Progress]:
    """Show on the error stream how far a long run is; results go on above it."""
    stream = Console(stderr=True, highlight=False)
    with Progress(
        TextColumn("đang kiểm tra [dim](checking)[/dim]"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=stream,
        transient=True,
        disable=not stream.is_terminal or count <= 1,
        redirect_stdout=False,
    ) as progress:
        progress.add_task("", total=count)
        yield progress


def _line(result: CheckResult) -> None:
    out.say(f"{MARKS[result.outcome]} {result.path} [{result.kind}] {result.elapsed_ms:.0f} ms")
    for name, part in (
        ("toàn vẹn / integrity", result.integrity),
        ("nội dung / content", result.content),
        ("tin cậy / trust", result.trust),
    ):
        for reason in part.reasons:
            if reason.code == Code.TRUST_NOT_GIVEN:
                continue  # told once, at the end
            words = REASONS[reason.code]
            vi, en = sides(words.vi, words.en, "" if reason.detail == words.en else reason.detail)
            out.say(f"    {MARKS[part.outcome]} {name}: {reason.rule} {reason.code}: {vi}", en)
