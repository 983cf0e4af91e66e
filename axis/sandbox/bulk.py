"""Documents that are costly to judge: many objects, many revisions, revocation data inside. For measuring."""

import io
import zlib
from collections.abc import Sequence
from typing import Final

from asn1crypto import crl as asn1_crl
from asn1crypto import x509
from pyhanko.sign.validation.dss import DocumentSecurityStore

from axis.register import Agency
from axis.sandbox.authority import Authority
from axis.sandbox.sign import Pens, Signing

_FIXED: Final = 3
"""Catalog, pages, font; each page then is two objects more."""
_LINE: Final = b"BT /F1 11 Tf 72 %d Td (Trang %d, dong %d: van ban thu nghiem) Tj ET\n"


def many_objects(count: int) -> bytes:
    """Make an unsigned PDF of about ``count`` objects: pages, each with its content, and one font.

    Args:
        count: at least five.
    """
    pages = max((count - _FIXED) // 2, 1)
    kids = b" ".join(b"%d 0 R" % (_FIXED + 1 + 2 * page) for page in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, kids),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for page in range(pages):
        own = _FIXED + 1 + 2 * page
        text = zlib.compress(b"".join(_LINE % (760 - 20 * line, page + 1, line) for line in range(30)))
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595.28 841.89] /Contents %d 0 R"
            b" /Resources << /Font << /F1 3 0 R >> >> >>" % (own + 1),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(text), text),
        ]
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, value in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R /ID [<00> <00>] >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def signed_often(authority: Authority, sender: Agency, pdf: bytes, times: int) -> bytes:
    """Sign a PDF again and again: the person, the agency's seal, and seals after that.

    Args:
        authority: whose people sign.
        sender: the agency.
        pdf: signed or not.
        times: signatures to add, each a revision.
    """
    pens = Pens(authority)
    for number in range(times):
        who = authority.person(sender) if not number else authority.seal(sender)
        pdf = pens.sign(pdf, who, Signing(visible=number < 2))  # noqa: PLR2004  # person and seal show
    return pdf


def with_evidence(pdf: bytes, certificates: Sequence[bytes], crls: Sequence[bytes]) -> bytes:
    """Append revocation data to a signed PDF (B-LT).

    Args:
        pdf: signed.
        certificates: DER.
        crls: DER.
    """
    output = io.BytesIO(pdf)
    DocumentSecurityStore.add_dss(
        output,
        sig_contents=None,
        certs=[x509.Certificate.load(one) for one in certificates],
        crls=[asn1_crl.CertificateList.load(one) for one in crls],
    )
    return output.getvalue()
