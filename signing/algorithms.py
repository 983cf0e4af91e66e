"""Which algorithms and key lengths still count (rule G7): SHA-256, RSA 2048, ECDSA 256 and better."""

from typing import Any, Final

from asn1crypto import algos, keys, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import load_der_public_key

DIGESTS: Final = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512", "shake256"})
KEYS: Final = frozenset({"rsa", "ec", "ed25519", "ed448"})
UNKNOWN: Final = "signature algorithm "
"""Begins what is said of an algorithm that nobody here can verify."""
RSA_BITS: Final = 2048
EC_BITS: Final = 256

_RSA_SHA3: Final = {
    "2.16.840.1.101.3.4.3.14": "sha3_256",
    "2.16.840.1.101.3.4.3.15": "sha3_384",
    "2.16.840.1.101.3.4.3.16": "sha3_512",
}
"""RSASSA-PKCS1-v1_5 with SHA-3 (NIST), which asn1crypto 1.5 does not know by name."""
_PLAIN_ECDSA: Final = {
    "0.4.0.127.0.7.1.1.4.1.3": "sha256",
    "0.4.0.127.0.7.1.1.4.1.4": "sha384",
    "0.4.0.127.0.7.1.1.4.1.5": "sha512",
}
"""ecdsa-plain-SHA2 (BSI TR-03111), whose value is two bare numbers; German cards sign so."""
_EC_KEY: Final = "1.2.840.10045.2.1"
"""id-ecPublicKey, which iText names where ECDSA is meant; the digest stands beside."""
_SCHEMES: Final = {"rsassa_pkcs1v15": "rsa", "rsassa_pss": "rsa", "ecdsa": "ec"}
_EDWARDS: Final = {"ed25519": "sha512", "ed448": "shake256"}
"""The digest that RFC 8419 asks for with each."""


def weak_digest(name: str) -> str | None:
    """Say what is wrong with a digest algorithm, by asn1crypto's name; None: nothing."""
    return None if name in DIGESTS else f"digest {name}"


def weak_key(public: keys.PublicKeyInfo) -> str | None:
    """Say what is wrong with a public key; None: nothing.

    Raises:
        ValueError: the key cannot be read (a negative modulus, an unknown curve).
    """
    kind = public.algorithm
    if kind in {"rsa", "rsassa_pss"}:
        modulus = int(public["public_key"].parsed["modulus"].native)
        if modulus <= 0:
            raise ValueError("a modulus that is not positive")
        bits = modulus.bit_length()
        return f"RSA key of {bits} bits" if bits < RSA_BITS else None
    if kind == "ec":
        bits = int(public.bit_size)
        return f"elliptic-curve key of {bits} bits" if bits < EC_BITS else None
    return None if kind in _EDWARDS else f"key of kind {kind}"


def weak_certificate(certificate: x509.Certificate) -> str | None:
    """Say what is wrong with the algorithm by which a certificate was signed; None: nothing.

    Raises:
        ValueError: it is not known.
    """
    algorithm = certificate["signature_algorithm"]
    if algorithm["algorithm"].native in _EDWARDS:
        return None
    return weak_digest(str(algorithm.hash_algo))


def weak_signature(algorithm: algos.SignedDigestAlgorithm, digest: str) -> str | None:
    """Say what is wrong with a signature algorithm; None: nothing.

    Args:
        algorithm: as the signer named it.
        digest: the signer's digest algorithm, which counts where the first names none.
    """
    name = str(algorithm["algorithm"].native)
    if (asked := _EDWARDS.get(name) or _RSA_SHA3.get(name)) is not None:
        return None if digest == asked else f"{name} over {digest} where {asked} is asked for"
    other = other_ecdsa(name, digest)
    try:
        scheme = "ecdsa" if other is not None else algorithm.signature_algo
    except ValueError:
        scheme = ""
    if scheme not in _SCHEMES:
        return UNKNOWN + name
    if scheme == "rsassa_pss":
        return _weak_pss(algorithm["parameters"], digest)
    try:
        used = other or algorithm.hash_algo
    except ValueError:
        used = digest  # plain rsaEncryption leaves it to the digest algorithm
    if used != digest:
        return f"signature over {used} where the digest is {digest}"
    return weak_digest(used)


def other_ecdsa(name: str, digest: str) -> str | None:
    """Return the digest of an ECDSA signature named in another way than usual; None: it is none.

    Args:
        name: of the signature's algorithm: an identifier that asn1crypto has no name for.
        digest: the signer's, which counts where that names none.
    """
    if name == _EC_KEY:
        return digest if digest in _PLAIN_ECDSA.values() else None
    return _PLAIN_ECDSA.get(name)


def is_plain_ecdsa(name: str) -> bool:
    """Tell whether a signature's value is two bare numbers."""
    return name in _PLAIN_ECDSA


def rsa_over_sha3(name: str) -> str | None:
    """Return the digest of an RSA signature over SHA-3, by its identifier; None: it is another algorithm."""
    return _RSA_SHA3.get(name)


def verify_rsa_sha3(public: bytes, signature: bytes, text: bytes, digest: str, *, prehashed: bool) -> None:
    """Verify an RSA signature over SHA-3.

    Args:
        public: key, DER.
        signature: its value.
        text: what was signed, or its digest.
        digest: its name.
        prehashed: ``text`` is the digest.

    Raises:
        InvalidSignature: it does not verify.
        ValueError: the key is none of RSA, or cannot be read.
    """
    key = load_der_public_key(public)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("no RSA key")  # noqa: TRY004 - of the document, not of a caller
    algorithm = getattr(hashes, digest.upper())()
    key.verify(signature, text, padding.PKCS1v15(), Prehashed(algorithm) if prehashed else algorithm)


def _weak_pss(parameters: Any, digest: str) -> str | None:  # noqa: ANN401  # asn1crypto is untyped
    used = parameters["hash_algorithm"]["algorithm"].native
    mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
    if used != digest:
        return f"PSS over {used} where the digest is {digest}"
    if weak := weak_digest(mask):
        return f"PSS with a mask by {weak}"
    return weak_digest(used)
