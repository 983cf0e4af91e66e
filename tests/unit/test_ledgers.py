"""The comparison of ledgers must itself be able to fail: one small world, one lie at a time."""

import copy
import dataclasses
import hashlib
from collections.abc import Callable

import pytest

from axis.document import delivery_id, packet_id
from axis.topics import ACCEPTED, ACK, SUBMISSION
from tests.lab.books import (
    Aside,
    Clients,
    Download,
    Event,
    Handed,
    Intake,
    Ledgers,
    Memory,
    Record,
    Road,
    Ruling,
)
from tests.lab.ledgers import compare, counts


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


GOOD, BAD, LATER = (packet_id("a", digest(name)) for name in ("good", "bad", "later"))
ONE, TWO = delivery_id(GOOD, "G22"), delivery_id(GOOD, "H37")
JUNK = Record(SUBMISSION, 0, 3, None, b"junk", "", "")


def world() -> Ledgers:
    """Return ledgers that agree: one accepted to two, one refused, one that lost to the first, one poison."""
    events = [
        Event("e1", "SubmissionAcceptance", GOOD, "", b""),
        Event("e2", "SubmissionRejection", BAD, "", b""),
        Event("e3", "SubmissionRejection", LATER, "", b""),
        Event("e4", "ContentConsignment", GOOD, ONE, b""),
        Event("e5", "ContentConsignment", GOOD, TWO, b""),
        Event("e6", "HandlingStatus", GOOD, "ack", b""),
    ]
    clients = Clients(
        handed={
            GOOD: Handed(
                "a", digest("good"), "", rival="r", answers=[GOOD, GOOD], shown=["taken", "accepted"]
            ),
            BAD: Handed(
                "a", digest("bad"), "refused", "x.y", answers=[BAD], shown=["taken", "waiting", "refused"]
            ),
            LATER: Handed("a", digest("later"), "", rival="r", answers=[LATER], shown=["refused"]),
        },
        downloads=[Download("b", GOOD, digest("good+"), digest("good"))] * 2,
        shown={(GOOD, "G22"): ["consigned", "fetched", "01", "03"], (GOOD, "H37"): ["consigned"]},
        receipts={f"e{n}": {b"%d" % n} for n in range(1, 7)},
        statuses={"ack"},
    )
    memory = Memory(
        intakes={
            GOOD: Intake("a", digest("good"), "answered", 1),
            BAD: Intake("a", digest("bad"), "answered", 1),
            LATER: Intake("a", digest("later"), "answered", 1),
        },
        rulings=[
            Ruling(GOOD, 1, "accepted", (), digest("good+")),
            Ruling(BAD, 1, "refused", ("z", "x.y"), ""),
            Ruling(LATER, 1, "refused", ("taken",), ""),
        ],
        recipients={GOOD: ("G22", "H37")},
        deliveries=[(ONE, GOOD, "G22"), (TWO, GOOD, "H37")],
        events=events,
        sealed=[event.event_id for event in events],
        handlings={"ack": "recorded"},
        quarantine=[Aside(SUBMISSION, 0, 3, hashlib.sha256(b"junk").hexdigest())],
        left={"outbox": 0, "unsealed": 0},
    )
    road = Road(
        records=[
            *(
                Record(SUBMISSION, 0, n, b"k", name.encode(), f"s{n}", name)
                for n, name in enumerate((GOOD, BAD, LATER))
            ),
            JUNK,
            Record(SUBMISSION, 1, 0, b"k", GOOD.encode(), "s0", GOOD),
            Record(ACCEPTED, 0, 0, b"k", b"v", "x", GOOD),
            Record(ACK, 0, 0, b"k", b"v", "y", "ack"),
        ],
        behind={(SUBMISSION, 0): 0},
    )
    return Ledgers(clients, memory, road, {digest(name): True for name in ("good", "bad", "later")})


def test_a_world_that_agrees_has_no_breach():
    """Nothing is found where nothing is wrong, and the counts are told by their ends."""
    assert compare(world()) == []
    assert counts(world().memory) == {"accepted": 1, "refused": 2}


Lie = Callable[[Ledgers], object]


def ruling(**changes) -> Lie:
    def lie(ledgers):
        ledgers.memory.rulings[0] = dataclasses.replace(ledgers.memory.rulings[0], **changes)

    return lie


