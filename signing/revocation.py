"""Was a certificate revoked at a moment? Judged by given evidence alone (rule G11).

With pyca and not through pyHanko: a national authority's list of 100,000
entries costs pyHanko 1.4 s a document and pyca 0.1 s once (stack.md 1.3).
Whatever is unclear about a piece of evidence makes it count for nothing, and
no evidence makes a document wait: never "revoked", never "valid".
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, unique
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from signing import responses
from signing.evidence import Evidence

SKEW: Final = timedelta(minutes=5)
"""How far the clock of an authority may be ahead of ours."""

_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_KNOWN_CRL_EXTENSIONS: Final = (
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
    x509.IssuingDistributionPoint,
    x509.FreshestCRL,
    x509.AuthorityInformationAccess,
    x509.IssuerAlternativeName,
)
_HARMLESS: Final = frozenset(
    {
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.affiliation_changed,
    }
)


_UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
"""What pyca raises on evidence that it cannot read to its end."""


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

    def revoked_by(self, moment: datetime) -> bool:
        """Tell whether it was revoked at a moment."""
        return self.status is Status.REVOKED and (self.since is None or self.since <= moment)


_UNKNOWN: Final = Standing(Status.UNKNOWN)
_GOOD: Final = Standing(Status.GOOD)


class Book:
    """All evidence of one generation, read once."""

    def __init__(self, evidence: Evidence) -> None:
        """Read the evidence; what cannot be read is left out."""
        self._crls: defaultdict[bytes, list[x509.CertificateRevocationList]] = defaultdict(list)
        for der in evidence.crls:
            try:
                crl = x509.load_der_x509_crl(der)
                self._crls[crl.issuer.public_bytes()].append(crl)
            except _UNREADABLE:
                continue
        self._answers: defaultdict[int, list[responses.Answer]] = defaultdict(list)
        for der in evidence.ocsps:
            for answer in responses.answers_of(der):
                self._answers[answer.single.serial_number].append(answer)
        self._usable: dict[tuple[int, bytes], bool] = {}

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
            return Standing(Status.REVOKED, first.since, all(standing.harmless for standing in revoked))
        return _GOOD if found else _UNKNOWN

    def _by_crl(
        self, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime, urls: frozenset[str]
    ) -> list[Standing]:
        found = []
        for crl in self._crls.get(issuer.subject.public_bytes(), ()):
            try:
                if not (self._is_usable(crl, issuer) and _covers(crl, certificate, urls)):
                    continue
                entry = crl.get_revoked_certificate_by_serial_number(certificate.serial_number)
            except _UNREADABLE:
                continue
            if entry is not None and _fresh_enough(crl.last_update_utc, at):
                # Revocation is for good: a list past its time still tells it.
                found.append(_revoked(entry))
            elif (
                entry is None
                and is_fresh(crl.last_update_utc, crl.next_update_utc, at=at)
                # Expired certificates may be dropped from a list.
                and crl.last_update_utc <= certificate.not_valid_after_utc
            ):
                found.append(_GOOD)
        return found

    def _is_usable(self, crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
        # By issuer, since two authorities may bear one name.
        key = (id(crl), issuer.fingerprint(hashes.SHA256()))
        if key not in self._usable:
            self._usable[key] = _signed_by(crl, issuer) and _understood(crl)
        return self._usable[key]

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
                if responder is None or not self._responder_stands(responder, issuer, at):
                    continue
            except _UNREADABLE:
                continue
            if single.certificate_status is ocsp.OCSPCertStatus.REVOKED and _fresh_enough(
                single.this_update_utc, at
            ):
                reason = single.revocation_reason
                found.append(Standing(Status.REVOKED, single.revocation_time_utc, reason in _HARMLESS))
            elif single.certificate_status is ocsp.OCSPCertStatus.GOOD and is_fresh(
                single.this_update_utc, single.next_update_utc, at=at
            ):
                found.append(_GOOD)
        return found

    def _responder_stands(self, responder: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
        if responder == issuer or responses.needs_no_check(responder):
            return True
        # Only the list may speak about a responder: it would otherwise vouch for itself.
        found = self._by_crl(responder, issuer, at, frozenset())
        return bool(found) and all(standing.status is Status.GOOD for standing in found)


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


def _revoked(entry: x509.RevokedCertificate) -> Standing:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        reason = None
    except ValueError:
        return Standing(Status.REVOKED, entry.revocation_date_utc)
    return Standing(Status.REVOKED, entry.revocation_date_utc, reason in _HARMLESS)


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        if not isinstance(crl.signature_hash_algorithm, _STRONG):
            return False
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        # pyca's type for public keys is wider than what this method takes; others raise.
        return usage.crl_sign and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (x509.ExtensionNotFound, ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        return False


def _understood(crl: x509.CertificateRevocationList) -> bool:
    # A whole list, for all reasons, of this one issuer. Delta and indirect lists count for nothing.
    try:
        extensions = list(crl.extensions)
    except ValueError:
        return False
    for extension in extensions:
        if isinstance(extension.value, x509.DeltaCRLIndicator):
            return False
        if extension.critical and not isinstance(extension.value, _KNOWN_CRL_EXTENSIONS):
            return False
    scope = _scope(crl)
    return scope is None or not (
        scope.indirect_crl or scope.only_some_reasons or scope.only_contains_attribute_certs
    )


def _scope(crl: x509.CertificateRevocationList) -> x509.IssuingDistributionPoint | None:
    try:
        return crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    except x509.ExtensionNotFound:
        return None


def _covers(crl: x509.CertificateRevocationList, certificate: x509.Certificate, urls: frozenset[str]) -> bool:
    # RFC 5280 6.3.3 (b)(2): the list's scope must hold the certificate.
    scope = _scope(crl)
    if scope is None:
        return True
    try:
        authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        authority = False
    if (scope.only_contains_user_certs and authority) or (scope.only_contains_ca_certs and not authority):
        return False
    if not scope.full_name:
        return scope.relative_name is None
    try:
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        known = {name for point in points for name in point.full_name or ()}
    except x509.ExtensionNotFound:
        known = set()
    # The trust list knows where the whole list is; without a word from either, there is one list only.
    known |= {x509.UniformResourceIdentifier(url) for url in urls}
    return not known or not known.isdisjoint(scope.full_name)
