"""Memory, road and content held against one another: each kind of difference has its own end. Faults 29."""

import hashlib
from datetime import UTC, datetime

import msgspec
import pytest

from axis.contract.codec import (
    Accepted,
    Ack,
    Submission,
    decode_submission,
    encode_accepted,
    encode_ack,
    encode_submission,
)
from axis.contract.schemas import NEWEST, WRITTEN, Schemas
from axis.desk.reconciling import compare, packet_of, retaken_of, status_of
from axis.document import event_id, packet_id
from axis.store.reconciling import Known
from axis.topics import ACCEPTED, ACK, SUBMISSION
from axis.traffic import Incoming

AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
SCHEMAS = Schemas(
    ids={version.name: number for number, version in enumerate(WRITTEN.values(), 1)},
    writers={n: (name, NEWEST[name].parsed) for n, name in enumerate(WRITTEN, 1)},
)
NOTHING = Known(
    intakes={},
    handlings={},
    connections=frozenset({"dms"}),
    named=frozenset(),
    removed=frozenset(),
    unjudged=0,
    unrouted=frozenset(),
)


def digest(name):
    return hashlib.sha256(name.encode()).hexdigest()


def sent(name, *, connection="dms", take=1, other_id=""):
    packet = other_id or packet_id(connection, digest(name))
    record = Submission(
        event_id=event_id("taken", f"{packet}/{take}"), packet_id=packet, connection=connection,
        sha256=digest(name), size=7, door="rest", received_at=AT, priority=1, take=take,
    )  # fmt: skip
    value = encode_submission(record, SCHEMAS)
    return packet, Incoming(topic=SUBMISSION, partition=0, offset=take, key=b"G12|x", value=value)


def answered(name):
    record = Ack(event_id="e", ack_id=name, connection="dms", sha256=digest(name), received_at=AT)
    value = encode_ack(record, SCHEMAS)
    return Incoming(topic=ACK, partition=0, offset=1, key=b"G12|x", value=value)


def routed(packet):
    record = Accepted(
        event_id="e", packet_id=packet, agency="G12", document_id="x", priority=1, accepted_at=AT
    )
    value = encode_accepted(record, SCHEMAS)
    return Incoming(topic=ACCEPTED, partition=0, offset=1, key=b"G12|x", value=value)


def held(*names):
    return {digest(name): True for name in names}


def same(road, content, known):
    return compare(known, road, content, known, SCHEMAS)


def test_three_that_agree():
    """Known, sent and stored: nothing to be done."""
    packet, record = sent("a")
    known = msgspec.structs.replace(
        NOTHING, intakes={packet: (digest("a"), "answered", 1)}, handlings={"s": (digest("s"), "recorded")}
    )
    found = same([record, answered("s")], held("a", "s"), known)
    assert found.agrees
    assert found.unreadable == 0


def test_a_forgotten_packet_comes_back_as_it_stood():
    """Same id, same moment, same key; a first take, because its decisions are forgotten too."""
    packet, first = sent("a")
    _, second = sent("a", take=2)
    found = same([first, second], held("a"), NOTHING)
    [again] = found.packets
    intake, key, message = packet_of(again, SCHEMAS)
    assert (intake.packet_id, intake.received_at, intake.priority) == (packet, AT, 1)
    assert key == message.key == b"G12|x"
    told = decode_submission(message.value, SCHEMAS)
    assert (told.take, told.event_id) == (1, event_id("taken", f"{packet}/1"))
    assert found.unnamed == (), "its content is spoken for"


def test_a_forgotten_retake_is_taken_anew():
    """The memory knows the refusal and not that the packet came again."""
    packet, record = sent("a", take=2)
    known = msgspec.structs.replace(NOTHING, intakes={packet: (digest("a"), "answered", 1)})
    [again] = same([record], held("a"), known).retaken
    assert retaken_of(again, SCHEMAS)[:2] == (packet, 2)


def test_a_forgotten_status_comes_back():
    """With its key, so that it stays in order with its document."""
    [again] = same([answered("s")], held("s"), NOTHING).statuses
    handling, key, message = status_of(again, SCHEMAS)
    assert (handling.ack_id, handling.state, key) == ("s", "taken", b"G12|x")
    assert message.topic == ACK


@pytest.mark.parametrize(
    ("content", "connections"), [({}, {"dms"}), (held("a"), set())], ids=["no content", "no connection"]
)
def test_what_cannot_come_back_is_for_people(content, connections):
    """Its bytes are gone, or nobody knows whose it is: listed, never invented."""
    _, record = sent("a")
    known = msgspec.structs.replace(NOTHING, connections=frozenset(connections))
    found = same([record], content, known)
    assert (found.packets, [one.connection for one in found.lost]) == ((), ["dms"])
    assert not found.agrees


def test_a_record_whose_id_does_not_follow_from_its_content_is_nobodys():
    """A forged record must not have a packet taken."""
    _, record = sent("a", other_id="0" * 32)
    found = same([record, Incoming(topic=ACK, partition=0, offset=0, key=None, value=b"?")], {}, NOTHING)
    assert (found.packets, found.lost, found.unreadable) == ((), (), 2)


def test_a_road_that_is_behind_is_sent_again():
    """Taken and unjudged, and no record of it: but one that was taken meanwhile is on its way."""
    packet, _ = sent("a")
    known = msgspec.structs.replace(
        NOTHING, intakes={packet: (digest("a"), "taken", 1)}, handlings={"s": (digest("s"), "taken")}
    )
    found = same([], held("a", "s"), known)
    assert (found.stranded, found.unheard) == ((packet,), ("s",))
    fresh = compare(NOTHING, [], held("a", "s"), known, SCHEMAS)
    assert (fresh.stranded, fresh.unheard) == ((), ())
    waiting = msgspec.structs.replace(known, intakes={packet: (digest("a"), "waiting", 1)})
    assert same([], held("a", "s"), waiting).stranded == (), "the keeper sends it when its time comes"


def test_a_document_whose_routing_the_road_forgot_is_sent_again():
    """Accepted, not with all its recipients, and no record of it; what is on its way is left alone."""
    packet, record = sent("a")
    known = msgspec.structs.replace(
        NOTHING, intakes={packet: (digest("a"), "answered", 1)}, unrouted=frozenset({packet})
    )
    assert same([record], held("a"), known).unrouted == (packet,)
    assert same([record, routed(packet)], held("a"), known).unrouted == ()
    assert compare(NOTHING, [record], held("a"), known, SCHEMAS).unrouted == (), "accepted meanwhile"


def test_content_without_rows_and_rows_without_content():
    """Named by nothing: for people, unless its row may still be on its way; removed on purpose: no news."""
    known = msgspec.structs.replace(
        NOTHING,
        intakes={"p": (digest("gone"), "answered", 1), "q": (digest("swept"), "answered", 1)},
        named=frozenset({digest("file")}),
        removed=frozenset({digest("swept")}),
    )
    content = {digest("orphan"): True, digest("young"): False, digest("file"): True}
    found = same([], content, known)
    assert (found.missing, found.unnamed) == ((digest("gone"),), (digest("orphan"),))
