"""`axis demo`: one document's whole journey, told step by step; every step is checked."""

import asyncio
import re
import tempfile
import time
from collections.abc import Awaitable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Final, TypeVar

import httpx
import msgspec
import typer

from axis.cli import out, shown, standing, story
from axis.cli.out import Json
from axis.cli.rehearsal import set_stage
from axis.cli.stack import start
from axis.cli.story import ANSWERS, RECIPIENTS, SENDER, WRONG, Cast, Told, must
from axis.cli.verify import read_anchors
from axis.cli.visible import sides
from axis.client import PacketStatus, Receipt
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.settings import Settings, load_settings
from axis.stack import life

app = typer.Typer(add_completion=False, rich_markup_mode="rich")

T = TypeVar("T")

METRICS: Final = (
    ("gateway", "axis_taken_total"),
    ("worker", "axis_accepted_total"),
    ("worker", "axis_refused_total"),
    ("worker", "axis_delivered_total"),
    ("gateway", "axis_fetched_total"),
    ("worker", "axis_answered_total"),
    ("sealer", "axis_sealed_total"),
)
"""Read at the end; each must have counted something."""

HELP: Final = """Câu chuyện một văn bản: ký, gửi, kiểm tra, tới bốn cấp, trả lời (watch one document).

Khởi động trục nếu chưa chạy (và dừng lại khi xong), tạo kết nối và danh bạ thử nghiệm, gửi một văn bản đúng
tới bốn cấp hành chính, một nơi trả lời 01, 03, 05, 06, một văn bản sai bị từ chối với mọi lý do.
Mã thoát 0 chỉ khi mọi bước đã được kiểm tra. (Exit code 0 only if every step was checked.)

\b
Ví dụ / Examples
  $ axis demo
  $ axis demo --keep          để trục chạy tiếp, thử bằng tay (leave the stack running)
"""


@app.command("demo", help=HELP)
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Để trục chạy tiếp (leave it running).")] = False,
    json: Json = False,
) -> None:
    """Tell the story."""
    since = time.monotonic()
    ours = not standing.runs()
    if ours or not standing.is_ready():
        _heading("Khởi động trục trên máy này", "starting a stack here", json=json)
        start(quiet=json)
    try:
        settings = load_settings()
        told, cast = asyncio.run(_tell(settings, Teller(quiet=json)))
        counts = asyncio.run(read_metrics())
        seconds = time.monotonic() - since
        _report(told, cast, counts, settings, seconds, json=json)
    finally:
        if ours and not keep:
            _heading("Dừng trục", "stopping the stack", json=json)
            life.down(standing.root())
    if json:
        return
    if keep or not ours:
        out.say("Trục vẫn chạy; dừng bằng: axis down", "the stack goes on; stop it with axis down")
        out.say("Thử tiếp: axis status --as demo-noivu; axis inbox --as demo-noivu", "try on")
        out.say("Xem trên trang: axis user add lan --agency H37, rồi mở trang văn thư ở trên", "on the page")
    else:
        out.say(
            "Các địa chỉ trên mở lại khi trục chạy: axis up", "the addresses above answer while a stack runs"
        )


class Teller:
    """Tells each step while it runs, and when it was checked."""

    def __init__(self, *, quiet: bool) -> None:
        """Begin.

        Args:
            quiet: tell nothing (``--json``).
        """
        self.quiet = quiet

    async def step(self, vi: str, en: str, work: Awaitable[T]) -> T:
        """Do one step; it is told as done only once its checks held."""
        since = time.monotonic()
        with out.waiting(vi, en, quiet=self.quiet):
            result = await work
        if not self.quiet:
            out.say(f"  ✓ {vi} [{time.monotonic() - since:.1f} s]", en)
        return result


async def _tell(settings: Settings, teller: Teller) -> tuple[Told, Cast]:
    authority = Authority(settings.home / "authority")
    stage = await teller.step(
        "Kết nối, danh bạ, người ký và con dấu thử nghiệm",
        "connections, directory, test signers and seals",
        set_stage(settings, authority),
    )
    with tempfile.TemporaryDirectory(prefix="axis-demo-") as folder:
        async with Cast(stage, read_anchors([authority.folder / "ca.pem"]), Path(folder)).on_stage() as cast:
            accepted, first = await _good(cast, teller)
            refused, second = await _wrong(cast, teller)
            receipts = await teller.step(
                "Mọi biên nhận của mọi bên được kiểm chứng, không cần trục",
                "every receipt of everyone is verified offline",
                story.collect(cast, (accepted.packet_id, refused.packet_id)),
            )
    told = Told(
        accepted=accepted,
        refused=refused,
        receipts=receipts,
        seconds={"accepted": first, "refused": second},
    )
    _hold(told)
    return told, cast


async def _good(cast: Cast, teller: Teller) -> tuple[PacketStatus, float]:
    packet = await teller.step(
        f"{demo_agency(SENDER).name} soạn công văn; người có thẩm quyền ký, rồi cơ quan ký",
        "the ministry sets a document; a person signs, then the seal",
        asyncio.to_thread(story.compose, cast.stage),
    )
    sent, seconds = await teller.step(
        "Gửi lên trục; trục kiểm tra thể thức, chữ ký, thẩm quyền; biên nhận có niêm phong",
        "sent and judged; the sealed receipt is verified",
        story.send_good(cast, packet),
    )
    await teller.step(
        f"{len(RECIPIENTS)} nơi nhận ở bốn cấp tải về, từng byte như nhau",
        "four recipients at four levels fetch the very same bytes",
        story.deliver(cast, sent),
    )
    accepted = await teller.step(
        f"{demo_agency(story.ANSWERING).name} trả lời {', '.join(code for code, _ in ANSWERS)}",
        "one answers through every status; the sender sees each",
        story.answer(cast, sent),
    )
    return accepted, seconds


