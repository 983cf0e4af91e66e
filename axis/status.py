"""States of one (document, recipient) and how handling statuses move them. Pure. Rules K and N7, N8."""

from typing import Final

import msgspec

from axis.document import DeliveryState
from axis.envelope import StatusPacket
from axis.violations import Code, Violation

RANK: Final[dict[DeliveryState, int]] = {
    DeliveryState.CONSIGNED: 0,
    DeliveryState.FETCHED: 1,
    DeliveryState.ARRIVED: 2,
    DeliveryState.REJECTED: 3,
    DeliveryState.ACCEPTED: 3,
    DeliveryState.ASSIGNED: 4,
    DeliveryState.PROCESSING: 5,
    DeliveryState.DONE: 6,
}
"""The shown state never goes back; a refusal and an acceptance stand side by side: the first one stays."""

USUAL_NEXT: Final[dict[DeliveryState, frozenset[DeliveryState]]] = {
    DeliveryState.CONSIGNED: frozenset({DeliveryState.ARRIVED}),
    DeliveryState.FETCHED: frozenset({DeliveryState.ARRIVED}),
    DeliveryState.ARRIVED: frozenset({DeliveryState.ACCEPTED, DeliveryState.REJECTED}),
    DeliveryState.ACCEPTED: frozenset({DeliveryState.ASSIGNED, DeliveryState.PROCESSING}),
    DeliveryState.ASSIGNED: frozenset({DeliveryState.PROCESSING}),
    DeliveryState.PROCESSING: frozenset({DeliveryState.DONE}),
    DeliveryState.REJECTED: frozenset(),
    DeliveryState.DONE: frozenset(),
}
"""exchange-rules 1.4; 03 then 05 directly is seen in practice."""

ANSWERS: Final = frozenset(
    {
        DeliveryState.REJECTED,
        DeliveryState.ACCEPTED,
        DeliveryState.ASSIGNED,
        DeliveryState.PROCESSING,
        DeliveryState.DONE,
    }
)
"""States in which a clerk has answered: nothing is overdue any more."""

ASKED_BACK, AGREED, DECLINED = "13", "15", "16"
"""The sender asks for a document back; the recipient destroys it and agrees, or declines."""

REQUESTS: Final = frozenset({ASKED_BACK, AGREED, DECLINED})
"""A conversation beside the state: recorded and passed on, whatever the state is, and never moving it."""

FROM_SENDER: Final = frozenset({ASKED_BACK})
"""Codes that the original sender says (the roles in the packet flip)."""

REASONED: Final = frozenset({"02", ASKED_BACK, DECLINED})
"""Codes that are nothing without a reason: K3 holds the first to it, the page all three."""


class Move(msgspec.Struct, frozen=True):
    """What a status does to a delivery."""

    state: DeliveryState
    """The state shown from now on."""
    findings: tuple[Violation, ...]


def apply_status(current: DeliveryState, code: str) -> Move:
    """Return what a handling status makes of the state that is shown.

    Any status of the right party is recorded. The shown state never goes
    back; odd orders and codes that are not acted upon are flagged, never refused.

    Args:
        current: the state shown now.
        code: ``StatusCode`` as received.

    Source:
        exchange-rules 1.4; QĐ 28/2018 Điều 10.2.h.
    """
    if code in REQUESTS:
        return Move(current, ())
    try:
        said = DeliveryState(code)
        known = said not in {DeliveryState.CONSIGNED, DeliveryState.FETCHED}
    except ValueError:
        known = False
    if not known:
        return Move(current, (Violation(Code.FINDING_STATUS_CODE, "StatusCode", code),))
    odd = said not in USUAL_NEXT[current] and said != current
    findings = (Violation(Code.FINDING_STATUS_ORDER, "StatusCode", f"{current} → {code}"),) if odd else ()
    return Move(said if RANK[said] > RANK[current] else current, findings)


def settles(state: DeliveryState, code: str) -> bool:
    """Tell whether a status means that nothing more is owed: an answer, or a return agreed to."""
    return state in ANSWERS or code == AGREED


def check_status(packet: StatusPacket) -> tuple[Violation, ...]:
    """Check what a status packet itself must say. Rules K3 and K4."""
    found = []
    # K4: whom and what it speaks of.
    if not packet.sender.code:
        found.append(Violation(Code.STATUS_MALFORMED, "From.OrganId", ""))
    if not packet.response_for.document_id or not packet.response_for.organ_code:
        found.append(Violation(Code.STATUS_MALFORMED, "ResponseFor", ""))
    if not packet.code:
        found.append(Violation(Code.STATUS_MALFORMED, "StatusCode", ""))
    # K3: a refusal says why (QĐ 28/2018 Điều 5.4).
    if packet.code == DeliveryState.REJECTED and not packet.description:
        found.append(Violation(Code.STATUS_REASON_MISSING, "Description", ""))
    return tuple(found)
