"""`axis content`: what retention lets go, and incidents that stay without content."""

from pathlib import Path
from typing import Annotated

import typer

from axis.checks.policy import load_policy
from axis.cli import exits, out
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.funnel import absent
from axis.cli.out import Json
from axis.content.store import ContentStore
from axis.desk.removing import due, let_go
from axis.settings import load_settings
from axis.store.faults import store_faults
from axis.store.removals import Due, IncidentRow, close_incident, list_incidents

app = typer.Typer(
    name="content",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Lưu giữ và xóa nội dung theo chính sách; sự cố bí mật nhà nước (retention, incidents).",
)
SHOWN = 20


@app.command(
    help="""Xóa nội dung quá hạn lưu giữ: văn bản mọi nơi nhận đã tải và trả lời (let content go by policy).

Không có --apply: chỉ cho biết sẽ xóa gì. Dữ liệu mô tả, sự kiện, biên nhận ở lại
(without --apply it only shows; metadata, events and receipts stay).

\b
Ví dụ / Examples
  $ axis content sweep
  $ axis content sweep --apply --json
"""
)
def sweep(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Xóa thật (remove).")] = False,
    json: Json = False,
) -> None:
    """Sweep content."""
    settings = load_settings()
    if not (settings.database_url and settings.content_dir):
        raise absent()
    days = load_policy(settings.policy_file).keep_content_days
    found, gone = run(_sweep(Path(settings.content_dir), days, apply=apply))
    size = sum(one.size for one in found)
    if json:
        for one in found:
            out.emit(one)
        out.emit({"keep_content_days": days, "due": len(found), "bytes": size, "removed": gone})
        return
    if not days:
        out.say("Chính sách giữ nội dung mãi mãi: keep_content_days là 0", "policy keeps content for ever")
        return
    for one in found[:SHOWN]:
        out.say(f"{one.sha256}  {one.size} byte  {', '.join(one.packets)}")
    out.say(f"{len(found)} tệp quá {days} ngày, {size} byte; đã xóa {gone}", "due; removed")


async def _sweep(folder: Path, days: int, *, apply: bool) -> tuple[list[Due], int]:
    content = ContentStore(folder)
    async with database() as conn:
        with store_faults():
            at = await conn.fetchval("SELECT now()")
            found = await due(conn, content, days=days, at=at)
        gone = await let_go(conn, content, found, at=at) if apply and found else 0
    return found, gone


@app.command(help="Sự cố: bí mật nhà nước tìm thấy sau khi đã nhận; không có nội dung (incidents).")
def incidents(
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Nhiều nhất bao nhiêu (at most).")] = 100,
    json: Json = False,
) -> None:
    """List incidents."""
    found = run(_incidents(limit))
    if json:
        for one in found:
            out.emit(one)
        return
    if not found:
        out.say("Chưa có sự cố nào", "no incidents")
        return
    out.table(
        f"{len(found)} sự cố / incidents",
        ("số / id", "lúc / at", "kết nối / connection", "gói tin / packet", "ở / where", "xong / closed"),
        [
            (
                str(one.incident_id),
                out.moment(one.at),
                one.connection,
                one.packet_id,
                one.field,
                f"{out.moment(one.closed_at)} {one.closed_note}" if one.closed_at else "-",
            )
            for one in found
        ],
    )


async def _incidents(limit: int) -> list[IncidentRow]:
    async with database() as conn:
        with store_faults():
            return await list_incidents(conn, limit)


@app.command(help="Đóng một sự cố, kèm việc đã làm (close an incident, with what was done).")
def close(
    number: Annotated[int, typer.Argument(metavar="ID", help="Số của sự cố (its number).")],
    *,
    note: Annotated[str, typer.Option("--note", help="Đã làm gì; không ghi nội dung (what was done).")],
    json: Json = False,
) -> None:
    """Close an incident."""
    if not note.strip():
        raise StopError(exits.USAGE, "--note không được trống", "say what was done")
    if not run(_close(number, note.strip())):
        raise StopError(exits.REFUSED, f"không có sự cố mở số {number}", "no open incident of that number")
    if json:
        out.emit({"incident_id": number, "closed": True})
    else:
        out.say(f"Sự cố {number} đã đóng", "closed")


async def _close(number: int, note: str) -> bool:
    async with database() as conn:
        with store_faults():
            return await close_incident(
                conn, number, note=note, at=await conn.fetchval("SELECT now()")
            )
