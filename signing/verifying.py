"""Whether a signature's value verifies with a key, in each of the schemes that count (rule G6)."""

import hashlib
from typing import Any, Final

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from signing.algorithms import is_plain_ecdsa, other_ecdsa, rsa_over_sha3, verify_rsa_sha3
from signing.cms_forms import SEQUENCE, tlv

_VALIDATOR: Final = DefaultSignatureValidator()
_OCTETS: Final = b"\x04"
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})


def verify(
    signature: bytes,
    text: bytes,
    public: keys.PublicKeyInfo,
    algorithm: Any,  # noqa: ANN401  # asn1crypto is untyped
    digest: str,
    *,
    prehashed: bool,
) -> None:
    """Verify a signature's value.

    Args:
        signature: its value.
        text: what was signed, or its digest.
        public: the key.
        algorithm: of the signature, as the signer named it.
        digest: the signer's digest algorithm, which counts where the first names none.
        prehashed: ``text`` is the digest.

    Raises:
        InvalidSignature: it does not verify.
        Exception: of any class; it cannot be verified at all.
    """
    name = algorithm["algorithm"].native
    if (sha3 := rsa_over_sha3(name)) is not None:
        verify_rsa_sha3(public.dump(), signature, text, sha3, prehashed=prehashed)
    elif (used := other_ecdsa(name, digest)) is not None:
        _verify_ecdsa(signature, text, public, used, plain=is_plain_ecdsa(name), prehashed=prehashed)
    else:
        context = SignatureValidationContext(contextual_md_algorithm=digest, prehashed=prehashed)
        try:
            _VALIDATOR.validate_signature(signature, text, public, algorithm, context=context)
        except InvalidSignature:
            if not _is_without_null(signature, text, public, algorithm, digest, prehashed=prehashed):
                raise


def _verify_ecdsa(
    signature: bytes, text: bytes, public: keys.PublicKeyInfo, digest: str, *, plain: bool, prehashed: bool
) -> None:
    key = load_der_public_key(public.dump())
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("no key of an elliptic curve")  # noqa: TRY004 - of the document, not of a caller
    if plain:
        # BSI TR-03111, 5.2.1: both numbers one after the other, each as long as the curve's order.
        half = (key.key_size + 7) // 8
        if len(signature) != 2 * half:
            raise InvalidSignature
        numbers = (int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))
        signature = encode_dss_signature(*numbers)
    known = getattr(hashes, digest.upper())()
    key.verify(signature, text, ec.ECDSA(Prehashed(known) if prehashed else known))


def _is_without_null(
    signature: bytes,
    text: bytes,
    public: keys.PublicKeyInfo,
    algorithm: Any,  # noqa: ANN401
    digest: str,
    *,
    prehashed: bool,
) -> bool:
    # RFC 8017, A.2.4: parameters of the digest that are left out are as good as NULL, which OpenSSL insists
    # on. Compared byte by byte behind a padding that it checks, so that nothing can be hidden there.
    try:
        scheme, used = algorithm.signature_algo, algorithm.hash_algo
    except ValueError:
        scheme, used = algorithm["algorithm"].native, digest
    if scheme != "rsassa_pkcs1v15" or used != digest or digest not in _HASHES:
        return False
    key = load_der_public_key(public.dump())
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    given = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
    hashed = text if prehashed else hashlib.new(digest, text).digest()
    named = tlv(SEQUENCE, algos.DigestAlgorithmId(digest).dump())
    return given == tlv(SEQUENCE, named + tlv(_OCTETS, hashed))
