"""`axis connection`: add, list, assign, rotate, remove."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from axis.cli import exits, out, profiles
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.cli.profiles import Profile
from axis.register import Connection
from axis.settings import Settings, load_settings
from axis.store import connections
from axis.store.connections import Credentials

if TYPE_CHECKING:
    from pathlib import Path

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
  $ axis connection add lgsp-h49 --agency H49 --agency H49.02 --json > lgsp-h49.json
  $ axis connection add thu --agency H37 --take-over --save && axis inbox --as thu
"""


@app.command(help=ADD)
def add(
    name: Name,
    agency: Agencies = None,
    *,
    take_over: TakeOver = False,
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
    quotas = (bytes_per_second, requests_per_second, max_packet_bytes)
    made = run(_add(name, agency, quotas, take_over=take_over))
    _show_credentials(_profile(made, settings, agency), save=save, json=json)


async def _add(
    name: str, agencies: list[str], quotas: tuple[int, int, int], *, take_over: bool
) -> Credentials:
    async with database() as conn, conn.transaction():
        return await connections.add_connection(
            conn,
            name,
            agencies,
            at=datetime.now(UTC),
            take_over=take_over,
            bytes_per_second=quotas[0],
            requests_per_second=quotas[1],
            max_packet_bytes=quotas[2],
        )


@app.command("list", help="Các kết nối và cơ quan chúng đại diện (connections and their agencies).")
def list_(*, json: Json = False) -> None:
    """List connections."""
    found = run(_list())
    if json:
        for one in found:
            out.emit(one)
        return
    out.table(
        f"{len(found)} kết nối / connections",
        ("tên / name", "client id", "cơ quan / agencies", "liên lạc / last contact", "trạng thái / state"),
        [_line(one) for one in found],
    )


async def _list() -> tuple[Connection, ...]:
    async with database() as conn:
        return await connections.list_connections(conn)


def _line(one: Connection) -> tuple[str, ...]:
    shown = ", ".join(one.agencies[:6]) + (f" … ({len(one.agencies)})" if len(one.agencies) > 6 else "")  # noqa: PLR2004 - as many as fit a line
    contact = one.last_contact_at.astimezone().strftime("%d/%m/%Y %H:%M") if one.last_contact_at else "-"
    state = "đã bỏ / removed" if one.removed_at else "đang dùng / in use"
    return one.name, one.client_id, shown or "-", contact, state


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
    help="""Cấp bí mật mới; bí mật cũ hết hiệu lực ngay (a new secret; the old one ends at once).

\b
Ví dụ / Examples
  $ axis connection rotate dms-bo-tai-chinh --save
"""
)
def rotate(name: Name, *, save: Save = False, json: Json = False) -> None:
    """Give a new secret."""
    made, agencies = run(_rotate(name))
    _show_credentials(_profile(made, load_settings(), agencies), save=save, json=json)


async def _rotate(name: str) -> tuple[Credentials, tuple[str, ...]]:
    async with database() as conn, conn.transaction():
        made = await connections.rotate_secret(conn, name)
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
    run(_remove(name))
    profiles.forget(name)
    if json:
        out.emit({"name": name, "removed": True})
    else:
        out.say(f"Đã bỏ kết nối {name}; tên này không dùng lại", "removed; the name is not used again")


async def _remove(name: str) -> None:
    async with database() as conn, conn.transaction():
        await connections.remove_connection(conn, name, at=datetime.now(UTC))


def _profile(made: Credentials, settings: Settings, agencies: list[str] | tuple[str, ...]) -> Profile:
    return Profile(
        name=made.name,
        rest_url=settings.gateway_url or f"https://{settings.gateway_host}:{settings.gateway_port}",
        client_id=made.client_id,
        client_secret=made.secret,
        ca_file=settings.tls_ca,
        agencies=tuple(agencies),
    )


def _show_credentials(profile: Profile, *, save: bool, json: bool) -> None:
    where: Path | None = profiles.save(profile) if save else None
    if json:
        out.emit(profile)
        return
    rows = [
        ("rest_url", profile.rest_url),
        ("client_id", profile.client_id),
        ("client_secret", profile.client_secret),
        ("ca_file", profile.ca_file or "(của hệ thống / the system's)"),
        ("agencies", ", ".join(profile.agencies)),
    ]
    out.table(f"Kết nối {profile.name} / connection", ("", ""), rows)
    if where:
        out.say(f"Đã giữ ở {where}; dùng --as {profile.name}", "kept here")
    else:
        out.say("Hãy cất ngay client_secret: nó không hiện lại lần nào nữa", "shown this once only")
