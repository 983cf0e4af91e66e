"""Policy data: what the law leaves to the operator, as one frozen, versioned value."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Final, Literal

import msgspec

from axis.errors import SetupError

RULES_VERSION: Final = "4"
"""Raised with every change of a rule in code; part of every decision's versions."""

SHIPPED: Final = Path(__file__).parent.parent / "policy" / "default.json"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Caps before and while reading (gate.md G9 and edXML rules). Each refuses with its own code."""

    packet_bytes: int
    depth: int
    """Nested elements."""
    elements: int
    attributes: int
    """Per element."""
    text_bytes: int
    """UTF-8 bytes of one element's text, attachments apart."""
    attachments: int
    decoded_bytes: int
    """All attachments of one packet together, after base64 and ZIP."""
    pdf_bytes: int
    signatures: int
    """Per PDF."""
    revisions: int
    """Per PDF."""
    objects: int
    """Per PDF."""
    pages: int = 5000
    """Per PDF."""
    recipients: int
    """Per packet."""
    open_packets: int = 32
    """Of one connection, taken and not yet judged (T13)."""
    memory_bytes: int
    """Address space that judging one packet may add to its process."""
    cpu_seconds: int
    wall_seconds: int


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be decided without changing code. Nothing here turns a check off."""

    version: str
    comment: str = ""
    axis_code: str
    """What the axis writes as ``OrganId`` of its own TraceHeader."""
    unsigned_files: str
    """``deliver`` (as "unsigned, for reference") or ``refuse``."""
    embedded_files: Literal["refuse", "allow"] = "refuse"
    """Files inside a PDF (G8)."""
    filled_fields: Literal["refuse", "person-then-seal"] = "person-then-seal"
    """Where form fields may be filled between two signatures that permit it (A9): nowhere, or
    between a person's signature and the seal of the same agency."""
    allow_claimed_time: bool
    """Judge a signature without time-stamp at its claimed time; otherwise it is refused."""
    business_types: tuple[int, ...]
    """Business types that may travel."""
    keep_content_days: int
    """Days after which content of documents that every recipient fetched and answered may go; 0: never.
    Metadata, events and receipts stay."""
    judge_within_hours: float
    """After that a waiting document ends as "not judged in time"."""
    retry_seconds: tuple[float, ...]
    """Pauses between tries of a waiting document; the last one repeats."""
    evidence_refresh_seconds: float
    """Age at which a revocation list is fetched anew, ahead of its need."""
    answer_by_hour: int
    """Hour of the working day (Asia/Ho_Chi_Minh) by which an answer is due."""
    answer_within_working_days: int
    """1: on the day of delivery, or the next working day when delivered off hours."""
    urgent_answer_within_hours: float
    """For priority 1 and above (QĐ 28/2018 Điều 6.2; the figure is ours)."""
    working_days: tuple[int, ...]
    """0 is Monday."""
    holidays: tuple[date, ...]
    secret_marks: tuple[str, ...]
    copy_kinds: tuple[str, ...]
    """Kinds that need only the seal of the copying agency (NĐ 30/2020 Điều 25-27)."""
    competences: dict[str, str]
    """Known prefixes of ``Competence``."""
    kinds: tuple[str, ...]
    """Usual names of document types; another one is a finding."""
    limits: Limits

    digest: str = ""
    """SHA-256 of the data this was read from."""

    @property
    def rules_version(self) -> str:
        """The version of all rules: code and data."""
        return f"{RULES_VERSION}/{self.version}/{self.digest[:12]}"


def parse_policy(data: bytes) -> Policy:
    """Read policy data.

    Raises:
        SetupError: it is not what `Policy` asks for. Half a policy is none.
    """
    try:
        policy = msgspec.json.decode(data, type=Policy)
    except msgspec.MsgspecError as exc:
        raise SetupError(f"policy data cannot be used: {exc}") from exc
    if policy.keep_content_days < 0:
        raise SetupError("policy data cannot be used: keep_content_days is 0 (never) or a number of days")
    if not policy.working_days or policy.answer_within_working_days < 1 or not policy.retry_seconds:
        raise SetupError("policy data cannot be used: it needs working days, an answer day and retry pauses")
    if policy.limits.open_packets < 1:
        raise SetupError("policy data cannot be used: open_packets is at least 1, or nobody may send")
    return msgspec.structs.replace(policy, digest=hashlib.sha256(data).hexdigest())


def load_policy(path: str = "") -> Policy:
    """Read the policy data at ``path``, or the one that is shipped.

    Raises:
        SetupError: no such file, or it cannot be used.
    """
    try:
        return parse_policy(Path(path or SHIPPED).read_bytes())
    except OSError as exc:
        raise SetupError(f"policy data {path or SHIPPED} cannot be read: {exc.strerror}") from exc
