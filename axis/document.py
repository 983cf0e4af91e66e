"""The nouns of the exchange, frozen.

Values only: nothing here reads a clock, a file or a network. All moments are
timezone-aware; all digests are lower-case hexadecimal SHA-256.
"""

import hashlib
import unicodedata
from datetime import date, datetime
from enum import StrEnum, unique

import msgspec

from axis.violations import Violation

# --- identities ------------------------------------------------------------


def packet_id(connection: str, sha256: str) -> str:
    """Name a packet: the same through every retry and every door.

    Args:
        connection: name of the connection that sent it.
        sha256: digest of the packet's bytes, hexadecimal.

    Returns:
        32 hexadecimal digits.
    """
    return hashlib.sha256(f"packet\n{connection}\n{sha256}".encode()).hexdigest()[:32]


def delivery_id(packet: str, recipient: str) -> str:
    """Name the delivery of one packet to one recipient agency (32 hexadecimal digits)."""
    return hashlib.sha256(f"delivery\n{packet}\n{recipient}".encode()).hexdigest()[:32]


def event_id(kind: str, subject: str) -> str:
    """Name an event so that doing a move twice names it the same (32 hexadecimal digits)."""
    return hashlib.sha256(f"event\n{kind}\n{subject}".encode()).hexdigest()[:32]


# --- the envelope ----------------------------------------------------------


class Organ(msgspec.Struct, frozen=True, kw_only=True):
    """An agency as an envelope names it (QCVN 102:2016, 1.1 and 1.2)."""

    code: str
    """``OrganId``: either generation of code, as written."""
    name: str = ""
    in_charge: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    fax: str = ""
    website: str = ""


class SignerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who signed, as the envelope says (1.8). Claimed, not proven."""

    competence: str = ""
    """``TM.``, ``KT. ...``; empty means the signer's own office."""
    position: str = ""
    full_name: str = ""


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the manifest (``edXMLManifest/Reference``)."""

    content_id: str
    content_type: str = ""
    name: str = ""
    description: str = ""


class ResponseFor(msgspec.Struct, frozen=True, kw_only=True):
    """A document this one answers (1.12), or the one a status speaks of."""

    organ_code: str = ""
    code: str = ""
    """Number and notation as one text, e.g. ``7816/VPCP-TTĐT``."""
    document_id: str = ""
    promulgation_date: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the header of a document packet says. Text values are NFC, trimmed.

    Mandatory values that were missing are empty strings or None here; the
    reader reports them as violations beside the envelope.
    """

    sender: Organ
    recipients: tuple[Organ, ...]
    document_id: str
    number: str
    """``CodeNumber``; not always numeric."""
    notation: str
    """``CodeNotation``."""
    place: str
    issued_on: date | None
    """``PromulgationDate``."""
    type_group: int | None
    """``DocumentType/Type``."""
    type_detail: int | None
    type_name: str
    subject: str
    content: str = ""
    signer: SignerInfo = SignerInfo()
    due_on: date | None = None
    priority: int = 0
    """0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc, 4 hỏa tốc hẹn giờ."""
    steering_type: int | None = None
    response_for: tuple[ResponseFor, ...] = ()
    to_places: tuple[str, ...] = ()
    business_type: int = 0
    """0 mới, 1 thu hồi, 2 cập nhật, 3 thay thế."""
    business_reason: str = ""
    target_document_id: str = ""
    """``Bussiness/DocumentId``: the document a recall or update speaks of."""
    xml_signature: bool = False
    """A ``Signature`` stands in the header. Never relied upon."""
    others: tuple[tuple[str, str], ...] = ()
    """Header fields that have no name above, as (dotted path, value): a secrecy mark may stand in any."""


class StatusPacket(msgspec.Struct, frozen=True, kw_only=True):
    """A handling status as an edXML status packet says it (1.4)."""

    sender: Organ
    response_for: ResponseFor
    code: str
    """Two digits as text: 01 to 06, 13, 15, 16, or one we do not know."""
    description: str = ""
    reported_at: datetime | None = None
    """``Timestamp``; without a zone it is Asia/Ho_Chi_Minh."""


# --- what the gate found ---------------------------------------------------


@unique
class Outcome(StrEnum):
    """Of one part of a verdict, or of the whole."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    WAITING = "waiting"
    NOT_JUDGED = "not-judged"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a verdict: integrity, content, trust or authority."""

    outcome: Outcome
    reasons: tuple[Violation, ...] = ()


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """Revocation evidence that judging lacked; the worker fetches it and asks again."""

    issuer_sha256: str
    """Fingerprint of the issuing certificate."""
    certificate: bytes
    """DER of the certificate in question."""
    issuer: bytes
    """DER of the issuing certificate."""


