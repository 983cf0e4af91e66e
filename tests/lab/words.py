"""What authorities of any shape say of their certificates: revocation lists and answers, made on the spot."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from asn1crypto import core
from asn1crypto import ocsp as asn1
from asn1crypto import x509 as asn1x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from tests.lab.families import DAY, NOW, Extensions, Member

FROM: Final = NOW - DAY
UNTIL: Final = NOW + DAY
_DIGEST: Final = hashes.SHA256()


def listing(
    issuer: Member,
    *entries: x509.RevokedCertificate,
    key: Any = None,
    extensions: Extensions = (),
    since: datetime = FROM,
    until: datetime = UNTIL,
) -> bytes:
    """Return a revocation list, DER.

    Args:
        issuer: by name.
        entries: of it.
        key: who really signs; None: the issuer.
        extensions: with their criticality.
        since: thisUpdate.
        until: nextUpdate.
    """
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(since).next_update(until)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key or issuer.key, _DIGEST).public_bytes(Encoding.DER)


def entry(of: Member, *, since: datetime = FROM, extensions: Extensions = ()) -> x509.RevokedCertificate:
    """Return an entry of a list."""
    builder = x509.RevokedCertificateBuilder().serial_number(of.certificate.serial_number)
    builder = builder.revocation_date(since)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


def scope(**parts: Any) -> tuple[x509.ExtensionType, bool]:
    """Return the scope of a list; nothing is said but what is given."""
    empty = {"full_name": None, "relative_name": None, "only_some_reasons": None}
    flags = ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl")
    rest = dict.fromkeys((*flags, "only_contains_attribute_certs"), False)
    return x509.IssuingDistributionPoint(**{**empty, **rest, **parts}), True


def raw(kind: str, value: bytes, *, critical: bool = False) -> dict[str, Any]:
    """Return an extension of an answer."""
    return {"extn_id": kind, "critical": critical, "extn_value": core.ParsableOctetString(value)}


def moment(at: datetime) -> bytes:
    """Return a GeneralizedTime, DER."""
    return bytes(core.GeneralizedTime(at).dump())


def answer(
    about: Member,
    issuer: Member,
    *,
    status: Any = "good",
    responder: Member | None = None,
    key: Any = None,
    enclosed: Iterable[Member] | None = None,
    named: Member | None = None,
    hashed: Member | None = None,
    serial: int | None = None,
    since: datetime = FROM,
    until: datetime | None = UNTIL,
    produced: datetime = FROM,
    extensions: Iterable[dict[str, Any]] = (),
    more: Iterable[dict[str, Any]] = (),
) -> bytes:
    """Return an OCSP response, DER.

    Args:
        about: whom it is about.
        issuer: whose certificate that is.
        status: "good", "unknown", or (moment, reason) of a revocation.
        responder: who answers; None: the issuer.
        key: who really signs; None: the responder.
        enclosed: certificates that come along; None: the responder's, if it is not the issuer.
        named: whom the response calls its responder; None: the responder.
        hashed: whose key the question is about; None: the issuer's.
        serial: None: that of ``about``.
        since: thisUpdate.
        until: nextUpdate.
        produced: producedAt.
        extensions: of the single answer.
        more: of the response.
    """
    by = responder or issuer
    if enclosed is None:
        enclosed = () if responder is None else (responder,)
    issuing, key_of_issuer = _plain(issuer), _plain(hashed or issuer)
    if isinstance(status, tuple):
        reason = {} if status[1] is None else {"revocation_reason": status[1]}
        state = asn1.CertStatus("revoked", {"revocation_time": status[0], **reason})
    else:
        state = asn1.CertStatus(status, core.Null())
    single: dict[str, Any] = {
        "cert_id": {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": issuing.subject.sha1,
            "issuer_key_hash": key_of_issuer.public_key.sha1,
            "serial_number": serial or about.certificate.serial_number,
        },
        "cert_status": state,
        "this_update": since,
    }
    if until is not None:
        single["next_update"] = until
    if extensions:
        single["single_extensions"] = list(extensions)
    told: dict[str, Any] = {
        "responder_id": asn1.ResponderId("by_name", _plain(named or by).subject),
        "produced_at": produced,
        "responses": [single],
    }
    if more:
        told["response_extensions"] = list(more)
    data = asn1.ResponseData(told)
    kind, signature = _signed(key or by.key, data.dump())
    basic = asn1.BasicOCSPResponse(
        {
            "tbs_response_data": data,
            "signature_algorithm": {"algorithm": kind},
            "signature": signature,
            "certs": [_plain(one) for one in enclosed],
        }
    )
    inner = {"response_type": "basic_ocsp_response", "response": basic}
    return bytes(asn1.OCSPResponse({"response_status": "successful", "response_bytes": inner}).dump())


def _signed(key: Any, text: bytes) -> tuple[str, bytes]:
    if isinstance(key, rsa.RSAPrivateKey):
        return "sha256_rsa", key.sign(text, padding.PKCS1v15(), _DIGEST)
    return "sha256_ecdsa", key.sign(text, ec.ECDSA(_DIGEST))


def _plain(one: Member) -> Any:
    return asn1x509.Certificate.load(one.der)
