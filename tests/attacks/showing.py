"""What shows that a file is an attack: another picture, another text, or a check of plain pyHanko that it fools.

Nothing here asks the axis. The viewer is PDFium, which most people read PDFs
with; the verifier is pyHanko as it comes, strict, with its default policy.
"""

import ctypes
import hashlib
import io
from collections.abc import Callable
from functools import cache
from typing import Final

import pikepdf
import pypdfium2 as pdfium
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    SignatureCoverageLevel,
    SignatureStatus,
    validate_pdf_signature,
    validate_pdf_timestamp,
)
from pyhanko_certvalidator import ValidationContext

from tests.lab.authority import lab_authority

Show = Callable[[bytes, bytes], bool]
"""Given the original and the attacked file: does it show that the attack is one?"""

_SCALE: Final = 0.5
"""Of the page's size in points: a changed line is hundreds of pixels, and a page costs 2 ms."""


# --- what a viewer shows -----------------------------------------------------


@cache
def picture(pdf: bytes) -> tuple[str, ...]:
    """Draw each page with its annotations and form fields; a digest a page.

    Raises:
        pypdfium2.PdfiumError: the viewer cannot open it either.
    """
    with pdfium.PdfDocument(pdf) as document:
        document.init_forms()
        return tuple(
            hashlib.sha256(
                page.render(scale=_SCALE, grayscale=True, may_draw_forms=True, draw_annots=True).buffer
            ).hexdigest()
            for page in document
        )


@cache
def text(pdf: bytes) -> tuple[str, ...]:
    """Return what one finds, copies or has read out, page by page."""
    with pdfium.PdfDocument(pdf) as document:
        return tuple(page.get_textpage().get_text_range() for page in document)


def another_picture(original: bytes, attacked: bytes) -> bool:
    """The pages look different from those that were signed."""
    return picture(original) != picture(attacked)


def another_text(original: bytes, attacked: bytes) -> bool:
    """The pages look as they did, and give another text to whoever searches, copies or listens."""
    return picture(original) == picture(attacked) and text(original) != text(attacked)


def another_by_qpdf(original: bytes, attacked: bytes) -> bool:
    """The pages look different to whoever reads the file as QPDF does, which mends what it stumbles over."""
    return picture(_by_qpdf(original)) != picture(_by_qpdf(attacked))


def _by_qpdf(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out)
    return out.getvalue()


def another_on_paper(original: bytes, attacked: bytes) -> bool:
    """The page looks as it did, and is printed otherwise."""
    return picture(original) == picture(attacked) and _printed(original) != _printed(attacked)


def _printed(pdf: bytes) -> str:
    with pdfium.PdfDocument(pdf) as document:
        drawn = document[0].render(scale=_SCALE, grayscale=True, optimize_mode="print")
        return hashlib.sha256(drawn.buffer).hexdigest()


def another_when_opened(original: bytes, attacked: bytes) -> bool:
    """The page looks as it did, until the viewer does what opening it asks for."""
    return picture(original) == picture(attacked) and _opened(original) != _opened(attacked)


def _opened(pdf: bytes) -> str:
    with pdfium.PdfDocument(pdf) as document:
        document.init_forms()
        page = document[0]
        pdfium.raw.FORM_DoPageAAction(page, document.formenv, pdfium.raw.FPDFPAGE_AACTION_OPEN)
        drawn = page.render(scale=_SCALE, grayscale=True, may_draw_forms=True)
        return hashlib.sha256(drawn.buffer).hexdigest()


def another_in_a_browser(original: bytes, attacked: bytes) -> bool:
    """A browser, which begins with the first page while the rest is on its way, finds another text."""
    return text(original) == text(attacked) and _in_a_browser(original) != _in_a_browser(attacked)


def _in_a_browser(pdf: bytes) -> str:
    raw, kept = pdfium.raw, ctypes.create_string_buffer(pdf, len(pdf))

    def read(_: object, start: int, into: int, size: int) -> int:
        ctypes.memmove(into, ctypes.addressof(kept) + start, size)
        return 1

    there, access, hints = raw.FX_FILEAVAIL(version=1), raw.FPDF_FILEACCESS(), raw.FX_DOWNLOADHINTS(version=1)
    there.IsDataAvail = dict(raw.FX_FILEAVAIL._fields_)["IsDataAvail"](lambda *_: 1)
    access.m_FileLen, access.m_GetBlock = len(pdf), dict(raw.FPDF_FILEACCESS._fields_)["m_GetBlock"](read)
    hints.AddSegment = dict(raw.FX_DOWNLOADHINTS._fields_)["AddSegment"](lambda *_: None)
    loading = raw.FPDFAvail_Create(ctypes.byref(there), ctypes.byref(access))
    raw.FPDFAvail_IsDocAvail(loading, ctypes.byref(hints))
    with pdfium.PdfDocument(raw.FPDFAvail_GetDocument(loading, None)) as document:
        found = str(document[0].get_textpage().get_text_range())
    raw.FPDFAvail_Destroy(loading)
    return found


