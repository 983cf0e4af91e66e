"""Why a certificate is not trusted, in our words and those of ETSI EN 319 102-1."""

from dataclasses import dataclass
from typing import Final

from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    InvalidCertificateError,
    NotYetValidError,
    PathBuildingError,
)

from axis.violations import Code


@dataclass(frozen=True, slots=True)
class Distrust:
    """Why a certificate is not trusted."""

    code: Code
    detail: str
    indication: str
    """ETSI EN 319 102-1: main indication and sub-indication."""
    subindication: str


_OF_ERRORS: Final = (
    # In this order: the later ones are wider.
    (PathBuildingError, Code.CHAIN_UNTRUSTED, "no path to a trusted root", "NO_CERTIFICATE_CHAIN_FOUND"),
    (ExpiredError, Code.CERTIFICATE_EXPIRED, "a certificate had expired", "OUT_OF_BOUNDS_NO_POE"),
    (NotYetValidError, Code.CERTIFICATE_EXPIRED, "a certificate was not valid yet", "NOT_YET_VALID"),
    (
        DisallowedAlgorithmError,
        Code.ALGORITHM_WEAK,
        "an algorithm on the path is too weak",
        "CRYPTO_CONSTRAINTS_FAILURE",
    ),
    (
        InvalidCertificateError,
        Code.KEY_USAGE,
        "its key usage does not allow what it was used for",
        "CHAIN_CONSTRAINTS_FAILURE",
    ),
)


def distrust_of(exc: Exception, *, itself: bool = False) -> Distrust:
    """Say what a failure of the certificate validator means; its messages name subjects and stay here.

    Args:
        exc: the failure.
        itself: the certificate without a path is its own issuer.
    """
    if itself:
        detail, sub = "self-signed and not trusted", "NO_CERTIFICATE_CHAIN_FOUND"
        return Distrust(Code.CHAIN_UNTRUSTED, detail, "INDETERMINATE", sub)
    for kind, code, detail, sub in _OF_ERRORS:
        if isinstance(exc, kind):
            main = "TOTAL-FAILED" if kind is NotYetValidError else "INDETERMINATE"
            return Distrust(code, detail, main, sub)
    detail, sub = "the path does not validate", "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    return Distrust(Code.CHAIN_UNTRUSTED, detail, "INDETERMINATE", sub)
