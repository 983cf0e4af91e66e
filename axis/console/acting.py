"""What a clerk does with a document: receive, refuse, finish, ask back, agree, as real handling statuses.

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
from axis.status import (
    AGREED,
    ASKED_BACK,
    DECLINED,
    FROM_SENDER,
    REASONED,
    REQUESTS,
    USUAL_NEXT,
    apply_status,
)
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


def offered(state: DeliveryState, request: str = "") -> tuple[str, ...]:
    """Return the codes that a recipient's clerk may give in a state, the usual one first.

    Args:
        state: of the delivery.
        request: the last word on giving the document back; empty: nobody asked.
    """
    if request == ASKED_BACK:
        return (AGREED, DECLINED)  # what is asked back rests until that is answered
    if request == AGREED:
        return ()
    if state in {DeliveryState.CONSIGNED, DeliveryState.FETCHED}:
        state = DeliveryState.ARRIVED
    order = tuple(words.ACTIONS)
    return tuple(sorted((str(code) for code in USUAL_NEXT[state]), key=order.index))


def may_ask_back(state: DeliveryState, request: str) -> bool:
    """Tell whether the sender's clerk may ask for a document back: not twice, nor what was returned."""
    return state != DeliveryState.REJECTED and request in {"", DECLINED}


def shown_state(state: str, done: Sequence[Act]) -> DeliveryState:
    """Return the state with the acts that are still under way."""
    now = DeliveryState(state)
    for act in done:
        if act.state == "taken":
            now = apply_status(now, act.code).state
    return now


def shown_request(recorded: str, done: Sequence[Act]) -> str:
    """Return the last word on giving a document back, with the acts that are still under way."""
    under_way = [act.code for act in done if act.state == "taken" and act.code in REQUESTS]
    return under_way[-1] if under_way else recorded


@router.get("/documents/{packet_id}/act/{code}")
async def get_act(
    request: Request, packet_id: str, code: str, parts: Given, clerk: Clerk, *, to: str = ""
) -> Response:
    """Ask whether it is meant, and for the reason of a refusal."""
    subject = await _subject(parts, clerk, packet_id, code, to)
    before = await clerking.list_acts(parts.pool, subject.delivery_id)
    _allowed(clerk, subject, before, code)
    return await _form(request, parts, subject, code, attempt=str(attempts(before, code)))


@router.post("/documents/{packet_id}/act/{code}")
async def post_act(request: Request, packet_id: str, code: str, parts: Given, clerk: Clerk) -> Response:
    """Do it; doing it again is the same act."""
    form = await read_own_form(request, clerk)
    subject = await _subject(parts, clerk, packet_id, code, form.get("to", ""))
    note, ground = " ".join(form.get("note", "").split()), form.get("ground", "")
    wrong = _wrong(code, note, ground)
    attempt = form.get("attempt", "")
    if wrong or not attempt.isdecimal():
        said = {"wrong": wrong, "note": note, "ground": ground}
        return await _form(request, parts, subject, code, status=422, attempt=attempt or "0", **said)
    if code == DeliveryState.REJECTED:
        note = f"{ground}: {note}" if note else ground
    if full := await parts.desk.room():
        raise PageError(
            503, "Hệ thống đang hết chỗ", "no room at the moment", f"Hãy làm lại sau ít phút ({full.detail})."
        )
    deciding = _deciding(clerk, code, note, int(attempt[:6]), parts.now())
    for act in await clerking.add_acts(parts.pool, subject.delivery_id, deciding):
        await hand_over(parts, act)
    return RedirectResponse(f"/documents/{packet_id}?done={code}", SEE_OTHER)


