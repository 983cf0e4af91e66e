"""The story of the demonstration: every step does something real and checks what came of it."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from axis.cli import exits
from axis.cli.exits import StopError
from axis.cli.profiles import Profile
from axis.cli.rehearsal import Stage
from axis.cli.verify import judge
from axis.client import AxisClient, Entry, PacketStatus, Receipt, Recipient
from axis.sandbox.directory import demo_agency
from axis.sandbox.faults import FAULTS
from axis.sandbox.packet import build_sandbox_packet, spoiled
from axis.sandbox.recipe import write_recipe

SENDER: Final = "G09"
RECIPIENTS: Final = ("G22", "H37", "H41.T21", "H37.T39")
"""One for each administrative level; the district is an invented one that is still in force."""
ANSWERING: Final = "H37"
ANSWERS: Final = (
    ("01", "Văn bản đã đến"),
    ("03", "Đã tiếp nhận, số đến 1205"),
    ("05", "Đang xử lý"),
    ("06", "Đã hoàn thành"),
)
WRONG: Final = ("javascript", "mandate-expired", "seal-of-other-agency", "unknown-recipient")
"""Faults of the document that is refused: all of them must be told at once."""
LONG: Final = 60.0
"""Seconds that any one thing may take on a slow machine."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the story came to; everything in it was checked."""

    accepted: PacketStatus
    refused: PacketStatus
    receipts: dict[str, tuple[Receipt, ...]]
    """By connection: sealed, and verified against the anchors."""
    seconds: dict[str, float]
    """From sending to the verified receipt, and the like."""


class Cast:
    """The clients of everyone in the story, and the anchors their receipts are verified by."""

    def __init__(self, stage: Stage, anchors: Sequence[bytes], folder: Path) -> None:
        """Take the stage.

        Args:
            stage: set by `axis.cli.rehearsal`.
            anchors: PEM of the authorities trusted to seal receipts.
            folder: where what is fetched is kept.
        """
        self.stage = stage
        self.anchors = anchors
        self.folder = folder
        self.clients: dict[str, AxisClient] = {}
        self.verified = 0

    @asynccontextmanager
    async def on_stage(self) -> "AsyncIterator[Cast]":
        """Open a client for everyone."""
        names = {demo_agency(code).connection for code in (SENDER, *RECIPIENTS)}
        async with AsyncExitStack() as stack:
            for name in sorted(names):
                self.clients[name] = await stack.enter_async_context(
                    open_client(self.stage.profiles[name], self.verify)
                )
            yield self

    def of(self, code: str) -> AxisClient:
        """Return the client that speaks for an agency."""
        return self.clients[demo_agency(code).connection]

    def verify(self, data: bytes) -> None:
        """Verify a receipt as anybody may: offline, with the anchors alone."""
        proven = judge(data, self.anchors)
        must(
            proven.proven, f"biên nhận không chứng minh được gì: {proven.reason}", "a receipt proves nothing"
        )
        self.verified += 1


def open_client(profile: Profile, verify: object = None, *, patience: float = LONG) -> AxisClient:
    """Return the client of a profile."""
    return AxisClient(
        profile.rest_url,
        profile.client_id,
        profile.client_secret,
        ca=profile.ca_file or None,
        verify=verify,  # type: ignore[arg-type]  # a callable or None, as the client has it
        patience=patience,
    )


def must(holds: object, vi: str, en: str) -> None:
    """Hold the story to what it says.

    Raises:
        StopError: a step did not come out as it must.
    """
    if not holds:
        raise StopError(exits.REFUSED, f"chưa đúng: {vi}", en)


def compose(stage: Stage) -> bytes:
    """Set, sign twice and pack the good document."""
    return build_sandbox_packet(
        stage.authority,
        demo_agency(SENDER),
        [demo_agency(code) for code in RECIPIENTS],
        kind="Công văn",
        subject="V/v thử nghiệm gửi, nhận văn bản điện tử bốn cấp hành chính",
    )


def compose_wrong(stage: Stage) -> bytes:
    """Make the document that must be refused, with several faults at once."""
    recipe = write_recipe(
        stage.authority, demo_agency(SENDER), [demo_agency(code) for code in RECIPIENTS[:2]], kind="Công văn"
    )
    for name in WRONG:
        recipe = spoiled(recipe, name)
    return recipe.make()


async def _sent(cast: Cast, packet: bytes) -> tuple[Receipt, PacketStatus, float]:
    """Send a packet; return its receipt, what its sender sees then, and the seconds until the receipt."""
    sender = cast.of(SENDER)
    since = time.monotonic()
    sent = await sender.send_packet(packet)
    receipt = await sender.wait_for_receipt(sent.packet_id, timeout=LONG)
    seconds = time.monotonic() - since
    return receipt, await sender.status(sent.packet_id), seconds


