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

_KNOWN: Final = 4096
"""Certificates of which a book keeps what it says."""

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


@dataclass(frozen=True, slots=True)
class _Word:
    """What one piece of evidence says of one certificate, whenever it is asked."""

    standing: Standing
    made: datetime
    """``thisUpdate``."""
    next: datetime | None
    """``nextUpdate``."""
    vouchers: "tuple[_Word, ...] | None" = None
    """What lists say of the responder who gave it; None: nobody need vouch."""

    def told(self, at: datetime) -> Standing | None:
        """Return what it says to whoever asks at a moment; None: nothing, since it is not fresh."""
        if self.standing.status is Status.REVOKED:
            # Revocation is for good: evidence past its time still tells it.
            counts = _fresh_enough(self.made, at)
        else:
            counts = is_fresh(self.made, self.next, at=at)
        if not counts or self.vouchers is None:
            return self.standing if counts else None
        # Only lists may speak about a responder: it would otherwise vouch for itself.
        vouched = [told for word in self.vouchers if (told := word.told(at)) is not None]
        if not vouched or any(told.status is not Status.GOOD for told in vouched):
            return None
        return replace(self.standing, sources=(*self.standing.sources, *_sources(vouched)))


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
        # What is said of a certificate is looked for once, and whether it is fresh asked each time.
        self._words = lru_cache(maxsize=_KNOWN)(self._words_on)

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
        words = self._words(certificate, issuer, urls)
        found = [told for word in words if (told := word.told(at)) is not None]
        revoked = [standing for standing in found if standing.status is Status.REVOKED]
        if revoked:
            first = min(revoked, key=lambda standing: standing.since or at)
            harmless = all(standing.harmless for standing in revoked)
            return Standing(Status.REVOKED, first.since, harmless, _sources(revoked))
        return Standing(Status.GOOD, sources=_sources(found)) if found else _UNKNOWN

    def _words_on(
        self, certificate: x509.Certificate, issuer: x509.Certificate, urls: frozenset[str]
    ) -> tuple[_Word, ...]:
        return (*self._by_crl(certificate, issuer, urls), *self._by_ocsp(certificate, issuer))

    def _by_crl(
        self, certificate: x509.Certificate, issuer: x509.Certificate, urls: frozenset[str]
    ) -> list[_Word]:
        found = []
        for publication in self._crls.get(issuer.subject.public_bytes(), ()):
            crl, source = publication.crl, (publication.sha256,)
            try:
                if not (publication.is_usable(issuer) and publication.covers(certificate, urls)):
                    continue
                entry = publication.entry(certificate.serial_number)
            except UNREADABLE:
                continue
            made, until = crl.last_update_utc, crl.next_update_utc
            if entry is not None:
                found.append(_Word(replace(_revoked(entry), sources=source), made, until))
            elif made <= certificate.not_valid_after_utc:
                # Expired certificates may be dropped from a list.
                found.append(_Word(Standing(Status.GOOD, sources=source), made, until))
        return found

    def _by_ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate) -> list[_Word]:
        found = []
        for answer in self._answers.get(certificate.serial_number, ()):
            single = answer.single
            try:
                if not responses.is_about(single, issuer):
                    continue
                responder = answer.verified_by(issuer)
                if responder is None:
                    continue
                alone = responder == issuer or responses.needs_no_check(responder)
                vouchers = None if alone else tuple(self._by_crl(responder, issuer, frozenset()))
            except UNREADABLE:
                continue
            made, until, source = single.this_update_utc, single.next_update_utc, (answer.sha256,)
            if single.certificate_status is ocsp.OCSPCertStatus.REVOKED:
                harmless = single.revocation_reason in _HARMLESS
                standing = Standing(Status.REVOKED, single.revocation_time_utc, harmless, source)
                found.append(_Word(standing, made, until, vouchers))
            elif single.certificate_status is ocsp.OCSPCertStatus.GOOD:
                found.append(_Word(Standing(Status.GOOD, sources=source), made, until, vouchers))
        return found


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
    reason, since = None, entry.revocation_date_utc
    try:
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CRLReason):
                reason = extension.value.reason
            elif isinstance(extension.value, x509.InvalidityDate):
                # RFC 5280, 5.3.2: the key was in other hands before anybody told its authority.
                since = min(since, extension.value.invalidity_date_utc)
    except ValueError:
        return Standing(Status.REVOKED, entry.revocation_date_utc)
    return Standing(Status.REVOKED, since, reason in _HARMLESS)
