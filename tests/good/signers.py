"""Keys of every kind with certificates of their own, and signature values as other programs make them."""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

from asn1crypto import algos, cms, core, keys, tsp, x509
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.sign import signers
from pyhanko.sign.signers.pdf_cms import PdfCMSSignedAttributes
from pyhanko_certvalidator.registry import SimpleCertificateStore

MAKERS: Final[dict[str, Callable[[], Any]]] = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa-e3": lambda: rsa.generate_private_key(3, 2048),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "brainpool": lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}


@dataclass(frozen=True)
class Holder:
    """A key and the certificate that goes with it."""

    key: Any
    certificate: bytes
    """DER."""

    @property
    def name(self) -> x509.Certificate:
        """The certificate, read."""
        return x509.Certificate.load(self.certificate)


@cache
def holder(kind: str = "p256", *, serial: int | None = None, ended: bool = False) -> Holder:
    """Return a key of a kind, certified by itself."""
    key = MAKERS[kind]()
    name = pyca.Name([pyca.NameAttribute(pyca.NameOID.COMMON_NAME, f"Nguyen Van {kind}")])
    start = datetime.now(UTC) - timedelta(days=900)
    builder = (
        pyca.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial or pyca.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 if ended else 3650))
        .add_extension(pyca.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    digest = None if kind.startswith("ed") else hashes.SHA256()
    return Holder(key, builder.sign(key, digest).public_bytes(Encoding.DER))


def _private(key: Any) -> keys.PrivateKeyInfo:
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return keys.PrivateKeyInfo.load(der)


def by_pyhanko(kind: str, digest: str = "sha256", *, pades: bool = True, pss: bool = False) -> Any:
    """Return a maker of values as pyHanko's own signer makes them."""

    def make(covered: bytes) -> bytes:
        who = holder(kind)
        signer = signers.SimpleSigner(
            signing_cert=who.name,
            signing_key=_private(who.key),
            cert_registry=SimpleCertificateStore(),
            prefer_pss=pss,
        )
        attributes = PdfCMSSignedAttributes(signing_time=None if pades else datetime.now(UTC))
        value = signer.async_sign(
            hashlib.new(digest.replace("-", ""), covered).digest(),
            digest,
            use_pades=pades,
            signed_attr_settings=attributes,
        )
        return asyncio.run(value).dump()

    return make


# --- values by hand, in whatever way is asked for ------------------------------

Attributes = list[tuple[str, Any]]


def ess_v2(certificate: bytes, *, digest: str = "sha256", serial: bool = False) -> tuple[str, Any]:
    """Return the newer attribute that names the signer's certificate."""
    one: dict[str, Any] = {"cert_hash": hashlib.new(digest, certificate).digest()}
    if digest != "sha256":
        one["hash_algorithm"] = {"algorithm": digest}
    if serial:
        one["issuer_serial"] = _issuer_serial(certificate)
    return "signing_certificate_v2", tsp.SigningCertificateV2({"certs": [one]})


def ess_v1(certificate: bytes) -> tuple[str, Any]:
    """Return the older one, over SHA-1."""
    one = {
        "cert_hash": hashlib.sha1(certificate).digest(),
        "issuer_serial": _issuer_serial(certificate),
    }
    return "signing_certificate", tsp.SigningCertificate({"certs": [one]})


def _issuer_serial(certificate: bytes) -> dict[str, Any]:
    read = x509.Certificate.load(certificate)
    names = [x509.GeneralName(name="directory_name", value=read.issuer)]
    return {"issuer": names, "serial_number": read.serial_number}


def signing_time() -> tuple[str, Any]:
    """Return the attribute that claims a time."""
    return "signing_time", cms.Time({"utc_time": core.UTCTime(datetime.now(UTC))})


Raw = Callable[[Any, bytes], bytes]


def pkcs1(digest: str) -> Raw:
    """Sign as RSA did before PSS."""
    return lambda key, data: key.sign(data, padding.PKCS1v15(), getattr(hashes, digest.upper())())


def pss(digest: str, salt: int, mask: str | None = None) -> Raw:
    """Sign with RSASSA-PSS."""
    mgf = padding.MGF1(getattr(hashes, (mask or digest).upper())())
    return lambda key, data: key.sign(data, padding.PSS(mgf, salt), getattr(hashes, digest.upper())())


def pss_algorithm(digest: str, salt: int, mask: str | None = None) -> algos.SignedDigestAlgorithm:
    """Name RSASSA-PSS with its parameters."""
    return algos.SignedDigestAlgorithm(
        {
            "algorithm": "rsassa_pss",
            "parameters": algos.RSASSAPSSParams(
                {
                    "hash_algorithm": {"algorithm": digest},
                    "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": mask or digest}},
                    "salt_length": salt,
                }
            ),
        }
    )


