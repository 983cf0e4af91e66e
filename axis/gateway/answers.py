"""What `/v1` answers, as values: encoded once by msgspec, and the source of the OpenAPI schemas."""

from datetime import datetime

import msgspec

from axis.store.views import DocumentView, Judged, PacketView, ReceiptLine, RecipientView, Waiting
from axis.violations import REASONS, Violation


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One broken rule or one finding, in both languages. Branch on ``code`` and on nothing else."""

    code: str
    rule: str
    """Number in RULES.md."""
    field: str
    vi: str
    en: str
    detail: str


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


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An access token (RFC 6749, 5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    """Seconds."""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that was taken: its bytes are on disk and its row is committed."""

    packet_id: str
    sha256: str
    size: int
    received_at: datetime
    state: str
    """taken, waiting, accepted, refused, expired or quarantined."""
    links: dict[str, str]


class Uploaded(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that were brought: they wait to be handed in by their digest."""

    sha256: str
    size: int


class WaitingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """On what the packet waits, and until when at most."""

    reason: Reason
    since: datetime
    next_try_at: datetime
    deadline: datetime


class DecisionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement that stands."""

    verdict: str
    decided_at: datetime
    reasons: tuple[Reason, ...]
    findings: tuple[Reason, ...]
    parts: dict[str, str]
    """Outcome of integrity, content, trust and authority."""
    rules_version: str
    directory_version: int
    trust_version: str
    delivered_sha256: str


class StatusLine(msgspec.Struct, frozen=True, kw_only=True):
    """One handling status of a recipient."""

    ack_id: str
    code: str
    description: str
    reported_at: datetime | None
    recorded_at: datetime | None
    findings: tuple[Reason, ...]


class RecipientAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One recipient: where the document is there, and what was said about it."""

    delivery_id: str
    code: str
    name: str
    level: str
    state: str
    consigned_at: datetime
    fetched_at: datetime | None
    answer_due_at: datetime | None
    answered_at: datetime | None
    overdue: bool
    history: tuple[StatusLine, ...]


class ReceiptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt: ``sealing`` for a moment, ``sealed`` for ever."""

    event_id: str
    kind: str
    at: datetime
    state: str
    sealed_at: datetime | None
    href: str


class PacketAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything its sender may know of a packet."""

    packet_id: str
    sha256: str
    size: int
    received_at: datetime
    priority: int
    state: str
    """taken, waiting, accepted, refused, expired or quarantined."""
    waiting: WaitingAnswer | None
    decision: DecisionAnswer | None
    document: DocumentView | None
    recipients: tuple[RecipientAnswer, ...]
    receipts: tuple[ReceiptAnswer, ...]
    links: dict[str, str]


class AckAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A handling status that was taken."""

    ack_id: str


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """The receipt is being sealed; ask again in a moment."""

    state: str = "sealing"


class Whoami(msgspec.Struct, frozen=True, kw_only=True):
    """The connection behind the token, for whom it speaks and what it may ask for."""

    connection: str
    agencies: tuple[str, ...]
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int
    token_expires_at: datetime


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


def shown_state(view: PacketView) -> str:
    """Return the one word for where a packet is: a verdict once there is one."""
    if view.intake.state != "answered" or view.judged is None:
        return view.intake.state
    return view.judged.verdict


def receipt_answer(line: ReceiptLine) -> ReceiptAnswer:
    """Say where a receipt is."""
    return ReceiptAnswer(
        event_id=line.event_id,
        kind=line.kind,
        at=line.at,
        state="sealing" if line.sealed_at is None else "sealed",
        sealed_at=line.sealed_at,
        href=f"/v1/receipts/{line.event_id}",
    )


def packet_answer(
    view: PacketView,
    recipients: tuple[RecipientView, ...],
    receipts: tuple[ReceiptLine, ...],
    *,
    at: datetime,
) -> PacketAnswer:
    """Put everything about a packet together.

    Args:
        view: the packet with its decision.
        recipients: with their histories.
        receipts: of the connection that asks.
        at: now; decides what is overdue.
    """
    intake, waiting, judged = view.intake, view.waiting, view.judged
    return PacketAnswer(
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


def _waiting(waiting: Waiting) -> WaitingAnswer:
    return WaitingAnswer(
        reason=reason(waiting.reason),
        since=waiting.since,
        next_try_at=waiting.next_try_at,
        deadline=waiting.deadline,
    )


def _decision(judged: Judged) -> DecisionAnswer:
    return DecisionAnswer(
        verdict=judged.verdict,
        decided_at=judged.decided_at,
        reasons=reasons(judged.violations),
        findings=reasons(judged.findings),
        parts={name: str(part.outcome) for name, part in judged.parts.items()},
        rules_version=judged.rules_version,
        directory_version=judged.directory_version,
        trust_version=judged.trust_version,
        delivered_sha256=judged.delivered_sha256,
    )


def _recipient(view: RecipientView, at: datetime) -> RecipientAnswer:
    return RecipientAnswer(
        delivery_id=view.delivery_id,
        code=view.code,
        name=view.name,
        level=view.level,
        state=view.state,
        consigned_at=view.consigned_at,
        fetched_at=view.fetched_at,
        answer_due_at=view.answer_due_at,
        answered_at=view.answered_at,
        overdue=view.answered_at is None and view.answer_due_at is not None and view.answer_due_at <= at,
        history=tuple(
            StatusLine(
                ack_id=told.ack_id,
                code=told.code,
                description=told.description,
                reported_at=told.reported_at,
                recorded_at=told.recorded_at,
                findings=reasons(told.findings),
            )
            for told in view.history
        ),
    )
