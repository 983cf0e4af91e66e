"""`axis quarantine`: list, show, replay, close."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from axis.cli import exits, out
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.content.store import ContentStore
from axis.document import event_id
from axis.settings import load_settings
from axis.store.faults import store_faults
from axis.store.outbox import add_outgoing
from axis.store.quarantine import Entry, close_entry, list_quarantine, mark_replayed, show_quarantine
from axis.topics import BY_NAME
from axis.traffic import Outgoing
from axis.violations import REASONS, Code

app = typer.Typer(
    name="quarantine",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Bản ghi bị cách ly, giữ nguyên từng byte (records set aside byte for byte).",
)

Number = Annotated[int, typer.Argument(metavar="ID", help="Số của bản ghi (number of the record).")]


@app.command("list", help="Các bản ghi bị cách ly và lý do (records set aside, and why).")
def list_(
    *,
    after: Annotated[int, typer.Option(help="Chỉ từ sau số này (only after this number).")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Nhiều nhất bao nhiêu (at most).")] = 100,
    json: Json = False,
) -> None:
    """List quarantine."""
    found = run(_list(after, limit))
    if json:
        for entry in found:
            out.emit(entry)
        return
    if not found:
        out.say("Không có bản ghi nào bị cách ly", "quarantine is empty")
        return
    out.table(
        f"{len(found)} bản ghi / records",
        ("số / id", "lúc / at", "ở / from", "byte", "lý do / reason", "xong / dealt with"),
        [_line(entry) for entry in found],
    )


async def _list(after: int, limit: int) -> list[Entry]:
    async with database() as conn:
        with store_faults():
            return await list_quarantine(conn, after=after, limit=limit)


def _line(entry: Entry) -> tuple[str, ...]:
    record = entry.record
    return (
        str(entry.id),
        out.moment(record.at),
        f"{record.topic}/{record.partition}@{record.offset}",
        str(record.size),
        f"{record.code}: {record.detail}",
        _dealt_with(entry),
    )


def _dealt_with(entry: Entry) -> str:
    if entry.closed_at:
        return f"đóng / closed {out.moment(entry.closed_at)}: {entry.closed_note}"
    if entry.replayed_at:
        return f"gửi lại / replayed {out.moment(entry.replayed_at)}"
    return "-"


@app.command(
    help="""Một bản ghi: lý do, và nội dung nếu muốn (one record: why, and its bytes if you want them).

\b
Ví dụ / Examples
  $ axis quarantine show 3
  $ axis quarantine show 3 -o ban-ghi.bin      nguyên từng byte (byte for byte)
"""
)
def show(
    number: Number,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Ghi nội dung ra tệp (write its bytes).")
    ] = None,
    json: Json = False,
) -> None:
    """Show one record."""
    entry = _required(run(_show(number)), number)
    if output is not None:
        output.write_bytes(_content(entry))
    if json:
        out.emit(entry)
        return
    record = entry.record
    reason = REASONS[Code(record.code)] if record.code in set(Code) else None
    rows = [
        ("số / id", str(entry.id)),
        ("ở / from", f"{record.topic}/{record.partition}@{record.offset}"),
        ("khóa / key", (record.key or b"").decode(errors="backslashreplace") or "-"),
        ("lúc / at", out.moment(record.at)),
        ("byte", f"{record.size}, SHA-256 {record.sha256}"),
        ("lý do / reason", f"{record.code}: {record.detail}"),
        ("nghĩa / meaning", f"{reason.vi} ({reason.en})" if reason else "-"),
        ("xong / dealt with", _dealt_with(entry)),
    ]
    out.table(f"Bản ghi {entry.id} / record", ("", ""), rows)
    if output is not None:
        sys.stderr.write(f"{output}\n")


async def _show(number: int) -> Entry | None:
    async with database() as conn:
        with store_faults():
            return await show_quarantine(conn, number)


@app.command(
    help="""Gửi lại một bản ghi vào đúng topic của nó, sau khi đã sửa nguyên nhân (send it again).

Bản ghi vào hàng chờ gửi; tiến trình keeper phát đi trong vài giây. Làm hai lần không hại gì.

\b
Ví dụ / Examples
  $ axis quarantine replay 3
"""
)
def replay(number: Number, *, json: Json = False) -> None:
    """Send a record again."""
    entry = _required(run(_show(number)), number)
    if entry.record.topic not in BY_NAME:
        raise StopError(
            exits.REFUSED,
            f"topic {entry.record.topic} không thuộc trục; không gửi lại được",
            "not a topic of ours",
        )
    run(_replay(entry, _content(entry)))
    if json:
        out.emit({"id": entry.id, "replayed": True})
    else:
        out.say(f"Bản ghi {entry.id} đã vào hàng chờ gửi lại", "queued to be sent again")


async def _replay(entry: Entry, value: bytes) -> None:
    at = datetime.now(UTC)
    record = entry.record
    again = Outgoing(
        topic=record.topic,
        key=record.key or b"",
        value=value,
        event_id=event_id("replay", f"{entry.id}@{at.isoformat()}"),
    )
    async with database() as conn, conn.transaction():
        with store_faults():
            await add_outgoing(conn, [again], at=at)
            await mark_replayed(conn, entry.id, at=at)


@app.command(
    help="""Đóng một bản ghi không gửi lại được, kèm lý do; nội dung vẫn giữ (close it without sending it).

\b
Ví dụ / Examples
  $ axis quarantine close 3 --note "bản ghi thử của đơn vị X, đã báo"
"""
)
def close(
    number: Number,
    *,
    note: Annotated[str, typer.Option("--note", help="Vì sao đóng; không ghi nội dung văn bản (why).")],
    json: Json = False,
) -> None:
    """Close a record."""
    if not note.strip():
        raise StopError(exits.USAGE, "--note không được trống", "say why")
    entry = _required(run(_show(number)), number)
    run(_close(entry.id, note.strip()))
    if json:
        out.emit({"id": entry.id, "closed": True})
    else:
        out.say(f"Bản ghi {entry.id} đã đóng; nội dung vẫn giữ", "closed; its bytes stay")


async def _close(number: int, note: str) -> None:
    async with database() as conn:
        with store_faults():
            await close_entry(conn, number, note=note, at=datetime.now(UTC))


def _content(entry: Entry) -> bytes:
    try:
        with ContentStore(Path(load_settings().content_dir)).open(entry.record.sha256) as file:
            return file.read()
    except FileNotFoundError as exc:
        raise StopError(
            exits.UNAVAILABLE,
            f"kho nội dung không có {entry.record.sha256}; xem AXIS_CONTENT_DIR",
            "its bytes are not in this content store",
        ) from exc


def _required(entry: Entry | None, number: int) -> Entry:
    if entry is None:
        raise StopError(exits.REFUSED, f"không có bản ghi số {number}; xem axis quarantine list", "none such")
    return entry
