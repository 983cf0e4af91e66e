"""Four books of the same days: of the clients, of the database, of the topics, of the content store."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# --- what clients hold -----------------------------------------------------


@dataclass
class Handed:
    """One packet as a client handed it in, whatever came back."""

    connection: str
    sha256: str
    verdict: str
    """What must come of it: accepted, refused; empty: either (see ``rival``)."""
    code: str = ""
    """The reason that a refusal must give, among others."""
    rival: str = ""
    """Packets of one rivalry claim the same document id: exactly one is accepted."""
    answers: list[str] = field(default_factory=list)
    """Packet id of every 200 and 202 of the door. None: nobody knows whether it was taken."""
    shown: list[str] = field(default_factory=list)
    """States in the order in which the client saw them."""


@dataclass(frozen=True)
class Download:
    """One download of one document by one connection."""

    connection: str
    packet: str
    sha256: str
    restored: str
    """Digest of the bytes without the one piece that the axis put in; empty: it put in something else."""


@dataclass
class Clients:
    """All that the outside has in its hands."""

    handed: dict[str, Handed] = field(default_factory=dict)
    """By the packet id that its bytes and connection must give."""
    downloads: list[Download] = field(default_factory=list)
    shown: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """States of (packet, recipient) in the order in which the sender saw them."""
    receipts: dict[str, set[bytes]] = field(default_factory=dict)
    """By event id: every receipt that ever came, verified when it came."""
    statuses: set[str] = field(default_factory=set)
    """Id of every handling status that the door took."""
    unverified: list[str] = field(default_factory=list)
    """Receipts that proved nothing."""


# --- what the database says ------------------------------------------------


@dataclass(frozen=True)
class Intake:
    """Row of a packet that was taken."""

    connection: str
    sha256: str
    state: str
    take: int
    door: str = ""


@dataclass(frozen=True)
class Ruling:
    """Row of a decision."""

    packet: str
    take: int
    verdict: str
    codes: tuple[str, ...]
    delivered_sha256: str


@dataclass(frozen=True)
class Event:
    """Row of something that happened."""

    event_id: str
    kind: str
    packet: str
    subject: str
    """Delivery id or ack id where it is about one."""
    body: bytes


@dataclass(frozen=True)
class Aside:
    """Row of a record in quarantine."""

    topic: str
    partition: int
    offset: int
    sha256: str


@dataclass
class Memory:
    """The tables, as they are."""

    intakes: dict[str, Intake] = field(default_factory=dict)
    rulings: list[Ruling] = field(default_factory=list)
    recipients: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of every accepted document, by packet."""
    deliveries: list[tuple[str, str, str]] = field(default_factory=list)
    """(delivery id, packet, recipient)."""
    events: list[Event] = field(default_factory=list)
    sealed: list[str] = field(default_factory=list)
    """Event id of every receipt."""
    handlings: dict[str, str] = field(default_factory=dict)
    """State by ack id."""
    quarantine: list[Aside] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    """Rows of each queue that must be empty when all is done."""


# --- what the topics bear --------------------------------------------------


@dataclass(frozen=True)
class Record:
    """One record, re-read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    event_id: str
    """As its header names it; empty: not sent by the axis."""
    about: str
    """Packet id or ack id; empty: it cannot be read."""


@dataclass
class Road:
    """All topics from offset 0, and how far the workers are."""

    records: list[Record] = field(default_factory=list)
    behind: dict[tuple[str, int], int] = field(default_factory=dict)
    """Records of each partition that nobody has settled."""


@dataclass
class Ledgers:
    """All four."""

    clients: Clients
    memory: Memory
    road: Road
    content: Mapping[str, bool]
    """By digest: whether the store has bytes of that digest."""
