"""Was a certificate revoked at a moment? Judged by given evidence alone (rule G11).

With pyca and not through pyHanko: a national authority's list of 100,000
entries costs pyHanko 1.4 s a document and pyca 0.1 s once (stack.md 1.3).
Whatever is unclear about a piece of evidence makes it count for nothing, and
no evidence makes a document wait: never "revoked", never "valid".
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509

from signing import responses
from signing.evidence import Evidence
from signing.publications import UNREADABLE, Publication, publication_of
from signing.standings import Standing, Status, of_answer, of_entry

SKEW: Final = timedelta(minutes=5)
"""How far the clock of an authority may be ahead of ours."""

_KNOWN: Final = 4096
"""Certificates of which a book keeps what it says."""

_UNKNOWN: Final = Standing(Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Word:
    """What one piece of evidence says of one certificate, whenever it is asked."""

    standing: Standing
    made: datetime
    """``thisUpdate``."""
    next: datetime | None
    """``nextUpdate``."""
    vouchers: "tuple[_Word, ...]" = ()
    """What lists say of the responder who gave it."""
    alone: bool = True
    """Nobody need vouch for it; no list may speak against it all the same."""

    def told(self, at: datetime) -> Standing | None:
        """Return what it says to whoever asks at a moment; None: nothing, since it is not fresh."""
        if self.standing.status is Status.REVOKED:
            # Revocation is for good: evidence past its time still tells it.
            counts = _fresh_enough(self.made, at)
        else:
            counts = is_fresh(self.made, self.next, at=at)
        if not counts:
            return None
        # Only lists may speak about a responder: it would otherwise vouch for itself.
        vouched = [told for word in self.vouchers if (told := word.told(at)) is not None]
        if any(told.status is not Status.GOOD for told in vouched) or not (vouched or self.alone):
            return None
        return replace(
            self.standing,
            sources=(*self.standing.sources, *_sources(vouched)),
            stale=not is_fresh(self.made, self.next, at=at),
        )


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
        """Look a certificate up in all usable evidence.

        One word of revocation outweighs any "good", and so does one of suspension.

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
            stale = all(standing.stale for standing in found)
            return Standing(Status.REVOKED, first.since, harmless, _sources(revoked), stale)
        held = [standing for standing in found if standing.status is Status.HELD]
        if held:
            first = min(held, key=lambda standing: standing.since or at)
            return Standing(Status.HELD, first.since, sources=_sources(held))
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
            crl = publication.crl
            try:
                if not (publication.is_usable(issuer) and publication.covers(certificate, urls)):
                    continue
                entry = publication.entry(certificate.serial_number)
            except UNREADABLE:
                continue
            made, until = crl.last_update_utc, crl.next_update_utc
            if entry is not None:
                standing = of_entry(entry, publication.sha256)
            elif responses.tells_of(certificate, made, publication.expired_since):
                standing = Standing(Status.GOOD, sources=(publication.sha256,))
            else:
                continue
            if standing is not None:
                found.append(_Word(standing, made, until))
        return found

    def _by_ocsp(self, certificate: x509.Certificate, issuer: x509.Certificate) -> list[_Word]:
        found = []
        for answer in self._answers.get(certificate.serial_number, ()):
            single = answer.single
            try:
                if not responses.is_about(single, issuer):
                    continue
                responder, standing = answer.verified_by(issuer), of_answer(answer)
                if responder is None or standing is None:
                    continue
                itself = responder == issuer
                vouchers = () if itself else tuple(self._by_crl(responder, issuer, frozenset()))
                alone = itself or responses.needs_no_check(responder)
            except UNREADABLE:
                continue
            made, until = single.this_update_utc, answer.until(responder, issuer)
            if standing.status is Status.GOOD and not responses.tells_of(
                certificate, made, answer.expired_since
            ):
                continue
            found.append(_Word(standing, made, until, vouchers, alone))
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
    return next_update is not None and _fresh_enough(this_update, at) and at <= next_update


def _fresh_enough(this_update: datetime, at: datetime) -> bool:
    return this_update <= at + SKEW


def _sources(found: list[Standing]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for standing in found for source in standing.sources))
