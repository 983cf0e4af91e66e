"""Sign PDFs as an agency does: the person first, then the agency's seal; PAdES B-T, incremental.

Only for the sandbox: these are keys of the test authority. The axis itself
never signs a document of others.
"""

import asyncio
import io
import urllib.request
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, Final, TypeVar

import msgspec
from asn1crypto import algos, cms, tsp, x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.timestamps import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from axis.errors import AxisError, SetupError, UnavailableError
from axis.sandbox.appearance import Mark, Spot, mark_style
from axis.sandbox.authority import Authority
from axis.sandbox.identity import Identity, Role
from axis.sandbox.profiles import tsa_url

RESERVED: Final = 16384
"""Hexadecimal digits kept for one signature with its time-stamp; a verifier reads every one of them."""

TIMEOUT_SECONDS: Final = 10.0

T = TypeVar("T")


class Signing(msgspec.Struct, frozen=True, kw_only=True):
    """How one signature is made. The defaults are what a good document needs."""

    timestamp: bool = True
    """False: PAdES B-B, which the axis refuses unless policy data allows it."""
    digest: str = "sha256"
    over_http: bool = False
    """Ask the authority's HTTP service for the time-stamp."""
    field: str = ""
    """Name of the signature field; empty: one by role. One that is taken gets underlines behind it."""
    visible: bool = True
    reason: str = ""


class HeldKeySigner(signers.Signer):
    """A signer that keeps its key loaded: pyHanko's own loads it again for every signature."""

    def __init__(self, authority: Authority, identity: Identity) -> None:
        """Take key and chain from the authority."""
        store = SimpleCertificateStore()
        store.register(x509.Certificate.load(authority.certificate(authority.issuer(identity))))
        super().__init__(
            signing_cert=x509.Certificate.load(authority.certificate(identity.label)),
            cert_registry=store,
            embed_roots=False,
        )
        self._key = authority.key(identity)

    def get_signature_mechanism_for_digest(self, digest_algorithm: str | None) -> algos.SignedDigestAlgorithm:
        """Name the algorithm of the signature.

        Raises:
            ValueError: no digest is given; pyHanko asks so to learn whether one is implied.
        """
        if digest_algorithm is None:
            raise ValueError("the digest is not implied")
        family = "rsa" if isinstance(self._key, rsa.RSAPrivateKey) else "ecdsa"
        return algos.SignedDigestAlgorithm({"algorithm": f"{digest_algorithm}_{family}"})

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: FBT001, FBT002
        """Sign bytes."""
        del dry_run
        digest = SHA1() if digest_algorithm == "sha1" else SHA256()  # noqa: S303  # the fault "sha1" asks for it
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(digest))
        return self._key.sign(data, PKCS1v15(), digest)


class HttpTimeStamper(TimeStamper):
    """A time-stamp service over HTTP (RFC 3161), asked synchronously."""

    def __init__(self, url: str) -> None:
        """Remember where it is."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._url = url

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Ask for one time-stamp.

        Raises:
            UnavailableError: the service does not answer.
        """
        headers = {"Content-Type": "application/timestamp-query"}
        request = urllib.request.Request(self._url, req.dump(), headers)  # noqa: S310  # our own address
        try:
            # Blocking on purpose: the loop it runs in serves this one signature only.
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: ASYNC210, S310
                return tsp.TimeStampResp.load(answer.read())
        except OSError as exc:
            raise UnavailableError(f"no time-stamp from {self._url}: {exc}") from exc