def by_hand(
    kind: str = "p256",
    digest: str = "sha256",
    *,
    who: Callable[[], Holder] | None = None,
    attributes: Callable[[bytes], Attributes] = lambda der: [ess_v2(der)],
    algorithm: Any = None,
    raw: Raw | None = None,
    others: Callable[[], list[Any]] = list,
    crls: Callable[[], list[Any]] = list,
    key_identifier: bool = False,
    enclosed: bool = False,
    first: bool = True,
) -> Callable[[bytes], bytes]:
    """Return a maker of values.

    Args:
        kind: of the key.
        digest: of content and signature.
        who: signs; None: a holder of that kind.
        attributes: signed ones beside content type and digest, given the certificate.
        algorithm: of the signature; None: the usual one.
        raw: how the key signs; None: the usual way.
        others: further certificates.
        crls: revocation lists in the value.
        key_identifier: name the signer by its key, not by issuer and number.
        enclosed: enclose the digest as content (``adbe.pkcs7.sha1``).
        first: the signer's certificate stands before the others.
    """

    def make(covered: bytes) -> bytes:
        signer = who() if who is not None else holder(kind)
        content = hashlib.sha1(covered).digest() if enclosed else None
        text = hashlib.new(digest, covered if content is None else content).digest()
        given = [("content_type", "data"), ("message_digest", text), *attributes(signer.certificate)]
        signed = cms.CMSAttributes([cms.CMSAttribute({"type": name, "values": [v]}) for name, v in given])
        info = {
            "version": "v3" if key_identifier else "v1",
            "sid": _names(signer.name, by_key=key_identifier),
            "digest_algorithm": {"algorithm": digest},
            "signed_attrs": signed,
            "signature_algorithm": algorithm or _usual(signer.key, digest),
            "signature": (raw or plainly(digest))(signer.key, signed.dump()),
        }
        listed = [signer.name, *others()] if first else [*others(), signer.name]
        return _value(digest, content, listed, crls(), info)

    return make


def _names(certificate: x509.Certificate, *, by_key: bool) -> cms.SignerIdentifier:
    if by_key:
        return cms.SignerIdentifier(name="subject_key_identifier", value=certificate.key_identifier)
    pair = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
    return cms.SignerIdentifier({"issuer_and_serial_number": pair})


def _value(
    digest: str, content: bytes | None, certificates: list[Any], crls: list[Any], info: dict[str, Any]
) -> bytes:
    inner: dict[str, Any] = {"content_type": "data"}
    if content is not None:
        inner["content"] = core.OctetString(content)
    value: dict[str, Any] = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": digest}],
        "encap_content_info": inner,
        "certificates": certificates,
        "signer_infos": [info],
    }
    if crls:
        value["crls"] = crls
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(value)}).dump()


def _usual(key: Any, digest: str) -> Any:
    if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        name = "ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "ed448"
    else:
        name = f"{digest}_{'rsa' if isinstance(key, rsa.RSAPrivateKey) else 'ecdsa'}"
    return algos.SignedDigestAlgorithm({"algorithm": name})


def plainly(digest: str) -> Raw:
    """Sign as keys of a kind usually do."""

    def sign(key: Any, data: bytes) -> bytes:
        if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
            return key.sign(data)
        if isinstance(key, rsa.RSAPrivateKey):
            return pkcs1(digest)(key, data)
        return key.sign(data, ec.ECDSA(getattr(hashes, digest.upper())()))

    return sign


# --- the encoding, not the value ---------------------------------------------


def indefinite(der: bytes) -> bytes:
    """Write a value's constructed parts, three levels down, with indefinite lengths (BER)."""
    return _indefinite(der, 3)


def _indefinite(der: bytes, levels: int) -> bytes:
    head, body = _split(der)
    if not levels or not head[0] & 0x20:
        return der
    parts = b"".join(_indefinite(part, levels - 1) for part in _parts(body))
    return head[:1] + b"\x80" + parts + b"\0\0"


def _split(der: bytes) -> tuple[bytes, bytes]:
    length, start = der[1], 2
    if length & 0x80:
        start = 2 + (length & 0x7F)
        length = int.from_bytes(der[2:start], "big")
    return der[:start], der[start : start + length]


def _parts(body: bytes) -> list[bytes]:
    parts = []
    while body:
        head, inner = _split(body)
        size = len(head) + len(inner)
        parts.append(body[:size])
        body = body[size:]
    return parts
