"""Certificates of any shape, made on the spot: authorities that cross, bound, delegate and lie."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from axis.sandbox.profiles import NO_VALUE
from signing.trust import TrustedAuthority, TrustList, TrustRole

NOW: Final = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
"""The moment around which they live."""
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
Extensions = Iterable[tuple[x509.ExtensionType, bool]]

UNKNOWN: Final = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\x05\x00")
"""An extension that nobody knows."""
SIGNS: Final = x509.KeyUsage(
    digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
CERTIFIES: Final = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
    key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
)  # fmt: skip


@dataclass(frozen=True)
class Member:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        return self.certificate.public_bytes(Encoding.DER)


@cache
def key_of(name: str) -> ec.EllipticCurvePrivateKey:
    """Return a key by name; the same name has the same key."""
    del name
    return ec.generate_private_key(ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return an RSA key of a length."""
    return rsa.generate_private_key(65537, bits)


def name_of(common: str) -> x509.Name:
    """Return a name in our tests' country."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, NO_VALUE),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def member(
    common: str,
    issuer: Member | None = None,
    *,
    authority: bool = False,
    key: Any = None,
    path_length: int | None = None,
    usage: x509.KeyUsage | None = None,
    constraints: bool = True,
    more: Extensions = (),
    serial: int | None = None,
    since: datetime = NOW - 100 * DAY,
    until: datetime = NOW + 100 * DAY,
    digest: Any = None,
) -> Member:
    """Issue a certificate; without an issuer it signs itself.

    Args:
        common: its name; also names its key.
        issuer: who signs.
        authority: it may issue.
        key: its private key; None: one by its name.
        path_length: of an authority.
        usage: None: as its kind has it.
        constraints: whether basic constraints and key usage stand in it at all.
        more: further extensions, with their criticality.
        serial: None: a random one.
        since: notBefore.
        until: notAfter.
        digest: None: SHA-256.
    """
    own = key or key_of(common)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name_of(common))
        .issuer_name(issuer.certificate.subject if issuer else name_of(common))
        .public_key(own.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
    )
    if constraints:
        builder = builder.add_extension(x509.BasicConstraints(authority, path_length), critical=True)
        builder = builder.add_extension(usage or (CERTIFIES if authority else SIGNS), critical=True)
    for extension, critical in more:
        builder = builder.add_extension(extension, critical=critical)
    signed = builder.sign(issuer.key if issuer else own, digest or hashes.SHA256())
    return Member(signed, own)


EVERYBODY: Final = (TrustRole.PERSON, TrustRole.SEAL)


def listed(member: Member, *roles: TrustRole, anchor: bool = False, **more: Any) -> TrustedAuthority:
    """Return an entry of a trust list."""
    return TrustedAuthority(
        name=member.certificate.subject.rfc4514_string(),
        certificate=member.certificate.public_bytes(Encoding.PEM).decode(),
        anchor=anchor,
        roles=roles or EVERYBODY,
        **more,
    )


def trusting(*authorities: TrustedAuthority) -> TrustList:
    """Return a trust list."""
    return TrustList(version="family", authorities=authorities)


def signed_weakly(one: Member, issuer: Member, digest: Any) -> Member:
    """Return a certificate signed anew by a digest that pyca signs none with."""
    told = asn1.Certificate.load(one.der)
    named = {"algorithm": f"{digest.name}_ecdsa"}
    told["signature_algorithm"] = named
    told["tbs_certificate"]["signature"] = named
    text = told["tbs_certificate"].dump(force=True)
    told["signature_value"] = issuer.key.sign(text, ec.ECDSA(digest))
    return Member(x509.load_der_x509_certificate(told.dump(force=True)), one.key)
