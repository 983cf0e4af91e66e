"""What every door says and hears alike: a status in a few words as its packet, a receipt as its bytes."""

import unicodedata
from datetime import datetime

from axis.edxml.status import build_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.evidence.receipts import receipt_bytes
from axis.store.inbox import Reported
from axis.store.views import ReceiptParts


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


def sealed_bytes(found: ReceiptParts) -> bytes | None:
    """Return a receipt's bytes, the same for ever; None while it is being sealed."""
    if found.leaf_index is None or found.proof is None or found.checkpoint is None or found.signature is None:
        return None
    return receipt_bytes(
        body=found.body,
        leaf_index=found.leaf_index,
        proof=found.proof,
        checkpoint=found.checkpoint,
        signature=found.signature,
    )