class Pens:
    """Keeps the signers of an authority ready, so that only the first signature pays for loading."""

    def __init__(self, authority: Authority) -> None:
        """Start with none."""
        self.authority = authority
        self._signers: dict[str, HeldKeySigner] = {}
        self._inside = authority.timestamper()
        self._outside = HttpTimeStamper(tsa_url(authority.base_url))

    def sign(
        self, pdf: bytes, identity: Identity, signing: Signing | None = None, *, spot: Spot | None = None
    ) -> bytes:
        """Add one signature to a PDF, as an incremental update.

        Args:
            pdf: the document so far.
            identity: who signs.
            signing: how.
            spot: where the signature block stands; None: the lower right of the last page.

        Returns:
            The longer document; it begins with the bytes of ``pdf``.
        """
        output = io.BytesIO(pdf)
        self.sign_in_place(output, identity, signing, spot=spot)
        return output.getvalue()

    def sign_in_place(
        self, file: BinaryIO, identity: Identity, signing: Signing | None = None, *, spot: Spot | None = None
    ) -> None:
        """Add one signature to a PDF in a file that can be read and written; memory stays flat.

        Raises:
            SetupError: pyHanko cannot read or extend the PDF.
            UnavailableError: the time-stamp service does not answer.
        """
        try:
            self._sign(file, identity, signing or Signing(), spot)
        except AxisError:
            raise
        except Exception as exc:
            # A PDF that someone brings along may break pyHanko in any way; what it says helps.
            raise SetupError(f"the PDF cannot be signed: {type(exc).__name__}: {exc}") from exc

    def _sign(self, file: BinaryIO, identity: Identity, signing: Signing, spot: Spot | None) -> None:
        writer = IncrementalPdfFileWriter(file)
        if writer.prev.encrypted:
            writer.encrypt("")
        taken = {name for name, *_ in fields.enumerate_sig_fields(writer.prev)}
        field = signing.field or ("AgencySeal" if identity.role is Role.SEAL else "PersonSignature")
        while field in taken:
            field += "_"
        metadata = signers.PdfSignatureMetadata(
            field_name=field,
            md_algorithm=signing.digest,
            subfilter=fields.SigSeedSubFilter.PADES,
            name=identity.full_name or identity.agency_name,
            reason=signing.reason or None,
            signer_key_usage=set(),
        )
        mark = Mark.SEAL if identity.role is Role.SEAL else Mark.PERSON
        page, box = mark.place(spot) if signing.visible else (0, None)
        signer = signers.PdfSigner(
            metadata,
            self.signer(identity),
            timestamper=self._timestamper(signing),
            stamp_style=mark_style(mark),
            new_field_spec=fields.SigFieldSpec(field, on_page=page, box=box),
        )
        _run(signer.async_sign_pdf(writer, in_place=True, bytes_reserved=RESERVED))

    def sign_detached(self, data: bytes, identity: Identity) -> bytes:
        """Sign bytes that are no PDF: a detached CMS with signed attributes, DER."""
        signer = self.signer(identity)
        made: cms.ContentInfo = _run(signer.async_sign_general_data(data, "sha256", use_cades=True))
        return bytes(made.dump())

    def signer(self, identity: Identity) -> HeldKeySigner:
        """Return the signer that holds an identity's key."""
        if identity.label not in self._signers:
            self._signers[identity.label] = HeldKeySigner(self.authority, identity)
        return self._signers[identity.label]

    def _timestamper(self, signing: Signing) -> TimeStamper | None:
        if not signing.timestamp:
            return None
        return self._outside if signing.over_http else self._inside


def sign_document(
    pens: Pens,
    pdf: bytes,
    person: Identity | None,
    seal: Identity | None,
    *,
    spot: Spot | None = None,
    signing: Signing | None = None,
) -> bytes:
    """Sign a main document: the person, then the agency.

    Args:
        pens: the authority's signers.
        pdf: unsigned.
        person: None leaves the person's signature out.
        seal: None leaves the seal out.
        spot: where the signature block stands.
        signing: how both signatures are made.
    """
    for identity in (person, seal):
        if identity is not None:
            pdf = pens.sign(pdf, identity, signing, spot=spot)
    return pdf


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    # The caller stands inside a loop (a test, say), and pyHanko wants one of its own.
    with ThreadPoolExecutor(max_workers=1) as aside:
        return aside.submit(asyncio.run, work).result()