LIES: dict[str, tuple[str, Lie]] = {
    "a packet lost": ("I1 nothing lost", lambda all_of: all_of.memory.intakes.pop(BAD)),
    "content lost": ("I1 nothing lost", lambda all_of: all_of.content.update({digest("bad"): False})),
    "a status lost": ("I1 nothing lost", lambda all_of: all_of.memory.handlings.pop("ack")),
    "another name": ("I1 nothing lost", lambda all_of: all_of.clients.handed[GOOD].answers.append(BAD)),
    "a packet out of nothing": (
        "I1 nothing invented",
        lambda all_of: all_of.memory.intakes.update({"00": Intake("a", digest("bad"), "answered", 1)}),
    ),
    "never decided": ("I7 one ending", lambda all_of: all_of.memory.rulings.pop(1)),
    "decided twice": ("I7 one ending", lambda all_of: all_of.memory.rulings.append(all_of.memory.rulings[1])),
    "still open": (
        "I7 one ending",
        lambda all_of: all_of.memory.intakes.update({BAD: Intake("a", digest("bad"), "waiting", 1)}),
    ),
    "a status still open": ("I7 one ending", lambda all_of: all_of.memory.handlings.update(ack="taken")),
    "an end told twice": (
        "I7 one event",
        lambda all_of: all_of.memory.events.append(Event("e9", "SubmissionAcceptance", GOOD, "", b"")),
    ),
    "delivered twice": (
        "I2 one delivery",
        lambda all_of: all_of.memory.deliveries.append((ONE, GOOD, "G22")),
    ),
    "not delivered": ("I2 one delivery", lambda all_of: all_of.memory.deliveries.pop()),
    "another delivery id": (
        "I2 one delivery",
        lambda all_of: all_of.memory.deliveries.__setitem__(0, ("00", GOOD, "G22")),
    ),
    "consigned twice": (
        "I2 one delivery",
        lambda all_of: all_of.memory.events.append(Event("e9", "ContentConsignment", GOOD, ONE, b"")),
    ),
    "another download": (
        "I2 repeats identical",
        lambda all_of: all_of.clients.downloads.append(Download("b", GOOD, digest("else"), digest("good"))),
    ),
    "another receipt": ("I2 repeats identical", lambda all_of: all_of.clients.receipts["e1"].add(b"else")),
    "another record": (
        "I2 repeats identical",
        lambda all_of: all_of.road.records.append(Record(SUBMISSION, 1, 1, b"k", b"else", "s0", GOOD)),
    ),
    "tampered": (
        "I4 nothing unverified",
        lambda all_of: all_of.clients.downloads.append(Download("b", GOOD, digest("good+"), digest("evil"))),
    ),
    "a refused one fetched": (
        "I4 nothing unverified",
        lambda all_of: all_of.clients.downloads.append(Download("b", BAD, digest("bad+"), digest("bad"))),
    ),
    "a refused one delivered": (
        "I4 nothing unverified",
        lambda all_of: all_of.memory.deliveries.append((delivery_id(BAD, "G22"), BAD, "G22")),
    ),
    "another decision": ("I4 nothing unverified", ruling(delivered_sha256=digest("else"))),
    "a wrong verdict": (
        "I3 right verdict",
        lambda all_of: setattr(all_of.clients.handed[BAD], "verdict", "accepted"),
    ),
    "a wrong reason": ("I3 right verdict", lambda all_of: setattr(all_of.clients.handed[BAD], "code", "x.z")),
    "no rival accepted": ("I3 right verdict", ruling(verdict="refused")),
    "gone back": ("I5 never back", lambda all_of: all_of.clients.shown[GOOD, "G22"].append("fetched")),
    "open again": ("I5 never back", lambda all_of: all_of.clients.handed[GOOD].shown.append("taken")),
    "another end": ("I5 never back", lambda all_of: all_of.clients.handed[GOOD].shown.append("refused")),
    "a row left": ("I7 counts reconcile", lambda all_of: all_of.memory.left.update(outbox=1)),
    "not settled": ("I7 counts reconcile", lambda all_of: all_of.road.behind.update({(SUBMISSION, 0): 1})),
    "taken and not counted": (
        "I7 counts reconcile",
        lambda all_of: all_of.clients.handed[BAD].answers.clear(),
    ),
    "no record": ("I6 road complete", lambda all_of: all_of.road.records.pop(1)),
    "no acceptance": ("I6 road complete", lambda all_of: all_of.road.records.pop(5)),
    "no status": ("I6 road complete", lambda all_of: all_of.road.records.pop(6)),
    "poison dropped": ("I7 aside exact", lambda all_of: all_of.memory.quarantine.clear()),
    "poison changed": (
        "I7 aside exact",
        lambda all_of: all_of.memory.quarantine.__setitem__(0, Aside(SUBMISSION, 0, 3, digest("else"))),
    ),
    "a good one aside": (
        "I7 aside exact",
        lambda all_of: all_of.memory.quarantine.append(Aside(SUBMISSION, 0, 0, digest(GOOD))),
    ),
    "aside out of nothing": (
        "I7 aside exact",
        lambda all_of: all_of.memory.quarantine.append(Aside(ACK, 5, 5, digest("else"))),
    ),
    "not sealed": ("I9 all sealed", lambda all_of: all_of.memory.sealed.pop()),
    "sealed twice": ("I9 all sealed", lambda all_of: all_of.memory.sealed.append("e1")),
    "a receipt of nothing": (
        "I9 all sealed",
        lambda all_of: all_of.clients.receipts.update(e9={b"9"}),
    ),
    "a false receipt": ("I9 all sealed", lambda all_of: all_of.clients.unverified.append("e1: altered")),
    "no receipt of the end": ("I9 all sealed", lambda all_of: all_of.clients.receipts.pop("e2")),
}


@pytest.mark.parametrize("name", LIES)
def test_each_lie_is_found(name):
    """Every check fails for the very thing that it is there for."""
    invariant, lie = LIES[name]
    ledgers = copy.deepcopy(world())
    lie(ledgers)
    assert invariant in {breach.invariant for breach in compare(ledgers)}
