"""`axis sandbox`: properly signed test documents and packets, or ones with a named fault."""

import os
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from axis.cli import exits, out
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.errors import SetupError
from axis.register import Agency
from axis.sandbox.authority import Authority, create_authority
from axis.sandbox.directory import demo_agencies, demo_agency, write_directory
from axis.sandbox.faults import FAULTS
from axis.sandbox.packet import build_sandbox_document, build_sandbox_packet
from axis.settings import default_home

app = typer.Typer(
    name="sandbox",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="Văn bản và gói tin thử, ký bằng cơ quan chứng thực THỬ NGHIỆM trên máy này (test documents).",
)

OFFLINE_URL: Final = "http://127.0.0.1:8090"
"""Where the services of an authority made without a stack would answer; a stack moves it to its own."""

From: TypeAlias = Annotated[
    str, typer.Option("--from", metavar="CODE", help="Cơ quan ban hành, mã mới hoặc cũ (issuing agency).")
]
To: TypeAlias = Annotated[
    list[str] | None, typer.Option("--to", metavar="CODE", help="Nơi nhận; lặp lại được (repeatable).")
]
Pdf: TypeAlias = Annotated[
    Path | None, typer.Option("--pdf", metavar="FILE", help="PDF chưa ký của bạn (your unsigned PDF).")
]
Text: TypeAlias = Annotated[
    Path | None, typer.Option("--text", metavar="FILE", help="Văn bản thuần, sẽ được dàn trang (plain text).")
]
Output: TypeAlias = Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="Ghi ra (output).")]
FaultName: TypeAlias = Annotated[
    str, typer.Option("--fault", metavar="NAME", help="Làm sai một chỗ; xem axis sandbox faults (one fault).")
]
Kind: TypeAlias = Annotated[str, typer.Option(help="Loại văn bản (kind), ví dụ “Quyết định”.")]
Subject: TypeAlias = Annotated[str, typer.Option(help="Trích yếu (subject).")]
Competence: TypeAlias = Annotated[
    str | None, typer.Option(help="TM, KT, TMKT, TL, TUQ, Q; bỏ trống: theo cơ quan (competence).")
]
Priority: TypeAlias = Annotated[
    int, typer.Option(min=0, max=4, help="0 thường … 4 hỏa tốc hẹn giờ (priority).")
]
Size: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="BYTES", help="Độ lớn PDF cần đạt (size of the PDF).")
]


LongTerm: TypeAlias = Annotated[
    bool,
    typer.Option("--long-term", help="Kèm dữ liệu thu hồi, kiểm được không cần mạng (PAdES B-LT)."),
]


@app.command(
    help="""Làm một PDF ký hai lần: người có thẩm quyền, rồi cơ quan (a PDF signed twice).

\b
Ví dụ / Examples
  $ axis sandbox document --from G09 -o cong-van.pdf
  $ axis sandbox document --from H37 --to H37.T31 --text noi-dung.txt -o vb.pdf
  $ axis sandbox document --from G09 --fault seal-first -o sai.pdf && axis check sai.pdf
  $ axis sandbox document --from G12 --long-term -o lau-dai.pdf
"""
)
def document(
    from_: From,
    output: Output,
    *,
    to: To = None,
    pdf: Pdf = None,
    text: Text = None,
    fault: FaultName = "",
    kind: Kind = "Công văn",
    subject: Subject = "",
    competence: Competence = None,
    priority: Priority = 0,
    size: Size = None,
    long_term: LongTerm = False,
    json: Json = False,
) -> None:
    """Make a signed PDF."""
    with out.waiting("đang soạn và ký", "setting and signing", quiet=json):
        data = build_sandbox_document(
            open_authority(),
            _agency(from_),
            [_agency(code) for code in to or ()],
            pdf=_pdf(pdf, text),
            text=_text(text),
            fault=_fault(fault),
            kind=kind,
            subject=subject,
            competence=competence,
            priority=priority,
            size=size,
            long_term=long_term,
        )
        output.write_bytes(data)
    _made(output, len(data), fault, json=json)


