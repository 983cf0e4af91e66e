"""The verdict on one signed PDF: integrity, content and trust, judged apart (rules G1 to G11).

`verify_pdf` is the door of this room for documents. It is synchronous, reads
no clock and reaches no network; a killable process runs it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import BinaryIO, Final, NamedTuple

from asn1crypto import x509

from axis.checks.policy import Limits
from axis.reports import Need, Outcome, Part, PdfReport, SignatureReport
from axis.violations import Code, Violation
from signing.broken import first_broken
from signing.causes import unreadable
from signing.content import SIGNED, Spelled, check_content
from signing.embedded import embedded_evidence
from signing.evidence import Evidence, joined
from signing.fields import told
from signing.indications import indicate
from signing.integrity import JudgedSignature, judge_integrity
from signing.reading import OpenedPdf, open_pdf
from signing.revocation import SKEW
from signing.trust import TrustList
from signing.trusting import SignatureTrust, Truster

_NOT_JUDGED = Part(outcome=Outcome.NOT_JUDGED)
_NO_TRUST = Part(
    outcome=Outcome.NOT_JUDGED,
    reasons=(Violation(Code.TRUST_NOT_GIVEN, "", "no trust list was given"),),
)


def verify_pdf(
    file: BinaryIO,
    *,
    trust: TrustList | None,
    evidence: Evidence,
    at: datetime,
    limits: Limits,
    allow_claimed_time: bool,
    own_evidence: bool = False,
    embedded_files: bool = False,
    opened: Callable[[OpenedPdf], None] = lambda _: None,
) -> PdfReport:
    """Judge a PDF's signatures, its content, and the trust in its signers.

    Pure but for reading ``file``: the same bytes and arguments give the same
    report. Integrity and content never depend on trust or evidence.

    Args:
        file: seekable.
        trust: who may vouch; None: trust is not judged.
        evidence: revocation data; nothing else is looked at, nothing fetched.
        at: moment of judgement, timezone-aware.
        limits: caps before and while reading.
        allow_claimed_time: policy lets a signature without time-stamp be
            judged at the time it claims.
        own_evidence: revocation data that the document brings along counts too.
        embedded_files: policy lets files travel inside a document.
        opened: is told the file once it was read, whose bytes are judged and whose digests are known then.

    Returns:
        The report. Where trust waits, ``needs`` names the evidence to fetch.

    Raises:
        MemoryError: the process' limit; no verdict on the document.
        OSError: ``file`` failed.
    """
    pdf = open_pdf(file, limits)
    if isinstance(pdf, Violation):
        return PdfReport(integrity=_part([pdf]), content=_NOT_JUDGED, trust=_NOT_JUDGED)
    opened(pdf)
    try:
        return _verified(
            pdf,
            trust,
            evidence,
            at,
            limits,
            allow_claimed_time=allow_claimed_time,
            own_evidence=own_evidence,
            embedded_files=embedded_files,
        )
    finally:
        pdf.reader.let_go()


def _verified(
    pdf: OpenedPdf,
    trust: TrustList | None,
    evidence: Evidence,
    at: datetime,
    limits: Limits,
    *,
    allow_claimed_time: bool,
    own_evidence: bool,
    embedded_files: bool,
) -> PdfReport:
    if _encrypted(pdf):
        encrypted = Violation(Code.CONTENT_ENCRYPTED, "", "the file is encrypted")
        return PdfReport(integrity=_NOT_JUDGED, content=_part([encrypted]), trust=_NOT_JUDGED)
    spelled = Spelled(pdf)
    signatures, faults = judge_integrity(pdf, limits, unsigned=lambda: _unsigned(spelled))
    content, hidden = _content(pdf, spelled, signatures, embedded_files=embedded_files)
    if any(fault.code is Code.DIGEST_MISMATCH for fault in faults):
        faults = (*faults, *first_broken(pdf.reader))
    if signatures or not faults:  # else nobody could count them
        faults = (*faults, *hidden)
    if not signatures:
        none = Violation(Code.SIGNATURE_NONE, "", "the file bears no signature")
        return PdfReport(integrity=_part(faults or [none]), content=content, trust=_NOT_JUDGED)
    if trust is None:
        reports = tuple(_report(signature, None) for signature in signatures)
        unbound = _unbound(signatures)
        no_trust = _part(unbound) if unbound else _NO_TRUST
        return PdfReport(signatures=reports, integrity=_part(faults), content=content, trust=no_trust)
    if own_evidence:
        evidence = joined(evidence, embedded_evidence(pdf.reader))
    truster = Truster(signatures, trust, evidence, at=at, allow_claimed_time=allow_claimed_time)
    judged = [truster.judge(signature) for signature in signatures]
    part, needs = _trust_part(signatures, judged)
    return PdfReport(
        signatures=tuple(_report(*pair) for pair in zip(signatures, judged, strict=True)),
        integrity=_part(faults),
        content=content,
        trust=part,
        needs=needs,
        evidence=tuple(sorted({name for result in judged for name in result.evidence})),
    )


def _part(faults: Iterable[Violation]) -> Part:
    reasons = tuple(dict.fromkeys(faults))
    return Part(outcome=Outcome.REFUSED if reasons else Outcome.ACCEPTED, reasons=reasons)


def _encrypted(pdf: OpenedPdf) -> bool:
    return "/Encrypt" in pdf.reader.trailer


def _unsigned(spelled: Spelled) -> bool:
    try:
        return not spelled.counts[SIGNED]
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - an object stream that cannot be read: content refuses it
        return False


def _content(
    pdf: OpenedPdf,
    spelled: Spelled,
    signatures: tuple[JudgedSignature, ...],
    *,
    embedded_files: bool,
) -> tuple[Part, tuple[Violation, ...]]:
    changed = [
        Violation(Code.CONTENT_FIELDS, f"signatures[{index}]", f"{signature.unpermitted} field(s)")
        for index, signature in enumerate(signatures)
        if signature.unpermitted
    ]
    last = pdf.reader.total_revisions - 1
    compared = any(s.embedded is not None and s.embedded.signed_revision < last for s in signatures)
    try:
        forbidden, hidden = check_content(
            pdf, spelled, len(signatures), compared=compared, embedded_files=embedded_files
        )
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001  # G1: what cannot be walked is not accepted
        return _part([unreadable(exc)]), ()
    return _part([*forbidden, *changed]), hidden


def _trust_part(
    signatures: tuple[JudgedSignature, ...], judged: list[SignatureTrust]
) -> tuple[Part, tuple[Need, ...]]:
    # Time-stamps must be sound (integrity), signatures must be trusted; where a file bears
    # time-stamps alone, there is nothing else to trust.
    only_stamps = all(signature.found.timestamp for signature in signatures)
    refusals = [*_unbound(signatures), *_out_of_order(judged)]
    waits: list[Violation] = []
    needs: list[Need] = []
    for index, (signature, result) in enumerate(zip(signatures, judged, strict=True)):
        if signature.found.timestamp and not only_stamps:
            continue
        where = f"signatures[{index}]"
        refusals.extend(Violation(each.code, where, each.detail) for each in result.refusals)
        waits.extend(Violation(each.code, where, each.detail) for each in result.waits)
        needs.extend(result.needs)
    if refusals:
        return _part(refusals), ()
    if waits:
        reasons = tuple(dict.fromkeys(waits))
        once = {need.certificate: need for need in needs}
        return Part(outcome=Outcome.WAITING, reasons=reasons), tuple(once.values())
    return Part(outcome=Outcome.ACCEPTED), ()


def _out_of_order(judged: list[SignatureTrust]) -> Iterator[Violation]:
    # Each signature covers the ones before it with their time-stamps: it cannot be older than these.
    newest = None
    for index, result in enumerate(judged):
        moment = result.timestamped_at
        if moment is not None and newest is not None and moment + SKEW < newest:
            detail = "it is older than a time-stamp that it covers"
            yield Violation(Code.TIMESTAMP_INVALID, f"signatures[{index}]", detail)
        newest = max((one for one in (newest, moment) if one is not None), default=None)


def _unbound(signatures: tuple[JudgedSignature, ...]) -> list[Violation]:
    # G7: with nothing signed that names the certificate, whose key it was is anyone's word. The bytes are
    # as they were signed all the same, so it is trust that refuses, whatever list is given.
    return [
        Violation(Code.CERTIFICATE_UNBOUND, f"signatures[{index}]", "no signing-certificate attribute")
        for index, signature in enumerate(signatures)
        if signature.cms is not None and not signature.cms.bound
    ]


def _report(signature: JudgedSignature, trust: SignatureTrust | None) -> SignatureReport:
    certificate = signature.cms.certificate if signature.cms is not None else None
    names = _names(certificate) if certificate is not None else _NAMELESS
    stamped = trust.timestamped_at if trust is not None else None
    indication, subindication = indicate(signature, trust)
    return SignatureReport(
        field=told(signature.found.name),
        subfilter=told(signature.found.subfilter).lstrip("/"),
        timestamp=signature.found.timestamp,
        certificate_sha256=names.sha256,
        subject=names.subject,
        organizations=names.organizations,
        issuer=names.issuer,
        serial=names.serial,
        claimed_at=signature.claimed_at,
        timestamped_at=stamped,
        intact=signature.intact,
        valid=signature.valid,
        trust=trust.outcome if trust is not None else Outcome.NOT_JUDGED,
        indication=indication,
        subindication=subindication,
        covers_until=signature.range.end if signature.range is not None else 0,
        filled_behind=signature.filled,
        overwritten_behind=signature.overwritten,
        roles=trust.roles if trust is not None else (),
    )


class _Names(NamedTuple):
    sha256: str = ""
    subject: str = ""
    organizations: tuple[str, ...] = ()
    issuer: str = ""
    serial: str = ""


_NAMELESS: Final = _Names()


@lru_cache(maxsize=1024)
def _names(certificate: x509.Certificate) -> _Names:
    return _Names(
        certificate.sha256.hex(),
        _common_name(certificate, "subject"),
        _organizations(certificate),
        _common_name(certificate, "issuer"),
        f"{certificate.serial_number:x}",
    )


def _organizations(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        subject = certificate.subject.native
        found = [subject.get(name) for name in ("organization_name", "organizational_unit_name")]
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()
    listed = [one if isinstance(one, list) else [one] for one in found if one]
    return tuple(str(name) for names in listed for name in names)


def _common_name(certificate: x509.Certificate, part: str) -> str:
    # The common name alone: other parts of a subject hold identity numbers (exchange-rules 6.3).
    try:
        value = getattr(certificate, part).native.get("common_name", "")
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""  # a name that cannot be read is no name; the certificate's digest stands beside it
    return str(value[-1] if isinstance(value, list) else value)
