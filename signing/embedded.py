"""Revocation data that a document brings along (its security store, ISO 32000-2 12.8.4.3; PAdES B-LT).

It proves nothing by where it is: each piece is verified like any other. Only
`axis check` asks for it, which may fetch nothing; the axis has its own, newer.
"""

from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.evidence import NO_EVIDENCE, Evidence, evidence_of

MOST_PIECES: Final = 64
"""Lists and responses read of one document; a signature needs three or four."""


def embedded_evidence(reader: PdfFileReader) -> Evidence:
    """Return the lists and responses of a document's security store, as its newest revision has it.

    Returns:
        `NO_EVIDENCE` where there is none, or none that can be read.

    Raises:
        MemoryError: the process' limit.
    """
    try:
        store = _value(reader.root, "/DSS")
        if not isinstance(store, generic.DictionaryObject):
            return NO_EVIDENCE
        return evidence_of(_streams(store, "/CRLs"), _streams(store, "/OCSPs"))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  # hostile stores break the library in many ways: no evidence then
        return NO_EVIDENCE


def _streams(store: generic.DictionaryObject, name: str) -> list[bytes]:
    listed = _value(store, name)
    if not isinstance(listed, generic.ArrayObject):
        return []
    found = [listed[place] for place in range(min(len(listed), MOST_PIECES))]
    return [bytes(one.data) for one in found if isinstance(one, generic.StreamObject)]


def _value(holder: generic.DictionaryObject, name: str) -> object:
    # Their `get` gives the reference, and not what it refers to.
    try:
        found: object = holder[name]
    except KeyError:
        return None
    return found
