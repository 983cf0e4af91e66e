"""Signed PDFs made by hand, byte by byte, so that a test can break any one thing in them."""

import asyncio
import atexit
import hashlib
import io
import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, crl, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko.sign.validation.dss import DocumentSecurityStore

from axis.checks.policy import Limits, load_policy
from axis.register import Agency, Level
from axis.reports import PdfReport
from axis.sandbox.authority import Authority, create_authority
from axis.sandbox.identity import Identity, Part
from axis.sandbox.sign import Pens, Signing
from signing.evidence import Evidence, evidence_of
from signing.trust import TrustList, load_trust
from signing.verify import verify_pdf
from tests.lab.authority import LAB_URL, lab_authority
from tests.lab.services import a_token

AGENCY = Agency(
    code="LAB.01", name="Ủy ban nhân dân tỉnh Mẫu", level=Level.PROVINCE, connection="lab",
    valid_from=date(2020, 1, 1), invented=True,
)  # fmt: skip
RESERVED = 8192
"""Bytes kept for a hand-made signature."""


# --- who signs -------------------------------------------------------------


@cache
def pens() -> Pens:
    """Return the lab's signers."""
    return Pens(lab_authority())


@cache
def person(part: Part = Part.HEAD) -> Identity:
    """Return a person of the lab's agency."""
    return lab_authority().person(AGENCY, part)


@cache
def seal(part: Part = Part.HEAD) -> Identity:
    """Return a seal of the lab's agency."""
    return lab_authority().seal(AGENCY, part)


@cache
def trust() -> TrustList:
    """Return the lab's trust list."""
    return load_trust(str(lab_authority().trust_file))


