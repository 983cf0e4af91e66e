"""`axis directory`: import, show, find, versions."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from axis.cli import exits, out, signers
from axis.cli.content import keep
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.cli.shown import LEVELS
from axis.directory.reading import Reading, read_directory
from axis.directory.tables import Source
from axis.register import Agency, DirectoryVersion
from axis.settings import load_settings
from axis.store.connections import list_connections
from axis.store.directory import Entry, find_agencies, read_directory_in_force, show_agency
from axis.store.versions import import_directory, list_versions, lock_directory

app = typer.Typer(
    name="directory",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Danh bạ: cơ quan, người ký, con dấu (the directory: agencies, signers, seals).",
)

app.add_typer(signers.app)
app.command(help=signers.ROLLBACK)(signers.rollback)

IMPORT: Final = """Nạp danh bạ từ tệp CSV: tất cả hoặc không gì cả (all or nothing).

Mọi lỗi được kể ra cùng lúc, với tệp và dòng; chỉ khi không còn lỗi nào danh bạ mới đổi.
(Every problem is told with file and line; nothing changes unless all is right.)

Bảng không có trong các tệp thì giữ nguyên; nội dung như cũ thì không có phiên bản mới.
(A table that no file gives stays; the same content makes no new version.)

\b
Cột ở dòng đầu (columns in the first line; [] = có thể bỏ, optional):
  agencies  code,name,level,valid_from,\\[code102,parent,connection,
            locked,valid_until,successors,invented,collective,any_person]
  signers   certificate_sha256,agency,full_name,position,kinds,
            mandate_from,\\[competence,mandate_until,authorising_agency,
            field,basis]
            mỗi dòng một thẩm quyền (one mandate a line)
  seals     certificate_sha256,agency

\b
level: central, province, district, commune
Nhiều giá trị cách nhau bằng ";" (several values are separated by ";")
connection: để trống là giữ như cũ, "-" là bỏ (empty keeps, "-" takes away)

\b
Ví dụ / Examples
  $ axis directory import agencies.csv signers.csv seals.csv
  $ axis directory import agencies.csv --check-only
  $ axis directory import signers.csv --note "Thêm người ký của G12" --json
"""


@app.command("import", help=IMPORT)
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Tệp CSV (CSV files).")],
    note: Annotated[str, typer.Option(help="Ghi chú của phiên bản (note of this version).")] = "",
    remove: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Mã nhập nhầm, được phép biến mất (a code entered by mistake)."),
    ] = None,
    *,
    check_only: Annotated[
        bool, typer.Option("--check-only", help="Chỉ kiểm tra, không đổi gì (change nothing).")
    ] = False,
    json: Json = False,
) -> None:
    """Import CSV files as the next version."""
    sources = [Source(name=str(path), data=path.read_bytes()) for path in files]
    with out.waiting("đang nạp danh bạ", "importing", quiet=json):
        reading, version = run(_import(sources, note=note, remove=tuple(remove or ()), check_only=check_only))
    if reading.directory is None:
        for problem in reading.problems:
            if json:
                out.emit(
                    {
                        "problem": {
                            "file": problem.place.file,
                            "line": problem.place.line,
                            "vi": problem.vi,
                            "en": problem.en,
                        }
                    }
                )
            else:
                out.say(f"{problem.place}: {problem.vi}", problem.en)
        count = len(reading.problems)
        raise StopError(
            exits.REFUSED, f"{count} lỗi; danh bạ không thay đổi", f"{count} problems; nothing was imported"
        )
    counts = {
        "agencies": len(reading.directory.agencies),
        "signers": len(reading.directory.signers),
        "seals": len(reading.directory.seals),
    }
    if json:
        out.emit({"version": version and version.version, "changed": version is not None, **counts})
        return
    told = ", ".join(f"{number} {name}" for name, number in counts.items())
    if check_only:
        out.say(f"Đúng cả: {told}; chưa đổi gì", "all right; nothing was changed")
    elif version is None:
        out.say(f"Nội dung như cũ ({told}): không có phiên bản mới", "nothing differs: no new version")
    else:
        out.say(f"Danh bạ phiên bản {version.version}: {told}", f"directory version {version.version}")


async def _import(
    sources: list[Source], *, note: str, remove: tuple[str, ...], check_only: bool
) -> tuple[Reading, DirectoryVersion | None]:
    async with database() as conn, conn.transaction():
        await lock_directory(conn)
        current = await read_directory_in_force(conn)
        known = [one.name for one in await list_connections(conn) if one.removed_at is None]
        reading = read_directory(sources, current=current, connections=known, removed=remove)
        if reading.directory is None or check_only:
            return reading, None
        # Kept before the version exists, so that every version can be built again from its files.
        folder = load_settings().content_dir
        source: dict[str, object] = {
            "files": [
                {
                    "name": Path(one.name).name,
                    "sha256": keep(folder, one.data) if folder else hashlib.sha256(one.data).hexdigest(),
                }
                for one in sources
            ]
        }
        version = await import_directory(
            conn, reading.directory, source=source, at=datetime.now(UTC), note=note
        )
    return reading, version


@app.command(
    help="""Tất cả về một cơ quan, theo mã mới hoặc cũ (all about one agency, by either code).

