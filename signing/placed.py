"""A signature as far as the revisions of its document go: where it stands, what it covers and permits."""

from typing import TYPE_CHECKING

from pyhanko.pdf_utils import generic
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader


class PlacedSignature(EmbeddedPdfSignature):
    """What pyHanko has about a signature field, without the CMS: `signing.cms` has read that.

    `tests/unit/signing/test_placed.py` compares it with the original, of the pinned version.
    """

    def __init__(self, reader: "PdfFileReader", field: generic.DictionaryObject, contents: bytes) -> None:
        """Find the revision it belongs to.

        Args:
            reader: the document.
            field: the signature's.
            contents: of its value, which was read.

        Raises:
            Exception: of any class; the field is none of a signature.
        """
        # Not the original's: it would read the whole CMS again.
        reference = field.raw_get("/V")
        value = reference.get_object()
        if not isinstance(value, generic.DictionaryObject):
            raise TypeError("the signature is no dictionary")
        self.reader = reader
        self.sig_field = field
        self.sig_object = value
        self.byte_range = value.raw_get("/ByteRange")
        self.pkcs7_content = contents
        self.signed_revision = reader.xrefs.get_last_change(reference.reference)
        self._docmdp = self._fieldmdp = None
        self._docmdp_queried = self._fieldmdp_queried = False
