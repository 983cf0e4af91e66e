"""Reconcile: memory, road and content are held against one another after a restore.

A memory that was restored an hour back has forgotten what the road and the
content store still hold: it is taken in again, under the same ids, and judged
anew. A road that is behind, or new, has lost what the memory holds: it is sent
again. What neither can tell is listed for people. Nothing is removed.

Statuses are taken in again only when no packet is unsettled any more: one that
came before its document would be refused.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec

from axis.contract.codec import (
    Ack,
    Submission,
    decode_accepted,
    decode_ack,
    decode_submission,
    encode_submission,
)
from axis.contract.schemas import Schemas
from axis.document import Intake, event_id, packet_id
from axis.errors import MalformedError
from axis.records import Handling
from axis.topics import ACCEPTED, ACK, SUBMISSION
from axis.traffic import Incoming, Outgoing

if TYPE_CHECKING:
    from axis.store.reconciling import Known


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """One record of the road whose subject the memory has forgotten."""

    subject: str
    """Packet id or status id."""
    connection: str
    sha256: str
    record: Incoming


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What does not agree."""

    packets: tuple[Again, ...]
    """Forgotten by the memory, content at hand: can be taken in again."""
    retaken: tuple[Again, ...]
    """Known, but not that it was taken anew after a refusal."""
    statuses: tuple[Again, ...]
    """Forgotten by the memory, as packets are."""
    stranded: tuple[str, ...]
    """Packets taken and unjudged whose record the road does not have."""
    unheard: tuple[str, ...]
    """Statuses likewise."""
    unrouted: tuple[str, ...]
    """Accepted documents that have not reached all their recipients, likewise."""
    lost: tuple[Again, ...]
    """Forgotten, and their content is not here either, or their connection is unknown: for people."""
    missing: tuple[str, ...]
    """Digests that rows name and the content store does not have: for people."""
    unnamed: tuple[str, ...]
    """Digests that nothing names: half-taken, or forgotten beyond the road's memory. For people."""
    unreadable: int
    """Records of the road that are none of ours: they are in quarantine, or will be."""

    @property
    def agrees(self) -> bool:
        """Whether nothing is to be done, by anybody."""
        return not any(
            (
                *(self.packets, self.retaken, self.statuses, self.stranded, self.unheard),
                *(self.unrouted, self.lost, self.missing, self.unnamed),
            )
        )


def compare(
    before: "Known",
    road: Iterable[Incoming],
    content: Mapping[str, bool],
    known: "Known",
    schemas: Schemas,
) -> Comparison:
    """Hold the three against one another. Nothing is changed.

    The memory is read before the road and after it, so that what passes
    meanwhile, while the axis runs, is not taken for a difference.

    Args:
        before: what the memory had before the road was read.
        road: every record that the broker still has.
        content: digests in the content store; False: so young that its row may be on its way.
        known: what the memory has after all that was read.
        schemas: to read records with.
    """
    found = _Road(known, schemas)
    for record in road:
        found.read(record)
    held = {
        *(digest for digest, _, _ in known.intakes.values()),
        *(digest for digest, _ in known.handlings.values()),
        *known.named,
    }
    forgotten = [*found.packets.values(), *found.statuses.values()]
    lost = [one for one in forgotten if one.sha256 not in content or one.connection not in known.connections]
    old = {digest for digest, settled in content.items() if settled}
    return Comparison(
        packets=tuple(one for one in found.packets.values() if one not in lost),
        retaken=tuple(found.retaken.values()),
        statuses=tuple(one for one in found.statuses.values() if one not in lost),
        stranded=tuple(
            name
            for name, (_, state, take) in known.intakes.items()
            if (state, before.intakes.get(name)) == ("taken", known.intakes[name])
            and (name, take) not in found.sent
        ),
        unheard=tuple(
            name
            for name, (_, state) in known.handlings.items()
            if state == "taken" and name not in found.told and name in before.handlings
        ),
        unrouted=tuple(sorted((known.unrouted & before.unrouted) - found.routed)),
        lost=tuple(lost),
        missing=tuple(sorted(held - set(content) - known.removed)),
        unnamed=tuple(sorted(old - held - {one.sha256 for one in forgotten})),
        unreadable=found.unreadable,
    )


