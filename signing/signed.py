"""What a CMS says once it was read, whichever way: the nouns of `signing.cms`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from asn1crypto import x509

from axis.violations import Code, Violation
from signing.algorithms import UNKNOWN

DATA: Final = "data"
TST_INFO: Final = "tst_info"


class CmsError(Exception):
    """The structure is not as rule G7 asks. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class SignedCms:
    """A CMS whose structure passed: one signer, and the certificate it names."""

    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    """Further certificates that came along; nothing is believed of them."""
    digest_algorithm: str
    message_digest: bytes
    """As signed; empty where the value has no signed attributes."""
    claimed_at: datetime | None
    signature: Callable[[], bytes]
    """Its value. Read when asked for, as the next two: a fault is one only where it is needed."""
    content: Callable[[], bytes]
    """What it encloses: of a time-stamp, its `TimeStampInfo`."""
    verifies: Callable[[], bool]
    """Whether the signature verifies. Raises `CmsError`: it cannot be verified at all."""
    direct: Callable[[bytes], bool] | None = None
    """Of a value without signed attributes: whether the signature verifies over a digest; as `verifies`."""
    weaknesses: tuple[str, ...] = ()
    """Algorithms or keys that do not count."""
    bound: bool = True
    """A signing-certificate attribute says whose key it is; without one, trust refuses (rule G7)."""
    tokens: tuple[Any, ...] = ()
    """Signature time-stamps, not looked at yet; `signing.cms.read_token` does."""


@dataclass(frozen=True, slots=True)
class TimeStampInfo:
    """What a time-stamp says (RFC 3161)."""

    algorithm: str
    """Of the digest, by asn1crypto's name."""
    stamped: bytes
    """That digest."""
    at: datetime
    """``genTime``, UTC."""


def faults_of(signed: SignedCms, *, intact: bool, valid: bool) -> tuple[Violation, ...]:
    """Return what integrity refuses of a CMS that was read and verified."""
    faults = [Violation(Code.ALGORITHM_WEAK, "", weakness) for weakness in signed.weaknesses]
    if not intact:
        faults.append(Violation(Code.DIGEST_MISMATCH, "", "the covered bytes have another digest"))
    if not valid and not any(weakness.startswith(UNKNOWN) for weakness in signed.weaknesses):
        faults.append(Violation(Code.CRYPTO_FAILURE, "", "the signature does not verify"))
    return tuple(faults)


class _Certificate(x509.Certificate):  # type: ignore[misc]  # asn1crypto is untyped
    """A certificate that stays as it came.

    asn1crypto 1.5 takes a length whose last octet is 80 for an indefinite one, and writes the value
    anew: one certificate in 256, and where it is not DER to the last bit, another fingerprint.
    """

    der = b""

    def dump(self, force: bool = False) -> bytes:  # noqa: FBT001, FBT002  # as the original
        return self.der or bytes(super().dump(force))


@lru_cache(maxsize=1024)
def interned(der: bytes) -> x509.Certificate:
    """Return a certificate, read once: signers, issuers and services come again with every document."""
    certificate = _Certificate.load(der, strict=True)
    certificate.der = der
    return certificate
