"""`axis send inbox answer status receipt`: what a document-management system does, by hand."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from axis.cli import exits, out, shown
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.cli.speaking import As, speaking
from axis.cli.verify import judge, read_anchors
from axis.client import Axis, NotYetError, Sent

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

PDF: Final = b"%PDF-"
REJECTED: Final = "02"
"""The handling status that must say why."""
SECONDS: Final = 60.0

PacketId = Annotated[str, typer.Argument(metavar="PACKET", help="Mã gói tin (packet id).")]
Wait = Annotated[
    float, typer.Option(min=0, help="Chờ nhiều nhất bao nhiêu giây; 0 là không chờ (seconds to wait).")
]


@app.command(
    help="""Gửi một gói tin edXML, hoặc các tệp PDF kèm thông tin (send a packet, or PDFs with metadata).

Chờ đến khi có câu trả lời: 0 được nhận, 1 bị từ chối (kèm mọi lý do), 2 còn chờ.
Gửi lại cùng nội dung không thành hai văn bản (sending twice is sending once).

\b
Ví dụ / Examples
  $ axis send goi.edxml --as dms-bo
  $ axis send cong-van.pdf phu-luc.pdf --metadata thong-tin.json
  $ axis send goi.edxml --wait 0 --json

\b
thong-tin.json
  {"sender": "G12", "recipients": ["H49"],
   "number": "12", "notation": "BTC-VP", "place": "Hà Nội",
   "issued_on": "2026-11-22", "type_name": "Công văn", "subject": "V/v …",
   "signer": {"competence": "", "position": "…", "full_name": "…"}}
"""
)
def send(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Gói tin, hoặc các PDF (files).")],
    *,
    as_: As = "",
    metadata: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Thông tin văn bản, khi gửi PDF (envelope of PDFs).")
    ] = None,
    wait: Wait = SECONDS,
    json: Json = False,
) -> None:
    """Send a packet or files."""
    with speaking(as_) as axis:
        with out.waiting("đang gửi", "sending", quiet=json):
            sent = _send(axis, files, metadata)
        if wait:
            with out.waiting("đang chờ trục kiểm tra", "waiting", quiet=json), suppress(NotYetError):
                axis.wait_for_receipt(sent.packet_id, timeout=wait)
        status = axis.status(sent.packet_id)
    if json:
        out.emit(status)
    else:
        shown.verdict(status)
        following = "receipt" if status.state == "refused" else "status"
        out.say(f"Xem tiếp: axis {following} {status.packet_id}{_as(as_)}", "what came of it")
    if status.state == "accepted" or (status.state == "taken" and not wait):
        return
    raise typer.Exit(exits.WAITING if status.state in {"taken", "waiting"} else exits.REFUSED)


def _as(name: str) -> str:
    """Return the option of the next command that a person may copy."""
    return f" --as {name}" if name else ""


def _send(axis: Axis, files: list[Path], metadata: Path | None) -> Sent:
    for path in files:
        if path.exists() and not path.is_file() and not path.is_dir():
            # A pipe would be waited on for ever, and could not be sent again after a fault.
            raise StopError(exits.USAGE, f"{path} không phải tệp thường", "not a regular file")
    with files[0].open("rb") as file:
        head = file.read(1024)
    if PDF not in head:
        if len(files) > 1 or metadata is not None:
            raise StopError(
                exits.USAGE,
                f"{files[0]} không phải PDF: gói tin edXML gửi một mình, không kèm --metadata",
                "a packet is sent alone",
            )
        return axis.send_packet(files[0])
    if metadata is None:
        raise StopError(
            exits.USAGE,
            "gửi PDF cần --metadata thong-tin.json (axis send --help có mẫu)",
            "PDFs need --metadata",
        )
    try:
        told = msgspec.json.decode(metadata.read_bytes(), type=dict[str, object])
    except msgspec.MsgspecError as exc:
        raise StopError(exits.USAGE, f"{metadata} không phải JSON: {exc}", "not JSON") from exc
    return axis.send_document(told, list(files))


@app.command(
    help="""Hộp thư đến: văn bản, trạng thái, biên nhận (documents, statuses, receipts), khẩn trước.

\b
Ví dụ / Examples
  $ axis inbox --as dms-xa
  $ axis inbox --kind document --wait 25 --json
"""
)
def inbox(
    *,
    as_: As = "",
    kind: Annotated[str, typer.Option(help="document, status, receipt; trống là tất cả (empty: all).")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Nhiều nhất bao nhiêu (at most).")] = 100,
    wait: Annotated[float, typer.Option(min=0, max=30, help="Chờ thư mới, giây (seconds to wait).")] = 0,
    json: Json = False,
) -> None:
    """List the mailbox."""
    if kind not in {"", "document", "status", "receipt"}:
        raise StopError(exits.USAGE, f"--kind “{kind}”: document, status hoặc receipt", "no such kind")
    with speaking(as_) as axis:
        entries = axis.inbox(kind, limit=limit, wait=wait)
    if json:
        for entry in entries:
            out.emit(entry)
    else:
        shown.entries(entries)
        if documents := [entry.entry_id for entry in entries if entry.kind == "document"]:
            out.say(f"Tải về: axis fetch {documents[0]}{_as(as_)}", "download it")
        if len(entries) == limit:
            out.say("Có thể còn nữa: --limit, --kind document", "there may be more")


@app.command(
    help="""Báo trạng thái xử lý một văn bản đã nhận (report a handling status).

