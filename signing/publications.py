"""Certificate revocation lists: read once, verified once, looked up at no cost (RFC 5280, 5 and 6.3.3)."""

import hashlib
from collections import OrderedDict
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from signing.responses import STRONG, moment_of

_EXPIRED_CERTS: Final = x509.ObjectIdentifier("2.5.29.60")
_KNOWN_CRL_EXTENSIONS: Final = (
    x509.AuthorityKeyIdentifier,
    x509.CRLNumber,
    x509.IssuingDistributionPoint,
    x509.FreshestCRL,
    x509.AuthorityInformationAccess,
    x509.IssuerAlternativeName,
)
UNREADABLE: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.InvalidVersion,
)
"""What pyca raises on evidence that it cannot read to its end."""


_PUBLICATIONS: Final = 24
"""Revocation lists held read and verified; a national one takes some 15 MiB."""


class Publication:
    """One revocation list, read once: the next document finds it verified and indexed."""

    def __init__(self, der: bytes, sha256: str) -> None:
        """Read it.

        Raises:
            ValueError: it cannot be read; or another error of `UNREADABLE`.
        """
        self.crl = x509.load_der_x509_crl(der)
        self.sha256 = sha256
        self.issuer = self.crl.issuer.public_bytes()
        self.expired_since = _expired_since(self.crl)
        """It keeps certificates that expired since then (X.509, ``expiredCertsOnCRL``); None: not said."""
        self._serials: frozenset[int] | None = None
        self._usable: dict[bytes, bool] = {}

    def is_usable(self, issuer: x509.Certificate) -> bool:
        """Tell whether this issuer made it, for all its certificates; verified once."""
        # By issuer, since two authorities may bear one name.
        key = issuer.fingerprint(hashes.SHA256())
        if key not in self._usable:
            self._usable[key] = _signed_by(self.crl, issuer) and _understood(self.crl)
        return self._usable[key]

    def entry(self, serial: int) -> x509.RevokedCertificate | None:
        """Return the entry of a certificate, or None.

        pyca walks the whole list for each question (13 ms at 100,000 entries):
        only for what is in it.
        """
        if self._serials is None:
            self._serials = frozenset(entry.serial_number for entry in self.crl)
        if serial not in self._serials:
            return None
        return self.crl.get_revoked_certificate_by_serial_number(serial)

    def covers(self, certificate: x509.Certificate, urls: frozenset[str]) -> bool:
        """Tell whether a certificate is within its scope (RFC 5280 6.3.3 (b)(2)).

        Args:
            certificate: in question.
            urls: where the trust list says the issuer's whole list is published.
        """
        return _covers(self.crl, certificate, urls)


_held: Final[OrderedDict[str, Publication]] = OrderedDict()


def publication_of(der: bytes) -> Publication:
    """Return a list read; held for the next generation of evidence, which mostly has it too."""
    sha256 = hashlib.sha256(der).hexdigest()
    found = _held.get(sha256)
    if found is None:
        found = _held[sha256] = Publication(der, sha256)
        if len(_held) > _PUBLICATIONS:
            _held.popitem(last=False)
    else:
        _held.move_to_end(sha256)
    return found


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    try:
        if not isinstance(crl.signature_hash_algorithm, STRONG):
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


def _expired_since(crl: x509.CertificateRevocationList) -> datetime | None:
    for extension in crl.extensions:
        value = extension.value
        if isinstance(value, x509.UnrecognizedExtension) and value.oid == _EXPIRED_CERTS:
            return moment_of(value.value)
    return None


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
