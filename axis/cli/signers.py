"""`axis directory signers`: an agency's own register, and `axis directory rollback`."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from axis.cli import exits, out
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.directory.reading import read_signers
from axis.directory.registering import Registered, register
from axis.directory.tables import Source
from axis.register import DirectoryVersion, Mandate, Signer
from axis.store.rollback import go_back
from axis.store.signers import list_signers, read_around, write_signers
from axis.store.versions import lock_directory
from axis.zone import VIETNAM

app = typer.Typer(
    name="signers",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Sổ người ký của cơ quan: thêm, kết thúc thẩm quyền (an agency's own register of signers).",
)

IMPORT: Final = """Thêm người ký, giao hoặc kết thúc thẩm quyền (add signers, grant or end mandates).

Thẩm quyền đã giao không sửa được: ghi lại dòng cũ với mandate_until là kết thúc; dòng mới là giao mới.
(A granted mandate is never edited: its line with mandate_until ends it; a new line grants a new one.)
Người không có trong tệp thì giữ nguyên (who is not in the file stays).

\b
Cột / columns: certificate_sha256,agency,full_name,position,kinds,mandate_from,
               \\[competence,mandate_until,authorising_agency,field,basis]

\b
Ví dụ / Examples
  $ axis directory signers import nguoi-ky.csv --agency G12
  $ axis directory signers list --agency G12
"""


@app.command("import", help=IMPORT)
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Tệp CSV (CSV files).")],
    agency: Annotated[
        list[str] | None,
        typer.Option("--agency", metavar="CODE", help="Chỉ của cơ quan này (only of this agency)."),
    ] = None,
    note: Annotated[str, typer.Option(help="Ghi chú của phiên bản (note of this version).")] = "",
    *,
    json: Json = False,
) -> None:
    """Merge CSV files into the register."""
    sources = [Source(name=str(path), data=path.read_bytes()) for path in files]
    merged, version = run(_import(sources, agency, note=note))
    for problem in merged.problems:
        if json:
            out.emit({"problem": {"place": str(problem.place), "vi": problem.vi, "en": problem.en}})
        else:
            out.say(f"{problem.place}: {problem.vi}", problem.en)
    if merged.problems:
        count = len(merged.problems)
        raise StopError(exits.REFUSED, f"{count} lỗi; sổ người ký không thay đổi", f"{count} problems")
    if json:
        out.emit({"version": version and version.version, "changed": len(merged.signers)})
    elif version is None:
        out.say("Sổ người ký không có gì thay đổi", "nothing differs")
    else:
        out.say(
            f"Danh bạ phiên bản {version.version}: {len(merged.signers)} người ký thay đổi",
            f"directory version {version.version}",
        )


async def _import(
    sources: list[Source], agencies: list[str] | None, *, note: str
) -> tuple[Registered, DirectoryVersion | None]:
    given, problems = read_signers(sources)
    if problems:
        return Registered(problems=problems), None
    at, who = datetime.now(UTC), getpass.getuser()
    async with database() as conn, conn.transaction():
        await lock_directory(conn)
        around = await read_around(
            conn,
            [one.certificate_sha256 for one, _ in given],
            [code for one, _ in given for code in one.codes()],
        )
        merged = register(
            given,
            current=around.signers,
            seals=around.seals,
            agencies=around.agencies,
            allowed=agencies,
            at=at,
        )
        return merged, await write_signers(conn, merged.signers, by=f"operator {who}", at=at, note=note)


@app.command("list", help="Người ký và thẩm quyền của các cơ quan (signers and mandates of agencies).")
def list_(
    agency: Annotated[list[str], typer.Option("--agency", metavar="CODE", help="Mã; lặp lại được (code).")],
    *,
    json: Json = False,
) -> None:
    """List signers."""
    found = run(_list(agency))
    if json:
        for one in found:
            out.emit(one)
        return
    out.table(
        ", ".join(agency),
        ("cơ quan / agency", "họ tên / name", "chức vụ / position", "thẩm quyền / mandates", "chứng thư"),
        [
            (
                one.agency,
                one.full_name,
                one.position,
                "; ".join(map(_told, one.mandates)),
                one.certificate_sha256,
            )
            for one in found
        ],
    )


async def _list(agencies: list[str]) -> tuple[Signer, ...]:
    async with database() as conn:
        return await list_signers(conn, agencies)


def _told(mandate: Mandate) -> str:
    since = mandate.valid_from.astimezone(VIETNAM)
    until = mandate.valid_until.astimezone(VIETNAM) if mandate.valid_until else None
    words = (mandate.competence or "chức danh", ", ".join(mandate.kinds), mandate.field, mandate.basis)
    return f"{', '.join(filter(None, words))} ({since:%d/%m/%Y} – {f'{until:%d/%m/%Y}' if until else '…'})"


ROLLBACK: Final = """Quay lại một phiên bản cũ của danh bạ (go back to a version, as a new one).

Kết nối của mỗi cơ quan giữ như hiện nay (who speaks for an agency stays as it is now).

\b
Ví dụ / Examples
  $ axis directory versions
  $ axis directory rollback 12 --note "Nạp nhầm tệp"
"""


def rollback(
    version: Annotated[int, typer.Argument(metavar="VERSION", help="Phiên bản (version).")],
    note: Annotated[str, typer.Option(help="Ghi chú của phiên bản mới (note).")] = "",
    *,
    json: Json = False,
) -> None:
    """Go back to a version."""
    made = run(_rollback(version, note))
    if json:
        out.emit({"version": made and made.version, "changed": made is not None})
    elif made is None:
        out.say(f"Danh bạ đang như phiên bản {version}: không có gì đổi", "nothing differs")
    else:
        out.say(f"Danh bạ phiên bản {made.version}: như phiên bản {version}", f"as version {version} was")


async def _rollback(version: int, note: str) -> DirectoryVersion | None:
    async with database() as conn, conn.transaction():
        await lock_directory(conn)
        return await go_back(
            conn, version, by=f"operator {getpass.getuser()}", at=datetime.now(UTC), note=note
        )