\b
  01 đã đến          02 từ chối (cần --note)   03 đã tiếp nhận
  04 phân công       05 đang xử lý             06 hoàn thành

\b
Ví dụ / Examples
  $ axis answer 5f0c1c1e0f6d4c0b9d6a4f6f2f1f7a3e 03 --agency H49 --note "Số đến 1205"
"""
)
def answer(
    packet: PacketId,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Hai chữ số (two digits).")],
    *,
    as_: As = "",
    agency: Annotated[
        str, typer.Option(metavar="CODE", help="Cơ quan trả lời; không cần nếu chỉ có một (who answers).")
    ] = "",
    note: Annotated[str, typer.Option(help="Ghi chú; bắt buộc với 02 (mandatory for 02).")] = "",
    json: Json = False,
) -> None:
    """Report a status."""
    if not re.fullmatch("[0-9]{2}", code):
        raise StopError(
            exits.USAGE, f"“{code}” không phải mã trạng thái: hai chữ số, 01 đến 06", "two digits"
        )
    if code == REJECTED and not note.strip():
        raise StopError(exits.USAGE, "trạng thái 02 cần lý do: --note “…”", "02 needs its reason: --note")
    with speaking(as_) as axis:
        if not agency:
            ours = axis.whoami().agencies
            if len(ours) != 1:
                raise StopError(
                    exits.USAGE,
                    f"hãy cho biết cơ quan nào trả lời: --agency MÃ ({', '.join(ours) or '-'})",
                    "who answers? --agency",
                )
            agency = ours[0]
        ack = axis.answer(packet, agency, code, note)
    if json:
        out.emit({"ack_id": ack, "packet_id": packet, "recipient": agency, "code": code})
    else:
        out.say(f"Đã nhận trạng thái {code} của {agency}: {ack}", "taken; its effect comes as a receipt")


@app.command(
    help="""Một văn bản đã gửi đang ở đâu; không nêu mã: mọi văn bản đã gửi (where a document is).

\b
Ví dụ / Examples
  $ axis status 5f0c1c1e0f6d4c0b9d6a4f6f2f1f7a3e --as dms-bo
  $ axis status
  $ axis status --overdue         quá hạn trả lời, ta nợ hoặc người nợ ta (overdue answers)
"""
)
def status(
    packet: Annotated[str, typer.Argument(metavar="PACKET", help="Mã gói tin (packet id).")] = "",
    *,
    as_: As = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Chỉ những gì quá hạn (overdue only).")] = False,
    json: Json = False,
) -> None:
    """Tell where documents are."""
    with speaking(as_) as axis:
        if overdue:
            late = axis.overdue()
            shown.lines(late, json=json, show=shown.overdue)
            return
        if not packet:
            shown.lines(axis.sent(), json=json, show=shown.sent)
            return
        found = axis.status(packet)
    if json:
        out.emit(found)
    else:
        shown.verdict(found)
    if found.state in {"taken", "waiting"}:
        raise typer.Exit(exits.WAITING)
    if found.state != "accepted":
        raise typer.Exit(exits.REFUSED)


@app.command(
    help="""Lấy các biên nhận về một gói tin, kiểm chứng từng cái (get and verify its receipts).

\b
Ví dụ / Examples
  $ axis receipt 5f0c1c1e0f6d4c0b9d6a4f6f2f1f7a3e -o bien-nhan/
"""
)
def receipt(
    packet: PacketId,
    *,
    as_: As = "",
    output: Annotated[Path, typer.Option("-o", "--output", help="Thư mục (folder).")] = Path(),
    trust: Annotated[
        list[Path] | None, typer.Option(metavar="PEM", help="Gốc tin cậy, lặp lại được (anchors).")
    ] = None,
    json: Json = False,
) -> None:
    """Save receipts."""
    anchors = read_anchors(trust or [])
    output.mkdir(parents=True, exist_ok=True)
    sealing = bad = 0
    with speaking(as_) as axis:
        lines = axis.receipts(packet)
        for line in lines:
            if line.state != "sealed":
                sealing += 1
                continue
            data = axis.receipt(line.event_id)
            path = output / f"{line.kind}-{line.event_id[:12]}.json"
            path.write_bytes(data)
            proven = judge(data, anchors)
            bad += not proven.proven
            if json:
                out.emit({"path": str(path), "kind": line.kind, "at": line.at, "proven": proven.proven})
            else:
                out.say(f"{'✓' if proven.proven else '✗'} {shown.receipt(line.kind)}: {path}", proven.reason)
    if bad:
        raise StopError(
            exits.REFUSED, f"{bad} biên nhận không chứng minh được gì", "a receipt proves nothing"
        )
    if sealing or not lines:
        raise StopError(exits.WAITING, f"{sealing} biên nhận đang được niêm phong", "still being sealed")
