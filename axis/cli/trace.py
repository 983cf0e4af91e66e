"""`axis trace`: the way of one packet, from the database and the logs of every process."""

import json as jsonlib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from axis.cli import exits, out, standing
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.store.faults import store_faults
from axis.store.tracing import Step, read_steps

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

KNOWN: Final = frozenset({"event", "level", "logger", "timestamp", "process", "packet_id"})


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One step, and who says so."""

    at: datetime
    by: str
    """``database``, or the process whose log has it."""
    what: str
    detail: str


@app.command(
    help="""Đường đi của một gói tin, theo cơ sở dữ liệu và nhật ký mọi tiến trình (the way of one packet).

Không có nội dung văn bản, không có dữ liệu cá nhân (no content, no personal data).

\b
Ví dụ / Examples
  $ axis trace 5f0c1c1e0f6d4c0b9d6a4f6f2f1f7a3e
  $ docker compose logs --no-log-prefix worker > worker.log; axis trace … --log worker.log
"""
)
def trace(
    packet: Annotated[str, typer.Argument(metavar="PACKET", help="Mã gói tin (packet id).")],
    *,
    log: Annotated[
        list[Path] | None,
        typer.Option("--log", metavar="FILE", help="Tệp nhật ký, lặp lại được (else the stack's)."),
    ] = None,
    json: Json = False,
) -> None:
    """Show a packet's way."""
    steps = run(_steps(packet))
    files = log if log is not None else sorted((standing.root() / "logs").glob("*.log"))
    lines = [Line(at=step.at, by="database", what=step.what, detail=step.detail) for step in steps]
    lines += [line for path in files for line in _said(path, packet)]
    if not lines:
        raise StopError(exits.REFUSED, f"không có gói tin {packet}", "no such packet")
    lines.sort(key=lambda line: line.at)
    if json:
        for line in lines:
            out.emit(line)
        return
    out.table(
        f"Gói tin / packet {packet}",
        ("lúc / at", "theo / by", "việc / what", "chi tiết / detail"),
        [(_moment(line.at), line.by, line.what, line.detail) for line in lines],
    )


def _moment(at: datetime) -> str:
    """Return a moment to the millisecond: steps of one second are told apart."""
    return f"{out.moment(at)}.{at.microsecond // 1000:03}"


async def _steps(packet: str) -> list[Step]:
    async with database() as conn:
        with store_faults():
            return await read_steps(conn, packet)


def _said(path: Path, packet: str) -> list[Line]:
    found = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            if packet not in text:
                continue
            try:
                said = jsonlib.loads(text)
                at = datetime.fromisoformat(said["timestamp"])
            except (ValueError, KeyError, TypeError):
                continue  # a server's own log, not ours
            more = ", ".join(f"{key} {value}" for key, value in said.items() if key not in KNOWN)
            by = str(said.get("process", path.stem))
            found.append(Line(at=at, by=by, what=str(said.get("event", "")), detail=more))
    return found
