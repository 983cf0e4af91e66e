"""OCSP responses: who gave one, and whether it is about a certificate (RFC 6960)."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

_STRONG: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


@dataclass(frozen=True, slots=True)
class Answer:
    """One single response, and the response it came in."""

    response: ocsp.OCSPResponse
    single: ocsp.OCSPSingleResponse
    sha256: str
    """Of the whole response, hexadecimal."""

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


def answers_of(der: bytes) -> Iterator[Answer]:
    """Read a response; nothing where it cannot be read, or is none of success."""
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return
        sha256 = hashlib.sha256(der).hexdigest()
        yield from [Answer(response, single, sha256) for single in response.responses]
    except (ValueError, UnsupportedAlgorithm):
        return


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
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    if ExtendedKeyUsageOID.OCSP_SIGNING not in usage:
        return False
    if not isinstance(certificate.signature_hash_algorithm, _STRONG):
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    return True


def _signed(response: ocsp.OCSPResponse, certificate: x509.Certificate) -> bool:
    key, signature, text = certificate.public_key(), response.signature, response.tbs_response_bytes
    try:
        if isinstance(key, (ed25519.Ed25519PublicKey, ed448.Ed448PublicKey)):
            key.verify(signature, text)
            return True
        digest = response.signature_hash_algorithm
        if not isinstance(digest, _STRONG):
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