@cache
def other_authority() -> Authority:
    """Return a second authority: the same names, other keys."""
    home = Path(tempfile.mkdtemp(prefix="axis-lab-other-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return create_authority(home / "authority", LAB_URL)


@cache
def lab_evidence() -> Evidence:
    """Return CRLs of the lab's authorities, good for some hours; nobody is revoked later on."""
    return fresh_evidence()


def fresh_evidence() -> Evidence:
    """Return the CRLs of the lab's authorities as of now."""
    authority = lab_authority()
    return evidence_of([authority.crl(name) for name in ("root", "people-ca", "service-ca")], [])


@cache
def limits() -> Limits:
    """Return the shipped limits."""
    return load_policy().limits


def judge(pdf: bytes, **changes: Any) -> PdfReport:
    """Judge a PDF by the lab's trust list and fresh evidence; change what you like."""
    given: dict[str, Any] = {
        "at": datetime.now(UTC),
        "limits": limits(),
        "allow_claimed_time": False,
        **changes,
    }
    # Not made before they are asked for: they take the lab a while.
    if "trust" not in given:
        given["trust"] = trust()
    if "evidence" not in given:
        given["evidence"] = lab_evidence()
    return verify_pdf(io.BytesIO(pdf), **given)


def codes(report: PdfReport) -> dict[str, set[str]]:
    """Return the reason codes of each part."""
    return {
        name: {str(reason.code) for reason in getattr(report, name).reasons}
        for name in ("integrity", "content", "trust")
    }


# --- whole documents, signed as an agency signs -----------------------------


def sign(pdf: bytes, identity: Identity, **how: Any) -> bytes:
    """Add one signature with pyHanko."""
    return pens().sign(pdf, identity, Signing(**{"visible": False, **how}))


@cache
def signed_twice() -> bytes:
    """A document signed by a person, then sealed; both with time-stamps."""
    return sign(sign(plain(), person(), visible=True), seal(), visible=True)


@cache
def with_dss() -> bytes:
    """The same with long-term data behind it."""
    output = io.BytesIO(signed_twice())
    authority = lab_authority()
    DocumentSecurityStore.add_dss(
        output,
        sig_contents=None,
        certs=[x509.Certificate.load(authority.certificate("people-ca"))],
        crls=[crl.CertificateList.load(authority.crl("people-ca"))],
    )
    return output.getvalue()


@cache
def with_document_timestamp(pdf: bytes) -> bytes:
    """A document with a document time-stamp added."""
    output = io.BytesIO(pdf)
    stamper = signers.PdfTimeStamper(timestamper=lab_authority().timestamper())
    work = stamper.async_timestamp_pdf(
        IncrementalPdfFileWriter(output), "sha256", in_place=True, bytes_reserved=16384
    )
    asyncio.run(work)
    return output.getvalue()


# --- documents made by hand --------------------------------------------------


def plain(extra: str = "", **objects: bytes) -> bytes:
    """Return an unsigned PDF of one page.

    Objects: 1 catalog, 2 pages, 3 page, 4 content, 5 information, 6 form, 7 list of annotations.

    Args:
        extra: further entries of the catalog.
        objects: ``n8=b"..."`` adds or replaces an object.
    """
    body = b"BT /F1 12 Tf 72 720 Td (CONG HOA XA HOI CHU NGHIA VIET NAM) Tj ET"
    made = {
        1: f"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R {extra} >>".encode(),
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << >> /Annots 7 0 R >>",
        4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body),
        5: b"<< /Producer (lab) >>",
        6: b"<< /Fields [] /SigFlags 3 >>",
        7: b"[]",
    }
    made.update({int(name[1:]): value for name, value in objects.items()})
    return _write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", made, previous=None, extra=b"/ID [<0123> <0123>]")


def update(pdf: bytes, objects: dict[int, bytes], extra: bytes = b"") -> bytes:
    """Append an incremental update that defines some objects."""
    previous = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    return _write(pdf if pdf.endswith(b"\n") else pdf + b"\n", objects, previous=previous, extra=extra)


def next_number(pdf: bytes) -> int:
    """Return the first free object number."""
    return max(int(size) for size in re.findall(rb"/Size (\d+)", pdf))


def newest(pdf: bytes, number: int) -> bytes:
    """Return the text of the newest version of a hand-made object."""
    return re.findall(rb"(?:^|\n)%d 0 obj\n(.*?)\nendobj" % number, pdf, re.DOTALL)[-1]


def _write(pdf: bytes, objects: dict[int, bytes], *, previous: int | None, extra: bytes) -> bytes:
    out, places = bytearray(pdf), {}
    for number, value in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    start = len(out)
    known = next_number(pdf) if previous is not None else 0
    size = max([*places, known - 1]) + 1
    out += b"xref\n0 1\n0000000000 65535 f \n" if previous is None else b"xref\n"
    for number, place in sorted(places.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    prev = b"" if previous is None else b" /Prev %d" % previous
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R%s %s >>\n" % (size, prev, extra)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


SignBytes = Callable[[bytes], bytes]
"""Takes the covered bytes, gives the CMS."""


def sign_by_hand(
    pdf: bytes,
    make: SignBytes,
    *,
    name: str = "Hand",
    subfilter: str = "ETSI.CAdES.detached",
    entries: str = "",
    byte_range: Callable[[int, int, int], tuple[int, ...]] = lambda a, s, b: (0, a, s, b),
    gap: Callable[[bytes], bytes] = lambda digits: b"<" + digits + b">",
    objects: dict[int, bytes] | None = None,
    reserved: int = RESERVED,
) -> bytes:
    """Add a signature field and its signature to a hand-made PDF.

    Args:
        pdf: made by `plain`, maybe signed by hand before.
        make: makes the CMS.
        name: of the field.
        subfilter: without its slash.
        entries: further entries of the signature dictionary.
        byte_range: the range written, of the right lengths (before, start, after).
        gap: how the value is written; must keep its length.
        objects: further objects of the same update.
        reserved: bytes kept for the value.
    """
    number = next_number(pdf)
    fields, annotations = newest(pdf, 6), newest(pdf, 7)
    reference = b"%d 0 R" % number
    placeholder = b"/ByteRange [0 0000000000 0000000000 0000000000]"
    wide = len(gap(b"0" * (2 * reserved)))
    value = (
        f"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /{subfilter} {entries} ".encode()
        + placeholder + b" /Contents " + b"@" * wide + b" >>"
    )  # fmt: skip
    made = {
        6: re.sub(rb"/Fields \[(.*?)\]", lambda m: b"/Fields [%s %s]" % (m.group(1), reference), fields),
        7: b"[%s %s]" % (annotations[1:-1], reference),
        number: b"<< /FT /Sig /Type /Annot /Subtype /Widget /T (%s) /F 132 /Rect [0 0 0 0] "
        b"/P 3 0 R /V %d 0 R >>" % (name.encode(), number + 1),
        number + 1: value,
        **(objects or {}),
    }
    out = update(pdf, made)
    start = out.index(b"@" * wide)
    end = start + wide
    numbers = byte_range(start, end, len(out) - end)
    text = b"/ByteRange [" + b" ".join(b"%d" % n for n in numbers) + b"]"
    out = out.replace(placeholder, text.ljust(len(placeholder)), 1)
    contents = make(out[:start] + out[end:])
    digits = contents.hex().encode().ljust(2 * reserved, b"0")
    return out[:start] + gap(digits) + out[end:]


def a_cms(
    identity: Identity | None = None,
    *,
    digest: str = "sha256",
    leave_out: tuple[str, ...] = (),
    content: bytes | None = None,
    content_type: str = "data",
    signers_: int = 1,
    token: Callable[[bytes], Any] | None = None,
    ess_of: bytes | None = None,
    ess: list[tuple[str, Any]] | None = None,
    claimed: datetime | None = None,
    attributes: list[tuple[str, Any]] | None = None,
    extra_certificates: tuple[bytes, ...] = (),
    authority: Authority | None = None,
    spoil: bool = False,
    trailing: bytes = b"",
) -> SignBytes:
    """Return a maker of CMS values, good but for what is asked otherwise.

    Args:
        identity: who signs; None: the lab's person.
        digest: of content and signature.
        leave_out: signed attributes that are missing.
        content: enclosed; None: detached.
        content_type: of the content.
        signers_: how many SignerInfo values.
        token: given the signature's value, makes its time-stamp (a ContentInfo); None: none.
        ess_of: DER of the certificate that the signing-certificate attribute names.
        ess: what stands in the place of that attribute.
        claimed: signing time; None: now.
        attributes: further signed attributes.
        extra_certificates: DER.
        authority: whose key signs; None: the lab's.
        spoil: flip a bit of the signature's value.
        trailing: bytes behind the CMS.
    """
    identity = identity or person()
    authority = authority or lab_authority()
    signer = Pens(authority).signer(identity) if authority is not lab_authority() else pens().signer(identity)

    def make(covered: bytes) -> bytes:
        certificate = x509.Certificate.load(authority.certificate(identity.label))
        text = hashlib.new(digest, content if content is not None else covered).digest()
        hashed = hashlib.sha256(ess_of or certificate.dump()).digest()
        named = tsp.SigningCertificateV2({"certs": [{"cert_hash": hashed}]})
        given = [
            ("content_type", content_type),
            ("message_digest", text),
            ("signing_time", cms.Time({"utc_time": core.UTCTime(claimed or datetime.now(UTC))})),
            *(ess or [("signing_certificate_v2", named)]),
            *(attributes or []),
        ]
        signed = cms.CMSAttributes(
            [
                cms.CMSAttribute({"type": kind, "values": [value]})
                for kind, value in given
                if kind not in leave_out
            ]
        )
        raw = _sign_raw(authority.key(identity), signed.dump(), digest)
        if spoil:
            raw = raw[:-1] + bytes([raw[-1] ^ 1])
        info: dict[str, Any] = {
            "version": "v1",
            "sid": cms.SignerIdentifier(
                {
                    "issuer_and_serial_number": {
                        "issuer": certificate.issuer,
                        "serial_number": certificate.serial_number,
                    }
                }
            ),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}),
            "signed_attrs": signed,
            "signature_algorithm": signer.get_signature_mechanism_for_digest(digest),
            "signature": raw,
        }
        if token is not None:
            stamp = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token(raw)]})
            info["unsigned_attrs"] = cms.CMSAttributes([stamp])
        inner: dict[str, Any] = {"content_type": content_type}
        if content is not None:
            inner["content"] = core.OctetString(content)
        issuer = authority.certificate(authority.issuer(identity))
        value = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
                "encap_content_info": inner,
                "certificates": [
                    certificate,
                    x509.Certificate.load(issuer),
                    *map(x509.Certificate.load, extra_certificates),
                ],
                "signer_infos": [cms.SignerInfo(info)] * signers_,
            }
        )
        return cms.ContentInfo({"content_type": "signed_data", "content": value}).dump() + trailing

    return make


def _sign_raw(key: Any, data: bytes, digest: str) -> bytes:
    algorithm = getattr(hashes, digest.upper())()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(algorithm))
    return key.sign(data, padding.PKCS1v15(), algorithm)


def signed_by_hand(**changes: Any) -> bytes:
    """Return a good PDF with one hand-made B-T signature; what is named differently goes where it belongs."""
    ours = {"name", "subfilter", "entries", "byte_range", "gap", "objects", "reserved"}
    layout = {key: value for key, value in changes.items() if key in ours}
    rest = {key: value for key, value in changes.items() if key not in ours}
    pdf = rest.pop("pdf", None) or plain()
    return sign_by_hand(pdf, a_cms(**{"token": a_token, **rest}), **layout)