class SignatureReport(msgspec.Struct, frozen=True, kw_only=True):
    """One signature of a PDF, as verified. What it does not say it does not claim."""

    field: str
    """Name of the signature field."""
    subfilter: str
    timestamp: bool
    """A document time-stamp, not a person's or an agency's signature."""
    certificate_sha256: str = ""
    subject: str = ""
    """Common name of the signer's certificate. Identity numbers are left out."""
    issuer: str = ""
    serial: str = ""
    claimed_at: datetime | None = None
    """Signing time the signer claims; no proof."""
    timestamped_at: datetime | None = None
    """Signing time proven by a valid signature time-stamp."""
    intact: bool = False
    """The signed digest matches the covered bytes."""
    valid: bool = False
    """The signature verifies with the certificate's key."""
    trust: Outcome = Outcome.NOT_JUDGED
    """Path, time and revocation against the trust list."""
    indication: str = "INDETERMINATE"
    """ETSI EN 319 102-1 main indication."""
    subindication: str = ""
    """ETSI EN 319 102-1 sub-indication, or empty."""
    covers_until: int = 0
    """Bytes of the file up to the end of what this signature covers."""


class PdfReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a signed PDF is, apart from who may sign what."""

    signatures: tuple[SignatureReport, ...] = ()
    """In order of signing. Document time-stamps among them."""
    integrity: Part
    content: Part
    trust: Part
    needs: tuple[Need, ...] = ()
    """Evidence that was missing where ``trust`` waits."""


@unique
class FileKind(StrEnum):
    """What an attachment is, by its magic bytes."""

    PDF = "pdf"
    OTHER = "other"


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """One attachment, decoded and inspected."""

    content_id: str
    name: str
    kind: FileKind
    size: int
    """Bytes after base64 (and after one level of wrapping ZIP)."""
    sha256: str
    wrapped: bool = False
    """It came as the one entry of a ZIP (exchange-rules 1.3)."""
    pdf: PdfReport | None = None


class GateReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found in one packet, without the directory.

    The same bytes, policy, trust list and evidence give the same report.
    """

    envelope: Envelope | None
    """None when the packet was too broken to have one."""
    violations: tuple[Violation, ...] = ()
    """Of the packet itself (rules T10 and F)."""
    findings: tuple[Violation, ...] = ()
    files: tuple[FileReport, ...] = ()
    """In manifest order."""
    splice_offset: int | None = None
    """Byte offset in the packet where the axis' TraceHeader goes; None: no place."""
    splice_prefix: str = ""
    """Namespace prefix bound there to the edXML namespace, with its colon."""
    splice_list: bool = False
    """The packet has no TraceHeaderList: the splice brings its own."""


# --- the directory ---------------------------------------------------------


@unique
class Level(StrEnum):
    """Administrative level. The depth of the tree is data, never code."""

    CENTRAL = "central"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"


class Agency(msgspec.Struct, frozen=True, kw_only=True):
    """One agency of the directory."""

    code: str
    """Canonical: the QĐ 20/2020 code where there is one."""
    code102: str = ""
    """The old QCVN 102:2016 code, or empty."""
    name: str
    level: Level
    parent: str = ""
    connection: str = ""
    """The one connection that speaks for it; empty: not connected."""
    locked: bool = False
    valid_from: date
    valid_until: date | None = None
    """First day on which it is no more; None: open."""
    successors: tuple[str, ...] = ()
    invented: bool = False
    """Not a real agency, or not its real code: for demonstrations and tests."""


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate that seals for an agency."""

    certificate_sha256: str
    agency: str


class Mandate(msgspec.Struct, frozen=True, kw_only=True):
    """What a signer may sign, and for how long (NĐ 30/2020 Điều 13)."""

    competence: str
    """``""`` (own office), ``TM``, ``KT``, ``TL``, ``TUQ`` or ``Q``."""
    kinds: tuple[str, ...]
    """Names of document types, case-folded NFC; ``("*",)`` for every kind."""
    valid_from: datetime
    valid_until: datetime | None
    """Half-open. A TUQ mandate always has an end."""
    authorising_agency: str = ""
    """For TUQ: the agency whose form and seal the document bears."""


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """A person registered to sign for an agency."""

    certificate_sha256: str
    agency: str
    full_name: str
    position: str
    mandates: tuple[Mandate, ...] = ()


class Directory(msgspec.Struct, frozen=True, kw_only=True):
    """All agencies, signers and seals of one moment, each sorted by its key."""

    agencies: tuple[Agency, ...] = ()
    signers: tuple[Signer, ...] = ()
    seals: tuple[Seal, ...] = ()


class DirectoryVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the directory, as its history tells it."""

    version: int
    imported_at: datetime
    sha256: str
    """Digest of all rows as they stand in the database."""
    source: dict[str, object]
    """Digests of the imported files, or the change of a connection."""
    note: str = ""


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """One registered system: a document-management system, or a relay that speaks for many agencies."""

    name: str
    client_id: str
    bytes_per_second: int
    requests_per_second: int
    max_packet_bytes: int
    created_at: datetime
    removed_at: datetime | None = None
    last_contact_at: datetime | None = None
    agencies: tuple[str, ...] = ()
    """Canonical codes of the agencies it speaks for now."""


