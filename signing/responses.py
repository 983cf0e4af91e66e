"""OCSP responses: who gave one, and whether it is about a certificate (RFC 6960)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import core
from asn1crypto import ocsp as asn1
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

from signing.algorithms import EC_BITS, RSA_BITS

STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
"""Digests by which lists, answers and their makers may be signed."""
_ARCHIVE_CUTOFF: Final = "1.3.6.1.5.5.7.48.1.6"
_INVALIDITY_DATE: Final = "2.5.29.24"
_KNOWN: Final = frozenset({_ARCHIVE_CUTOFF, _INVALIDITY_DATE, "1.3.6.1.5.5.7.48.1.2"})
"""What a responder may say besides, and call critical: these two, and the nonce, which nobody asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One single response, and the response it came in."""

    response: ocsp.OCSPResponse
    single: ocsp.OCSPSingleResponse
    sha256: str
    """Of the whole response, hexadecimal."""
    expired_since: datetime | None = None
    """It knows of certificates too that expired since then (``archiveCutoff``)."""
    invalid_since: datetime | None = None
    """Since when the key is said to be lost (RFC 5280, 5.3.2)."""

    def verified_by(self, issuer: x509.Certificate) -> x509.Certificate | None:
        """Return the certificate that signed it, if it may speak for an issuer.

        Either the issuer itself, or a responder that the issuer certified for
        this and that was valid when it answered.
        """
        try:
            if _is_named(self.response, issuer) and _signed(self.response, issuer):
                return issuer
            for certificate in self.response.certificates:
                if (
                    _is_named(self.response, certificate)
                    and _delegated(certificate, issuer)
                    and certificate.not_valid_before_utc
                    <= self.response.produced_at_utc
                    <= certificate.not_valid_after_utc
                    and _signed(self.response, certificate)
                ):
                    return certificate
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.ExtensionNotFound):
            return None
        return None

    def until(self, responder: x509.Certificate, issuer: x509.Certificate) -> datetime | None:
        """Return until when it counts: no longer than who gave it may speak; None: for no time at all."""
        told = self.single.next_update_utc
        # RFC 6960, 3.2: whoever signed it must be authorised now, not only when it was made.
        return told if told is None or responder == issuer else min(told, responder.not_valid_after_utc)


def answers_of(der: bytes) -> Iterator[Answer]:
    """Read a response; nothing where it cannot be read, or is none of success."""
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return
        sha256 = hashlib.sha256(der).hexdigest()
        told = asn1.OCSPResponse.load(der)["response_bytes"]["response"].parsed["tbs_response_data"]
        if _dates(told["response_extensions"]) is None:
            return
        answers = []
        for single, beside in zip(response.responses, told["responses"], strict=True):
            dates = _dates(beside["single_extensions"])
            if dates is not None:
                cutoff, invalid = dates.get(_ARCHIVE_CUTOFF), dates.get(_INVALIDITY_DATE)
                answers.append(Answer(response, single, sha256, cutoff, invalid))
        yield from answers
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return


def _dates(extensions: Any) -> dict[str, datetime] | None:  # noqa: ANN401  # asn1crypto is untyped
    """Return the moments that extensions tell, by identifier; None: one is critical that nobody here knows.

    Raises:
        ValueError: a moment that is none; or TypeError.
    """
    if isinstance(extensions, core.Void):
        return {}
    dates = {}
    for extension in extensions:
        kind = extension["extn_id"].dotted
        if kind not in _KNOWN and extension["critical"].native:
            return None
        if kind in {_ARCHIVE_CUTOFF, _INVALIDITY_DATE}:
            dates[kind] = moment_of(extension["extn_value"].contents)
    return dates


def moment_of(der: bytes) -> datetime:
    """Read a GeneralizedTime.

    Raises:
        ValueError: it is none, or without a time zone; or TypeError.
    """
    moment = core.GeneralizedTime.load(der, strict=True).native
    if moment.tzinfo is None:
        raise ValueError("a moment without its time zone")
    return moment  # type: ignore[no-any-return]  # asn1crypto is untyped


def tells_of(certificate: x509.Certificate, made: datetime, expired_since: datetime | None) -> bool:
    """Tell whether silence, or a "good", means anything of a certificate.

    Those that expired may be forgotten: only who says that they are kept still
    speaks of them (RFC 6960, 4.4.4; X.509, expiredCertsOnCRL).

    Args:
        certificate: in question.
        made: ``thisUpdate``.
        expired_since: those are kept that expired since then; None: not said.
    """
    until = certificate.not_valid_after_utc
    return made <= until or (expired_since is not None and expired_since <= until)


def is_about(single: ocsp.OCSPSingleResponse, issuer: x509.Certificate) -> bool:
    """Tell whether a single response is about a certificate of this issuer; the serial is matched before."""
    try:
        algorithm = single.hash_algorithm
        name, key = hashes.Hash(algorithm), hashes.Hash(algorithm)
        name.update(issuer.subject.public_bytes())
        key.update(_key_bits(issuer))
        return name.finalize() == single.issuer_name_hash and key.finalize() == single.issuer_key_hash
    except (ValueError, UnsupportedAlgorithm):
        return False


def needs_no_check(responder: x509.Certificate) -> bool:
    """Tell whether a responder's certificate is not to be checked itself (RFC 6960 4.2.2.2.1)."""
    try:
        responder.extensions.get_extension_for_class(x509.OCSPNoCheck)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return True


def _is_named(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return response.responder_name == certificate.subject
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303  # a name by definition of RFC 6960, no protection
    digest.update(_key_bits(certificate))
    return response.responder_key_hash == digest.finalize()


def _delegated(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    extensions = certificate.extensions
    if any(each.critical and isinstance(each.value, x509.UnrecognizedExtension) for each in extensions):
        return False
    purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes:
        return False
    usages = [each.value for each in extensions if isinstance(each.value, x509.KeyUsage)]
    if not all(usage.digital_signature or usage.content_commitment for usage in usages):
        return False
    if not isinstance(certificate.signature_hash_algorithm, STRONG) or _weak(certificate.public_key()):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    return True


def _weak(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < EC_BITS


def _signed(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    key, signature, text = certificate.public_key(), response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signature, text)
            return True
        digest = response.signature_hash_algorithm
        if not isinstance(digest, STRONG):
            return False
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, text, ec.ECDSA(digest))
        elif (
            isinstance(key, rsa.RSAPublicKey)
            and response.signature_algorithm_oid != SignatureAlgorithmOID.RSASSA_PSS
        ):
            key.verify(signature, text, padding.PKCS1v15(), digest)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _key_bits(certificate: x509.Certificate) -> bytes:
    # The bit string of the key alone, which is what RFC 6960 hashes.
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
        return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    raise ValueError("a key that no responder has")
