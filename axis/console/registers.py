"""The lists of a clerk: incoming, outgoing, waiting, refused, overdue; with search."""

from datetime import datetime, time, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from axis.console.access import Clerk
from axis.console.pages import render
from axis.console.parts import Given
from axis.store import registers
from axis.store.registers import Search
from axis.zone import VIETNAM

TITLES: Final = {
    "incoming": ("Văn bản đến", "incoming"),
    "outgoing": ("Văn bản đi", "outgoing"),
    "waiting": ("Đang chờ", "waiting"),
    "refused": ("Bị từ chối", "refused"),
    "overdue": ("Quá hạn", "overdue"),
}
REFUSED: Final = "refused,expired"
LONGEST: Final = 200
"""Characters of a search that count."""

router = APIRouter()


def read_day(text: str) -> datetime | None:
    """Read a day, dd/MM/yyyy or yyyy-MM-dd, as its first moment in Vietnam; None: it is none."""
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text.strip(), form)  # noqa: DTZ007 - a day; its zone follows
        except ValueError:
            continue
        return datetime.combine(day.date(), time(), VIETNAM)
    return None


def read_place(text: str) -> tuple[datetime, str] | None:
    """Read where a page begins; None: at the newest."""
    at, _, place = text.partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, place) if moment.tzinfo else None


class Asked:
    """What the address of a list asks for; what cannot be read is left out, and said."""

    def __init__(
        self, *, q: str = "", party: str = "", since: str = "", until: str = "", after: str = ""
    ) -> None:
        self.words, self.party = q[:LONGEST], party[:LONGEST]
        self.since, self.until = since, until
        first, last = read_day(since), read_day(until)
        self.unread = tuple(text for text, found in ((since, first), (until, last)) if text and not found)
        self.search = Search(
            words=self.words,
            agency=self.party,
            since=first,
            until=last + timedelta(days=1) if last else None,
        )
        self.after = read_place(after)

    @property
    def anything(self) -> bool:
        """Tell whether something is searched for."""
        return bool(self.words.strip() or self.party.strip() or self.since or self.until)

    def further(self, place: tuple[datetime, str]) -> str:
        """Return the query of the next page."""
        given = {"q": self.words, "party": self.party, "since": self.since, "until": self.until}
        kept = {name: value for name, value in given.items() if value}
        return urlencode({**kept, "after": f"{place[0].isoformat()}~{place[1]}"})


Query = Annotated[Asked, Depends(Asked)]


@router.get("/incoming")
async def get_incoming(request: Request, parts: Given, clerk: Clerk, asked: Query) -> Response:
    """List what came."""
    page = await registers.incoming(parts.pool, clerk.agency, asked.search, asked.after)
    return await _show(request, parts, clerk, "incoming", asked=asked, page=page)


@router.get("/outgoing")
async def get_outgoing(request: Request, parts: Given, clerk: Clerk, asked: Query) -> Response:
    """List what was sent."""
    page = await registers.outgoing(parts.pool, clerk.agency, asked.search, asked.after)
    return await _show(request, parts, clerk, "outgoing", asked=asked, page=page)


@router.get("/waiting")
async def get_waiting(request: Request, parts: Given, clerk: Clerk) -> Response:
    """List what waits: for us to answer, for the axis to judge."""
    ours = await registers.owed_by(parts.pool, clerk.agency)
    theirs = await registers.judging(parts.pool, clerk.agency)
    return await _show(request, parts, clerk, "waiting", ours=ours, theirs=theirs)


@router.get("/refused")
async def get_refused(request: Request, parts: Given, clerk: Clerk, after: str = "") -> Response:
    """List what was refused: by the axis, by recipients."""
    asked = Asked(after=after)
    page = await registers.outgoing(parts.pool, clerk.agency, Search(), asked.after, verdicts=REFUSED)
    theirs = () if after else await registers.refused_by_recipients(parts.pool, clerk.agency)
    return await _show(request, parts, clerk, "refused", asked=asked, page=page, theirs=theirs)


@router.get("/overdue")
async def get_overdue(request: Request, parts: Given, clerk: Clerk) -> Response:
    """List answers that are due and missing: ours, and those owed to us."""
    at = parts.now()
    ours = await registers.owed_by(parts.pool, clerk.agency, due=at)
    theirs = await registers.owed_to(parts.pool, clerk.agency, due=at)
    return await _show(request, parts, clerk, "overdue", ours=ours, theirs=theirs)


async def _show(request: Request, parts: Given, clerk: Clerk, which: str, **values: Any) -> Response:  # noqa: ANN401 - what templates name
    counts = await registers.counts(parts.pool, clerk.agency, at=parts.now())
    part = "live" in request.query_params
    template = "list_part.html" if part else "list.html"
    title, title_en = TITLES[which]
    filled: dict[str, Any] = {"asked": None, "page": None, "ours": (), "theirs": ()} | values
    address = request.url.path + (f"?{request.url.query}" if request.url.query and not part else "")
    return render(
        request,
        template,
        which=which,
        title=title,
        title_en=title_en,
        counts=counts,
        address=address,
        **filled,
    )
