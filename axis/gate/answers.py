"""What crosses between the axis and a judging process: questions and answers, as values."""

from datetime import datetime
from enum import StrEnum, unique
from typing import Final

import msgspec

from axis.checks.policy import Policy
from axis.reports import GateReport
from axis.violations import Code
from signing.trust import TrustList


@unique
class Kind(StrEnum):
    """What the bytes under a path are."""

    PACKET = "edxml"
    PDF = "pdf"
    OTHER = "other"


class Premises(msgspec.Struct, frozen=True, kw_only=True):
    """What a judging process is given once, when it starts."""

    policy: Policy
    scratch: str
    """Folder for decoded attachments."""
    trust: TrustList | None
    """None: trust is not judged."""


class InspectRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question: what is in this file?"""

    at: datetime
    """Moment of judgement, timezone-aware."""
    kind: Kind | None = Kind.PACKET
    """What it must be; None: find out by its first bytes."""
    sha256: str = ""
    """Digest the file must have; empty: none is expected."""
    generation: str = ""
    """Of the revocation evidence to use; empty: none."""
    evidence_file: str = ""
    """Where a process that does not hold this generation finds it."""
    trust_digest: str = ""
    """Of the trust list to judge by; empty: the one it was given when it started."""
    trust_file: str = ""
    """Where a process that does not hold this list finds it."""
    own_evidence: bool = False
    """Revocation data that the document brings along counts too: only where nothing else can be had."""


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """A judging process has started."""

    pid: int
    network: str
    """How its network was closed (see `axis.gate.network`)."""


class Judged(msgspec.Struct, frozen=True, kw_only=True, tag="judged"):
    """It was read to its end, or to a limit that is named in the report."""

    kind: Kind
    report: GateReport
    cpu_seconds: float = 0.0
    """CPU time of this process for this file."""
    wall_seconds: float = 0.0
    limited: bool = False
    """Its own CPU or memory limit ended the reading."""


class Altered(msgspec.Struct, frozen=True, kw_only=True, tag="altered"):
    """The bytes are not those that were taken: our store's fault, never the sender's."""

    expected: str
    found: str

    @property
    def code(self) -> Code:
        """Reason under which the record is quarantined."""
        return Code.QUARANTINE_CONTENT


class Trouble(msgspec.Struct, frozen=True, kw_only=True, tag="trouble"):
    """Our own fault (disk, a bug): no word about the content."""

    detail: str


Answer = Ready | Judged | Altered | Trouble

_ENCODER: Final = msgspec.msgpack.Encoder()
_ANSWERS: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)
_REQUESTS: Final = msgspec.msgpack.Decoder(InspectRequest)
_PREMISES: Final = msgspec.msgpack.Decoder(Premises)


def encode(value: Answer | InspectRequest | Premises) -> bytes:
    """Encode a question or an answer."""
    return _ENCODER.encode(value)


def decode_answer(data: bytes) -> Answer:
    """Decode an answer.

    Raises:
        msgspec.MsgspecError: garbled.
    """
    return _ANSWERS.decode(data)


def decode_request(data: bytes) -> InspectRequest:
    """Decode a question of ours."""
    return _REQUESTS.decode(data)


def decode_premises(data: bytes) -> Premises:
    """Decode what a process is given when it starts."""
    return _PREMISES.decode(data)


class Undetermined(msgspec.Struct, frozen=True, kw_only=True):
    """No answer could be had, twice. The document waits; nothing was decided."""

    code: Code
    detail: str
