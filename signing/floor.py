"""The least that verifying a signed PDF can cost: digests and public-key operations, nothing else.

A yardstick for `axis bench`, never a verdict: all parsing is done before the
clock starts, and what is found wrong is not told.
"""

import hashlib
import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

SHA256: Final = hashes.SHA256()
STAMP: Final = "signature_time_stamp_token"

Work = Callable[[], object]


def floor_of(pdf: bytes, issuers: Sequence[bytes], crls: Sequence[bytes]) -> Work:
    """Return a call that does the least work for one document.

    For each signature: SHA-256 over the bytes it covers; the signature; its
    time-stamp's signature; both certificates under their issuers; each CRL.

    Args:
        pdf: a good document.
        issuers: PEM of the certificates that issued the signers'.
        crls: DER of revocation lists.
    """
    authorities = [x509.load_pem_x509_certificate(pem) for pem in issuers]
    lists = [x509.load_der_x509_crl(der) for der in crls]
    jobs: list[Work] = []
    reader = PdfFileReader(io.BytesIO(pdf))
    for embedded in reader.embedded_signatures:
        covered = _covered(pdf, embedded)
        jobs.append(lambda covered=covered: [hashlib.sha256(part) for part in covered])  # type: ignore[misc]
        jobs += _checks(embedded.signed_data, authorities)
        unsigned = embedded.signer_info["unsigned_attrs"]
        for attribute in () if isinstance(unsigned, core.Void) else unsigned:
            if attribute["type"].native == STAMP:
                jobs += _checks(attribute["values"][0]["content"], authorities)
        jobs += [
            lambda crl=crl, issuer=issuer: crl.is_signature_valid(issuer.public_key())  # type: ignore[misc]
            for crl in lists
            for issuer in authorities
            if crl.issuer == issuer.subject
        ]

    def work() -> None:
        for job in jobs:
            job()

    return work


def _covered(pdf: bytes, embedded: EmbeddedPdfSignature) -> list[memoryview]:
    spans = [int(value) for value in embedded.byte_range]
    whole = memoryview(pdf)
    return [whole[start : start + size] for start, size in zip(spans[::2], spans[1::2], strict=True)]


def _checks(signed: cms.SignedData, authorities: Sequence[x509.Certificate]) -> list[Work]:
    signer = signed["signer_infos"][0]
    serial = signer["sid"].chosen["serial_number"].native
    certificates = [x509.load_der_x509_certificate(one.chosen.dump()) for one in signed["certificates"]]
    leaf = next(one for one in certificates if one.serial_number == serial)
    data = b"\x31" + signer["signed_attrs"].dump()[1:]
    signature = signer["signature"].native
    key = leaf.public_key()
    jobs: list[Work] = []
    if isinstance(key, rsa.RSAPublicKey):
        jobs.append(lambda: key.verify(signature, data, padding.PKCS1v15(), SHA256))
    elif isinstance(key, ec.EllipticCurvePublicKey):
        jobs.append(lambda: key.verify(signature, data, ec.ECDSA(SHA256)))
    jobs += [
        partial(leaf.verify_directly_issued_by, one) for one in authorities if one.subject == leaf.issuer
    ]
    return jobs
