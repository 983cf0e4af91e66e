"""Is each signature of a PDF intact, and is there nothing beside them? Rules G2 to G7, trust apart."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec
from pyhanko.pdf_utils import generic, misc
from pyhanko.sign.validation.status import SignatureCoverageLevel

from axis.checks.policy import Limits
from axis.violations import Code, Violation
from signing.byteranges import Range, check_order, check_reach, read_range
from signing.causes import unreadable
from signing.changes import check_changes
from signing.cms import read_cms, read_token, verify_cms
from signing.crossrefs import check_ends, check_hybrid, check_linear, check_offsets, is_linear_whole
from signing.digests import Digests
from signing.fields import SUBFILTERS, FoundField, find_fields, is_invisible, told
from signing.layout import check_layout
from signing.looseness import check_looseness
from signing.placed import PlacedSignature
from signing.reading import OpenedPdf
from signing.signed import DATA, TST_INFO, CmsError, SignedCms, faults_of
from signing.stamps import Stamp, read_stamp, signature_imprint, stamp_faults

_LAST: Final = 1 << 62
"""Sorts a signature of unknown range behind all others."""


@dataclass(slots=True)
class JudgedSignature:
    """One signature, as far as it could be judged. Grows while the rules run."""

    found: FoundField
    range: Range | None = None
    contents: bytes = b""
    embedded: PlacedSignature | None = None
    cms: SignedCms | None = None
    intact: bool = False
    valid: bool = False
    stamps: tuple[Stamp, ...] = ()
    """Signature time-stamps; of a document time-stamp, itself."""
    claimed_at: datetime | None = None
    filled: int = 0
    """Fields, no signatures, that were filled between it and the next signature, as it permits (rule G5)."""
    overwritten: int = 0
    """Those of them that were not empty when it was made."""
    unpermitted: int = 0
    """Fields that were added or filled behind it, and no later signature answers for it (rule G8)."""
    faults: list[Violation] = field(default_factory=list)


def judge_integrity(
    pdf: OpenedPdf, limits: Limits, *, unsigned: Callable[[], bool] = lambda: False
) -> tuple[tuple[JudgedSignature, ...], tuple[Violation, ...]]:
    """Judge every signature and document time-stamp.

    Args:
        pdf: read strictly, not encrypted.
        limits: ``signatures`` and ``pages`` count here.
        unsigned: tells that no signature dictionary stands in the file; asked where no field bears one.

    Returns:
        The signatures in order of signing, and all violations. No signature
        and no violation: the file bears none.
    """
    fields, general = _guarded_find(pdf, limits, unsigned=unsigned)
    signatures = [JudgedSignature(found) for found in fields]
    for signature in signatures:
        _guard(signature, lambda s=signature: _locate(pdf, s))  # type: ignore[misc]
    signatures.sort(key=lambda s: (s.range.end if s.range else _LAST, s.found.name))
    for signature in signatures:
        if signature.range is not None:
            _guard(signature, lambda s=signature: _verify(pdf.digests, s))  # type: ignore[misc]
    faults = list(general)
    located = [signature.range for signature in signatures if signature.range is not None]
    if len(located) == len(signatures) and signatures:
        faults.extend(check_order(located))
        faults.extend(_history(pdf, signatures))
    own = [
        msgspec.structs.replace(fault, field=f"signatures[{index}]")
        for index, signature in enumerate(signatures)
        for fault in signature.faults
    ]
    return tuple(signatures), (*own, *faults)


def _guarded_find(
    pdf: OpenedPdf, limits: Limits, *, unsigned: Callable[[], bool]
) -> tuple[tuple[FoundField, ...], tuple[Violation, ...]]:
    try:
        return find_fields(pdf.reader, limits, unsigned=unsigned)
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001  # G1: any exception of any class
        return (), (unreadable(exc),)


def _guard(signature: JudgedSignature, step: Callable[[], None]) -> None:
    try:
        step()
    except CmsError as exc:
        code = Code.TIMESTAMP_INVALID if signature.found.timestamp else Code.CMS_STRUCTURE
        signature.faults.append(Violation(code, "", str(exc)))
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001  # G1
        signature.faults.append(unreadable(exc))


def _locate(pdf: OpenedPdf, signature: JudgedSignature) -> None:
    found = signature.found
    if found.value is None:
        signature.faults.append(Violation(Code.SIGNATURE_COUNT, "", "the signature is no object of its own"))
        return
    if found.subfilter not in SUBFILTERS:
        detail = f"sub-filter: {told(found.subfilter).lstrip('/') or 'none'}"
        signature.faults.append(Violation(Code.SIGNATURE_SUBFILTER, "", detail))
    value = found.value.get_object()
    if not isinstance(value, generic.DictionaryObject):
        signature.faults.append(Violation(Code.SIGNATURE_COUNT, "", "the signature is no dictionary"))
        return
    located = read_range(pdf, value)
    if isinstance(located, Violation):
        signature.faults.append(located)
    else:
        signature.range, signature.contents = located


def _verify(digests: Digests, signature: JudgedSignature) -> None:
    found, covered = signature.found, signature.range
    if found.subfilter not in SUBFILTERS or covered is None:
        return
    signed = read_cms(signature.contents, TST_INFO if found.timestamp else DATA)
    signature.cms = signed
    if found.timestamp:
        stamp = read_stamp(signed, lambda algorithm: digests.of(covered, algorithm))
        signature.stamps = (stamp,)
        signature.intact, signature.valid = stamp.intact, stamp.valid
        signature.faults.extend(stamp_faults(stamp))
        return
    signature.claimed_at = signed.claimed_at
    # Whatever comes of the value, its time-stamps are there.
    _guard(signature, lambda: _verify_value(digests, signature, signed, covered))
    stamps = []
    for token in signed.tokens:
        try:
            stamps.append(read_stamp(read_token(token), signature_imprint(signed)))
        except MemoryError:
            raise
        except Exception as exc:  # noqa: BLE001  # hostile ASN.1 raises what it likes
            detail = str(exc) if isinstance(exc, CmsError) else type(exc).__name__
            signature.faults.append(Violation(Code.TIMESTAMP_INVALID, "", detail))
    for stamp in stamps:
        signature.faults.extend(stamp_faults(stamp))
    signature.stamps = tuple(stamps)


def _verify_value(digests: Digests, signature: JudgedSignature, signed: SignedCms, covered: Range) -> None:
    try:
        digest = digests.of(covered, signed.digest_algorithm)
    except (ValueError, TypeError):
        # Nobody here knows it: that is what is wrong, and nothing can be said of the rest.
        if not signed.weaknesses:
            raise
        signature.faults.extend(faults_of(signed, intact=True, valid=True))
        return
    signature.intact, signature.valid = verify_cms(signed, digest)
    signature.faults.extend(faults_of(signed, intact=signature.intact, valid=signature.valid))


def _history(pdf: OpenedPdf, signatures: list[JudgedSignature]) -> list[Violation]:
    # Rules G4 and G5, once every signature has its place.
    for signature in signatures:
        _guard(signature, lambda s=signature: _embed(pdf, s))  # type: ignore[misc]
    revisions = {s.embedded.signed_revision for s in signatures if s.embedded is not None}
    stamped = {s.embedded.signed_revision for s in signatures if s.embedded is not None and s.found.timestamp}
    newest = signatures[-1]
    assert newest.range is not None
    updated = newest.embedded is not None and newest.embedded.signed_revision < pdf.reader.total_revisions - 1
    faults = []
    if beyond := check_reach(pdf, newest.range, updated=updated):
        faults.append(beyond)
    judged = {signature.found.name for signature in signatures}
    stamps = {s.found.name for s in signatures if s.found.timestamp and is_invisible(s.found.field)}
    last = max((i for i, s in enumerate(signatures) if not s.found.timestamp), default=-1)
    for signature in signatures[max(last, 0) + 1 :]:
        if signature.found.name not in stamps:
            detail = "a time-stamp behind the newest signature shows something"
            signature.faults.append(Violation(Code.CHANGED_AFTER, "", detail))
    first, sealing = signatures[0], signatures[last].embedded
    if first.embedded is not None and first.range is not None:
        _guard(first, lambda: _tables(pdf, first, reached=beyond is None))
    sealed = sealing.signed_revision if sealing is not None and last >= 0 else -1
    for index, signature in enumerate(signatures):
        _guard(
            signature,
            lambda s=signature, i=index: _compare(  # type: ignore[misc]
                pdf, s, judged, stamps, signatures=signatures, sealed=sealed, newest=i >= last
            ),
        )
    try:
        faults.extend(check_looseness(pdf.reader, revisions, stamped, judged))
    except MemoryError:
        raise
    except Exception as exc:  # noqa: BLE001  # G1
        faults.append(unreadable(exc))
    return faults


def _embed(pdf: OpenedPdf, signature: JudgedSignature) -> None:
    if signature.cms is None:
        return
    embedded = PlacedSignature(pdf.reader, signature.found.field, signature.contents)
    signature.embedded = embedded
    if embedded.signed_revision == 0 and signature.range and is_linear_whole(pdf, signature.range.end):
        embedded.signed_revision = 1
    if signature.claimed_at is None and not signature.found.timestamp:
        signature.claimed_at = _claimed(embedded)


def _claimed(embedded: PlacedSignature) -> datetime | None:
    # From the dictionary; a date that cannot be read is no claim, and proves as little as one.
    try:
        moment = generic.parse_pdf_date(embedded.sig_object["/M"], strict=True)
    except (misc.PdfError, ValueError, TypeError, KeyError):
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


def _compare(
    pdf: OpenedPdf,
    signature: JudgedSignature,
    judged: Collection[str],
    stamps: Collection[str],
    *,
    signatures: list[JudgedSignature],
    sealed: int,
    newest: bool,
) -> None:
    embedded = signature.embedded
    if embedded is None or signature.range is None:
        return
    if behind := check_offsets(pdf.reader, embedded.signed_revision, signature.range.end):
        signature.faults.append(behind)
        return
    if embedded.evaluate_signature_coverage() < SignatureCoverageLevel.ENTIRE_REVISION:
        # Our own arithmetic stands; this also ties the bytes to the revision that is compared.
        signature.faults.append(
            Violation(Code.NOT_COVERING, "", "it does not cover the whole of its revision")
        )
        return
    if embedded.signed_revision == pdf.reader.total_revisions - 1:
        return
    changes = check_changes(
        pdf.reader,
        embedded,
        judged=judged,
        stamps=stamps,
        sealed=sealed,
        newest=newest,
        timestamp=signature.found.timestamp,
    )
    signature.faults.extend(changes.faults)
    if beyond := check_ends(pdf.reader, embedded.signed_revision, signature.range.end):
        signature.faults.append(beyond)
    signature.unpermitted = changes.unpermitted
    if not signature.found.timestamp:
        later = [
            other.embedded.signed_revision
            for other in signatures
            if other.embedded is not None
            and not other.found.timestamp
            and other.embedded.signed_revision > embedded.signed_revision
        ]
        until = min(later, default=0)
        filled = {name for name, revision in changes.filled.items() if revision <= until}
        signature.filled, signature.overwritten = len(filled), len(filled & changes.overwritten)


def _tables(pdf: OpenedPdf, first: JudgedSignature, *, reached: bool) -> None:
    assert first.embedded is not None, "asked for only then"
    assert first.range is not None, "asked for only then"
    if hybrid := check_hybrid(pdf.reader, first.embedded.signed_revision, first.range.end):
        first.faults.append(hybrid)
    if linear := check_linear(pdf):
        first.faults.append(linear)
    if layout := check_layout(pdf, first.embedded.signed_revision, first.range.end, reached=reached):
        first.faults.append(layout)
