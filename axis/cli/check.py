"""`axis check`: judge PDFs and packets without sending anything."""

import asyncio
import os
from contextlib import aclosing
from pathlib import Path
from typing import Annotated, Final

import typer

from axis.cli import out
from axis.cli.out import Json
from axis.gate.check import CheckResult, check_paths, exit_code
from axis.violations import REASONS, Code

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

COUNTED: Final = (
    ("accepted", "đạt / accepted"),
    ("refused", "bị từ chối / refused"),
    ("waiting", "còn chờ / waiting"),
)
MARKS: Final = {"accepted": "✓", "refused": "✗", "waiting": "…", "not-judged": "·"}

HELP: Final = """Kiểm tra PDF hoặc gói tin, cùng mã và giới hạn như trục, không gửi gì (judge, send nothing).

Bốn phần: toàn vẹn, nội dung, tin cậy, thẩm quyền. Toàn vẹn và nội dung không phụ thuộc ai tin ai;
thẩm quyền cần danh bạ nên không xét ở đây. Không có --trust thì phần tin cậy không xét, và kết quả
là đang chờ trừ khi bị từ chối. (Without --trust nothing is accepted: it waits, unless refused.)

Mã thoát: 1 có tệp bị từ chối; 2 có tệp còn chờ; 0 tất cả đạt; 64 gọi sai.

\b
Ví dụ / Examples
  $ axis check cong-van.pdf
  $ axis check --trust goc-ca.pem --trust ca-2.pem den/
  $ axis check --json thu-muc/ > ket-qua.jsonl
"""


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
    json: Json = False,
) -> None:
    """Judge files."""
    raise typer.Exit(asyncio.run(_check(paths, trust or [], processes, json=json)))


async def _check(paths: list[Path], trust: list[Path], processes: int, *, json: bool) -> int:
    outcomes = []
    async with aclosing(check_paths(paths, trust=trust, processes=processes)) as results:
        async for result in results:
            outcomes.append(result.outcome)
            if json:
                out.emit(result)
            else:
                _show(result)
    if not json:
        told = ", ".join(
            f"{MARKS[name]} {sum(str(one) == name for one in outcomes)} {words}" for name, words in COUNTED
        )
        out.say(f"{len(outcomes)} tệp / files: {told}")
        if not trust and "waiting" in map(str, outcomes):
            out.say("Chưa xét tin cậy: thêm --trust goc-ca.pem", "trust was not judged: give anchors")
    return exit_code(outcomes)


def _show(result: CheckResult) -> None:
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
            detail = "" if reason.detail == words.en else f" {reason.detail}"
            out.say(
                f"    {MARKS[part.outcome]} {name}: {reason.rule} {reason.code}: {words.vi}{detail}", words.en
            )
