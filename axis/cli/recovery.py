"""`axis backup restore reconcile`: what is kept elsewhere, brought back, and held against what there is."""

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from axis.cli import backups, exits, out, standing
from axis.cli.database import database, run
from axis.cli.exits import StopError
from axis.cli.funnel import absent
from axis.cli.out import Json
from axis.cli.verify import judge, read_anchors
from axis.content.store import ContentStore
from axis.contract.registry import load_schemas
from axis.desk.reconciling import Comparison, compare, packet_of, retaken_of, status_of, summary
from axis.desk.ruling import accepted_message
from axis.desk.taking import ack_message, submission_message
from axis.settings import Settings, load_settings
from axis.stack import single
from axis.stack.processes import PROCESSES
from axis.store.faults import store_faults
from axis.store.migrate import migrate
from axis.store.reconciling import (
    Known,
    known_events,
    messages_again,
    read_known,
    running,
    take_back,
)
from axis.topics import ACCEPTED, ACK, SUBMISSION

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

YOUNG_SECONDS: Final = 600.0
"""Content younger than this may wait for its row still."""

DOORS: Final = frozenset({"gateway", "bridge"})
"""They stay closed after a restore: what comes in meanwhile would meet a memory that has forgotten."""

SHOWN: Final = 20

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Thư mục sao lưu, ở đĩa khác (on another disk).")]


@app.command(
    help="""Sao lưu cơ sở dữ liệu và nội dung trong khi trục chạy (back up database and content, running).

Mỗi lần một thư mục con theo thời điểm; nội dung chỉ chép phần mới. Cơ sở dữ liệu trước, nội dung sau:
mọi thứ bản sao nhắc đến đều có trong bản sao (the database first, then content: all it names is there).

\b
Ví dụ / Examples
  $ axis backup /mnt/sao-luu
  $ axis backup /mnt/sao-luu --dump axis.dump    bản pg_dump -Fc làm ngay trước đó (a dump made just before)
"""
)
def backup(
    folder: Folder,
    *,
    dump: Annotated[Path | None, typer.Option(metavar="FILE", help="Bản pg_dump -Fc có sẵn (given).")] = None,
    json: Json = False,
) -> None:
    """Back up."""
    with out.waiting("đang sao lưu", "backing up", quiet=json):
        made = backups.make(_settings(), folder, dump)
    if json:
        out.emit(made)
    else:
        out.say(f"Đã sao lưu vào {made.path}; nội dung mới: {made.copied} tệp", "backed up")


@app.command(
    help="""Khôi phục bản sao lưu mới nhất, hoặc bản được nêu tên (restore the newest backup, or a named one).

Lược đồ cũ được giữ lại dưới tên before_restore. Cửa vẫn đóng sau khi khôi phục: chạy
axis reconcile --apply, rồi axis up (the old schema stays; the door stays closed until you reconciled).

\b
Ví dụ / Examples
  $ axis restore /mnt/sao-luu
  $ axis restore /mnt/sao-luu --at 20261124T020000Z
"""
)
def restore(
    folder: Folder,
    *,
    at: Annotated[str, typer.Option(metavar="NAME", help="Tên thư mục con (which one).")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Không hỏi lại (do not ask).")] = False,
    json: Json = False,
) -> None:
    """Restore."""
    settings = _settings()
    chosen = backups.choose(folder, at)
    if not yes:
        if json:
            raise StopError(exits.USAGE, "restore --json cần --yes", "--yes is missing")
        typer.confirm(f"Đưa cơ sở dữ liệu về {chosen.name}? (put the database back to it?)", abort=True)
    local = standing.runs()
    if local:
        for process in PROCESSES:
            single.halt(standing.root(), process.name)
    if busy := run(_running()):
        raise StopError(
            exits.UNAVAILABLE,
            f"còn tiến trình đang dùng cơ sở dữ liệu: {', '.join(busy)}; hãy dừng chúng",
            "stop our processes first",
        )
    with out.waiting("đang khôi phục", "restoring", quiet=json):
        brought = backups.put_back(settings, folder, chosen)
        run(migrate(settings.database_url))
    if local:
        for process in PROCESSES:
            if process.name not in DOORS:
                single.begin(standing.root(), process.name)
    if json:
        out.emit({"restored": chosen.name, "content": brought})
    else:
        out.say(f"Đã khôi phục {chosen.name}; nội dung đưa về: {brought} tệp", "restored")
        out.say("Tiếp theo: axis reconcile --apply (đến khi mã thoát 0), rồi axis up", "what comes next")


@app.command(
    help="""So cơ sở dữ liệu với Kafka và kho nội dung; nhận lại những gì bị quên (compare, take in again).

Không xóa gì. Không có --apply: chỉ kể ra. Gói tin trước, trạng thái sau khi mọi gói tin đã xong: mã 2
nghĩa là chạy lại (packets first, then statuses: exit code 2 means run it again). Mã 1: cần người xem.

\b
Ví dụ / Examples
  $ axis reconcile
  $ axis reconcile --apply
  $ axis reconcile --hash          đọc lại từng byte của kho nội dung (read every byte)
  $ axis reconcile --receipts bn/  biên nhận mà các kết nối còn giữ (receipts that connections hold)
"""
)
def reconcile(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Nhận lại, gửi lại (take and send again).")] = False,
    hashed: Annotated[bool, typer.Option("--hash", help="Đọc lại nội dung (hash content).")] = False,
    receipts: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Biên nhận của các kết nối, so với sự kiện (their receipts)."),
    ] = None,
    json: Json = False,
) -> None:
    """Reconcile."""
    if receipts is not None and not receipts.is_dir():
        raise StopError(exits.USAGE, f"không có thư mục {receipts}", "no such folder")
    settings = _settings()
    with out.waiting("đang so", "comparing", quiet=json):
        found, known = _compared(settings)
        damaged = _damaged(settings) if hashed else []
        unheld = _unheld(receipts) if receipts is not None else []
    done = run(_apply(settings, found, known)) if apply else 0
    if json:
        counts = {**summary(found), "damaged": len(damaged), "applied": done}
        out.emit({**counts, "found": _plain(found), "files": damaged, "receipts": unheld})
    else:
        _show(found, damaged, done)
        for one in unheld:
            out.say(f"BIÊN NHẬN {one}", "proves what the database does not know")
    if (found.packets or found.retaken or found.statuses) or (apply and (done or known.unsettled)):
        raise typer.Exit(exits.WAITING)
    if damaged or unheld or not found.agrees:
        raise typer.Exit(exits.REFUSED)


