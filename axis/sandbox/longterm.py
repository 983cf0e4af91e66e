"""Long-term data: the revocation lists of now, put behind the signatures (PAdES B-LT)."""

import io

from asn1crypto import crl, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.validation.dss import DocumentSecurityStore

from axis.sandbox.authority import Authority
from axis.sandbox.profiles import AUTHORITIES


def with_long_term_data(pdf: bytes, authority: Authority) -> bytes:
    """Add what verifying needs to a signed document, as an incremental update.

    Args:
        pdf: signed by people of the authority.
        authority: whose lists and certificates.
    """
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output)
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[x509.Certificate.load(authority.certificate(label)) for label in AUTHORITIES],
        crls=[crl.CertificateList.load(authority.crl(label)) for label in AUTHORITIES],
    )
    writer.write_in_place()
    return output.getvalue()
