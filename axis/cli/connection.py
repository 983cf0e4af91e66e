"""`axis connection`: add, list, assign, rotate, move, remove, check."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

import msgspec
import typer

from axis.cli import credentials, exits, out, profiles, upkeep
from axis.cli.database import both, database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.desk import connecting
from axis.register import Connection
from axis.settings import load_settings
from axis.store import acts, connections
from axis.store.connections import Credentials

app = typer.Typer(
    name="connection",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Kết nối: mỗi hệ thống QLVB một kết nối (connections: one registered system each).",
)

Name: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="Tên: chữ thường, số, gạch ngang (lower case, digits, dashes).")
]
Agencies: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--agency", metavar="CODE", help="Cơ quan nó đại diện; lặp lại được (repeatable)."),
]
TakeOver: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--take-over", help="Lấy cơ quan từ kết nối đang đại diện cho nó (from another connection)."
    ),
]
Save: TypeAlias = Annotated[
    bool,
    typer.Option("--save", help="Giữ lại trên máy này để dùng --as NAME (keep here for --as NAME)."),
]

ADD: Final = """Đăng ký một hệ thống và in mọi thứ nó cần để kết nối, một lần duy nhất (shown once).

Bí mật là 256 bit ngẫu nhiên; trục chỉ giữ mã băm (the axis keeps a digest only).

\b
Ví dụ / Examples
  $ axis connection add dms-bo-tai-chinh --agency G12
  $ axis connection add lgsp-h49 --agency H49 --agency H49.02 --kafka --json > lgsp-h49.json
  $ axis connection add thu --agency H37 --take-over --save && axis inbox --as thu
"""


@app.command(help=ADD)
def add(
    name: Name,
    agency: Agencies = None,
    *,
    take_over: TakeOver = False,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Cả Kafka: topic, tài khoản, quyền (also topics, user, rights).")
    ] = False,
    save: Save = False,
    bytes_per_second: Annotated[
        int, typer.Option(min=1, help="Byte mỗi giây nhiều nhất (bytes a second).")
    ] = connections.BYTES_PER_SECOND,
    requests_per_second: Annotated[
        int, typer.Option(min=1, help="Yêu cầu mỗi giây nhiều nhất (requests a second).")
    ] = connections.REQUESTS_PER_SECOND,
    max_packet_bytes: Annotated[
        int, typer.Option(min=1, help="Gói tin lớn nhất (largest packet).")
    ] = connections.MAX_PACKET_BYTES,
    json: Json = False,
) -> None:
    """Register a system."""
    if not re.fullmatch(r"[a-z0-9-]{1,40}", name):
        raise StopError(
            exits.USAGE,
            f"tên “{name}” không dùng được: chỉ chữ thường, số, gạch ngang, 1 đến 40 ký tự",
            "a name is [a-z0-9-]{1,40}",
        )
    if not agency:
        raise StopError(
            exits.USAGE,
            f"hãy cho biết cơ quan: axis connection add {name} --agency MÃ (tìm mã: axis directory find TÊN)",
            "--agency is missing",
        )
    settings = load_settings()
    limits = connecting.Limits(
        bytes_per_second=bytes_per_second,
        requests_per_second=requests_per_second,
        max_packet_bytes=max_packet_bytes,
    )
    made = run(_add(name, agency, limits, kafka=kafka, take_over=take_over))
    credentials.show(credentials.profile_of(made, settings, agency), save=save, json=json)


async def _add(
    name: str, agencies: list[str], limits: connecting.Limits, *, kafka: bool, take_over: bool
) -> Credentials:
    async with both() as (conn, doors):
        broker = doors if kafka else None
        if kafka and doors is None:
            raise StopError(exits.ABSENT, "chưa khai báo Kafka (AXIS_KAFKA_BOOTSTRAP)", "no broker is set")
        return await connecting.add(
            conn, broker, name, agencies, at=datetime.now(UTC), limits=limits, take_over=take_over
        )


@app.command("list", help="Các kết nối và cơ quan chúng đại diện (connections and their agencies).")
def list_(*, json: Json = False) -> None:
    """List connections."""
    found, under_way = run(_list())
    if json:
        for one in found:
            out.emit({**msgspec.to_builtins(one), "act": under_way.get(one.name, "")})
        return
    out.table(
        f"{len(found)} kết nối / connections",
        (
            "tên / name",
            "client id",
            "Kafka",
            "cơ quan / agencies",
            "liên lạc / last contact",
            "trạng thái / state",
        ),
        [_line(one, under_way.get(one.name, "")) for one in found],
    )


async def _list() -> tuple[tuple[Connection, ...], dict[str, str]]:
    async with database() as conn:
        under_way = {act.name: act.act for act in await acts.open_acts(conn)}
        return await connections.list_connections(conn), under_way


def _line(one: Connection, act: str) -> tuple[str, ...]:
    shown = ", ".join(one.agencies[:6]) + (f" … ({len(one.agencies)})" if len(one.agencies) > 6 else "")  # noqa: PLR2004 - as many as fit a line
    state = "đã bỏ / removed" if one.removed_at else "đang dùng / in use"
    state += f"; {act} …" if act else ""
    contact = out.moment(one.last_contact_at)
    return one.name, one.client_id, one.kafka_user or "-", shown or "-", contact, state


@app.command(
    help="""Giao thêm cơ quan cho một kết nối, kể cả khi đang thuộc kết nối khác (also from another one).

