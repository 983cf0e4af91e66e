"""`axis up down ps logs migrate`: the local stack."""

import time
from typing import Annotated

import typer

from axis.cli import exits, out, profiles, standing
from axis.cli.database import run
from axis.cli.exits import StopError
from axis.cli.funnel import absent
from axis.cli.out import Json
from axis.settings import load_settings
from axis.stack import life
from axis.store.migrate import migrate as bring_up_to_date

app = typer.Typer(add_completion=False, rich_markup_mode="rich")


@app.command(
    help="""Khởi động trục trên máy này và chờ đến khi mọi phần sẵn sàng (start, wait until all is ready).

Kafka, PostgreSQL, Apicurio, cơ quan chứng thực THỬ NGHIỆM và các tiến trình của trục; bảo mật bật sẵn.
Gọi hai lần không hại gì. Dữ liệu ở AXIS_HOME (mặc định ~/.local/share/axis).

\b
Ví dụ / Examples
  $ axis up
  $ AXIS_HOME=~/truc-2 axis up           trục thứ hai bên cạnh (a second one beside it)
  $ axis up --prometheus
"""
)
def up(
    *,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Chạy thêm Prometheus (run a Prometheus too).")
    ] = False,
    json: Json = False,
) -> None:
    """Start the stack."""
    since = time.monotonic()
    start(prometheus=prometheus, quiet=json)
    settings = load_settings()
    seconds = round(time.monotonic() - since, 1)
    addresses = standing.addresses(settings)
    if json:
        out.emit({"home": str(settings.home), "seconds": seconds, "addresses": dict(addresses)})
        return
    out.table(f"Trục sẵn sàng sau {seconds} s / ready", ("", ""), addresses)
    out.say("Thử: axis demo; dừng: axis down", "try it; stop it")


def start(*, prometheus: bool = False, quiet: bool) -> None:
    """Start the stack, telling how far it is; one that runs keeps its Prometheus."""
    prometheus = prometheus or (standing.runs() and bool(standing.described().get("prometheus")))
    before = standing.gateway_url()
    with standing.starting(), out.steps(quiet=quiet) as tell:
        life.up(standing.root(), prometheus=prometheus, progress=tell)
    if before and before != standing.gateway_url():
        profiles.follow(before, standing.gateway_url())


@app.command(
    help="""Dừng trục; dữ liệu vẫn giữ (stop the stack; its data stay).

\b
Ví dụ / Examples
  $ axis down
  $ axis down --remove          dừng và xóa MỌI dữ liệu của trục này (delete all its data)
"""
)
def down(
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Xóa mọi dữ liệu, không lấy lại được (delete all data for good).")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại (do not ask).")] = False,
    json: Json = False,
) -> None:
    """Stop the stack."""
    if remove and not yes:
        if json:
            raise StopError(exits.USAGE, "--remove --json cần --yes", "--yes is missing")
        typer.confirm(f"Xóa hết dữ liệu ở {standing.root()}? (delete everything there?)", abort=True)
    with standing.starting(), out.steps(quiet=json) as tell:
        stopped = life.down(standing.root(), progress=tell)
        if remove:
            life.remove(standing.root())
    if json:
        out.emit({"stopped": stopped, "removed": remove})
    elif not stopped and not remove:
        out.say(f"Không có trục nào chạy ở {standing.root()}", "no stack was running there")
    else:
        out.say(
            "Đã dừng" + (" và xóa dữ liệu" if remove else ""),
            "stopped" + (", data removed" if remove else ""),
        )


@app.command(help="Các tiến trình của trục, tình trạng và địa chỉ; mã 2 nếu chưa sẵn sàng hết (processes).")
def ps(*, json: Json = False) -> None:
    """Show processes."""
    found = standing.standings()
    if json:
        for one in found:
            out.emit(one)
    else:
        out.table(
            str(standing.root()),
            ("tên / name", "tình trạng / state", "pid", "cổng / port", "chạy / uptime", "nhật ký / log"),
            [
                (one.name, one.state, str(one.pid), str(one.port), f"{one.uptime_seconds:.0f} s", one.log)
                for one in found
            ],
        )
        out.table("Địa chỉ / addresses", ("", ""), standing.addresses(load_settings()))
    if any(one.state != "ready" for one in found):
        raise typer.Exit(exits.WAITING)


@app.command(
    help="""Nhật ký của trục (logs).

\b
Ví dụ / Examples
  $ axis logs worker -n 100
  $ axis logs -f gateway worker        xem liên tục (go on)
"""
)
def logs(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Tiến trình (processes).")] = None,
    *,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="Số dòng của mỗi cái (lines).")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Xem liên tục (go on).")] = False,
    json: Json = False,
) -> None:
    """Show logs."""
    if not (standing.root() / "logs").is_dir():
        raise absent()
    for name, line in life.logs(standing.root(), names or (), lines=lines, follow=follow):
        if json:
            out.emit({"name": name, "line": line})
        else:
            typer.echo(f"{name:<10} {line}")


@app.command(
    help="""Nâng cấp lược đồ cơ sở dữ liệu bằng các tệp SQL đánh số (bring the schema up to date).

\b
Ví dụ / Examples
  $ axis migrate
  $ axis migrate --stage pre        trước khi thay mã mới; --stage post: sau đó (before new code; after it)
  $ AXIS_DATABASE_URL=postgresql://axis:…@db/axis axis migrate --json
"""
)
def migrate(
    *,
    stage: Annotated[
        str, typer.Option(metavar="pre|post", help="Chỉ phần trước, hoặc sau mã mới (only this part).")
    ] = "",
    json: Json = False,
) -> None:
    """Run migrations."""
    if stage not in {"", "pre", "post"}:
        raise StopError(exits.USAGE, f"--stage “{stage}”: pre hoặc post", "pre or post")
    settings = load_settings()
    if not settings.database_url:
        raise absent()
    with out.waiting("đang nâng cấp lược đồ", "migrating", quiet=json):
        ran = run(bring_up_to_date(settings.database_url, stage=stage))
    if json:
        out.emit({"applied": ran})
    elif ran:
        out.say(f"Đã chạy: {', '.join(ran)}", "applied")
    else:
        out.say("Lược đồ đã mới nhất", "already up to date")