def _compared(settings: Settings) -> tuple[Comparison, Known]:
    from axis.kafka.rereading import reread  # noqa: PLC0415 - loads the broker's client library

    schemas = load_schemas(settings)
    before = run(_known())
    road = list(reread(settings, (SUBMISSION, ACCEPTED, ACK)))
    old = time.time() - YOUNG_SECONDS
    store = ContentStore(Path(settings.content_dir))
    content = {digest: written < old for digest, _, written in store.digests()}
    known = run(_known())
    return compare(before, road, content, known, schemas), known


async def _known() -> Known:
    async with database() as conn:
        with store_faults():
            return await read_known(conn)


async def _running() -> list[str]:
    async with database() as conn:
        with store_faults():
            return await running(conn)


async def _apply(settings: Settings, found: Comparison, known: Known) -> int:
    schemas = load_schemas(settings)
    # A status that came before its document would be refused: it waits for the next run.
    settled = not (found.packets or found.retaken or found.stranded or known.unsettled)
    async with database() as conn:
        with store_faults():
            at = await conn.fetchval("SELECT now()")
            again = await messages_again(
                conn,
                packet_ids=found.stranded,
                ack_ids=found.unheard if settled else (),
                unrouted=found.unrouted,
                packet=lambda row: submission_message(schemas, row.intake, row.message_key, row.take),
                status=lambda handling, key: ack_message(schemas, handling, key),
                route=lambda document: accepted_message(schemas, document),
            )
            return await take_back(
                conn,
                [packet_of(one, schemas) for one in found.packets],
                [retaken_of(one, schemas) for one in found.retaken],
                [status_of(one, schemas) for one in found.statuses] if settled else [],
                again,
                at=at,
            )


def _unheld(folder: Path) -> list[str]:
    """Name receipts that prove something of which the memory has no event: event and packet."""
    anchors = read_anchors([])
    proven: dict[str, str] = {}
    for path in sorted(folder.rglob("*.json")):
        told = judge(path.read_bytes(), anchors)
        if told.proven:
            proven[str(told.event.get("event_id"))] = str(told.event.get("packet_id"))
    known = run(_events(list(proven)))
    return [f"{event} {packet}" for event, packet in proven.items() if event not in known]


async def _events(names: list[str]) -> frozenset[str]:
    async with database() as conn:
        with store_faults():
            return await known_events(conn, names)


def _damaged(settings: Settings) -> list[str]:
    store = ContentStore(Path(settings.content_dir))
    return [digest for digest, _, _ in store.digests() if not store.whole(digest)]


def _show(found: Comparison, damaged: list[str], done: int) -> None:
    lines = (
        ("packets", "gói tin bị quên, nhận lại được / forgotten packets"),
        ("retaken", "lần gửi lại bị quên / forgotten retakes"),
        ("statuses", "trạng thái bị quên, nhận lại được / forgotten statuses"),
        ("stranded", "gói tin mất bản tin, gửi lại được / packets without their record"),
        ("unheard", "trạng thái mất bản tin / statuses without their record"),
        ("unrouted", "văn bản chưa gửi hết, mất bản tin / accepted documents without their record"),
        ("lost", "bị quên và không có nội dung, hoặc không rõ kết nối: CẦN NGƯỜI XEM / for people"),
        ("missing", "nội dung bị thiếu: CẦN NGƯỜI XEM / content is missing"),
        ("unnamed", "nội dung không ai nhắc đến: CẦN NGƯỜI XEM / content that nothing names"),
    )
    for name, words in lines:
        values = getattr(found, name)
        out.say(f"{len(values):6}  {words}")
        for one in values[:SHOWN]:
            out.say(f"        {one if isinstance(one, str) else f'{one.connection} {one.subject}'}")
    for one in damaged:
        out.say(f"HỎNG  {one}", "is not what its name says")
    out.say(f"{done} bản tin được đưa vào hàng chờ", "messages put on the road again")


def _plain(found: Comparison) -> dict[str, list[str]]:
    lists = {name: getattr(found, name) for name in summary(found) if name != "unreadable"}
    return {
        name: [one if isinstance(one, str) else f"{one.connection} {one.subject}" for one in values]
        for name, values in lists.items()
    }


def _settings() -> Settings:
    settings = load_settings()
    if not (settings.database_url and settings.content_dir):
        raise absent()
    return settings