@app.command(
    help="""Làm một gói tin edXML với văn bản ký hai lần (a packet, ready to send).

\b
Ví dụ / Examples
  $ axis sandbox packet --from G09 --to H37 --to H37.T31 -o goi.edxml
  $ axis send goi.edxml --as demo-noivu
  $ axis sandbox packet --from G09 --to H37 --fault altered-byte -o sai.edxml
"""
)
def packet(
    from_: From,
    output: Output,
    *,
    to: To = None,
    pdf: Pdf = None,
    text: Text = None,
    fault: FaultName = "",
    kind: Kind = "Công văn",
    subject: Subject = "",
    competence: Competence = None,
    priority: Priority = 0,
    size: Size = None,
    json: Json = False,
) -> None:
    """Make a packet."""
    if not to:
        raise StopError(exits.USAGE, "thiếu nơi nhận: --to MÃ", "--to is missing")
    with out.waiting("đang soạn, ký và đóng gói", "setting, signing, packing", quiet=json):
        data = build_sandbox_packet(
            open_authority(),
            _agency(from_),
            [_agency(code) for code in to],
            pdf=_pdf(pdf, text),
            text=_text(text),
            fault=_fault(fault),
            kind=kind,
            subject=subject,
            competence=competence,
            priority=priority,
            size=size,
        )
        output.write_bytes(data)
    _made(output, len(data), fault, json=json)


@app.command(help="Các lỗi có tên, mỗi lỗi một lý do từ chối (the named faults, each with its reason).")
def faults(*, json: Json = False) -> None:
    """List the faults."""
    if json:
        for one in FAULTS.values():
            out.emit({"name": one.name, "code": one.code, "vi": one.vi, "en": one.en})
        return
    out.table(
        f"{len(FAULTS)} lỗi / faults",
        ("tên / name", "lý do / reason", "nghĩa / meaning"),
        [(one.name, one.code, f"{one.vi} ({one.en})") for one in FAULTS.values()],
    )


@app.command(
    help="""Ghi danh bạ thử nghiệm ra ba tệp CSV và gốc tin cậy ra ca.pem (the test directory as files).

\b
Ví dụ / Examples
  $ axis sandbox directory -o danh-ba/
"""
)
def directory(output: Output, *, json: Json = False) -> None:
    """Write the test directory."""
    with out.waiting("đang cấp chứng thư thử nghiệm", "issuing test certificates", quiet=json):
        authority = open_authority()
        paths = [*write_directory(authority, output), output / "ca.pem"]
        paths[-1].write_bytes((authority.folder / "ca.pem").read_bytes())
    for path in paths:
        if json:
            out.emit({"path": str(path)})
        else:
            out.say(str(path))


def open_authority() -> Authority:
    """Open the test authority of this machine's stack, or make one that works without a stack."""
    folder = default_home(os.environ) / "authority"
    # An authority that is there but cannot be read must not be made anew: its certificates are in use.
    return Authority(folder) if folder.exists() else create_authority(folder, OFFLINE_URL, demo_agencies())


def _agency(code: str) -> Agency:
    try:
        return demo_agency(code)
    except SetupError as exc:
        known = ", ".join(one.code for one in demo_agencies() if one.connection and not one.valid_until)
        raise StopError(
            exits.USAGE,
            f"danh bạ thử nghiệm không có “{code}”; các mã có kết nối: {known}",
            "no such agency in the sandbox",
        ) from exc


def _fault(name: str) -> str | None:
    if name and name not in FAULTS:
        raise StopError(
            exits.USAGE, f"không có lỗi tên “{name}”; xem axis sandbox faults", "no fault of that name"
        )
    return name or None


def _pdf(pdf: Path | None, text: Path | None) -> bytes | None:
    if pdf is not None and text is not None:
        raise StopError(exits.USAGE, "chỉ một trong hai: --pdf hoặc --text", "either --pdf or --text")
    if pdf is None:
        return None
    data = pdf.read_bytes()
    if b"%PDF-" not in data[:1024]:
        raise StopError(exits.USAGE, f"{pdf} không phải PDF; văn bản thuần thì dùng --text", "not a PDF")
    return data


def _text(text: Path | None) -> str | None:
    if text is None:
        return None
    try:
        return text.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise StopError(exits.USAGE, f"{text} không phải văn bản UTF-8", "not UTF-8 text") from exc


def _made(path: Path, size: int, fault: str, *, json: bool) -> None:
    if json:
        out.emit({"path": str(path), "size": size, "fault": fault or None})
        return
    expected = f"; trục phải từ chối với {FAULTS[fault].code}" if fault else ""
    out.say(f"{path}: {size:,} byte, chỉ để THỬ{expected}", "TEST ONLY: signed by a test authority")
