"""The CMS of one signature or time-stamp: its structure (rule G7), and whether it verifies (rule G6).

Nothing here knows of trust: who issued the certificate is `signing.chain`'s
question.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import cms, core, tsp, x509
from pyhanko.sign.general import check_ess_certid, match_issuer_serial
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from axis.violations import Code, Violation
from signing.algorithms import weak_digest, weak_key, weak_signature

DATA: Final = "data"
TST_INFO: Final = "tst_info"
_ONCE: Final = ("content_type", "message_digest")
_ESS: Final = {
    "signing_certificate_v2": tsp.SigningCertificateV2,
    "signing_certificate": tsp.SigningCertificate,
}


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
    claimed_at: datetime | None
    weaknesses: tuple[str, ...] = ()
    """Algorithms or keys that do not count."""
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
        _check_padding(contents[len(info.dump()) :])
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
    _check_ess(certificate, attributes)
    digest = signer["digest_algorithm"]["algorithm"].native
    found = (
        weak_digest(digest),
        weak_signature(signer["signature_algorithm"], digest),
        weak_key(certificate.public_key),
    )
    return SignedCms(
        signed_data=signed,
        signer_info=signer,
        certificate=certificate,
        others=others,
        digest_algorithm=digest,
        claimed_at=_claimed(attributes),
        weaknesses=tuple(weakness for weakness in found if weakness),
        tokens=_tokens(signer),
    )


def verify_cms(signed: SignedCms, content_type: str, digest: bytes) -> tuple[bool, bool]:
    """Verify a signature with the key of its certificate.

    Args:
        signed: as read.
        content_type: as it was read for.
        digest: of the covered bytes, by the signer's digest algorithm.

    Returns:
        Whether the signed digest is that one, and whether the signature verifies.

    Raises:
        CmsError: it cannot be verified at all.
    """
    try:
        intact, valid = validate_sig_integrity(signed.signer_info, signed.certificate, content_type, digest)
    except MemoryError:
        raise
    except Exception as exc:
        raise CmsError(f"it cannot be verified: {type(exc).__name__}") from exc
    return bool(intact), bool(valid)


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
        certificate = choice.chosen
        if sid.name == "issuer_and_serial_number":
            matches = match_issuer_serial(sid.chosen, certificate)
        else:
            matches = certificate.key_identifier == sid.chosen.native
        (found if matches else others).append(certificate)
    if len({certificate.sha256 for certificate in found}) != 1:
        raise CmsError(f"{len(found)} certificates match the signer")
    return found[0], tuple(others)


def _check_ess(certificate: x509.Certificate, attributes: dict[str, Any]) -> None:
    named = [(kind, attributes[name]) for name, kind in _ESS.items() if name in attributes]
    if not named:
        raise CmsError("no signing-certificate attribute")
    for kind, values in named:
        if len(values) != 1:
            raise CmsError("the signing-certificate attribute has several values")
        # Loaded anew: reading into it must not touch the signed bytes.
        ids = kind.load(values[0].dump())["certs"]
        if not len(ids) or not check_ess_certid(certificate, ids[0]):
            raise CmsError("the signing-certificate attribute names another certificate")


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
