"""A document's metadata (XMP) parsed once, whichever revisions are compared (rule G5).

pyHanko parses it in both revisions of each pair, and most updates leave it as it was.
"""

from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.decode_limits import DecodePurpose
from pyhanko.sign.diff_analysis.rules.metadata_rules import MetadataUpdateRule
from pyhanko.version import __version__ as pyhanko_version

from signing.hexadecimal import KNOWN_VERSION
from signing.ways import Resolver

original: Final = MetadataUpdateRule.is_well_formed_xml


def is_well_formed_xml(metadata_ref: generic.Reference) -> None:
    """Hold metadata to well-formed XMP as the original does, the same bytes once a document.

    Only what passed is known again, by what it is once its filters are off: those may be objects of their
    own, and others in another revision.

    Raises:
        SuspiciousModification: it is none, or cannot be read.
    """
    view = metadata_ref.get_pdf_handler()
    if not isinstance(view, Resolver):
        original(metadata_ref)
        return
    known, data = view.reader.well_formed, _data(metadata_ref)
    if data is None:
        original(metadata_ref)
    elif data not in known:
        original(metadata_ref)
        known.add(data)


def _data(reference: generic.Reference) -> bytes | None:
    # None: the original says what is wrong.
    stream = reference.get_object()
    if not isinstance(stream, generic.StreamObject):
        return None
    try:
        return stream.read_data(DecodePurpose.XMP_METADATA)
    except Exception:  # noqa: BLE001 - of any class; the original meets it again
        return None


def install() -> bool:
    """Put it in pyHanko's place; True when that was done. Another version keeps its own."""
    if pyhanko_version != KNOWN_VERSION:
        return False
    MetadataUpdateRule.is_well_formed_xml = staticmethod(is_well_formed_xml)  # type: ignore[method-assign]
    return True
