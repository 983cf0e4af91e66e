"""The CMS of one signature or time-stamp: its structure (rule G7), and whether it verifies (rule G6).

Nothing here knows of trust: who issued the certificate is `signing.chain`'s
question.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from asn1crypto import cms, core, parser, tsp, x509
from cryptography.exceptions import InvalidSignature
from pyhanko.sign.validation.generic_cms import validate_algorithm_protection
from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator, SignatureValidationContext

from axis.violations import Code, Violation
from signing.algorithms import weak_digest, weak_key, weak_signature
from signing.moduli import positive

DATA: Final = "data"
TST_INFO: Final = "tst_info"
_ONCE: Final = ("content_type", "message_digest")
_ESS: Final = {
    "signing_certificate_v2": tsp.SigningCertificateV2,
    "signing_certificate": tsp.SigningCertificate,
}


_VALIDATOR: Final = DefaultSignatureValidator()


class CmsError(Exception):
    """The structure is not as rule G7 asks. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class SignedCms:
    """A CMS whose structure passed: one signer, and the certificate it names."""

    signed_data: Any
    signer_info: Any
    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]
    """Further certificates that came along; nothing is believed of them."""
    digest_algorithm: str
    message_digest: bytes
    """As signed."""
    claimed_at: datetime | None
    weaknesses: tuple[str, ...] = ()
    """Algorithms or keys that do not count."""
    bound: bool = True
    """A signing-certificate attribute says whose key it is; without one, trust refuses (rule G7)."""
    tokens: tuple[Any, ...] = field(default=())
    """Signature time-stamps: ContentInfo values, not looked at yet."""


def read_cms(contents: bytes, content_type: str) -> SignedCms:
    """Read a CMS and hold its structure to rule G7.

    Args:
        contents: DER or BER, and zeros behind it up to the reserved length.
        content_type: ``data`` for a signature, ``tst_info`` for a time-stamp.

    Raises:
        CmsError: it breaks the rule; the message says how.
    """
    try:
        info = cms.ContentInfo.load(contents)
        # Measured, not dumped: what came in BER would be dumped in another length.
        _check_padding(contents[parser.peek(contents) :])
        return read_content_info(info, content_type)
    except (CmsError, MemoryError):
        raise
    except Exception as exc:
        # asn1crypto raises by no plan of its own on hostile bytes.
        raise CmsError(f"it cannot be read: {type(exc).__name__}") from exc


def read_content_info(info: Any, content_type: str) -> SignedCms:  # noqa: ANN401  # asn1crypto is untyped
    """Hold a CMS that is already loaded to rule G7; as `read_cms`."""
    if info["content_type"].native != "signed_data":
        raise CmsError("it is no signed data")
    signed = info["content"]
    infos = signed["signer_infos"]
    if len(infos) != 1:
        raise CmsError(f"{len(infos)} signers instead of one")
    signer = infos[0]
    inner = signed["encap_content_info"]
    if inner["content_type"].native != content_type:
        raise CmsError("content of another type")
    if content_type == DATA and not isinstance(inner["content"], core.Void):
        raise CmsError("it encloses content")
    attributes = _attributes(signer)
    if attributes["content_type"][0].native != content_type:
        raise CmsError("the signed content type is another one")
    certificate, others = _signer(signed, signer)
    bound = _check_ess(certificate, attributes)
    if not bound and content_type != DATA:
        raise CmsError("no signing-certificate attribute")
    digest = signer["digest_algorithm"]["algorithm"].native
    found = (
        weak_digest(digest),
        weak_signature(signer["signature_algorithm"], digest),
        weak_key(positive(certificate.public_key)),
    )
    return SignedCms(
        signed_data=signed,
        signer_info=signer,
        certificate=certificate,
        others=others,
        digest_algorithm=digest,
        message_digest=attributes["message_digest"][0].native,
        claimed_at=_claimed(attributes),
        weaknesses=tuple(weakness for weakness in found if weakness),
        bound=bound,
        tokens=_tokens(signer),
    )


def verify_cms(signed: SignedCms, digest: bytes) -> tuple[bool, bool]:
    """Verify a signature with the key of its certificate.

    Args:
        signed: as read.
        digest: of the covered bytes, by the signer's digest algorithm.

    Returns:
        Whether the signed digest is that one, and whether the signature verifies.

    Raises:
        CmsError: it cannot be verified at all.
    """
    try:
        info = signed.signer_info
        attributes = info["signed_attrs"].untag()
        text = attributes.dump()
        validate_algorithm_protection(
            attributes, info["digest_algorithm"], info["signature_algorithm"], claimed_mac_algorithm_obj=None
        )
        _VALIDATOR.validate_signature(
            info["signature"].native,
            text,
            positive(signed.certificate.public_key),
            info["signature_algorithm"],
            context=SignatureValidationContext(
                contextual_md_algorithm=signed.digest_algorithm, prehashed=False
            ),
        )
    except InvalidSignature:
        return signed.message_digest == digest, False
    except MemoryError:
        raise
    except Exception as exc:
        raise CmsError(f"it cannot be verified: {type(exc).__name__}") from exc
    return signed.message_digest == digest, True


