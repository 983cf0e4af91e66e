"""Makers of CMS values that are wrong in one way."""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

from asn1crypto import algos, cms, tsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.attacks.building import letter
from tests.lab.authority import lab_authority
from tests.lab.pdfs import SignBytes, a_cms, person, sign_by_hand
from tests.lab.services import a_token, authority_key, pyca_certificate

Change = Callable[[Any], None]


def altered(change: Change, **how: Any) -> SignBytes:
    """Return a maker of good values that are changed afterwards, outside what is signed."""

    def make(covered: bytes) -> bytes:
        info = cms.ContentInfo.load(a_cms(**{"token": a_token, **how})(covered))
        change(info["content"])
        return bytes(info.dump(force=True))

    return make


def signed(make: SignBytes, pdf: bytes | None = None, **how: Any) -> Callable[[], bytes]:
    """Return what signs the letter so."""
    return lambda: sign_by_hand(pdf or letter(), make, **how)


def signer_of(value: Any) -> Any:
    """Return the first SignerInfo of a value."""
    return value["signer_infos"][0]


def no_attributes(covered: bytes) -> bytes:
    """Sign the bytes themselves, as old tools do: nothing says whose certificate it was."""
    authority, who = lab_authority(), person()
    certificate = x509.Certificate.load(authority.certificate(who.label))
    raw = authority.key(who).sign(covered, ec.ECDSA(hashes.SHA256()))
    info = cms.SignerInfo(
        {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            },
            "digest_algorithm": {"algorithm": "sha256"},
            "signature_algorithm": {"algorithm": "sha256_ecdsa"},
            "signature": raw,
        }
    )
    issuer = x509.Certificate.load(authority.certificate("people-ca"))
    value = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": [certificate, issuer],
        "signer_infos": [info],
    }
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(value)}).dump())


@cache
def namesake() -> tuple[bytes, Any]:
    """Return a certificate of the trusted issuer's name and the person's serial number, and its key."""
    real = pyca_certificate(lab_authority().certificate(person().label))
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        pyca.CertificateBuilder()
        .subject_name(real.subject)
        .issuer_name(real.issuer)
        .serial_number(real.serial_number)
        .not_valid_before(real.not_valid_before_utc)
        .not_valid_after(real.not_valid_after_utc)
        .public_key(key.public_key())
    )
    for extension in real.extensions:
        if extension.oid not in (pyca.SubjectKeyIdentifier.oid, pyca.AuthorityKeyIdentifier.oid):
            builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(Encoding.DER), key


def by_namesake(*, both: bool, ess_of: bytes = b"") -> SignBytes:
    """Sign with the namesake's key, and enclose his certificate, or the real one beside it.

    Args:
        both: the real one too.
        ess_of: DER of the certificate that the signature names; empty: his own.
    """

    def make(covered: bytes) -> bytes:
        der, key = namesake()
        info = cms.ContentInfo.load(a_cms(ess_of=ess_of or der, token=a_token)(covered))
        value = info["content"]
        signer = signer_of(value)
        raw = key.sign(signer["signed_attrs"].untag().dump(), ec.ECDSA(hashes.SHA256()))
        signer["signature"] = raw
        signer["unsigned_attrs"] = cms.CMSAttributes(
            [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [a_token(raw)]})]
        )
        others = [choice.chosen for choice in value["certificates"]]
        fake = x509.Certificate.load(der)
        value["certificates"] = [fake, *(others if both else others[1:])]
        return bytes(info.dump(force=True))

    return make


@cache
def rsa_person() -> tuple[bytes, Any]:
    """Return a certificate of the trusted issuer for an RSA key, and the key."""
    real = pyca_certificate(lab_authority().certificate(person().label))
    key = rsa.generate_private_key(65537, 2048)
    builder = (
        pyca.CertificateBuilder()
        .subject_name(real.subject)
        .issuer_name(real.issuer)
        .serial_number(4711)
        .not_valid_before(real.not_valid_before_utc)
        .not_valid_after(real.not_valid_after_utc)
        .public_key(key.public_key())
    )
    for extension in real.extensions:
        if extension.oid != pyca.SubjectKeyIdentifier.oid:
            builder = builder.add_extension(extension.value, extension.critical)
    made = builder.sign(authority_key("people-ca"), hashes.SHA256())
    return made.public_bytes(Encoding.DER), key


def by_rsa(scheme: Callable[[], tuple[dict[str, Any], Any, Any]], digest: str = "sha256") -> SignBytes:
    """Sign with the RSA key by a scheme: its algorithm identifier, padding and hash."""

    def make(covered: bytes) -> bytes:
        der, key = rsa_person()
        certificate = x509.Certificate.load(der)
        algorithm, pad, hashed = scheme()
        attributes = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": kind, "values": [value]})
                for kind, value in (
                    ("content_type", "data"),
                    ("message_digest", hashlib.new(digest, covered).digest()),
                    (
                        "signing_certificate_v2",
                        tsp.SigningCertificateV2({"certs": [{"cert_hash": hashlib.sha256(der).digest()}]}),
                    ),
                )
            ]
        )
        raw = key.sign(attributes.dump(), pad, hashed)
        info = {
            "version": "v1",
            "sid": {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            },
            "digest_algorithm": {"algorithm": digest},
            "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm(algorithm),
            "signature": raw,
            "unsigned_attrs": cms.CMSAttributes(
                [cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [a_token(raw)]})]
            ),
        }
        issuer = x509.Certificate.load(lab_authority().certificate("people-ca"))
        value = {
            "version": "v1",
            "digest_algorithms": [{"algorithm": digest}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [certificate, issuer],
            "signer_infos": [cms.SignerInfo(info)],
        }
        return bytes(
            cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(value)}).dump()
        )

    return make


def pss(hash_name: str, mask_name: str) -> Callable[[], tuple[dict[str, Any], Any, Any]]:
    """Return a PSS scheme over two digests."""

    def scheme() -> tuple[dict[str, Any], Any, Any]:
        hashed, mask = (getattr(hashes, name.upper())() for name in (hash_name, mask_name))
        parameters = algos.RSASSAPSSParams(
            {
                "hash_algorithm": {"algorithm": hash_name},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask_name}},
                "salt_length": 20,
            }
        )
        return (
            {"algorithm": "rsassa_pss", "parameters": parameters},
            padding.PSS(padding.MGF1(mask), 20),
            hashed,
        )

    return scheme


def plain_rsa(hash_name: str) -> Callable[[], tuple[dict[str, Any], Any, Any]]:
    """Return PKCS#1 v1.5 over a digest."""
    return lambda: (
        {"algorithm": f"{hash_name}_rsa"},
        padding.PKCS1v15(),
        getattr(hashes, hash_name.upper())(),
    )
