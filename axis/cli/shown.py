"""How the answers of the axis look to a person: tables in Vietnamese, English beside."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from axis.cli import out
from axis.cli.out import moment
from axis.cli.visible import sides
from axis.client import Entry, Overdue, PacketStatus, SentLine

T = TypeVar("T")

STATES: Final = {
    "taken": "đã nhận vào, chờ kiểm tra / taken",
    "waiting": "đang chờ / waiting",
    "accepted": "được chấp nhận / accepted",
    "refused": "bị từ chối / refused",
    "expired": "không kiểm tra kịp, hãy gửi lại / not judged in time",
    "quarantined": "bị cách ly / quarantined",
    "consigned": "trong hộp thư nơi nhận / in the mailbox",
    "fetched": "nơi nhận đã tải về / fetched",
    "01": "01 đã đến / arrived",
    "02": "02 từ chối / rejected",
    "03": "03 đã tiếp nhận / accepted",
    "04": "04 phân công xử lý / assigned",
    "05": "05 đang xử lý / processing",
    "06": "06 hoàn thành / done",
}
RECEIPTS: Final = {
    "SubmissionAcceptance": "biên nhận: được chấp nhận / accepted",
    "SubmissionRejection": "biên nhận: bị từ chối / refused",
    "SubmissionExpiry": "biên nhận: không kiểm tra kịp / not judged in time",
    "ContentConsignment": "biên nhận: đã chuyển đến / delivered",
    "ContentConsignmentFailure": "biên nhận: không chuyển được / not delivered",
    "ContentHandover": "biên nhận: nơi nhận đã tải / fetched",
    "HandlingStatus": "biên nhận: trạng thái xử lý / handling status",
    "HandlingStatusRejection": "biên nhận: trạng thái bị từ chối / status refused",
}
"""What a receipt is about, by the kind of its event (`axis.evidence.events.Kind`)."""
KINDS: Final = {
    "document": "văn bản / document",
    "status": "trạng thái xử lý / status",
    "notice": "thông báo / notice",
}
"""What a mailbox entry is, where it is no receipt."""
LEVELS: Final = {
    "central": "trung ương / central",
    "province": "tỉnh / province",
    "district": "huyện / district",
    "commune": "xã / commune",
}


def state(code: str) -> str:
    """Return a state in words."""
    return STATES.get(code, code)


def receipt(kind: str) -> str:
    """Return in words what a receipt is about; an unknown kind is shown as it is."""
    return RECEIPTS.get(kind, kind)


def entry_kind(one: Entry) -> str:
    """Return in words what a mailbox entry is."""
    return RECEIPTS.get(one.event_kind or "", KINDS.get(one.kind, one.kind))


def lines(values: Sequence[T], *, json: bool, show: Callable[[Sequence[T]], None]) -> None:
    """Print values as JSON lines, or the way people read them."""
    if not json:
        show(values)
        return
    for value in values:
        out.emit(value)


def verdict(status: PacketStatus) -> None:
    """Show one packet: state, reasons, recipients."""
    out.say(f"Gói tin {status.packet_id}: {state(status.state)}")
    if status.document:
        document = status.document
        out.say(f"  {document.type_name} {document.number}/{document.notation}: {document.subject}")
    if status.waiting:
        out.say(f"  chờ: {status.waiting.reason.vi}", status.waiting.reason.en)
        out.say(f"  thử lại lúc {moment(status.waiting.next_try_at)}, hạn {moment(status.waiting.deadline)}")
    for sign, found in (
        ("✗", status.decision.reasons if status.decision else ()),
        ("•", status.decision.findings if status.decision else ()),
    ):
        for reason in found:
            where = f"{reason.code} {reason.field}".rstrip()
            vi, en = sides(reason.vi, reason.en, reason.detail)
            out.say(f"  {sign} {reason.rule} {where}: {vi}", en)
    if status.recipients:
        out.table(
            "Nơi nhận / recipients",
            ("mã / code", "tên / name", "cấp / level", "trạng thái / state", "hạn trả lời / due"),
            [
                (
                    one.code,
                    one.name,
                    LEVELS.get(one.level, one.level),
                    state(one.state),
                    f"{moment(one.answer_due_at)}{' QUÁ HẠN / overdue' if one.overdue else ''}",
                )
                for one in status.recipients
            ],
        )


def entries(found: Sequence[Entry]) -> None:
    """Show a mailbox."""
    if not found:
        out.say("Hộp thư trống", "the mailbox is empty")
        return
    out.table(
        f"{len(found)} mục / entries",
        ("số / entry", "loại / kind", "văn bản / document", "nơi nhận / for", "gói tin / packet", "lúc / at"),
        [
            (
                str(one.entry_id),
                entry_kind(one) + (" ★" if one.priority else ""),
                f"{one.number}/{one.notation} {one.title}" if one.number else "-",
                ", ".join(one.recipients),
                one.packet_id,
                moment(one.created_at),
            )
            for one in found
        ],
    )


def sent(found: Sequence[SentLine]) -> None:
    """Show what was sent."""
    if not found:
        out.say("Chưa gửi gói tin nào: axis send goi.edxml", "nothing was sent yet")
        return
    out.table(
        f"{len(found)} gói tin đã gửi / packets sent",
        ("gói tin / packet", "lúc / at", "văn bản / document", "trạng thái / state", "nhận / fetched"),
        [
            (
                one.packet_id,
                moment(one.received_at),
                f"{one.number}/{one.notation} {one.subject}" if one.number else "-",
                state(one.state),
                f"{one.fetched}/{one.recipients}",
            )
            for one in found
        ],
    )


def overdue(found: Sequence[Overdue]) -> None:
    """Show answers that are due and missing."""
    if not found:
        out.say("Không có gì quá hạn trả lời", "nothing is overdue")
        return
    out.table(
        f"{len(found)} quá hạn / overdue",
        (
            "chiều / direction",
            "văn bản / document",
            "nơi nhận / recipient",
            "trạng thái / state",
            "hạn / due",
        ),
        [
            (
                "ta nợ / ours" if one.direction == "in" else "nợ ta / theirs",
                f"{one.number}/{one.notation} {one.subject}",
                one.recipient_name,
                state(one.state),
                moment(one.answer_due_at),
            )
            for one in found
        ],
    )
