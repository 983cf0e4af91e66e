"""The identity of a document, as the vendor's libraries write it."""

from datetime import date

from axis.edxml.values import clean, day_text


def document_id(organ_code: str, issued_on: date, number: str, notation: str) -> str:
    """Compose ``OrganId,yyyy/MM/dd,number/notation``; inbound ones stay opaque.

    Source:
        exchange-rules.md 1.7, e.g. ``000.00.00.G22,2015/09/30,7816/VPCP-TTĐT``.
    """
    return clean(f"{organ_code},{day_text(issued_on)},{number}/{notation}")
