"""A signature as far as the revisions of its document go: where it stands, what it covers and permits."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.objects import resolved

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader


class _Locks(FieldMDPSpec):
    """Several locks: a field is locked where one of them says so."""

    def __init__(self, locks: list[FieldMDPSpec]) -> None:
        super().__init__(FieldMDPAction.ALL)
        object.__setattr__(self, "locks", locks)  # the original is frozen

    def is_locked(self, field_name: str) -> bool:
        """Tell whether a field may not change."""
        return any(lock.is_locked(field_name) for lock in vars(self)["locks"])


def _lock(parameters: Any) -> FieldMDPSpec:  # noqa: ANN401  # pyHanko's objects are untyped
    # pyHanko goes through a string as through a list, and a name that is no text fits no field.
    names = resolved(parameters, "/Fields", generic.ArrayObject())
    if not isinstance(names, generic.ArrayObject) or not all(
        isinstance(name, (generic.TextStringObject, generic.ByteStringObject)) for name in names
    ):
        raise TypeError("locked fields that are no list of names")
    return FieldMDPSpec.from_pdf_object(parameters)


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

    @property
    def docmdp_level(self) -> MDPPerm | None:
        """The strictest of what it permits to happen to the document; pyHanko takes the first.

        Raises:
            Exception: of any class; one of its references cannot be read.
        """
        # ISO 32000-2, table 257: without a word, filling and signing are permitted.
        said = [
            MDPPerm(resolved(parameters, "/P", MDPPerm.FILL_FORMS.value))
            for parameters in self._parameters("/DocMDP")
        ]
        lock = resolved(self.sig_field, "/Lock")
        if isinstance(lock, generic.DictionaryObject) and "/P" in lock:
            said.append(MDPPerm(lock["/P"]))
        return min(said, key=lambda level: int(level.value), default=None)

    @property
    def fieldmdp(self) -> FieldMDPSpec | None:
        """All that it locks; pyHanko takes its first reference, and no field's own lock.

        Raises:
            Exception: of any class; one of them cannot be read.
        """
        locks = [_lock(parameters) for parameters in self._parameters("/FieldMDP")]
        lock = resolved(self.sig_field, "/Lock")
        if not locks and isinstance(lock, generic.DictionaryObject) and "/Action" in lock:
            locks.append(_lock(lock))
        if not locks:
            return None
        return locks[0] if len(locks) == 1 else _Locks(locks)

    def _parameters(self, method: str) -> Iterator[Any]:
        listed = resolved(self.sig_object, "/Reference")
        if listed is None:
            return
        if not isinstance(listed, generic.ArrayObject):
            raise TypeError("references that are no list")
        for index in range(len(listed)):
            if listed[index]["/TransformMethod"] == method:
                yield listed[index]["/TransformParams"]
