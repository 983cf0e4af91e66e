"""What must be true between four books of the same days (`tests.lab.books`).

Each was written by somebody else, so a loss or a doubling shows as a
disagreement. Nothing here asks the axis what it thinks of itself. Invariants
I1 to I9 are those of the list of faults; ``compare`` returns every breach.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from axis.document import DeliveryState, delivery_id, packet_id
from axis.status import RANK
from tests.lab.books import Event, Intake, Ledgers, Memory

ENDINGS = {
    "accepted": "SubmissionAcceptance",
    "refused": "SubmissionRejection",
    "expired": "SubmissionExpiry",
}
"""Kind of the event that each verdict leaves."""

OPEN = ("taken", "waiting")


@dataclass(frozen=True)
class Breach:
    """One thing that must not be."""

    invariant: str
    what: str


def compare(ledgers: Ledgers) -> list[Breach]:
    """Return every breach between the ledgers; none: all agree."""
    return [Breach(invariant, what) for invariant, check in CHECKS for what in check(ledgers)]


def counts(memory: Memory) -> Counter[str]:
    """Count packets by their end; what has none counts under its state."""
    last = {ruling.packet: ruling.verdict for ruling in sorted(memory.rulings, key=lambda one: one.take)}
    return Counter(
        last.get(name, intake.state) if intake.state == "answered" else intake.state
        for name, intake in memory.intakes.items()
    )


# --- the checks ------------------------------------------------------------


def _nothing_lost(all_of: Ledgers) -> Iterator[str]:
    """What the door took is in the database, and its bytes are in the store."""
    memory, content = all_of.memory, all_of.content
    for name, handed in all_of.clients.handed.items():
        if packet_id(handed.connection, handed.sha256) != name:
            yield f"{name}: the door named the packet otherwise than its bytes do"
        if handed.answers and name not in memory.intakes:
            yield f"{name}: taken by the door, unknown to the database"
        if any(answer != name for answer in handed.answers):
            yield f"{name}: the door gave other names: {sorted(set(handed.answers))}"
    for name, intake in memory.intakes.items():
        if not content.get(intake.sha256, False):
            yield f"{name}: its bytes are not in the content store"
    for ack in sorted(all_of.clients.statuses - set(memory.handlings)):
        yield f"status {ack}: taken by the door, unknown to the database"


def _nothing_invented(all_of: Ledgers) -> Iterator[str]:
    """Nothing is in the database that nobody handed in."""
    for name in sorted(set(all_of.memory.intakes) - set(all_of.clients.handed)):
        yield f"{name}: nobody handed it in"


def _one_ending(all_of: Ledgers) -> Iterator[str]:
    """Every packet has one terminal record for each time it was taken, every status one end."""
    memory = all_of.memory
    rulings = Counter((one.packet, one.take) for one in memory.rulings)
    for name, intake in memory.intakes.items():
        if intake.state in OPEN:
            yield f"{name}: still {intake.state}"
        due = intake.take if intake.state == "answered" else intake.take - 1
        for take in range(1, due + 1):
            if rulings[name, take] != 1:
                yield f"{name}: {rulings[name, take]} decisions of take {take}"
    for (name, take), count in rulings.items():
        if name not in memory.intakes or take > memory.intakes[name].take:
            yield f"{name}: {count} decisions of take {take}, which never was"
    for ack, state in memory.handlings.items():
        if state == "taken":
            yield f"status {ack}: still taken"


def _one_event(all_of: Ledgers) -> Iterator[str]:
    """Every decision has its one event."""
    memory = all_of.memory
    told = Counter((event.packet, event.kind) for event in memory.events)
    verdicts = Counter((one.packet, ENDINGS[one.verdict]) for one in memory.rulings)
    endings = Counter({key: count for key, count in told.items() if key[1] in ENDINGS.values()})
    for key in verdicts | endings:
        if verdicts[key] != endings[key]:
            yield f"{key[0]}: {verdicts[key]} decisions, {endings[key]} events {key[1]}"


def _one_delivery(all_of: Ledgers) -> Iterator[str]:
    """One delivery id for each accepted document and recipient, told once."""
    memory = all_of.memory
    accepted = {one.packet for one in memory.rulings if one.verdict == "accepted"}
    if odd := accepted ^ set(memory.recipients):
        yield f"accepted without a document, or the other way: {sorted(odd)}"
    wanted = Counter((name, code) for name, codes in memory.recipients.items() for code in codes)
    found = Counter((packet, code) for _, packet, code in memory.deliveries)
    for pair in wanted | found:
        if (wanted[pair], found[pair]) != (1, 1):
            yield f"{pair[0]} to {pair[1]}: {found[pair]} deliveries, {wanted[pair]} wanted"
    for name, packet, code in memory.deliveries:
        if name != delivery_id(packet, code):
            yield f"{packet} to {code}: delivery id {name}"
    told = Counter(event.subject for event in memory.events if event.kind == "ContentConsignment")
    ids = Counter(name for name, _, _ in memory.deliveries)
    for name in told | ids:
        if told[name] != ids[name]:
            yield f"delivery {name}: {told[name]} events of consignment"


def _repeats_identical(all_of: Ledgers) -> Iterator[str]:
    """Whatever came twice came with the same bytes: downloads, receipts, records."""
    bytes_of: dict[str, set[str]] = {}
    for download in all_of.clients.downloads:
        bytes_of.setdefault(download.packet, set()).add(download.sha256)
    for packet, digests in bytes_of.items():
        if len(digests) > 1:
            yield f"{packet}: downloads of {len(digests)} kinds"
    for event, receipts in all_of.clients.receipts.items():
        if len(receipts) > 1:
            yield f"receipt {event}: came in {len(receipts)} kinds"
    values: dict[tuple[str, str], set[tuple[bytes | None, bytes | None]]] = {}
    for record in all_of.road.records:
        if record.event_id:
            values.setdefault((record.topic, record.event_id), set()).add((record.key, record.value))
    for (topic, event), kinds in values.items():
        if len(kinds) > 1:
            yield f"{topic} {event}: records of {len(kinds)} kinds"


def _nothing_unverified(all_of: Ledgers) -> Iterator[str]:
    """Only what was accepted is delivered, byte for byte as it was sent."""
    handed, memory = all_of.clients.handed, all_of.memory
    accepted = {one.packet: one for one in memory.rulings if one.verdict == "accepted"}
    for packet in sorted({packet for _, packet, _ in memory.deliveries} - set(accepted)):
        yield f"{packet}: delivered and not accepted"
    for got in all_of.clients.downloads:
        ruling, sent = accepted.get(got.packet), handed.get(got.packet)
        if ruling is None or sent is None:
            yield f"{got.packet}: {got.connection} holds what was not accepted"
        elif got.restored != sent.sha256:
            yield f"{got.packet}: {got.connection} holds other bytes than were sent"
        elif got.sha256 != ruling.delivered_sha256:
            yield f"{got.packet}: {got.connection} holds other bytes than were decided on"


def _verdicts_right(all_of: Ledgers) -> Iterator[str]:
    """Every packet came to the end that it deserves; of rivals exactly one is accepted."""
    last = {one.packet: one for one in sorted(all_of.memory.rulings, key=lambda one: one.take)}
    winners: Counter[str] = Counter()
    for name, handed in all_of.clients.handed.items():
        ruling = last.get(name)
        if ruling is None:
            continue  # another check speaks of it, or it was turned away
        if handed.rival:
            winners[handed.rival] += ruling.verdict == "accepted"
        elif handed.verdict != ruling.verdict:
            yield f"{name}: {ruling.verdict} {ruling.codes}, not {handed.verdict} {handed.code}"
        elif handed.code and handed.code not in ruling.codes:
            yield f"{name}: refused for {ruling.codes}, not for {handed.code}"
    rivalries = {one.rival for one in all_of.clients.handed.values() if one.rival}
    for rival in sorted(rivalries):
        if winners[rival] != 1:
            yield f"rivals {rival}: {winners[rival]} accepted"


def _never_back(all_of: Ledgers) -> Iterator[str]:
    """No shown state ever went back."""
    for (packet, code), states in all_of.clients.shown.items():
        ranks = [RANK[DeliveryState(state)] for state in states]
        if ranks != sorted(ranks):
            yield f"{packet} to {code}: {' → '.join(states)}"
    for packet, handed in all_of.clients.handed.items():
        ends = [state for state in handed.shown if state not in OPEN]
        if len(set(ends)) > 1 or (ends and handed.shown[-1] in OPEN):
            yield f"{packet}: {' → '.join(handed.shown)}"


def _counts_reconcile(all_of: Ledgers) -> Iterator[str]:
    """In = accepted + refused + expired + quarantined, and every queue is empty."""
    ends = counts(all_of.memory)
    taken = sum(1 for one in all_of.clients.handed.values() if one.answers)
    ended = sum(ends[name] for name in ("accepted", "refused", "expired", "quarantined"))
    if taken != ended:
        yield f"in {taken}, ended {ended}: {dict(ends)}"
    for queue, count in all_of.memory.left.items():
        if count:
            yield f"{count} rows left in {queue}"
    for (topic, partition), count in all_of.road.behind.items():
        if count:
            yield f"{topic}[{partition}]: {count} records not settled"


def _road_complete(all_of: Ledgers) -> Iterator[str]:
    """Every move left its record."""
    memory, road = all_of.memory, all_of.road
    about = {(record.topic.split(".")[1], record.about) for record in road.records if record.about}
    for name in memory.intakes:
        if ("submission", name) not in about:
            yield f"{name}: no record of its submission"
    for name in memory.recipients:
        if ("accepted", name) not in about:
            yield f"{name}: no record of its acceptance"
    for ack in memory.handlings:
        if ("ack", ack) not in about:
            yield f"status {ack}: no record"


def _aside_exact(all_of: Ledgers) -> Iterator[str]:
    """What nobody can read is in quarantine, once and byte for byte, and nothing else is."""
    memory, road = all_of.memory, all_of.road
    known = set(memory.intakes) | set(memory.handlings)
    spoiled = {name for name, intake in memory.intakes.items() if intake.state == "quarantined"}
    aside = Counter((one.topic, one.partition, one.offset) for one in memory.quarantine)
    digests = {(one.topic, one.partition, one.offset): one.sha256 for one in memory.quarantine}
    for record in road.records:
        place = (record.topic, record.partition, record.offset)
        lost = aside.pop(place, 0)
        due = not record.about or record.about not in known
        if lost != due and record.about not in spoiled:
            yield f"{place}: {lost} times in quarantine, must be {int(due)}"
        if lost and digests[place] != hashlib.sha256(record.value or b"").hexdigest():
            yield f"{place}: other bytes in quarantine"
    for place in aside:
        yield f"{place}: in quarantine, and not in the topic"


def _all_sealed(all_of: Ledgers) -> Iterator[str]:
    """Every event has one receipt, and a receipt that a client holds is about a real event."""
    memory, clients = all_of.memory, all_of.clients
    events = {event.event_id: event for event in memory.events}
    for name, count in Counter(event.event_id for event in memory.events).items():
        if count != 1:
            yield f"event {name}: {count} times"
    sealed = Counter(memory.sealed)
    for name in Counter(events.keys()) | sealed:
        if (name in events, sealed[name]) != (True, 1):
            yield f"event {name}: {sealed[name]} receipts"
    yield from (f"a receipt proved nothing: {why}" for why in clients.unverified)
    for name in sorted(set(clients.receipts) - set(events)):
        yield f"receipt {name}: about nothing that happened"
    held = {events[name].packet for name in clients.receipts if name in events and _ends(events[name])}
    for packet, handed in clients.handed.items():
        if handed.answers and packet not in held and memory.intakes.get(packet, _NONE).state == "answered":
            yield f"{packet}: its sender holds no receipt of the end"


def _ends(event: Event) -> bool:
    return event.kind in ENDINGS.values()


_NONE = Intake(connection="", sha256="", state="", take=0)

CHECKS: tuple[tuple[str, Callable[[Ledgers], Iterator[str]]], ...] = (
    ("I1 nothing lost", _nothing_lost),
    ("I1 nothing invented", _nothing_invented),
    ("I7 one ending", _one_ending),
    ("I7 one event", _one_event),
    ("I2 one delivery", _one_delivery),
    ("I2 repeats identical", _repeats_identical),
    ("I4 nothing unverified", _nothing_unverified),
    ("I3 right verdict", _verdicts_right),
    ("I5 never back", _never_back),
    ("I7 counts reconcile", _counts_reconcile),
    ("I6 road complete", _road_complete),
    ("I7 aside exact", _aside_exact),
    ("I9 all sealed", _all_sealed),
)
