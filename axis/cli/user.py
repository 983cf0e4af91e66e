"""`axis user`: add, reset, remove, list accounts of people on the page."""

import re
import sys
from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias

import typer

from axis.cli import exits, out
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.console.passwords import LEAST, Passwords, fresh_password
from axis.settings import load_settings
from axis.store import accounts
from axis.store.accounts import Account
from axis.store.clerking import note_audit_in

app = typer.Typer(
    name="user",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Tài khoản trên trang văn thư (people's accounts on the page).",
)

Name: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="NAME", help="Chữ thường, số, chấm, gạch; 2 đến 40 (lower case, digits, . _ -)."),
]
Agency: TypeAlias = Annotated[
    str, typer.Option("--agency", metavar="CODE", help="Cơ quan của văn thư (of a clerk).")
]
Ask: TypeAlias = Annotated[
    bool, typer.Option("--ask", help="Hỏi mật khẩu thay vì tự tạo (ask for a password).")
]

ROLES: Final = {"clerk": "văn thư", "operations": "vận hành", "auditor": "kiểm toán"}
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")

ADD: Final = """Thêm tài khoản và in mật khẩu, một lần duy nhất (the password is shown once).

Vai trò: clerk (văn thư: văn bản của cơ quan mình), operations (vận hành: trạng thái, không nội dung),
auditor (kiểm toán: chứng cứ, không nội dung). Trang: xem axis ps.

\b
Ví dụ / Examples
  $ axis user add lan.nguyen --agency H37 --role clerk
  $ axis user add truc.vh --role operations --ask
"""


def _role(value: str) -> str:
    for role, vi in ROLES.items():
        if value.strip().lower() in {role, vi}:
            return role
    raise StopError(exits.USAGE, f"vai trò “{value}”: chọn clerk, operations hoặc auditor", "unknown role")


@app.command(help=ADD)
def add(
    name: Name,
    role: Annotated[
        str,
        typer.Option(
            "--role", metavar="ROLE", help="clerk (văn thư), operations (vận hành), auditor (kiểm toán)."
        ),
    ] = "clerk",
    agency: Agency = "",
    *,
    ask: Ask = False,
    json: Json = False,
) -> None:
    """Add an account."""
    if not NAME.fullmatch(name):
        raise StopError(
            exits.USAGE, f"tên “{name}” không dùng được: chữ thường, số, . _ -, 2 đến 40", "bad name"
        )
    kind = _role(role)
    if kind == "clerk" and not agency:
        raise StopError(
            exits.USAGE,
            f"văn thư thuộc cơ quan nào? axis user add {name} --agency MÃ (tìm mã: axis directory find TÊN)",
            "--agency is missing",
        )
    password = _password(ask=ask)
    made = run(_add(name, kind, agency, Passwords().hash(password)))
    _show(made, "" if ask else password, json=json)


async def _add(name: str, role: str, agency: str, password: str) -> Account:
    async with database() as conn, conn.transaction():
        at = datetime.now(UTC)
        made = await accounts.add_account(conn, name, role=role, agency=agency, password=password, at=at)
        await note_audit_in(conn, "axis user", "user add", at=at, detail=f"{name} {made.role} {made.agency}")
        return made


@app.command(
    help="""Đặt lại mật khẩu, và cơ quan hoặc vai trò nếu muốn; mọi phiên đang mở kết thúc (sessions end).

\b
Ví dụ / Examples
  $ axis user reset lan.nguyen
  $ axis user reset lan.nguyen --agency H37.02
"""
)
def reset(
    name: Name,
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="Vai trò mới (a new role).")] = "",
    agency: Agency = "",
    *,
    ask: Ask = False,
    json: Json = False,
) -> None:
    """Reset an account."""
    password = _password(ask=ask)
    made = run(_reset(name, _role(role) if role else "", agency, Passwords().hash(password)))
    _show(made, "" if ask else password, json=json)


async def _reset(name: str, role: str, agency: str, password: str) -> Account:
    async with database() as conn, conn.transaction():
        at = datetime.now(UTC)
        made = await accounts.reset_account(conn, name, role=role, agency=agency, password=password, at=at)
        await note_audit_in(
            conn, "axis user", "user reset", at=at, detail=f"{name} {made.role} {made.agency}"
        )
        return made


@app.command(help="Bỏ một tài khoản; phiên của nó kết thúc ngay, việc đã làm vẫn giữ (its sessions end).")
def remove(name: Name, *, json: Json = False) -> None:
    """Remove an account."""
    run(_remove(name))
    if json:
        out.emit({"name": name, "removed": True})
    else:
        out.say(f"Đã bỏ tài khoản {name}; tên này không dùng lại", "removed; the name is not used again")


async def _remove(name: str) -> None:
    async with database() as conn, conn.transaction():
        at = datetime.now(UTC)
        await accounts.remove_account(conn, name, at=at)
        await note_audit_in(conn, "axis user", "user remove", at=at, detail=name)


@app.command("list", help="Các tài khoản (accounts).")
def list_(*, json: Json = False) -> None:
    """List accounts."""
    found = run(_list())
    if json:
        for one in found:
            out.emit(one)
        return
    if not found:
        out.say("Chưa có tài khoản; thêm: axis user add TÊN --agency MÃ", "none yet")
        return
    out.table(
        f"{len(found)} tài khoản / accounts",
        ("tên / name", "vai trò / role", "cơ quan / agency", "đặt lại / reset", "trạng thái / state"),
        [
            (
                one.name,
                f"{ROLES[one.role]} / {one.role}",
                f"{one.agency} {one.agency_name}".strip() or "-",
                out.moment(one.reset_at),
                "đã bỏ / removed" if one.removed_at else "đang dùng / in use",
            )
            for one in found
        ],
    )


async def _list() -> tuple[Account, ...]:
    async with database() as conn:
        return await accounts.list_accounts(conn)


def _password(*, ask: bool) -> str:
    if not ask:
        return fresh_password()
    if not sys.stdin.isatty():
        given = sys.stdin.readline().rstrip("\n")
    else:
        given = typer.prompt(
            f"Mật khẩu, từ {LEAST} ký tự (password)", hide_input=True, confirmation_prompt=True
        )
    if len(given) < LEAST:
        raise StopError(exits.USAGE, f"mật khẩu phải có từ {LEAST} ký tự", f"at least {LEAST} characters")
    return given


def _show(made: Account, password: str, *, json: bool) -> None:
    address = load_settings().console_url
    if json:
        out.emit(
            {
                "name": made.name,
                "role": made.role,
                "agency": made.agency,
                "password": password,
                "url": address,
            }
        )
        return
    rows = [
        ("trang / page", f"{address}/" if address else "-"),
        ("tên / name", made.name),
        ("vai trò / role", f"{ROLES[made.role]} / {made.role}"),
        ("cơ quan / agency", f"{made.agency} {made.agency_name}".strip() or "-"),
        ("mật khẩu / password", password or "(như vừa nhập / as typed)"),
    ]
    out.table("Tài khoản / account", ("", ""), rows)
    if password:
        out.say("Hãy trao mật khẩu ngay: nó không hiện lại lần nào nữa", "shown this once only")
