"""The reader of plain CMS: strict DER, by pyca's parser, every element known (RFC 5652, RFC 3161).

It says what a value holds, or nothing at all. It never refuses: what is not
exactly as declared below, a signature that does not verify included, is
`signing.cms_any`'s to read again and to word.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Final

from asn1crypto import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.asn1 import TLV, GeneralizedTime, UTCTime, decode_der
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ObjectIdentifier

from signing import cms_any
from signing.algorithms import weak_key
from signing.cms_forms import (
    SEQUENCE,
    SET,
    Attribute,
    AttributeSet,
    ContentInfo,
    IssuerAndSerial,
    Protection,
    SignerInfo,
    TstInfo,
    size_of,
    tlv,
)
from signing.signed import DATA, TST_INFO, SignedCms, TimeStampInfo, interned

_SIGNED_DATA: Final = ObjectIdentifier("1.2.840.113549.1.7.2")
_KINDS: Final = {
    DATA: (ObjectIdentifier("1.2.840.113549.1.7.1"), bytes.fromhex("2a864886f70d010701"), 1),
    TST_INFO: (ObjectIdentifier("1.2.840.113549.1.9.16.1.4"), bytes.fromhex("2a864886f70d0109100104"), 3),
}
"""By content type: its identifier, that in DER, and the version of SignedData it comes with at least."""
_VERSIONS: Final = frozenset({1, 3})

_CONTENT_TYPE: Final = ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = ObjectIdentifier("1.2.840.113549.1.9.4")
_SIGNING_TIME: Final = ObjectIdentifier("1.2.840.113549.1.9.5")
_PROTECTION: Final = ObjectIdentifier("1.2.840.113549.1.9.52")
_TOKEN: Final = ObjectIdentifier("1.2.840.113549.1.9.16.2.14")
_ESS: Final = {
    ObjectIdentifier("1.2.840.113549.1.9.16.2.12"): "signing_certificate",
    ObjectIdentifier("1.2.840.113549.1.9.16.2.47"): "signing_certificate_v2",
}
_RAW: Final = frozenset(
    {
        ObjectIdentifier("1.2.840.113583.1.1.8"),  # Adobe's archive of revocation data
        ObjectIdentifier("1.2.840.113549.1.9.16.2.15"),  # policy
        ObjectIdentifier("1.2.840.113549.1.9.16.2.16"),  # commitment
        ObjectIdentifier("1.2.840.113549.1.9.16.2.18"),  # signer's role
    }
)
"""Signed attributes on which no rule depends."""

_Digest = hashes.SHA256 | hashes.SHA384 | hashes.SHA512
_Key = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_DIGESTS: Final[dict[ObjectIdentifier, tuple[str, _Digest]]] = {
    ObjectIdentifier("2.16.840.1.101.3.4.2.1"): ("sha256", hashes.SHA256()),
    ObjectIdentifier("2.16.840.1.101.3.4.2.2"): ("sha384", hashes.SHA384()),
    ObjectIdentifier("2.16.840.1.101.3.4.2.3"): ("sha512", hashes.SHA512()),
}
_SIGNATURES: Final = {
    ObjectIdentifier("1.2.840.113549.1.1.1"): (rsa.RSAPublicKey, ""),
    ObjectIdentifier("1.2.840.113549.1.1.11"): (rsa.RSAPublicKey, "sha256"),
    ObjectIdentifier("1.2.840.113549.1.1.12"): (rsa.RSAPublicKey, "sha384"),
    ObjectIdentifier("1.2.840.113549.1.1.13"): (rsa.RSAPublicKey, "sha512"),
    ObjectIdentifier("1.2.840.10045.4.3.2"): (ec.EllipticCurvePublicKey, "sha256"),
    ObjectIdentifier("1.2.840.10045.4.3.3"): (ec.EllipticCurvePublicKey, "sha384"),
    ObjectIdentifier("1.2.840.10045.4.3.4"): (ec.EllipticCurvePublicKey, "sha512"),
}
"""The kind of key, and the digest if it names one."""

_UTC_TIME: Final = len("YYMMDDhhmmssZ")
_MICROSECONDS: Final = len("YYYYMMDDhhmmss.ffffffZ")


class _Unknown(Exception):  # noqa: N818  # no error: the other reader's business
    """Not plain, or not all of it is known."""


def read_padded(contents: bytes, content_type: str) -> SignedCms | None:
    """Read a value and hold it to rule G7, with zeros behind it; None: not plain, or not as the rule asks."""
    size = size_of(contents)
    if contents.count(0, size) != len(contents) - size:
        return None
    return read(contents[:size], content_type)


def read(der: bytes, content_type: str) -> SignedCms | None:
    """Read a value that ends where the bytes do; as `read_padded`."""
    try:
        return _read(der, content_type)
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # whatever it is, the other reader words it
        return None


def read_info(content: bytes) -> TimeStampInfo | None:
    """Read what a time-stamp says; None: not plain."""
    try:
        info = decode_der(TstInfo, content)
        # asn1crypto rounds what is finer. Extensions may be critical.
        if info.at.tag_bytes != b"\x18" or len(info.at.data) > _MICROSECONDS or info.extensions is not None:
            return None
        name, _ = _DIGESTS[info.imprint.algorithm.oid]
        return TimeStampInfo(name, info.imprint.digest, _utc(info.at.parse(GeneralizedTime).as_datetime()))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # as above
        return None


def _read(der: bytes, content_type: str) -> SignedCms:
    info = decode_der(ContentInfo, der)
    signed, (kind, kind_der, version) = info.content, _KINDS[content_type]
    enclosed, signers = signed.enclosed, signed.signers.as_list()
    _know(info.kind == _SIGNED_DATA and enclosed.kind == kind and len(signers) == 1)
    _know(signed.version in _VERSIONS and signed.version >= version)
    if content_type == DATA:
        _know(enclosed.content is None)
    else:
        _know(enclosed.content is not None and read_info(enclosed.content) is not None)
    signer = signers[0]
    name, digest = _DIGESTS[signer.digest.oid]
    scheme, named = _SIGNATURES[signer.algorithm.oid]
    _know(named in {"", name})
    certificate, others = _signer(signer.sid, signed.certificates or ())
    key, weakness = _key(certificate)
    _know(isinstance(key, scheme))
    _know(signer.attributes.tag_bytes == b"\xa0")
    text = tlv(SET, signer.attributes.data)
    attributes = _attributes(text)
    _know(attributes.pop(_CONTENT_TYPE) == (b"\x06", kind_der))
    tag, message_digest = attributes.pop(_MESSAGE_DIGEST)
    _know(tag == b"\x04")
    claimed = _time(attributes.pop(_SIGNING_TIME, None))
    _protection(attributes.pop(_PROTECTION, None), signer)
    bound = _bound(attributes, certificate)
    _know(bound or content_type == DATA)
    _know(_RAW.issuperset(attributes))
    signature = signer.signature
    return SignedCms(
        certificate=certificate,
        others=others,
        digest_algorithm=name,
        message_digest=message_digest,
        claimed_at=claimed,
        signature=lambda: signature,
        content=lambda: enclosed.content or b"",
        verifies=partial(
            _verifies, key, signature, text, digest, partial(cms_any.read_der, der, content_type)
        ),
        weaknesses=(weakness,) if weakness else (),
        bound=bound,
        tokens=_tokens(signer.unsigned or ()),
    )


def _know(right: bool) -> None:  # noqa: FBT001  # an assertion that stays
    if not right:
        raise _Unknown


def _signer(
    sid: IssuerAndSerial, certificates: Sequence[TLV]
) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    _know(sid.issuer.tag_bytes == SEQUENCE)
    found: dict[bytes, x509.Certificate] = {}
    others = []
    issuer = tlv(SEQUENCE, sid.issuer.data)
    for each in certificates:
        _know(each.tag_bytes == SEQUENCE)
        certificate = interned(tlv(SEQUENCE, each.data))
        if certificate.serial_number == sid.serial and _issued(certificate, issuer):
            found[certificate.sha256] = certificate
        else:
            others.append(certificate)
    _know(len(found) == 1)
    return next(iter(found.values())), tuple(others)


@lru_cache(maxsize=1024)
def _issued(certificate: x509.Certificate, issuer: bytes) -> bool:
    return cms_any.is_issuer(certificate, x509.Name.load(issuer))


@lru_cache(maxsize=1024)
def _key(certificate: x509.Certificate) -> tuple[_Key, str | None]:
    public = certificate.public_key
    _know(public.algorithm in {"rsa", "ec"})
    key = serialization.load_der_public_key(public.dump())
    # For the type checker: which of the two it is, the signature's algorithm says.
    assert isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
    return key, weak_key(public)


def _attributes(text: bytes) -> dict[ObjectIdentifier, tuple[bytes, bytes]]:
    # By kind, tag and content of the one value.
    found = {}
    listed = decode_der(AttributeSet, tlv(SEQUENCE, text)).all.as_list()
    for attribute in listed:
        (value,) = attribute.values.as_list()
        found[attribute.kind] = (value.tag_bytes, bytes(value.data))
    _know(len(found) == len(listed))
    return found


def _time(value: tuple[bytes, bytes] | None) -> datetime | None:
    if value is None:
        return None
    tag, content = value
    _know(tag == b"\x17" and len(content) == _UTC_TIME)
    return _utc(decode_der(UTCTime, tlv(tag, content)).as_datetime())


def _utc(moment: datetime) -> datetime:
    _know(moment.utcoffset() == timedelta(0))
    return moment


def _protection(value: tuple[bytes, bytes] | None, signer: SignerInfo) -> None:
    # RFC 6211: the algorithms, signed too.
    if value is None:
        return
    protection = decode_der(Protection, tlv(*value))
    _know(protection.signature is not None and protection.signature.oid == signer.algorithm.oid)
    _know(protection.digest.oid == signer.digest.oid)


def _bound(attributes: dict[ObjectIdentifier, tuple[bytes, bytes]], certificate: x509.Certificate) -> bool:
    values = [(name, attributes.pop(kind)) for kind, name in _ESS.items() if kind in attributes]
    _know(all(cms_any.is_meant(name, tlv(*value), certificate) for name, value in values))
    return bool(values)


def _tokens(attributes: Sequence[Attribute]) -> tuple[bytes, ...]:
    tokens = [value for each in attributes if each.kind == _TOKEN for value in each.values.as_list()]
    _know(all(token.tag_bytes == SEQUENCE for token in tokens))
    return tuple(tlv(SEQUENCE, token.data) for token in tokens)


def _verifies(key: _Key, signature: bytes, text: bytes, digest: _Digest, again: "partial[SignedCms]") -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, text, padding.PKCS1v15(), digest)
        else:
            key.verify(signature, text, ec.ECDSA(digest))
    except InvalidSignature:
        # Rare enough to be asked twice: nothing is refused on this reader's word alone.
        return again().verifies()
    return True
