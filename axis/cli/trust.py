"""`axis trust`: show, check, import, versions, example."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from axis.cli import exits, out
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.errors import SetupError
from axis.settings import load_settings
from axis.store.trust import Trusts, TrustVersion, import_trust, list_trust
from signing.trust import EXAMPLE, TrustedAuthority, TrustList, certificate_span, load_trust, parse_trust

app = typer.Typer(
    name="trust",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Danh sách tin cậy: cơ quan chứng thực nào được tin, để làm gì (who may vouch for whom).",
)

IMPORT: Final = """Đưa một danh sách tin cậy vào dùng (put a list in force, as a new version).

Danh sách rỗng, không đọc được hoặc không có gốc thì bị từ chối, danh sách cũ giữ nguyên.
(An empty, unreadable or anchorless list is refused; the one before stays in force.)
Các tiến trình tự dùng danh sách mới trong vài giây; mỗi lô văn bản xét theo một danh sách.
(Running processes take it up by themselves within seconds; a batch is judged under one list.)

\b
Ví dụ / Examples
  $ axis trust example > danh-sach.json      # mẫu để điền (a form to fill in)
  $ axis trust check danh-sach.json
  $ axis trust import danh-sach.json --note "Thêm CA công vụ G3"
"""


@app.command("import", help=IMPORT)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp JSON (JSON file).")],
    note: Annotated[str, typer.Option(help="Ghi chú của phiên bản (note of this version).")] = "",
    *,
    json: Json = False,
) -> None:
    """Put a list in force."""
    trust, body = _read(file)
    made = run(_import(trust, body, source=file.name, note=note))
    if json:
        out.emit({"digest": trust.digest, "version": made and made.version, "changed": made is not None})
    elif made is None:
        out.say("Danh sách này đang dùng rồi: không có phiên bản mới", "in force already: no new version")
    else:
        out.say(
            f"Danh sách tin cậy phiên bản {made.version} ({trust.digest[:12]}): "
            f"{len(trust.authorities)} cơ quan chứng thực",
            f"trust list version {made.version} is in force",
        )


async def _import(trust: TrustList, body: bytes, *, source: str, note: str) -> TrustVersion | None:
    async with database() as conn, conn.transaction():
        return await import_trust(
            conn,
            digest=trust.digest,
            body=body,
            name=trust.version,
            source=source,
            by=getpass.getuser(),
            at=datetime.now(UTC),
            note=note,
        )


@app.command(help="Kiểm tra một tệp danh sách tin cậy, không đổi gì (check a file, change nothing).")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp JSON (JSON file).")],
    *,
    json: Json = False,
) -> None:
    """Check a list."""
    trust, _ = _read(file)
    _tell(trust, json=json)


@app.command(help="Danh sách đang dùng, hoặc danh sách cũ theo mã băm (the list in force, or an old one).")
def show(
    digest: Annotated[
        str, typer.Argument(metavar="[DIGEST]", help="Mã băm mà một quyết định ghi (as decisions name it).")
    ] = "",
    *,
    json: Json = False,
) -> None:
    """Show a list."""
    _tell(run(_shown(digest)), json=json)


async def _shown(digest: str) -> TrustList:
    async with database() as conn:
        trusts = Trusts(conn)
        if not digest:
            row = await trusts.trust_in_force()
            return parse_trust(row[1]) if row else load_trust(load_settings().trust_file)
        body = await trusts.trust_body(digest)
    if body is None:
        raise StopError(exits.REFUSED, f"không có danh sách mang mã băm {digest}", "no such list")
    return parse_trust(body)


@app.command(help="Các phiên bản, mới nhất trước (versions, newest first).")
def versions(*, json: Json = False) -> None:
    """List versions."""
    found = run(_versions())
    if json:
        for one in found:
            out.emit(one)
        return
    rows = [
        (
            str(one.version),
            out.moment(one.imported_at),
            one.digest[:12],
            one.imported_by,
            f"{one.name} {one.note}".strip(),
        )
        for one in found
    ]
    out.table(
        "Danh sách tin cậy / trust lists",
        ("phiên bản", "lúc / at", "mã băm", "ai / who", "ghi chú / note"),
        rows,
    )


async def _versions() -> tuple[TrustVersion, ...]:
    async with database() as conn:
        return await list_trust(conn)


@app.command(help="In mẫu danh sách để điền (print the form of a list, to be filled in).")
def example() -> None:
    """Print the shipped example."""
    typer.echo(EXAMPLE.read_text(encoding="utf-8"), nl=False)


def _read(file: Path) -> tuple[TrustList, bytes]:
    try:
        body = file.read_bytes()
    except OSError as exc:
        raise StopError(exits.USAGE, f"không đọc được {file}: {exc.strerror}", "cannot be read") from exc
    try:
        return parse_trust(body, name=str(file)), body
    except SetupError as exc:
        raise StopError(
            exits.REFUSED,
            f"không dùng được danh sách này, danh sách đang dùng không đổi: {exc}",
            "the list in force stays as it is",
        ) from exc


def _tell(trust: TrustList, *, json: bool) -> None:
    if json:
        out.emit({"digest": trust.digest, **msgspec.to_builtins(trust)})
        return
    title = f"Danh sách tin cậy {trust.version} ({trust.digest[:12]})"
    if trust.test:
        title += "  THỬ NGHIỆM / TEST ONLY"
    out.table(
        title,
        ("cơ quan / authority", "vai / roles", "hiệu lực / valid", "thuật toán / algorithms", "CRL, OCSP"),
        [_line(one) for one in trust.authorities],
    )


def _line(authority: TrustedAuthority) -> tuple[str, ...]:
    since, until = certificate_span(authority)
    begins = max(filter(None, (since, authority.valid_from)))
    ends = min(filter(None, (until, authority.valid_until)))
    allowed = ", ".join(
        f"{one.name}{f' ≥ {one.bits}' if one.bits else ''}{f' → {one.until:%d/%m/%Y}' if one.until else ''}"
        for one in authority.algorithms
    )
    return (
        f"{'gốc / anchor: ' if authority.anchor else ''}{authority.name}",
        ", ".join(authority.roles),
        f"{begins:%d/%m/%Y} – {ends:%d/%m/%Y}",
        allowed or "như luật G7 / as G7",
        " ".join((*authority.crl_urls, *authority.ocsp_urls)) or "-",
    )