async def send_good(cast: Cast, packet: bytes) -> tuple[PacketStatus, float]:
    """Send the good document; its acceptance comes back sealed."""
    receipt, status, seconds = await _sent(cast, packet)
    reasons = "; ".join(
        reason.vi + " " + reason.detail for reason in (status.decision.reasons if status.decision else ())
    )
    must(
        receipt.kind == "SubmissionAcceptance" and status.state == "accepted",
        f"văn bản đúng lại không được chấp nhận: {reasons}",
        f"{receipt.kind}: the good document was not accepted",
    )
    event = msgspec.json.decode(msgspec.json.decode(receipt.data)["event"])
    must(
        event["sha256"] == hashlib.sha256(packet).hexdigest(),
        "biên nhận nói về gói tin khác",
        "the receipt speaks of another packet",
    )
    again = await cast.of(SENDER).send_packet(packet)
    must(again.packet_id == status.packet_id, "gửi lại thành hai văn bản", "sending twice made two documents")
    return status, seconds


async def deliver(cast: Cast, sent: PacketStatus) -> dict[str, Path]:
    """Fetch the document at each recipient; all must get the very same bytes."""
    assert sent.decision is not None
    got: dict[str, Path] = {}
    for code in RECIPIENTS:
        client = cast.of(code)
        entry = await _entry(client, sent.packet_id, code)
        must(code in entry.recipients, f"{code} không có trong thư", f"{code} is not named")
        path = await client.fetch(entry, cast.folder / code)
        digest = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()
        must(digest == sent.decision.delivered_sha256, f"{code} nhận byte khác", f"{code} got other bytes")
        await client.mark(entry)
        got[code] = path
    return got


async def answer(cast: Cast, sent: PacketStatus) -> PacketStatus:
    """Answer 01, 03, 05, 06; the sender must see each."""
    client = cast.of(ANSWERING)
    for code, words in ANSWERS:
        await client.answer(sent.packet_id, ANSWERING, code, words, reported_at=datetime.now(UTC))
        await _until(cast, sent.packet_id, ANSWERING, code)
    status = await cast.of(SENDER).status(sent.packet_id)
    history = [handling.code for handling in recipient(status, ANSWERING).history]
    must(history == [code for code, _ in ANSWERS], f"lịch sử là {history}", f"the history is {history}")
    return status


async def refuse(cast: Cast, packet: bytes) -> tuple[PacketStatus, float]:
    """Send the wrong document; every reason must be told in one sealed receipt."""
    receipt, status, seconds = await _sent(cast, packet)
    told = {reason.code for reason in (status.decision.reasons if status.decision else ())}
    wanted = {str(FAULTS[name].code) for name in WRONG}
    must(
        receipt.kind == "SubmissionRejection" and wanted <= told,
        f"thiếu lý do {sorted(wanted - told)}; có {sorted(told)}",
        "the refusal does not tell all reasons",
    )
    return status, seconds


async def collect(cast: Cast, packet_ids: Sequence[str]) -> dict[str, tuple[Receipt, ...]]:
    """Get every receipt of everyone about some packets; the clients verify each as it comes."""
    found: dict[str, tuple[Receipt, ...]] = {}
    for name, client in cast.clients.items():
        mine: list[Receipt] = []
        for packet_id in packet_ids:
            try:
                lines = await client.receipts(packet_id)
            except Exception as exc:
                if getattr(exc, "status", 0) != 404:  # noqa: PLR2004 - not a party to this packet
                    raise
                continue
            for line in lines:
                data = await client.receipt(line.event_id, timeout=LONG)
                mine.append(Receipt(event_id=line.event_id, kind=line.kind, at=line.at, data=data))
        found[name] = tuple(mine)
    return found


def recipient(status: PacketStatus, code: str) -> Recipient:
    """Return one recipient of a packet."""
    return next(one for one in status.recipients if one.code == code)


async def _entry(client: AxisClient, packet_id: str, code: str) -> Entry:
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        for entry in await client.inbox("document", packet_id=packet_id, wait=5):
            return entry
    raise StopError(exits.WAITING, f"văn bản chưa tới {code}", "the document has not arrived")


async def _until(cast: Cast, packet_id: str, code: str, state: str) -> None:
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        status = await cast.of(SENDER).status(packet_id)
        if any(handling.code == state for handling in recipient(status, code).history):
            return
        await asyncio.sleep(0.1)
    raise StopError(
        exits.WAITING, f"trạng thái {state} chưa tới người gửi", "the status has not come through"
    )
