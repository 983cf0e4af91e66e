"""What an authority's services say, made by hand: revocation lists, answers, time-stamps."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp
from cryptography import x509 as pyca
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from axis.sandbox.authority import Authority
from tests.lab.authority import lab_authority
from tests.lab.derform import nodes

_OCTETS, _ATTRIBUTES = 0x04, 0xA0
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")


def a_token(over: bytes, *, authority: Authority | None = None, digest: str = "sha256") -> Any:
    """Return a time-stamp token over bytes, as a ContentInfo."""
    imprint = {"hash_algorithm": {"algorithm": digest}, "hashed_message": hashlib.new(digest, over).digest()}
    request = tsp.TimeStampReq({"version": 1, "message_imprint": imprint, "cert_req": True})
    stamper = (authority or lab_authority()).timestamper()
    return asyncio.run(stamper.async_request_tsa_response(request))["time_stamp_token"]


def an_altered_token(over: bytes, change: Callable[[Any], None]) -> Any:
    """Return a token whose service says something else, and signs it.

    Args:
        over: what is stamped.
        change: takes the `TSTInfo` as a `tests.lab.derform.Node` and alters it.
    """
    token: Any = nodes(a_token(over).dump())[0]
    signed = token.children[1].children[0]
    said = signed.children[2].children[1].children[0].children[0]
    change(said)
    signer = signed.children[-1].children[0]
    attributes = next(each for each in signer.children if each.tag == _ATTRIBUTES)
    (digest,) = (each for each in attributes.children if each.children[0].content == _MESSAGE_DIGEST)
    digest.children[1].children[0].content = hashlib.sha256(said.written()).digest()
    signature = next(each for each in signer.children if each.tag == _OCTETS)
    text = b"\x31" + attributes.written()[1:]
    signature.content, signature.children = authority_key("tsa").sign(text, ec.ECDSA(hashes.SHA256())), None
    return cms.ContentInfo.load(token.written())


def a_document_token(covered: bytes) -> bytes:
    """Make the value of a document time-stamp."""
    return a_token(covered).dump()


def authority_key(label: str, authority: Authority | None = None) -> Any:
    """Return the private key of one of the authority's own certificates."""
    folder = (authority or lab_authority()).folder
    return load_pem_private_key((folder / "keys" / f"{label}.pem").read_bytes(), None)


def pyca_certificate(der: bytes) -> pyca.Certificate:
    """Return a certificate as pyca reads it."""
    return pyca.load_der_x509_certificate(der)


def a_crl(
    revoked: dict[int, datetime] | None = None,
    *,
    since: datetime,
    until: datetime,
    issuer: str = "people-ca",
    key: Any = None,
    reason: pyca.ReasonFlags | None = None,
    invalid: datetime | None = None,
    extensions: tuple[tuple[pyca.ExtensionType, bool], ...] = (),
    digest: Any = None,
) -> bytes:
    """Return a CRL, DER.

    Args:
        revoked: serial numbers and since when.
        since: thisUpdate.
        until: nextUpdate.
        issuer: label.
        key: who really signs; None: the issuer.
        reason: of every entry.
        invalid: since when the keys of all entries are said to be lost.
        extensions: with their criticality.
        digest: None: SHA-256.
    """
    name = pyca_certificate(lab_authority().certificate(issuer)).subject
    builder = pyca.CertificateRevocationListBuilder().issuer_name(name).last_update(since).next_update(until)
    for serial, moment in (revoked or {}).items():
        entry = pyca.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment)
        if reason is not None:
            entry = entry.add_extension(pyca.CRLReason(reason), critical=False)
        if invalid is not None:
            entry = entry.add_extension(pyca.InvalidityDate(invalid), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    signed = builder.sign(key or authority_key(issuer), digest or hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def an_ocsp(
    certificate: bytes,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    since: datetime,
    until: datetime | None,
    revoked_at: datetime | None = None,
    issuer: str = "people-ca",
    responder: str | None = None,
    authority: Authority | None = None,
) -> bytes:
    """Return an OCSP response, DER; by the issuer itself unless told otherwise.

    Args:
        certificate: DER, in question.
        status: what is said about it.
        since: thisUpdate.
        until: nextUpdate.
        revoked_at: for a revoked one.
        issuer: label.
        responder: label of the certificate that answers.
        authority: whose answer it really is; None: the lab's.
    """
    label = responder or issuer
    by = pyca_certificate((authority or lab_authority()).certificate(label))
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=pyca_certificate(certificate),
        issuer=pyca_certificate(lab_authority().certificate(issuer)),
        algorithm=hashes.SHA256(),
        cert_status=status,
        this_update=since,
        next_update=until,
        revocation_time=revoked_at,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, by)
    if responder is not None:
        builder = builder.certificates([by])
    return builder.sign(authority_key(label, authority), hashes.SHA256()).public_bytes(Encoding.DER)
