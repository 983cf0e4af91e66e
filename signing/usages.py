"""What a certificate was used for, and what its key may be used for (rule G10; RFC 5280, 4.2.1.3 and 12)."""

from enum import Enum, unique
from typing import Final

from asn1crypto import x509
from pyhanko.sign.validation.settings import KeyUsageConstraints

from signing.trust import TrustRole


@unique
class Usage(Enum):
    """What a certificate was used for."""

    SIGN = "sign"
    STAMP = "stamp"


ROLES: Final = {
    Usage.SIGN: frozenset({TrustRole.PERSON, TrustRole.SEAL}),
    Usage.STAMP: frozenset({TrustRole.TIMESTAMP}),
}
CONSTRAINTS: Final = {
    Usage.SIGN: KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"},
        key_usage_forbidden={"key_cert_sign", "crl_sign"},
        match_all_key_usages=False,
    ),
    Usage.STAMP: KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"},
        key_usage_forbidden={"key_cert_sign", "crl_sign"},
        extd_key_usage={"time_stamping"},
        explicit_extd_key_usage_required=True,
    ),
}
_MACHINES: Final = frozenset({"server_auth", "code_signing", "time_stamping", "ocsp_signing"})
"""A certificate for nothing but these, or to log in besides, is a machine's (RFC 5280, 4.2.1.12)."""


def is_machine(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate is for nothing that signs documents."""
    purposes = certificate.extended_key_usage_value
    if purposes is None:
        return False
    named = set(purposes.native)
    # People's certificates often name logging in alone; servers' name it beside their own purpose.
    return named <= _MACHINES | {"client_auth"} and named != {"client_auth"}
