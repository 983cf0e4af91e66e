"""`axis verify`: what a receipt proves, without a stack and without a network."""

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from axis.cli import exits, out, shown
from axis.cli.exits import StopError
from axis.cli.out import Json
from axis.cli.visible import named
from axis.document import packet_id
from axis.proving import Proven, certificates, prove
from axis.settings import default_home

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

BLOCK: Final = 1024 * 1024
MOST: Final = 16 * BLOCK
"""Bytes of a receipt that are read: no receipt comes near it, and a disk image is not taken into memory."""

HELP: Final = """Kiểm chứng biên nhận: không cần trục, không cần mạng (verify receipts offline).

Bốn bước: đúng dạng; sự kiện đứng trong cây băm; gốc cây là gốc đã niêm phong; niêm phong đúng.
(Four steps: the form; the event's place in the tree; the tree's root; the seal.)

Không có --trust thì dùng gốc của trục trên máy này, nếu có (default: the local stack's anchor).

\b
Ví dụ / Examples
  $ axis verify bien-nhan.json --trust goc-truc.pem
  $ axis verify *.json --trust goc-truc.pem --packet goi.edxml --json
"""


@app.command("verify", help=HELP)
def verify(
    receipts: Annotated[list[Path], typer.Argument(metavar="RECEIPT", help="Biên nhận, JSON (receipts).")],
    *,
    trust: Annotated[
        list[Path] | None,
        typer.Option(metavar="PEM", help="Gốc tin cậy, lặp lại được (anchors, repeatable)."),
    ] = None,
    packet: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Gói tin mà biên nhận phải nói tới (the packet it must speak of)."),
    ] = None,
    json: Json = False,
) -> None:
    """Verify receipts."""
    anchors = read_anchors(trust or [])
    digest = _digest(packet) if packet else ""
    bad = 0
    for path in receipts:
        with path.open("rb") as file:
            proven = judge(file.read(MOST), anchors, digest)
        bad += not proven.proven
        if json:
            out.emit({"path": named(path), **msgspec.to_builtins(proven)})
        else:
            _show(path, proven)
    if bad:
        raise StopError(
            exits.REFUSED,
            f"{bad}/{len(receipts)} biên nhận không chứng minh được gì",
            "not every receipt proves what it says",
        )


def judge(data: bytes, anchors: Sequence[bytes], packet_sha256: str = "") -> Proven:
    """Verify one receipt.

    Args:
        data: the receipt.
        anchors: PEM of the authorities trusted to seal receipts.
        packet_sha256: digest of the packet it must speak of; empty: not asked.
    """
    proven = prove(data, anchors)
    if proven.proven and packet_sha256 and not _speaks_of(proven.event, packet_sha256):
        other = "biên nhận nói về gói tin khác / the receipt speaks of another packet"
        return Proven(proven=False, reason=other, event=proven.event)
    return proven


def _speaks_of(event: dict[str, object], sha256: str) -> bool:
    """Tell whether an event is about the packet with this digest, as it was sent or as it was delivered."""
    named = packet_id(str(event.get("connection", "")), sha256)
    return event.get("packet_id") == named or event.get("delivered_sha256") == sha256


def read_anchors(trust: Sequence[Path]) -> tuple[bytes, ...]:
    """Read trust anchors; without any, the local stack's.

    Raises:
        StopError: there is none.
    """
    paths = list(trust) or [default_home(os.environ) / "authority" / "ca.pem"]
    if not trust and not paths[0].exists():
        raise StopError(
            exits.USAGE,
            "hãy cho biết gốc tin cậy: --trust goc-truc.pem (tệp PEM của cơ quan chứng thực)",
            "--trust is missing and there is no local stack",
        )
    anchors = tuple(part for path in paths for part in certificates(path.read_bytes()))
    if not anchors:
        raise StopError(
            exits.USAGE, f"không có chứng thư PEM nào trong {', '.join(map(str, paths))}", "no certificate"
        )
    return anchors


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _show(path: Path, proven: Proven) -> None:
    if not proven.proven:
        out.say(f"✗ {path}: {proven.reason}", "proves nothing")
        return
    event = proven.event
    kind = shown.receipt(str(event.get("kind")))
    out.say(f"✓ {path}: {kind}, gói tin {event.get('packet_id')}", "proven")
    sealed_at = out.moment(datetime.fromisoformat(proven.sealed_at))
    out.say(f"    niêm phong {sealed_at} bởi {proven.sealed_by}", "sealed, by the axis' own clock")
    if said := event.get("not_proven"):
        out.say(f"    không chứng minh / not proven: {said}")