async def _subject(parts: Parts, clerk: Session, packet_id: str, code: str, to: str) -> Subject:
    """Return the delivery that an act is about: the clerk's own, or of a request that of a recipient.

    Raises:
        PageError: there is none that this clerk may see, or no such act: 404 either way.
    """
    seen = await papers.sight(parts.pool, packet_id, clerk.agency)
    if seen is not None and code in FROM_SENDER:
        seen = await papers.sight(parts.pool, packet_id, to) if seen.sent else None
    subject = None
    if seen is not None and seen.delivery_id and code in words.ACTIONS:
        subject = await clerking.read_subject(parts.pool, seen.delivery_id)
    if subject is None:
        raise absent()
    return subject


async def _form(
    request: Request,
    parts: Parts,
    subject: Subject,
    code: str,
    *,
    attempt: str,
    status: int = 200,
    wrong: str = "",
    note: str = "",
    ground: str = "",
) -> Response:
    paper = await papers.read_paper(parts.pool, subject.packet_id)
    assert paper is not None, "its delivery was seen a moment ago"
    return render(
        request, "act.html", status=status, paper=paper, subject=subject, code=code, attempt=attempt,
        wrong=wrong, note=note, ground=ground, asks=code in FROM_SENDER, reasoned=code in REASONED,
    )  # fmt: skip


def attempts(before: Sequence[Act], code: str) -> int:
    """Count how often an act was refused: only then may it be done again. A request may follow an answer."""
    ended = {"refused", "recorded"} if code in REQUESTS else {"refused"}
    return sum(act.code == code and act.state in ended for act in before)


async def hand_over(parts: Parts, act: Act) -> None:
    """Make the status packet of an act and give it to the desk; the same act makes the same bytes.

    Raises:
        UnavailableError: the database is away; the act stays open and is finished later.
    """
    if act.ack_id is not None:
        return
    subject = await clerking.read_subject(parts.pool, act.delivery_id)
    assert subject is not None, "an act is about a delivery"
    speaker = Organ(code=subject.recipient, name=subject.recipient_name)
    listener = Organ(code=subject.sender, name=subject.sender_name)
    if act.code in FROM_SENDER:
        speaker, listener = listener, speaker
    data = build_status(
        StatusPacket(
            sender=speaker,
            response_for=ResponseFor(
                organ_code=listener.code,
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
        organ_code=listener.code,
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
        _allowed(clerk, subject, before, code)
        if attempt != attempts(before, code):
            raise _moved()
        made = [(code, note, name)]
        fresh = shown_state(subject.state, before) in {DeliveryState.CONSIGNED, DeliveryState.FETCHED}
        if fresh and code not in FROM_SENDER:
            # 01 is what receiving software says by itself; nobody has said it for this agency yet.
            first = act_id(subject.delivery_id, "01", attempts(before, "01"))
            made.insert(0, ("01", words.STATES["01"][0], first))
        return tuple(
            Act(
                act_id=one,
                account=clerk.name,
                agency=clerk.agency,
                connection=_through(clerk, subject, code),
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


def _through(clerk: Session, subject: Subject, code: str) -> str:
    """Return the connection that speaks for who says this."""
    return clerk.connection if code in FROM_SENDER else subject.connection


def _allowed(clerk: Session, subject: Subject, before: Sequence[Act], code: str) -> None:
    if not _through(clerk, subject, code):
        raise PageError(
            409, "Cơ quan của bạn chưa có kết nối với trục", "the agency has no connection",
            "Báo bộ phận vận hành giao kết nối cho cơ quan, rồi làm lại.",
        )  # fmt: skip
    state, request = shown_state(subject.state, before), shown_request(subject.request, before)
    if not (may_ask_back(state, request) if code in FROM_SENDER else code in offered(state, request)):
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
    elif code in REASONED and not note:
        return "Hãy ghi lý do."
    try:
        # What XML cannot carry is told here, not by a failure later.
        build_status(
            StatusPacket(sender=Organ(code="x"), response_for=ResponseFor(), code=code, description=note)
        )
    except RefusedError:
        return "Nội dung có ký tự không dùng được; hãy gõ lại."
    return ""