class _Road:
    """What the road says, as far as the memory does not know it."""

    def __init__(self, known: "Known", schemas: Schemas) -> None:
        self._known = known
        self._schemas = schemas
        self.packets: dict[str, Again] = {}
        self.retaken: dict[str, Again] = {}
        self.statuses: dict[str, Again] = {}
        self.sent: set[tuple[str, int]] = set()
        """Packet and take of every submission."""
        self.told: set[str] = set()
        """Every status."""
        self.routed: set[str] = set()
        """Every packet that was sent to be routed."""
        self.unreadable = 0

    def read(self, record: Incoming) -> None:
        """Take one record into account."""
        try:
            if record.topic == SUBMISSION:
                self._submission(decode_submission(record.value, self._schemas), record)
            elif record.topic == ACCEPTED:
                self.routed.add(decode_accepted(record.value, self._schemas).packet_id)
            elif record.topic == ACK:
                ack = decode_ack(record.value, self._schemas)
                self.told.add(ack.ack_id)
                if ack.ack_id not in self._known.handlings:
                    self.statuses[ack.ack_id] = _again(ack.ack_id, ack, record)
        except MalformedError:
            self.unreadable += 1

    def _submission(self, submission: Submission, record: Incoming) -> None:
        packet = submission.packet_id
        self.sent.add((packet, submission.take))
        known = self._known.intakes.get(packet)
        if not _genuine(submission):
            self.unreadable += 1
        elif known is None:
            self.packets[packet] = _again(packet, submission, record)
        elif submission.take > known[2]:
            self.retaken[packet] = _again(packet, submission, record)


def packet_of(again: Again, schemas: Schemas) -> tuple[Intake, bytes, Outgoing]:
    """Return the intake as it stood, its key, and the record that sends it to admission once more.

    It is a first take, however often it was taken before: the decisions about
    the others were forgotten with it.
    """
    told = decode_submission(again.record.value, schemas)
    name = event_id("taken", f"{told.packet_id}/1")
    record = msgspec.structs.replace(told, take=1, event_id=name)
    intake = Intake(
        packet_id=record.packet_id,
        connection=record.connection,
        sha256=record.sha256,
        size=record.size,
        received_at=record.received_at,
        door=record.door,
        priority=record.priority,
    )
    key = again.record.key or record.packet_id.encode()
    value = encode_submission(record, schemas)
    return intake, key, Outgoing(topic=SUBMISSION, key=key, value=value, event_id=name)


def retaken_of(again: Again, schemas: Schemas) -> tuple[str, int, Outgoing]:
    """Return the packet, which take was forgotten, and its record."""
    record = decode_submission(again.record.value, schemas)
    return record.packet_id, record.take, _message(again.record, record.event_id)


def status_of(again: Again, schemas: Schemas) -> tuple[Handling, bytes, Outgoing]:
    """Return the status as it stood, its key, and its record."""
    record = decode_ack(again.record.value, schemas)
    handling = Handling(
        ack_id=record.ack_id,
        connection=record.connection,
        sha256=record.sha256,
        received_at=record.received_at,
        state="taken",
    )
    return handling, again.record.key or record.ack_id.encode(), _message(again.record, record.event_id)


def summary(comparison: Comparison) -> Mapping[str, int]:
    """Return how many of each kind."""
    return {
        name: value if isinstance(value, int) else len(value)
        for name, value in ((name, getattr(comparison, name)) for name in Comparison.__struct_fields__)
    }


def _genuine(submission: Submission) -> bool:
    # The id follows from connection and content: a record whose id does not is none of our doors'.
    return submission.packet_id == packet_id(submission.connection, submission.sha256)


def _again(subject: str, about: Submission | Ack, record: Incoming) -> Again:
    return Again(subject=subject, connection=about.connection, sha256=about.sha256, record=record)


def _message(record: Incoming, event: str) -> Outgoing:
    return Outgoing(topic=record.topic, key=record.key or b"", value=record.value or b"", event_id=event)
