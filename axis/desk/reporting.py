"""A status told in a few words, as the packet that says the same: at whichever door it was told."""

import unicodedata
from datetime import datetime

from axis.edxml.status import build_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.store.inbox import Reported


def write_status(known: Reported, *, code: str, description: str, reported_at: datetime) -> bytes:
    """Write the status packet of a recipient: the same words make the same bytes.

    Args:
        known: the delivery that it speaks of.
        code: two digits.
        description: NFC in the packet, however it was typed.
        reported_at: when it happened.

    Raises:
        RefusedError: a value holds a character that XML cannot carry.
    """
    return build_status(
        StatusPacket(
            sender=Organ(code=known.recipient, name=known.recipient_name),
            response_for=ResponseFor(
                organ_code=known.agency,
                code=f"{known.number}/{known.notation}",
                document_id=known.document_id,
                promulgation_date=known.issued_on,
            ),
            code=code,
            description=unicodedata.normalize("NFC", description),
            reported_at=reported_at,
        )
    )
