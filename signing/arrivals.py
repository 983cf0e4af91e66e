"""What a revocation source sent, before it is kept: only what could count may take the place of what counts.

A source that speaks wrongly (another key, another issuer, times that cannot be)
is as good as away: what is held stays, and what is missing makes documents wait.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, unique

from cryptography import x509
from cryptography.x509 import ocsp

from axis.reports import Need
from signing import responses
from signing.publications import UNREADABLE, Publication, publication_of
from signing.revocation import SKEW


@unique
class Arrival(StrEnum):
    """How an answer is to be taken."""

    GOOD = "good"
    """It may be kept; what it says is judged where it is used."""
    AWAY = "away"
    """No answer at all, or one that is none."""
    UNREADABLE = "unreadable"
    FOREIGN = "foreign"
    """Signed by another key, or about something else."""
    STALE = "stale"
    """Its own time is over."""
    FUTURE = "future"
    """It says that it is made later than now."""
    UNKNOWN = "unknown"
    """The responder does not know the certificate: no word at all."""


@dataclass(frozen=True, slots=True)
class Taken:
    """How an answer is to be taken, and its own times where they were read."""

    arrival: Arrival
    this_update: datetime | None = None
    next_update: datetime | None = None


def judge_crl(der: bytes, issuers: Iterable[bytes], at: datetime) -> Taken:
    """Judge a list that came from an address.

    Args:
        der: what came.
        issuers: certificates (DER) of those whose list is published there.
        at: now, timezone-aware.
    """
    try:
        publication = publication_of(der)
        if not any(_made_by(publication, issuer) for issuer in issuers):
            return Taken(Arrival.FOREIGN)
        this_update, next_update = publication.crl.last_update_utc, publication.crl.next_update_utc
    except UNREADABLE:
        return Taken(Arrival.UNREADABLE)
    return _timely(this_update, next_update, at)


def judge_ocsp(der: bytes, need: Need, at: datetime) -> Taken:
    """Judge a response about one certificate.

    Args:
        der: what came.
        need: the certificate in question, and its issuer.
        at: now, timezone-aware.
    """
    try:
        serial = x509.load_der_x509_certificate(need.certificate).serial_number
        issuer = x509.load_der_x509_certificate(need.issuer)
        answers = list(responses.answers_of(der))
        if not answers:
            return Taken(Arrival.UNREADABLE)
        about = [
            answer
            for answer in answers
            if answer.single.serial_number == serial and responses.is_about(answer.single, issuer)
        ]
        responder = about[0].verified_by(issuer) if about else None
        if responder is None:
            return Taken(Arrival.FOREIGN)
        single = about[0].single
        if single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN:
            return Taken(Arrival.UNKNOWN)
        return _timely(single.this_update_utc, about[0].until(responder, issuer), at)
    except UNREADABLE:
        return Taken(Arrival.UNREADABLE)


def _made_by(publication: Publication, issuer: bytes) -> bool:
    certificate = x509.load_der_x509_certificate(issuer)
    return publication.crl.issuer == certificate.subject and publication.is_usable(certificate)


def _timely(this_update: datetime, next_update: datetime | None, at: datetime) -> Taken:
    if this_update > at + SKEW:
        return Taken(Arrival.FUTURE)
    arrival = Arrival.STALE if next_update is not None and next_update < at else Arrival.GOOD
    return Taken(arrival, this_update, next_update)