# --- what plain pyHanko says ---------------------------------------------------


@cache
def _context_of(trusted: bytes) -> ValidationContext:
    authority = lab_authority()
    return ValidationContext(
        trust_roots=[x509.Certificate.load(trusted)],
        other_certs=[
            x509.Certificate.load(authority.certificate(name)) for name in ("people-ca", "service-ca")
        ],
        allow_fetching=False,
    )


class PlainPyhanko:
    """Everything pyHanko says of a file, each signature and time-stamp that it lists."""

    def __init__(self, pdf: bytes) -> None:
        """Validate; an exception of the library counts as a refusal."""
        context = _context_of(lab_authority().certificate("root"))
        self.statuses = []
        self.failed = ""
        try:
            reader = PdfFileReader(io.BytesIO(pdf), strict=True)
            if reader.encrypted:
                reader.decrypt(b"")  # as viewers do, without asking
            self.statuses += [
                validate_pdf_signature(each, context, ts_validation_context=context)
                for each in reader.embedded_regular_signatures
            ]
            self.statuses += [
                validate_pdf_timestamp(each, context) for each in reader.embedded_timestamp_signatures
            ]
        except Exception as exc:  # noqa: BLE001  # it raises far outside its own classes
            self.failed = f"{type(exc).__name__}: {exc}"

    @property
    def accepts(self) -> bool:
        """It lists at least one signature, and its last word on each of them is yes."""
        return not self.failed and bool(self.statuses) and all(_last_word(each) for each in self.statuses)

    def says(self, check: Callable[[object], bool]) -> bool:
        """One check passes for every signature that it lists."""
        return not self.failed and bool(self.statuses) and all(check(each) for each in self.statuses)


def _last_word(status: SignatureStatus) -> bool:
    # Of a time-stamp pyHanko has none; it is good where these three hold.
    return bool(getattr(status, "bottom_line", status.intact and status.valid and status.trusted))


@cache
def plain_pyhanko(pdf: bytes) -> PlainPyhanko:
    """Return what plain pyHanko says."""
    return PlainPyhanko(pdf)


def accepted_by_pyhanko(original: bytes, attacked: bytes) -> bool:
    """``bottom_line`` is True for all that pyHanko lists."""
    return plain_pyhanko(original).accepts and plain_pyhanko(attacked).accepts


def intact_by_pyhanko(original: bytes, attacked: bytes) -> bool:
    """``intact``, ``valid`` and ``trusted`` are True: digest, signature and path show nothing."""
    return plain_pyhanko(original).accepts and plain_pyhanko(attacked).says(
        lambda status: status.intact and status.valid and status.trusted
    )


def verified_by_pyhanko(original: bytes, attacked: bytes) -> bool:
    """``intact`` and ``valid`` are True: it is the path or the algorithm's strength that pyHanko minds."""
    return plain_pyhanko(original).accepts and plain_pyhanko(attacked).says(
        lambda status: status.intact and status.valid
    )


def valid_by_pyhanko(original: bytes, attacked: bytes) -> bool:
    """``valid`` is True: the signature's value is genuine."""
    return plain_pyhanko(original).accepts and plain_pyhanko(attacked).says(lambda status: status.valid)


def covered_by_pyhanko(original: bytes, attacked: bytes) -> bool:
    """``coverage`` says that the whole file is covered."""
    return plain_pyhanko(original).accepts and plain_pyhanko(attacked).says(
        lambda status: status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    )


def signature_unseen(original: bytes, attacked: bytes) -> bool:
    """PDFium lists fewer signatures than before: the viewer's panel does not show that one is gone."""
    return signatures_seen(attacked) < signatures_seen(original)


def signatures_seen(pdf: bytes) -> int:
    """Return how many signatures the viewer lists."""
    with pdfium.PdfDocument(pdf) as document:
        return int(pdfium.raw.FPDF_GetSignatureCount(document))