def searchable(text: str) -> str:
    """Return text as it is searched: lower case, without diacritics, đ as d, single spaces."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(bare.replace("đ", "d").split())


class DirectoryView(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one directory version that a document needs, read at one moment."""

    version: int
    agencies: dict[str, Agency]
    """By every code asked for, old and new."""
    seals: dict[str, Seal]
    signers: dict[str, Signer]


# --- what happened ---------------------------------------------------------


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision was judged under. Half of its key; the packet is the other."""

    rules: str
    """Rules of this software and the digest of the policy data."""
    directory: int
    trust: str
    """Digest of the trust list."""


class Intake(msgspec.Struct, frozen=True, kw_only=True):
    """A packet that was taken: its content is on disk."""

    packet_id: str
    connection: str
    sha256: str
    size: int
    received_at: datetime
    door: str
    """``rest`` or ``rest-built``."""
    priority: int = 0
    """Claimed in the envelope; 0 to 4."""
    state: str = "taken"
    """taken, waiting, answered or quarantined."""


@unique
class Verdict(StrEnum):
    """How the judging of a packet ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    """Not judged in time; the number was not taken."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement that stands for a packet under some versions."""

    packet_id: str
    versions: Versions
    verdict: Verdict
    violations: tuple[Violation, ...]
    findings: tuple[Violation, ...]
    decided_at: datetime
    parts: dict[str, Part] = {}
    """integrity, content, trust, authority."""
    delivered_sha256: str = ""
    """Digest of the packet with the axis' trace header; accepted ones only."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted document: the one that owns its id."""

    packet_id: str
    agency: str
    """Canonical code of the issuing agency."""
    document_id: str
    """NFC, as written otherwise."""
    number: str
    notation: str
    type_name: str
    subject: str
    issued_on: date
    due_on: date | None
    priority: int
    accepted_at: datetime
    splice_offset: int
    splice: bytes
    """What the axis adds at that offset in the delivered packet."""


@unique
class DeliveryState(StrEnum):
    """Transport state and handling state of one (document, recipient), as shown."""

    CONSIGNED = "consigned"
    """In the mailbox of the recipient's connection."""
    FETCHED = "fetched"
    ARRIVED = "01"
    REJECTED = "02"
    ACCEPTED = "03"
    ASSIGNED = "04"
    PROCESSING = "05"
    DONE = "06"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One document on its way to one recipient."""

    delivery_id: str
    packet_id: str
    recipient: str
    """Canonical code."""
    recipient_name: str
    level: Level
    connection: str
    state: DeliveryState
    consigned_at: datetime
    fetched_at: datetime | None = None
    answer_due_at: datetime | None = None
    """When an answer is overdue (NĐ 30/2020 Điều 21: the same working day)."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened: the raw material of evidence. Append only."""

    event_id: str
    kind: str
    """A name of ETSI EN 319 522-1 where it has one; see `axis.evidence.events`."""
    packet_id: str
    connection: str
    """Whose mailbox gets the receipt."""
    at: datetime
    body: bytes
    """Canonical JSON, exactly what is sealed."""


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A message to a topic, as an outbox row holds it."""

    topic: str
    key: bytes
    value: bytes
    event_id: str


class Incoming(msgspec.Struct, frozen=True, kw_only=True):
    """A record from a topic, undecoded."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes] = {}


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A record set aside byte for byte."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    sha256: str
    """Digest of the value, under which the content store holds it."""
    size: int
    code: str
    detail: str
    at: datetime