def faults_of(signed: SignedCms, *, intact: bool, valid: bool) -> tuple[Violation, ...]:
    """Return what integrity refuses of a CMS that was read and verified."""
    faults = [Violation(Code.ALGORITHM_WEAK, "", weakness) for weakness in signed.weaknesses]
    if not intact:
        faults.append(Violation(Code.DIGEST_MISMATCH, "", "the covered bytes have another digest"))
    if not valid:
        faults.append(Violation(Code.CRYPTO_FAILURE, "", "the signature does not verify"))
    return tuple(faults)


def _check_padding(rest: bytes) -> None:
    if rest.strip(b"\0"):
        raise CmsError("bytes behind the signature's value")


def _attributes(signer: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(signer["signed_attrs"], core.Void):
        raise CmsError("no signed attributes")
    attributes: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in attributes:
            raise CmsError(f"the attribute {name} stands twice")
        attributes[name] = attribute["values"]
    for name in _ONCE:
        if name not in attributes or len(attributes[name]) != 1:
            raise CmsError(f"{name} is missing or has several values")
    return attributes


def _signer(signed: Any, signer: Any) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:  # noqa: ANN401
    sid = signer["sid"]
    found: list[x509.Certificate] = []
    others: list[x509.Certificate] = []
    given = signed["certificates"]
    for choice in () if isinstance(given, core.Void) else given:
        if choice.name != "certificate":
            continue
        certificate = interned(choice.chosen.dump())
        if sid.name == "issuer_and_serial_number":
            matches = _is_named(certificate, sid.chosen["issuer"], sid.chosen["serial_number"])
        else:
            matches = certificate.key_identifier == sid.chosen.native
        (found if matches else others).append(certificate)
    if len({certificate.sha256 for certificate in found}) != 1:
        raise CmsError(f"{len(found)} certificates match the signer")
    return found[0], tuple(others)


def _check_ess(certificate: x509.Certificate, attributes: dict[str, Any]) -> bool:
    # Whether an attribute names the certificate; one that names another is a fault of structure.
    named = [(kind, attributes[name]) for name, kind in _ESS.items() if name in attributes]
    for kind, values in named:
        if len(values) != 1:
            raise CmsError("the signing-certificate attribute has several values")
        # Loaded anew: reading into it must not touch the signed bytes.
        ids = kind.load(values[0].dump())["certs"]
        if not len(ids) or not _is_meant(certificate, ids[0]):
            raise CmsError("the signing-certificate attribute names another certificate")
    return bool(named)


def _is_meant(certificate: x509.Certificate, named: Any) -> bool:  # noqa: ANN401
    # Version 1 of the attribute knows SHA-1 only; its hash names a certificate that is verified anyway.
    first = isinstance(named, tsp.ESSCertID)
    algorithm = "sha1" if first else named["hash_algorithm"]["algorithm"].native
    if not first and weak_digest(algorithm):
        return False
    if hashlib.new(algorithm, certificate.dump()).digest() != named["cert_hash"].native:
        return False
    beside = named["issuer_serial"]
    if isinstance(beside, core.Void):
        return True
    issuers = beside["issuer"]
    if len(issuers) != 1 or issuers[0].name != "directory_name":
        return False
    return _is_named(certificate, issuers[0].chosen, beside["serial_number"])


def _is_named(certificate: x509.Certificate, issuer: x509.Name, serial: core.Integer) -> bool:
    if certificate.serial_number != serial.native:
        return False
    # The same bytes are the same name; comparing names as RFC 5280 says costs a hundred times more.
    same = certificate.issuer.untag().dump() == issuer.untag().dump()
    return same or bool(certificate.issuer == issuer)


@lru_cache(maxsize=1024)
def interned(der: bytes) -> x509.Certificate:
    """Return a certificate, read once: signers, issuers and services come again with every document."""
    return x509.Certificate.load(der, strict=True)


def _claimed(attributes: dict[str, Any]) -> datetime | None:
    values = attributes.get("signing_time")
    if values is None or len(values) != 1:
        return None
    moment = values[0].native
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else None


def _tokens(signer: Any) -> tuple[Any, ...]:  # noqa: ANN401
    if isinstance(signer["unsigned_attrs"], core.Void):
        return ()
    return tuple(
        token
        for attribute in signer["unsigned_attrs"]
        if attribute["type"].native == "signature_time_stamp_token"
        for token in attribute["values"]
    )
