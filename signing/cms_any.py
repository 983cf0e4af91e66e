"""The reader of CMS in every form that is legal, DER or BER. It alone words what is wrong (rule G7).

`signing.cms_plain` goes before it and answers for most values at a twentieth of
the cost; whatever that one does not know for certain is read here.
"""

import hashlib
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, Final

from asn1crypto import cms, core, parser, tsp, x509
from cryptography.exceptions import InvalidSignature
from pyhanko.sign.validation.generic_cms import validate_algorithm_protection

from signing.algorithms import weak_digest, weak_key, weak_signature
from signing.cms_forms import SET, tlv, why_no_value
from signing.moduli import positive
from signing.signed import DATA, CmsError, SignedCms, TimeStampInfo, interned
from signing.verifying import verify

_ONCE: Final = ("content_type", "message_digest")
_NEVER_TWICE: Final = frozenset({*_ONCE, "signing_time", "cms_algorithm_protection"})
"""What rules depend on; on others none does."""
_ESS: Final = {
    "signing_certificate_v2": tsp.SigningCertificateV2,
    "signing_certificate": tsp.SigningCertificate,
}
_INDEFINITE: Final = 0x80
_SHAKE_BITS: Final = 512


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
        raise CmsError(why_no_value(contents)) from exc


def read_der(der: bytes, content_type: str) -> SignedCms:
    """Hold a CMS that ends where the bytes do to rule G7; as `read_content_info`."""
    return read_content_info(cms.ContentInfo.load(der), content_type)


def read_content_info(info: Any, content_type: str) -> SignedCms:  # noqa: ANN401  # asn1crypto is untyped
    """Hold a CMS that is already loaded to rule G7.

    Raises:
        Exception: of any class; it breaks the rule, or cannot be read.
    """
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
    # RFC 5652, 5.3: without them the signature stands over the content itself, which must be plain data.
    without = content_type == DATA and isinstance(signer["signed_attrs"], core.Void)
    attributes = {} if without else _attributes(signer)
    if not without and attributes["content_type"][0].native != content_type:
        raise CmsError("the signed content type is another one")
    certificate, others = _signer(signed, signer)
    bound = _check_ess(certificate, attributes)
    if not bound and content_type != DATA:
        raise CmsError("no signing-certificate attribute")
    digest = _digest_of(signer["digest_algorithm"])
    found = (
        weak_digest(digest),
        weak_signature(signer["signature_algorithm"], digest),
        weak_key(positive(certificate.public_key)),
    )
    return SignedCms(
        certificate=certificate,
        others=others,
        digest_algorithm=digest,
        message_digest=b"" if without else attributes["message_digest"][0].native,
        claimed_at=_claimed(attributes),
        weaknesses=tuple(weakness for weakness in found if weakness),
        bound=bound,
        tokens=_tokens(signer),
        signature=lambda: bytes(signer["signature"].native),
        content=lambda: _octets(inner["content"]),
        verifies=partial(_verifies, signer, certificate, digest),
        direct=partial(_verified, signer, certificate, digest, prehashed=True) if without else None,
    )


def read_info(content: bytes) -> TimeStampInfo:
    """Read what a time-stamp says.

    Raises:
        Exception: of any class; it cannot be read.
    """
    info = tsp.TSTInfo.load(content, strict=True)
    message, moment, beside = info["message_imprint"], info["gen_time"].native, info["extensions"]
    if moment.tzinfo is None:
        raise ValueError("a moment without its time zone")
    if not isinstance(beside, core.Void) and any(one["critical"].native for one in beside):
        # RFC 3161, 2.4.2 knows none; whoever does not understand one must refuse the token.
        raise ValueError("a critical extension that nobody knows")
    digest = message["hash_algorithm"]["algorithm"].native
    return TimeStampInfo(digest, message["hashed_message"].native, moment.astimezone(UTC))


@lru_cache(maxsize=1024)
def is_meant(kind: str, value: bytes, certificate: x509.Certificate) -> bool:
    """Tell whether a signing-certificate attribute names a certificate; asked anew with each document.

    Args:
        kind: its name in asn1crypto.
        value: DER or BER.
        certificate: interned.

    Raises:
        Exception: of any class; it cannot be read.
    """
    ids = _ESS[kind].load(value)["certs"]
    return bool(len(ids)) and _is_meant(certificate, ids[0])


