"""What a clerk does with a document: receive, refuse, assign, process, finish, as real handling statuses.

Each act is a row first, then an edXML status packet of the clerk's agency that
takes the way of every other one, through the desk. The row names the act, so a
double click, a second tab and a retry after a crash are the same packet.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from axis.console import words
from axis.console.access import Clerk, read_own_form
from axis.console.failures import SEE_OTHER, PageError, absent
from axis.console.pages import render
from axis.console.parts import Given, Parts
from axis.document import DeliveryState
from axis.edxml.status import build_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.errors import AxisError, RefusedError
from axis.status import USUAL_NEXT, apply_status
from axis.store import clerking, papers
from axis.store.accounts import Session
from axis.store.clerking import Act, Subject, act_id

_log = logging.getLogger(__name__)

NOTE_MOST: Final = 1000
"""Characters of a reason or note (exchange-rules 1.4)."""
UNFINISHED: Final = timedelta(seconds=10)
"""An act without its packet for so long belongs to a process that died in between."""
FINISH_SECONDS: Final = 5.0

router = APIRouter()


def offered(state: DeliveryState) -> tuple[str, ...]:
    """Return the codes that a clerk may give in a state, the usual one first."""
    if state in {DeliveryState.CONSIGNED, DeliveryState.FETCHED}:
        state = DeliveryState.ARRIVED
    order = tuple(words.ACTIONS)
    return tuple(sorted((str(code) for code in USUAL_NEXT[state]), key=order.index))


def shown_state(state: str, done: Sequence[Act]) -> DeliveryState:
    """Return the state with the acts that are still under way."""
    now = DeliveryState(state)
    for act in done:
        if act.state == "taken":
            now = apply_status(now, act.code).state
    return now


@router.get("/documents/{packet_id}/act/{code}")
async def get_act(request: Request, packet_id: str, code: str, parts: Given, clerk: Clerk) -> Response:
    """Ask whether it is meant, and for the reason of a refusal."""
    seen = await papers.sight(parts.pool, packet_id, clerk.agency)
    if seen is None or not seen.delivery_id or code not in words.ACTIONS:
        raise absent()
    paper = await papers.read_paper(parts.pool, packet_id)
    subject = await clerking.read_subject(parts.pool, seen.delivery_id)
    assert paper is not None and subject is not None, "it was seen a moment ago"  # noqa: PT018 - one claim
    before = await clerking.list_acts(parts.pool, seen.delivery_id)
    _allowed(subject, before, code)
    return render(
        request,
        "act.html",
        paper=paper,
        code=code,
        attempt=attempts(before, code),
        wrong="",
        note="",
        ground="",
    )


@router.post("/documents/{packet_id}/act/{code}")
async def post_act(request: Request, packet_id: str, code: str, parts: Given, clerk: Clerk) -> Response:
    """Do it; doing it again is the same act."""
    form = await read_own_form(request, clerk)
    seen = await papers.sight(parts.pool, packet_id, clerk.agency)
    if seen is None or not seen.delivery_id or code not in words.ACTIONS:
        raise absent()
    note, ground = " ".join(form.get("note", "").split()), form.get("ground", "")
    wrong = _wrong(code, note, ground)
    attempt = form.get("attempt", "")
    if wrong or not attempt.isdecimal():
        paper = await papers.read_paper(parts.pool, packet_id)
        return render(
            request, "act.html", status=422, paper=paper, code=code, attempt=attempt or "0",
            wrong=wrong, note=note, ground=ground,
        )  # fmt: skip
    if code == DeliveryState.REJECTED:
        note = f"{ground}: {note}" if note else ground
    if full := await parts.desk.room():
        raise PageError(
            503, "Hệ thống đang hết chỗ", "no room at the moment", f"Hãy làm lại sau ít phút ({full.detail})."
        )
    deciding = _deciding(clerk, code, note, int(attempt[:6]), parts.now())
    for act in await clerking.add_acts(parts.pool, seen.delivery_id, deciding):
        await hand_over(parts, act)
    return RedirectResponse(f"/documents/{packet_id}?done={code}", SEE_OTHER)


def attempts(before: Sequence[Act], code: str) -> int:
    """Count how often an act was refused: only then may it be done again."""
    return sum(act.code == code and act.state == "refused" for act in before)


async def hand_over(parts: Parts, act: Act) -> None:
    """Make the status packet of an act and give it to the desk; the same act makes the same bytes.

    Raises:
        UnavailableError: the database is away; the act stays open and is finished later.
    """
    if act.ack_id is not None:
        return
    subject = await clerking.read_subject(parts.pool, act.delivery_id)
    assert subject is not None, "an act is about a delivery"
    data = build_status(
        StatusPacket(
            sender=Organ(code=subject.recipient, name=subject.recipient_name),
            response_for=ResponseFor(
                organ_code=subject.sender,
                code=f"{subject.number}/{subject.notation}",
                document_id=subject.document_id,
                promulgation_date=subject.issued_on,
            ),
            code=act.code,
            description=act.description,
            reported_at=act.at,
        )
    )
    ack_id = await parts.desk.take_status(
        connection=act.connection,
        data=data,
        organ_code=subject.sender,
        document_id=subject.document_id,
    )
    await clerking.note_taken(parts.pool, act.act_id, ack_id)


async def finish_acts(parts: Parts) -> None:
    """Finish, again and again, the acts of a process that died between row and packet; until cancelled."""
    while True:
        await asyncio.sleep(FINISH_SECONDS)
        try:
            for act in await clerking.open_acts(parts.pool, before=parts.now() - UNFINISHED):
                await hand_over(parts, act)
        except AxisError as exc:
            _log.warning("acts wait to be finished: %s", exc)


def _deciding(
    clerk: Session, code: str, note: str, attempt: int, at: datetime
) -> Callable[[Subject, tuple[Act, ...]], tuple[Act, ...]]:
    def decide(subject: Subject, before: tuple[Act, ...]) -> tuple[Act, ...]:
        name = act_id(subject.delivery_id, code, attempt)
        if stands := tuple(act for act in before if act.act_id == name):
            return stands
        _allowed(subject, before, code)
        if attempt != attempts(before, code):
            raise _moved()
        made = [(code, note, name)]
        if shown_state(subject.state, before) in {DeliveryState.CONSIGNED, DeliveryState.FETCHED}:
            # 01 is what receiving software says by itself; nobody has said it for this agency yet.
            first = act_id(subject.delivery_id, "01", attempts(before, "01"))
            made.insert(0, ("01", words.STATES["01"][0], first))
        return tuple(
            Act(
                act_id=one,
                account=clerk.name,
                agency=clerk.agency,
                connection=subject.connection,
                packet_id=subject.packet_id,
                delivery_id=subject.delivery_id,
                code=said,
                description=text,
                at=at,
                ack_id=None,
                state="taken",
                violations=(),
            )
            for said, text, one in made
        )

    return decide


def _allowed(subject: Subject, before: Sequence[Act], code: str) -> None:
    if not subject.connection:
        raise PageError(
            409, "Cơ quan của bạn chưa có kết nối với trục", "the agency has no connection",
            "Báo bộ phận vận hành giao kết nối cho cơ quan, rồi làm lại.",
        )  # fmt: skip
    if code not in offered(shown_state(subject.state, before)):
        raise _moved()


def _moved() -> PageError:
    return PageError(
        409, "Văn bản đã ở trạng thái khác", "the document has moved on",
        "Có thể đồng nghiệp hoặc phần mềm quản lý văn bản vừa xử lý. Mở lại trang văn bản để xem.",
    )  # fmt: skip


def _wrong(code: str, note: str, ground: str) -> str:
    if len(note) > NOTE_MOST:
        return f"Nội dung dài quá {NOTE_MOST} ký tự."
    if code == DeliveryState.REJECTED:
        if ground not in words.GROUNDS:
            return "Hãy chọn căn cứ từ chối."
        if ground == words.GROUNDS[-1] and not note:
            return "Hãy ghi rõ lý do từ chối."
    try:
        # What XML cannot carry is told here, not by a failure later.
        build_status(
            StatusPacket(sender=Organ(code="x"), response_for=ResponseFor(), code=code, description=note)
        )
    except RefusedError:
        return "Nội dung có ký tự không dùng được; hãy gõ lại."
    return ""
