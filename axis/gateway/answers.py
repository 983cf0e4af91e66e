"""What `/v1` answers, as values: encoded once by msgspec, and the source of the OpenAPI schemas."""

from datetime import datetime
from typing import Any

import msgspec

from axis.answers import (
    Decision,
    Handling,
    Judgement,
    PacketStatus,
    Reason,
    ReceiptLine,
    Recipient,
    Told,
    Wait,
    Waiting,
    Whereabouts,
)
from axis.store import views
from axis.violations import REASONS, Violation


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457) with the published reason."""

    type: str
    title: str
    """Vietnamese."""
    title_en: str
    status: int
    code: str
    rule: str
    detail: str
    violations: tuple[Reason, ...] = ()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that was taken: its bytes are on disk and its row is committed."""

    packet_id: str
    sha256: str
    size: int
    received_at: datetime
    state: str
    """taken, waiting, accepted, refused, expired or quarantined."""
    links: dict[str, str]


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt is being sealed; ask again in a moment."""

    state: str = "sealing"


def reason(violation: Violation) -> Reason:
    """Say a violation in both languages."""
    words = REASONS[violation.code]
    return Reason(
        code=violation.code,
        rule=words.rule,
        field=violation.field,
        vi=words.vi,
        en=words.en,
        detail=violation.detail,
    )


def reasons(violations: tuple[Violation, ...]) -> tuple[Reason, ...]:
    """Say violations in both languages, in their order."""
    return tuple(reason(violation) for violation in violations)


def links(packet_id: str) -> dict[str, str]:
    """Tell where to look for a packet."""
    return {"self": f"/v1/packets/{packet_id}", "receipts": f"/v1/packets/{packet_id}/receipts"}


def shown_state(view: views.PacketView) -> str:
    """Return the one word for where a packet is: a verdict once there is one."""
    if view.intake.state != "answered" or view.judged is None:
        return view.intake.state
    return view.judged.verdict


def receipt_answer(line: views.ReceiptLine) -> ReceiptLine:
    """Say where a receipt is."""
    return ReceiptLine(
        event_id=line.event_id,
        kind=line.kind,
        at=line.at,
        state="sealing" if line.sealed_at is None else "sealed",
        sealed_at=line.sealed_at,
        href=f"/v1/receipts/{line.event_id}",
    )


def packet_answer(
    view: views.PacketView,
    recipients: tuple[views.RecipientView, ...],
    receipts: tuple[views.ReceiptLine, ...],
    *,
    at: datetime,
) -> PacketStatus:
    """Put everything about a packet together.

    Args:
        view: the packet with its decision.
        recipients: with their histories.
        receipts: of the connection that asks.
        at: now; decides what is overdue.
    """
    intake, waiting, judged = view.intake, view.waiting, view.judged
    return PacketStatus(
        packet_id=intake.packet_id,
        sha256=intake.sha256,
        size=intake.size,
        received_at=intake.received_at,
        priority=intake.priority,
        state=shown_state(view),
        waiting=None if waiting is None else _waiting(waiting),
        decision=None if judged is None else _decision(judged),
        document=view.document,
        recipients=tuple(_recipient(one, at) for one in recipients),
        receipts=tuple(receipt_answer(line) for line in receipts),
        links=links(intake.packet_id),
    )


def _waiting(waiting: views.Waiting) -> Waiting:
    return Waiting(reason=reason(waiting.reason), **_shared(waiting, Wait))


def _decision(judged: views.Judged) -> Decision:
    return Decision(
        reasons=reasons(judged.violations),
        findings=reasons(judged.findings),
        parts={name: str(part.outcome) for name, part in judged.parts.items()},
        **_shared(judged, Judgement),
    )


def _recipient(view: views.RecipientView, at: datetime) -> Recipient:
    return Recipient(
        overdue=view.answered_at is None and view.answer_due_at is not None and view.answer_due_at <= at,
        history=tuple(
            Handling(findings=reasons(told.findings), **_shared(told, Told)) for told in view.history
        ),
        **_shared(view, Whereabouts),
    )


def _shared(view: Wait | Judgement | Told | Whereabouts, noun: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: getattr(view, name) for name in noun.__struct_fields__}