def _verifies(info: Any, certificate: x509.Certificate, digest: str) -> bool:  # noqa: ANN401  # asn1crypto is untyped
    try:
        attributes = info["signed_attrs"].untag()
        text = attributes.dump()
        validate_algorithm_protection(
            attributes, info["digest_algorithm"], info["signature_algorithm"], claimed_mac_algorithm_obj=None
        )
    except MemoryError:
        raise
    except Exception as exc:
        raise CmsError(f"it cannot be verified: {type(exc).__name__}") from exc
    if _verified(info, certificate, digest, text):
        return True
    # RFC 5652, 5.4: it stands over the attributes in DER, in order, however they are laid down.
    ordered = tlv(SET, b"".join(sorted(attribute.dump() for attribute in attributes)))
    return ordered != text and _verified(info, certificate, digest, ordered)


def _verified(
    info: Any,  # noqa: ANN401
    certificate: x509.Certificate,
    digest: str,
    text: bytes,
    *,
    prehashed: bool = False,
) -> bool:
    try:
        public, value = positive(certificate.public_key), info["signature"].native
        verify(value, text, public, info["signature_algorithm"], digest, prehashed=prehashed)
    except InvalidSignature:
        return False
    except MemoryError:
        raise
    except Exception as exc:
        raise CmsError(f"it cannot be verified: {type(exc).__name__}") from exc
    return True


def _digest_of(algorithm: Any) -> str:  # noqa: ANN401
    name = str(algorithm["algorithm"].native)
    # RFC 8702: SHAKE256 of a length that is written down; 512 bits are what Ed448 takes.
    return "shake256" if name == "shake256_len" and algorithm["parameters"].native == _SHAKE_BITS else name


def _check_padding(rest: bytes) -> None:
    if rest.strip(b"\0"):
        raise CmsError("bytes behind the signature's value")


def _attributes(signer: Any) -> dict[str, Any]:  # noqa: ANN401
    if isinstance(signer["signed_attrs"], core.Void):
        raise CmsError("no signed attributes")
    attributes: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in attributes and name in _NEVER_TWICE:
            raise CmsError(f"the attribute {name} stands twice")
        if name in attributes and name in _ESS:
            attributes[name] = [*attributes[name], *attribute["values"]]
        else:
            attributes.setdefault(name, attribute["values"])
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
        certificate = interned(_as_it_stands(choice.chosen))
        if sid.name == "issuer_and_serial_number":
            matches = _is_named(certificate, sid.chosen["issuer"], sid.chosen["serial_number"])
        else:
            matches = certificate.key_identifier == sid.chosen.native
        (found if matches else others).append(certificate)
    if len({certificate.sha256 for certificate in found}) != 1:
        raise CmsError(f"{len(found)} certificates match the signer")
    return found[0], tuple(others)


def _octets(value: Any) -> bytes:  # noqa: ANN401
    if not isinstance(value, core.OctetString | core.ParsableOctetString):
        raise TypeError("no octet string")
    return bytes(value)


def _as_it_stands(value: Any) -> bytes:  # noqa: ANN401
    # Definite lengths are left alone; asn1crypto would write anew what has one whose last octet is 80.
    raw = core.Asn1Value.dump(value)
    return bytes(value.dump() if raw[1] == _INDEFINITE else raw)


def _check_ess(certificate: x509.Certificate, attributes: dict[str, Any]) -> bool:
    # Whether an attribute names the certificate; one that names another is a fault of structure.
    named = [(kind, attributes[kind]) for kind in _ESS if kind in attributes]
    for kind, values in named:
        # Some tools write it twice. Loaded anew: reading into it must not touch the signed bytes.
        if not len(values) or not all(is_meant(kind, _as_it_stands(one), certificate) for one in values):
            raise CmsError("the signing-certificate attribute names another certificate")
    return bool(named)


def _is_meant(certificate: x509.Certificate, named: Any) -> bool:  # noqa: ANN401
    # Version 1 of the attribute knows SHA-1 only, and some tools write that into version 2. It names a
    # certificate that is verified anyway, and posing as another would take a second preimage of SHA-1.
    first = isinstance(named, tsp.ESSCertID)
    algorithm = "sha1" if first else named["hash_algorithm"]["algorithm"].native
    if algorithm != "sha1" and (weak := weak_digest(algorithm)):
        raise CmsError(f"the signing-certificate attribute: {weak}")
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
    return certificate.serial_number == serial.native and is_issuer(certificate, issuer)


def is_issuer(certificate: x509.Certificate, issuer: x509.Name) -> bool:
    """Tell whether a name is that of a certificate's issuer.

    Raises:
        Exception: of any class; a name cannot be read.
    """
    # The same bytes are the same name; comparing names as RFC 5280 says costs a hundred times more.
    same = certificate.issuer.untag().dump() == issuer.untag().dump()
    return same or bool(certificate.issuer == issuer)


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
