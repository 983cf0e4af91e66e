"""Was a certificate revoked at a moment? Judged by given evidence alone (rule G11).

With pyca and not through pyHanko: a national authority's list of 100,000
entries costs pyHanko 1.4 s a document and pyca 0.1 s once (stack.md 1.3).
Whatever is unclear about a piece of evidence makes it count for nothing, and
no evidence makes a document wait: never "revoked", never "valid".
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, unique
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp

from signing import responses
from signing.evidence import Evidence
from signing.publications import UNREADABLE, Publication, publication_of

SKEW: Final = timedelta(minutes=5)
"""How far the clock of an authority may be ahead of ours."""

_HARMLESS: Final = frozenset(
    {
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.affiliation_changed,
    }
)


@unique
class Status(Enum):
    """What the evidence says."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """No usable evidence."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of one certificate."""

    status: Status
    since: datetime | None = None
    """When it was revoked."""
    harmless: bool = False
    """Revoked for a reason that says nothing against the key."""
    sources: tuple[str, ...] = ()
    """SHA-256 of the lists and responses that say so: kept with the decision."""

    def revoked_by(self, moment: datetime) -> bool:
        """Tell whether it was revoked at a moment."""
        return self.status is Status.REVOKED and (self.since is None or self.since <= moment)


_UNKNOWN: Final = Standing(Status.UNKNOWN)


class Book:
    """All evidence of one generation, read once."""

    def __init__(self, evidence: Evidence) -> None:
        """Read the evidence; what cannot be read is left out."""
        self._crls: defaultdict[bytes, list[Publication]] = defaultdict(list)
        for der in evidence.crls:
            try:
                publication = publication_of(der)
                self._crls[publication.issuer].append(publication)
            except UNREADABLE:
                continue
        self._answers: defaultdict[int, list[responses.Answer]] = defaultdict(list)
        for der in evidence.ocsps:
            for answer in responses.answers_of(der):
                self._answers[answer.single.serial_number].append(answer)

    def standing(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, at: datetime, urls: frozenset[str]
    ) -> Standing:
        """Look a certificate up in all usable evidence; one word of revocation outweighs any "good".

        Args:
            certificate: in question.
            issuer: whose path to an anchor was validated.
            at: moment of judgement: evidence must be fresh then.
            urls: where the trust list says the issuer's whole CRL is published.
        """
        found = [
            *self._by_crl(certificate, issuer, at, urls),
            *self._by_ocsp(certificate, issuer, at),
        ]
        revoked = [standing for standing in found if standing.status is Status.REVOKED]
        if revoked:
            first = min(revoked, key=lambda standing: standing.since or at)
            harmless = all(standing.harmless for standing in revoked)
            return Standing(Status.REVOKED, first.since, harmless, _sources(revoked))
        return Standing(Status.GOOD, sources=_sources(found)) if found else _UNKNOWN

    def _by_crl(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime, urls: frozenset[str]
    ) -> list[Standing]:
        found = []
        for publication in self._crls.get(issuer.subject.public_bytes(), ()):
            crl, source = publication.crl, (publication.sha256,)
            try:
                if not (publication.is_usable(issuer) and publication.covers(certificate, urls)):
                    continue
                entry = publication.entry(certificate.serial_number)
            except UNREADABLE:
                continue
            if entry is not None and _fresh_enough(crl.last_update_utc, at):
                # Revocation is for good: a list past its time still tells it.
                found.append(replace(_revoked(entry), sources=source))
            elif (
                entry is None
                and is_fresh(crl.last_update_utc, crl.next_update_utc, at=at)
                # Expired certificates may be dropped from a list.
                and crl.last_update_utc <= certificate.not_valid_after_utc
            ):
                found.append(Standing(Status.GOOD, sources=source))
        return found

    def _by_ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> list[Standing]:
        found = []
        for answer in self._answers.get(certificate.serial_number, ()):
            single = answer.single
            try:
                if not responses.is_about(single, issuer):
                    continue
                responder = answer.verified_by(issuer)
                vouched = None if responder is None else self._responder_stands(responder, issuer, at)
                if vouched is None:
                    continue
            except UNREADABLE:
                continue
            source = (answer.sha256, *vouched)
            if single.certificate_status is ocsp.OCSPCertStatus.REVOKED and _fresh_enough(
                single.this_update_utc, at
            ):
                reason = single.revocation_reason
                found.append(
                    Standing(Status.REVOKED, single.revocation_time_utc, reason in _HARMLESS, source)
                )
            elif single.certificate_status is ocsp.OCSPCertStatus.GOOD and is_fresh(
                single.this_update_utc, single.next_update_utc, at=at
            ):
                found.append(Standing(Status.GOOD, sources=source))
        return found

    def _responder_stands(
        self, responder: x509.Certificate, issuer: x509.Certificate, at: datetime
    ) -> tuple[str, ...] | None:
        # What vouches for the responder besides its issuer's signature; None: it may not speak.
        if responder == issuer or responses.needs_no_check(responder):
            return ()
        # Only the list may speak about a responder: it would otherwise vouch for itself.
        found = self._by_crl(responder, issuer, at, frozenset())
        sound = bool(found) and all(standing.status is Status.GOOD for standing in found)
        return _sources(found) if sound else None


@lru_cache(maxsize=2)
def book_of(evidence: Evidence) -> Book:
    """Return the evidence read; kept for the next document, since reading a national CRL takes its time."""
    return Book(evidence)


def is_fresh(this_update: datetime, next_update: datetime | None, *, at: datetime) -> bool:
    """Tell whether evidence may still be relied on.

    Args:
        this_update: when its maker last knew it to be right.
        next_update: when there will be newer; without it nothing is fresh.
        at: moment of judgement.

    Source:
        RFC 5280 5.1.2.5, RFC 6960 2.4.
    """
    return next_update is not None and this_update - SKEW <= at <= next_update


def _fresh_enough(this_update: datetime, at: datetime) -> bool:
    return this_update - SKEW <= at


def _sources(found: list[Standing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for standing in found for source in standing.sources))


def _revoked(entry: x509.RevokedCertificate) -> Standing:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = None
    except ValueError:
        return Standing(Status.REVOKED, entry.revocation_date_utc)
    return Standing(Status.REVOKED, entry.revocation_date_utc, reason in _HARMLESS)
