"""What the gate finds in a packet and its files: values only, frozen."""

from datetime import datetime
from enum import StrEnum, unique

import msgspec

from axis.envelope import Envelope
from axis.violations import Violation


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
    organizations: tuple[str, ...] = ()
    """Organisation and units in the subject of the signer's certificate."""
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
    filled_behind: int = 0
    """Form fields, no signatures, that were filled between this signature and the next one, as it permits.
    A finding: whether it may be so is judged with authority (rule A9)."""
    overwritten_behind: int = 0
    """Those of them that held something when this signature was made, or are buttons with another look."""
    roles: tuple[str, ...] = ()
    """What the trust list lets every authority on the signer's path vouch for (``person``, ``seal``); empty:
    there is no path, or trust was not judged."""


class PdfReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a signed PDF is, apart from who may sign what."""

    signatures: tuple[SignatureReport, ...] = ()
    """In order of signing. Document time-stamps among them."""
    integrity: Part
    content: Part
    trust: Part
    needs: tuple[Need, ...] = ()
    """Evidence that was missing where ``trust`` waits."""
    evidence: tuple[str, ...] = ()
    """SHA-256 of the revocation lists and responses that ``trust`` rests on: kept with the decision."""


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
