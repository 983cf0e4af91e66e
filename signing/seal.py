"""The axis' own seal: a detached CAdES-B-B signature over bytes that stay as they are."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from asn1crypto import algos, cms, core, parser, pem, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import verification

from axis.errors import SealError, SetupError
from signing.keys import open_key

_SHA256: Final = hashes.SHA256()
_RSA_BITS: Final = 2048
_EC_BITS: Final = 256
_UNIVERSAL, _CONTEXT, _SEQUENCE, _SET = 0, 2, 16, 17  # classes and tags of ASN.1 (X.690, 8.1.2)
_VERSION_1: Final = cms.CMSVersion("v1").dump()
_DIGEST: Final = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
_DETACHED: Final = cms.EncapsulatedContentInfo({"content_type": "data"}).dump()
_SIGNED_DATA: Final = cms.ContentType("signed_data").dump()


class SealedBy(msgspec.Struct, frozen=True, kw_only=True):
    """What a seal that holds says."""

    subject: str
    """Common name of the sealing certificate."""
    certificate_sha256: str
    signed_at: datetime
    """Signing time the sealer claims."""


class Sealer:
    """A key and its certificate, held open."""

    def __init__(self, certificate_path: str | Path, key_path: str | Path, passphrase: bytes) -> None:
        """Open the key and make sure that the certificate is its own.

        Args:
            certificate_path: PEM file; the sealing certificate first, then its issuers.
            key_path: PEM file of its encrypted key.
            passphrase: of that key.

        Raises:
            SetupError: what is missing or does not fit, and what to do.
        """
        chain = _certificates(certificate_path)
        self._key = open_key(key_path, passphrase)
        der = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        if self._key.public_key().public_bytes(*der) != chain[0].public_key.dump():
            raise SetupError(f"{key_path} is not the key of the first certificate in {certificate_path}")
        self.certificate_sha256: Final = chain[0].sha256.hex()
        """Fingerprint of the sealing certificate."""
        signature = "sha256_rsa" if isinstance(self._key, rsa.RSAPrivateKey) else "sha256_ecdsa"
        name = {"issuer": chain[0].issuer, "serial_number": chain[0].serial_number}
        # What is the same in every seal is encoded once: it is nine tenths of the work.
        self._certificates = _emit(_CONTEXT, 0, *sorted(one.dump() for one in chain))
        self._sid = cms.IssuerAndSerialNumber(name).dump()
        self._algorithm = algos.SignedDigestAlgorithm({"algorithm": signature}).dump()
        self._constant = (
            _attribute("content_type", "data"),
            _attribute("signing_certificate_v2", tsp.SigningCertificateV2({"certs": [_ess(chain[0])]})),
        )

    def seal(self, data: bytes, at: datetime | None = None) -> bytes:
        """Seal bytes.

        Args:
            data: what is sealed; not part of the seal.
            at: signing time to claim; None: now. Kept to the second.

        Returns:
            DER of a CMS ContentInfo.

        Source:
            ETSI EN 319 122-1, CAdES baseline B-B; RFC 5652; RFC 5035.
        """
        moment = (at or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
        attributes = sorted(
            [
                *self._constant,
                _attribute("message_digest", hashlib.sha256(data).digest()),
                _attribute("signing_time", cms.Time("utc_time", moment)),
            ]
        )
        # RFC 5652, 5.4: signed as a SET, carried under a tag of the signer's.
        signature = core.OctetString(self._sign(_emit(_UNIVERSAL, _SET, *attributes))).dump()
        signer = _emit(
            _UNIVERSAL,
            _SEQUENCE,
            *(_VERSION_1, self._sid, _DIGEST, _emit(_CONTEXT, 0, *attributes), self._algorithm, signature),
        )
        digests, signers = _emit(_UNIVERSAL, _SET, _DIGEST), _emit(_UNIVERSAL, _SET, signer)
        parts = (_VERSION_1, digests, _DETACHED, self._certificates, signers)
        return _emit(
            _UNIVERSAL, _SEQUENCE, _SIGNED_DATA, _emit(_CONTEXT, 0, _emit(_UNIVERSAL, _SEQUENCE, *parts))
        )

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), _SHA256)
        return self._key.sign(data, ec.ECDSA(_SHA256))


def verify_seal(data: bytes, seal: bytes, anchors: Sequence[bytes], at: datetime) -> SealedBy:
    """Verify a seal of the axis, offline.

    Revocation is not asked: the anchors are what the verifier trusts to seal receipts.

    Args:
        data: the bytes that were sealed.
        seal: DER of the detached signature.
        anchors: PEM of the authorities to trust; at least one.
        at: moment at which the certificates must be in force, timezone-aware.

    Returns:
        Whose seal it is.

    Raises:
        SealError: it does not hold, and why.
    """
    if not anchors:
        raise SealError("chưa cho gốc tin cậy nào / no anchor to verify the seal by")
    try:
        return _verified(data, seal, [x509.load_pem_x509_certificate(one) for one in anchors], at)
    except verification.VerificationError as exc:
        raise SealError(
            f"chứng thư niêm phong không được tin / the sealing certificate is not trusted: {exc}"
        ) from exc
    except InvalidSignature as exc:
        raise SealError(
            "niêm phong không do khóa của chứng thư này ký / not signed by the sealing certificate's key"
        ) from exc
    except (ValueError, TypeError, KeyError) as exc:
        raise SealError(f"niêm phong hỏng / the seal is malformed: {exc}") from exc


def _verified(data: bytes, seal: bytes, anchors: list[x509.Certificate], at: datetime) -> SealedBy:
    info = cms.ContentInfo.load(seal, strict=True)
    _must(info["content_type"].native == "signed_data", "no signed data")
    signed = info["content"]
    _must(signed["encap_content_info"]["content"].native is None, "the seal brings its own content")
    _must(len(signed["signer_infos"]) == 1, "not exactly one signer")
    signer = signed["signer_infos"][0]
    _must(signer["digest_algorithm"]["algorithm"].native == "sha256", "the digest is not SHA-256")
    certificates = [choice.chosen for choice in signed["certificates"]]
    leaf = _leaf(certificates, signer["sid"])
    attributes, signed_at = _attributes(signer["signed_attrs"])
    _must(attributes.get("content_type") == "data", "the sealed content type is not data")
    _must(
        attributes.get("message_digest") == hashlib.sha256(data).digest(),
        "the bytes are not those that were sealed",
    )
    _must(_names(signer["signed_attrs"], leaf), "the seal does not name its certificate")
    _check_signature(leaf, signer)
    _check_path(leaf, certificates, anchors, at)
    return SealedBy(
        subject=str(leaf.subject.native.get("common_name", "")),
        certificate_sha256=leaf.sha256.hex(),
        signed_at=signed_at,
    )


def _must(holds: object, otherwise: str) -> None:
    if not holds:
        raise SealError(otherwise)


def _leaf(certificates: list[asn1_x509.Certificate], sid: cms.SignerIdentifier) -> asn1_x509.Certificate:
    _must(sid.name == "issuer_and_serial_number", "the signer is not named by issuer and serial number")
    wanted = sid.chosen
    for one in certificates:
        if one.serial_number == wanted["serial_number"].native and one.issuer == wanted["issuer"]:
            return one
    raise SealError("the sealing certificate is not in the seal")


def _attributes(signed: cms.CMSAttributes) -> tuple[dict[str, object], datetime]:
    found: dict[str, object] = {}
    for attribute in signed:
        name = attribute["type"].native
        _must(name not in found and len(attribute["values"]) == 1, f"attribute {name} stands more than once")
        found[name] = attribute["values"][0].native
    if not isinstance(moment := found.get("signing_time"), datetime):
        raise SealError("the seal has no signing time")
    return found, moment


def _names(signed: cms.CMSAttributes, leaf: asn1_x509.Certificate) -> bool:
    for attribute in signed:
        if attribute["type"].native == "signing_certificate_v2":
            first = attribute["values"][0]["certs"][0]
            named = first["hash_algorithm"]["algorithm"].native == "sha256"
            return bool(named and first["cert_hash"].native == leaf.sha256)
    return False


def _check_signature(leaf: asn1_x509.Certificate, signer: cms.SignerInfo) -> None:
    key = serialization.load_der_public_key(leaf.public_key.dump())
    # RFC 5652, 5.4: the attributes are hashed as a SET, whatever tag they bear in the message.
    signed = b"\x31" + signer["signed_attrs"].dump()[1:]
    signature = signer["signature"].native
    algorithm = signer["signature_algorithm"]["algorithm"].native
    if isinstance(key, rsa.RSAPublicKey) and algorithm in {"sha256_rsa", "rsassa_pkcs1v15"}:
        _must(key.key_size >= _RSA_BITS, "the sealing key is too short")
        key.verify(signature, signed, padding.PKCS1v15(), _SHA256)
    elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm == "sha256_ecdsa":
        _must(key.key_size >= _EC_BITS, "the sealing key is too short")
        key.verify(signature, signed, ec.ECDSA(_SHA256))
    else:
        raise SealError(f"signature algorithm {algorithm} is not accepted")


def _check_path(
    leaf: asn1_x509.Certificate,
    certificates: list[asn1_x509.Certificate],
    anchors: list[x509.Certificate],
    at: datetime,
) -> None:
    every = verification.ExtensionPolicy.permit_all()
    agnostic = verification.Criticality.AGNOSTIC
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(anchors))
        .time(at)
        .extension_policies(
            ca_policy=every.require_present(x509.BasicConstraints, agnostic, _must_issue),
            ee_policy=every.may_be_present(x509.KeyUsage, agnostic, _must_sign),
        )
        .build_client_verifier()
    )
    others = [x509.load_der_x509_certificate(one.dump()) for one in certificates if one is not leaf]
    verifier.verify(x509.load_der_x509_certificate(leaf.dump()), others)


def _must_issue(_policy: verification.Policy, _one: x509.Certificate, basic: x509.BasicConstraints) -> None:
    _must(basic.ca, "an issuer of the sealing certificate may not issue certificates")


def _must_sign(_policy: verification.Policy, _one: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    allowed = usage is None or usage.digital_signature or usage.content_commitment
    _must(allowed, "the certificate's key usage does not allow sealing")


def _emit(tag_class: int, tag: int, *parts: bytes) -> bytes:
    """Encode a constructed DER value from encoded parts."""
    der: bytes = parser.emit(tag_class, 1, tag, b"".join(parts))
    return der


def _attribute(name: str, value: object) -> bytes:
    der: bytes = cms.CMSAttribute({"type": name, "values": [value]}).dump()
    return der


def _ess(certificate: asn1_x509.Certificate) -> tsp.ESSCertIDv2:
    general = asn1_x509.GeneralName("directory_name", certificate.issuer)
    return tsp.ESSCertIDv2(
        {
            "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
            "cert_hash": core.OctetString(certificate.sha256),
            "issuer_serial": {"issuer": [general], "serial_number": certificate.serial_number},
        }
    )


def _certificates(path: str | Path) -> list[asn1_x509.Certificate]:
    try:
        armoured = Path(path).read_bytes()
        found = [
            asn1_x509.Certificate.load(der, strict=True) for _, _, der in pem.unarmor(armoured, multiple=True)
        ]
    except OSError as exc:
        raise SetupError(f"certificate {path} cannot be read: {exc.strerror}") from exc
    except ValueError as exc:
        raise SetupError(f"{path} holds no PEM certificate: {exc}") from exc
    return found