\b
Ví dụ / Examples
  $ axis directory show G12
  $ axis directory show 000.00.00.H49 --json
"""
)
def show(
    code: Annotated[str, typer.Argument(help="Mã định danh (code).")],
    *,
    json: Json = False,
) -> None:
    """Show one agency."""
    entry = run(_show(code))
    if entry is None:
        raise StopError(
            exits.REFUSED,
            f"không có mã “{code}” trong danh bạ; tìm theo tên: axis directory find TÊN",
            "no such code",
        )
    if json:
        out.emit(entry)
        return
    agency = entry.agency
    rows = [
        ("Mã / code", f"{agency.code}  (cũ / old: {agency.code102 or '-'})"),
        ("Tên / name", agency.name + ("  [mã giả định / invented]" if agency.invented else "")),
        ("Cấp / level", LEVELS[agency.level]),
        ("Cấp trên / parent", agency.parent or "-"),
        ("Kết nối / connection", agency.connection or "chưa có / none"),
        ("Hiệu lực / valid", f"{agency.valid_from} – {agency.valid_until or '…'}"),
        ("Khóa / locked", "có / yes" if agency.locked else "không / no"),
        ("Kế thừa / successors", ", ".join(agency.successors) or "-"),
    ]
    rows += [("Con dấu / seal", seal.certificate_sha256) for seal in entry.seals]
    for signer in entry.signers:
        granted = "; ".join(
            f"{mandate.competence or 'chức danh'}: {', '.join(mandate.kinds)}" for mandate in signer.mandates
        )
        rows.append(("Người ký / signer", f"{signer.full_name}, {signer.position} ({granted})"))
    out.table(agency.code, ("", ""), rows)


async def _show(code: str) -> Entry | None:
    async with database() as conn:
        return await show_agency(conn, code)


@app.command(
    help="""Tìm cơ quan theo tên, có dấu hay không dấu, hoặc một phần mã (find by name or part of a code).

\b
Ví dụ / Examples
  $ axis directory find "tai chinh"
  $ axis directory find H49 --json
"""
)
def find(
    words: Annotated[
        list[str],
        typer.Argument(metavar="TEXT", help="Vài từ của tên, hoặc mã (words of a name, or a code)."),
    ],
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Nhiều nhất bao nhiêu (at most).")] = 50,
    json: Json = False,
) -> None:
    """Find agencies."""
    text = " ".join(words)
    found = run(_find(text, limit))
    if json:
        for agency in found:
            out.emit(agency)
    elif found:
        out.table(
            f"{len(found)} cơ quan / agencies",
            (
                "mã / code",
                "mã cũ / old",
                "tên / name",
                "cấp / level",
                "kết nối / connection",
                "hiệu lực / valid",
            ),
            [_line(agency) for agency in found],
        )
    if not found:
        raise StopError(exits.REFUSED, f"không tìm thấy “{text}” trong danh bạ", "nothing found")


async def _find(text: str, limit: int) -> tuple[Agency, ...]:
    async with database() as conn:
        return await find_agencies(conn, text, limit=limit)


def _line(agency: Agency) -> tuple[str, ...]:
    ended = f"đến / until {agency.valid_until}" if agency.valid_until else "đang dùng / in force"
    return (
        agency.code,
        agency.code102,
        agency.name,
        LEVELS[agency.level],
        agency.connection or "-",
        "đã khóa / locked" if agency.locked else ended,
    )


@app.command(help="Các phiên bản của danh bạ, mới nhất trước (versions of the directory, newest first).")
def versions(*, json: Json = False) -> None:
    """List versions."""
    found = run(_versions())
    if json:
        for version in found:
            out.emit(version)
        return
    rows = [
        (str(one.version), out.moment(one.imported_at), one.sha256[:12], one.note)
        for one in found
    ]
    out.table("Danh bạ / directory", ("phiên bản", "lúc / at", "SHA-256", "ghi chú / note"), rows)


async def _versions() -> tuple[DirectoryVersion, ...]:
    async with database() as conn:
        return await list_versions(conn)
