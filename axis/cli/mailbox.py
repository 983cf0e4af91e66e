"""`axis fetch mark overdue`: what a clerk does with what has come."""

import unicodedata
from pathlib import Path
from typing import Annotated, Final

import typer

from axis.checks.policy import load_policy
from axis.cli import exits, out, shown
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.cli.speaking import As, speaking
from axis.edxml.attachments import AttachmentSink, DecodedAttachment
from axis.edxml.reader import read_packet

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

LONGEST_NAME: Final = 120


@app.command(
    help="""Tải một mục của hộp thư về và đánh dấu đã nhận (download an entry, then mark it).

\b
Ví dụ / Examples
  $ axis fetch 17 -o den/
  $ axis fetch 17 -o den/ --files den/tep    cả các tệp PDF trong gói (its files too)
  $ axis fetch 17 --no-mark       chỉ xem, vẫn còn trong hộp thư (stays in the mailbox)
"""
)
def fetch(
    entry: Annotated[int, typer.Argument(metavar="ENTRY", help="Số của mục (number in `axis inbox`).")],
    *,
    as_: As = "",
    output: Annotated[Path, typer.Option("-o", "--output", help="Thư mục (folder).")] = Path(),
    files: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Lấy cả các tệp trong gói ra đây (unpack files).")
    ] = None,
    mark: Annotated[bool, typer.Option(help="Đánh dấu đã nhận (mark it).")] = True,
    json: Json = False,
) -> None:
    """Download and mark."""
    output.mkdir(parents=True, exist_ok=True)
    unpacked: list[str] = []
    with speaking(as_) as axis:
        with out.waiting("đang tải", "downloading", quiet=json):
            path = axis.fetch(entry, output)
        # Marked last: whatever fails before, the entry stays in the mailbox.
        if files is not None:
            unpacked = unpack(path, files)
        if mark:
            axis.mark(entry)
    if json:
        out.emit({"entry_id": entry, "path": str(path), "files": unpacked, "marked": mark})
        return
    out.say(f"{path}", "đã đánh dấu / marked" if mark else "chưa đánh dấu / not marked")
    for one in unpacked:
        out.say(f"  {one}")


def unpack(packet: Path, folder: Path) -> list[str]:
    """Write the files of a packet into a folder, under safe names; return their paths.

    Raises:
        StopError: it is no packet of a document.
        OSError: no room.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[str] = []
    with packet.open("rb") as stream, AttachmentSink(folder) as sink:
        reading = read_packet(stream, load_policy().limits, sink)
        if reading.violations or reading.envelope is None:
            raise StopError(
                exits.REFUSED, f"{packet} không phải gói văn bản: không có tệp nào để lấy", "no files in it"
            )
        for attachment in reading.attachments:
            path = free_place(folder, plain_name(attachment.name))
            _write(attachment, path)
            paths.append(str(path))
    return paths


def plain_name(name: str) -> str:
    """Return a name that a sender gave as one that is safe here: no folders, no hidden or odd characters."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" and c not in '<>:"|?*')
    stem, dot, ending = kept.strip(". ").rpartition(".")
    if not stem:
        stem, dot, ending = ending, "", ""
    return f"{stem[:LONGEST_NAME]}{dot}{ending[:10]}" or "tep"


def free_place(folder: Path, name: str) -> Path:
    """Return a path below the folder at which nothing stands yet."""
    path, number = folder / name, 1
    while path.exists() or path.is_symlink():
        number += 1
        path = folder / f"{Path(name).stem} ({number}){Path(name).suffix}"
    return path


def _write(attachment: DecodedAttachment, path: Path) -> None:
    with path.open("xb") as file:
        while piece := attachment.file.read(1024 * 1024):
            file.write(piece)


@app.command(
    help="""Đánh dấu nhiều mục của hộp thư là đã xử lý (mark entries as done).

Văn bản được đánh dấu thì tính là đã nhận: hãy tải về trước (a marked document counts as fetched).

\b
Ví dụ / Examples
  $ axis mark 17 18 19 --as dms-xa
  $ axis mark --kind receipt --as dms-xa      mọi biên nhận (all receipts)
"""
)
def mark(
    entries: Annotated[
        list[int] | None, typer.Argument(metavar="ENTRY", help="Số của các mục (numbers).")
    ] = None,
    *,
    as_: As = "",
    kind: Annotated[str, typer.Option(help="Mọi mục loại này: receipt, status (all of this kind).")] = "",
    json: Json = False,
) -> None:
    """Mark entries."""
    if bool(entries) == bool(kind):
        raise StopError(exits.USAGE, "nêu số của các mục, hoặc --kind receipt|status", "numbers, or --kind")
    if kind not in {"", "receipt", "status"}:
        raise StopError(
            exits.USAGE,
            f"--kind “{kind}”: receipt hoặc status; văn bản thì đánh dấu từng số, sau khi tải về",
            "receipt or status; documents by their numbers",
        )
    done: list[int] = []
    with speaking(as_) as axis:
        if entries:
            done = axis.mark_many(entries)
        else:
            while found := axis.inbox(kind, limit=1000):
                done += axis.mark_many(found)
    if json:
        out.emit({"marked": done})
    else:
        out.say(f"Đã đánh dấu {len(done)} mục", "marked")
    if entries and (missing := sorted(set(entries) - set(done))):
        listed = ", ".join(map(str, missing))
        raise StopError(exits.REFUSED, f"hộp thư không có mục {listed}", "no such entries")


@app.command(
    help="""Những gì quá hạn trả lời: ta nợ người, người nợ ta (answers that are due and missing).

\b
Ví dụ / Examples
  $ axis overdue --as dms-xa
"""
)
def overdue(*, as_: As = "", json: Json = False) -> None:
    """Tell what is overdue."""
    with speaking(as_) as axis:
        shown.lines(axis.overdue(), json=json, show=shown.overdue)