async def _wrong(cast: Cast, teller: Teller) -> tuple[PacketStatus, float]:
    packet = await teller.step(
        f"Một văn bản có {len(WRONG)} lỗi",
        "a document with several faults",
        asyncio.to_thread(story.compose_wrong, cast.stage),
    )
    return await teller.step(
        "Trục từ chối, nêu mọi lý do trong một biên nhận",
        "refused, with all reasons in one receipt",
        story.refuse(cast, packet),
    )


def _hold(told: Told) -> None:
    """Hold the whole story together: who must have which receipts."""
    kinds = {
        name: [receipt.kind for receipt in receipts if receipt.event_id]
        for name, receipts in told.receipts.items()
    }
    mine = kinds[demo_agency(SENDER).connection]
    for kind, least in (
        ("SubmissionAcceptance", 1),
        ("SubmissionRejection", 1),
        ("ContentConsignment", len(RECIPIENTS)),
        ("ContentHandover", len(RECIPIENTS)),
        ("HandlingStatus", len(ANSWERS)),
    ):
        must(
            mine.count(kind) >= least,
            f"người gửi có {mine.count(kind)} biên nhận {kind}, cần {least}",
            f"the sender has too few receipts of {kind}",
        )


async def read_metrics() -> dict[str, float]:
    """Read what the processes counted.

    Raises:
        StopError: a metric is missing or has counted nothing.
    """
    ports = standing.ports()
    pages: dict[str, str] = {}
    counts: dict[str, float] = {}
    async with httpx.AsyncClient(timeout=10) as client:
        for process, name in METRICS:
            if process not in pages:
                answer = await client.get(f"http://127.0.0.1:{ports[f'metrics_{process}']}/metrics")
                must(answer.status_code == HTTPStatus.OK, f"không đọc được số đo của {process}", "no metrics")
                pages[process] = answer.text
            found = re.findall(rf"^{name}(?:\{{[^}}]*\}})? ([0-9.e+]+)$", pages[process], re.MULTILINE)
            counts[name] = sum(float(value) for value in found)
            must(counts[name] > 0, f"số đo {name} của {process} chưa đếm gì", f"{name} counted nothing")
    return counts


def _report(
    told: Told, cast: Cast, counts: dict[str, float], settings: Settings, seconds: float, *, json: bool
) -> None:
    addresses = standing.addresses(settings)
    if json:
        out.emit(
            {
                "accepted": told.accepted,
                "refused": told.refused,
                "receipts_verified": cast.verified,
                "metrics": counts,
                "addresses": dict(addresses),
                "seconds": round(seconds, 1),
            }
        )
        return
    _table(told)
    out.say("Lý do từ chối", "why it was refused")
    for reason in told.refused.decision.reasons if told.refused.decision else ():
        vi, en = sides(reason.vi, reason.en, reason.detail)
        out.say(f"  ✗ {reason.rule} {reason.code}: {vi}", en)
    out.say(
        f"{cast.verified} biên nhận đã kiểm chứng; từ lúc gửi tới biên nhận"
        f" {told.seconds['accepted'] * 1000:.0f} ms; cả câu chuyện {seconds:.0f} s",
        "receipts verified; from POST to sealed receipt; the whole story",
    )
    words = {"axis_refused_total": " (mỗi lý do một lần / once for each reason)"}
    lines = [(name, f"{value:g}{words.get(name, '')}") for name, value in counts.items()]
    out.table("Số đo / metrics", ("", ""), lines)
    out.table("Địa chỉ / where to look", ("", ""), addresses)


def _table(told: Told) -> None:
    document = told.accepted.document
    assert document is not None, "an accepted packet has a document"
    title = f"{document.type_name} {document.number}/{document.notation}"
    levels = list(shown.LEVELS)
    rows = [
        (
            title,
            f"{one.code} {one.name}",
            shown.LEVELS.get(one.level, one.level),
            shown.state(one.state),
            _receipt_of(one.code, told),
        )
        for one in sorted(told.accepted.recipients, key=lambda one: levels.index(one.level))
    ]
    rejection = next(
        r for r in told.receipts[demo_agency(SENDER).connection] if r.kind == "SubmissionRejection"
    )
    rows.append(
        ("(văn bản có lỗi / the wrong one)", "-", "-", shown.state("refused"), rejection.event_id[:12])
    )
    out.table(
        "Câu chuyện / the story",
        (
            "văn bản / document",
            "nơi nhận / recipient",
            "cấp / level",
            "trạng thái / state",
            "biên nhận / receipt",
        ),
        rows,
    )


def _receipt_of(code: str, told: Told) -> str:
    """Name the sender's newest receipt about one recipient."""
    mine = told.receipts[demo_agency(SENDER).connection]
    found = [one for one in mine if told.accepted.packet_id == _event(one)["packet_id"]]
    about = [one for one in found if _event(one).get("recipient") == code]
    return f"{about[-1].kind} {about[-1].event_id[:12]}" if about else "-"


def _event(receipt: Receipt) -> dict[str, object]:
    event: dict[str, object] = msgspec.json.decode(msgspec.json.decode(receipt.data)["event"])
    return event


def _heading(vi: str, en: str, *, json: bool) -> None:
    if not json:
        out.say(vi, en)