\b
Ví dụ / Examples
  $ axis connection assign lgsp-h49 --agency H49.05
"""
)
def assign(name: Name, agency: Agencies = None, *, json: Json = False) -> None:
    """Let a connection speak for more agencies."""
    if not agency:
        raise StopError(exits.USAGE, f"thiếu --agency: axis connection assign {name} --agency MÃ", "missing")
    codes = run(_assign(name, agency))
    if json:
        out.emit({"name": name, "agencies": codes})
    else:
        out.say(f"{name} đại diện cho {', '.join(codes)}", "speaks for them now")


async def _assign(name: str, agencies: list[str]) -> tuple[str, ...]:
    async with database() as conn, conn.transaction():
        return await connections.assign_agencies(conn, name, agencies, at=datetime.now(UTC))


@app.command(
    help="""Cấp bí mật mới ở cả hai cửa; bí mật cũ còn dùng được một giờ (the old one holds for an hour).

\b
Ví dụ / Examples
  $ axis connection rotate dms-bo-tai-chinh --save
  $ axis connection rotate dms-bo-tai-chinh --now       # lộ bí mật: cũ hết hiệu lực ngay
  $ axis connection rotate dms-bo-tai-chinh --kafka     # từ nay nói cả Kafka
"""
)
def rotate(
    name: Name,
    *,
    now: Annotated[
        bool, typer.Option("--now", help="Bí mật cũ hết hiệu lực ngay (the old ones end at once).")
    ] = False,
    overlap: Annotated[
        int, typer.Option(min=1, help="Giây bí mật cũ còn dùng được (seconds the old ones hold).")
    ] = int(connecting.OVERLAP.total_seconds()),
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Mở thêm cửa Kafka (open the Kafka door too).")
    ] = False,
    save: Save = False,
    json: Json = False,
) -> None:
    """Give new credentials."""
    holds = timedelta(0) if now else timedelta(seconds=overlap)
    made, agencies = run(_rotate(name, holds, kafka=kafka))
    credentials.show(credentials.profile_of(made, load_settings(), agencies), save=save, json=json)


async def _rotate(name: str, overlap: timedelta, *, kafka: bool) -> tuple[Credentials, tuple[str, ...]]:
    async with both() as (conn, doors):
        made = await connecting.rotate(conn, doors, name, at=datetime.now(UTC), overlap=overlap, kafka=kafka)
        return made, (await connections.require_connection(conn, name)).agencies


@app.command(
    help="""Bỏ một kết nối; lịch sử và biên nhận của nó vẫn giữ (its history stays).

\b
Ví dụ / Examples
  $ axis connection remove thu
"""
)
def remove(name: Name, *, json: Json = False) -> None:
    """End a connection."""
    whole = run(_remove(name))
    profiles.forget(name)
    if json:
        out.emit({"name": name, "removed": True, "topics_removed": whole})
        return
    out.say(f"Đã bỏ kết nối {name}; tên này không dùng lại", "removed; the name is not used again")
    if not whole:
        out.say(
            "Topic còn bản ghi chưa lấy; trục xóa sau khi lấy xong", "its topics go when they are read out"
        )


async def _remove(name: str) -> bool:
    async with both() as (conn, doors):
        return await connecting.remove(conn, doors, name, at=datetime.now(UTC))


app.command("move", help=upkeep.MOVE)(upkeep.move)
app.command("check", help=upkeep.CHECK)(upkeep.check)
