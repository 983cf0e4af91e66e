"""What a receipt proves, judged with nothing but itself and trust anchors: no stack, no network."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from axis.errors import AxisError
from axis.evidence.receipts import Receipt, verify_receipt
from signing.seal import SealedBy, verify_seal


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """What came of verifying one receipt."""

    proven: bool
    reason: str = ""
    """Why not."""
    event: dict[str, object] = {}
    sealed_at: str = ""
    """As the checkpoint says; claimed by the axis."""
    sealed_by: str = ""
    certificate_sha256: str = ""


def prove(data: bytes, anchors: Sequence[bytes]) -> Proven:
    """Verify one receipt.

    Args:
        data: the receipt.
        anchors: PEM of the authorities trusted to seal receipts, one certificate each.
    """
    found: list[SealedBy] = []
    try:
        claimed = msgspec.json.decode(
            msgspec.json.decode(data, type=Receipt).checkpoint, type=dict[str, object]
        )
        at = datetime.fromisoformat(str(claimed["sealed_at"]))
        event, checkpoint = verify_receipt(
            data, lambda body, signature: found.append(verify_seal(body, signature, anchors, at))
        )
    except AxisError as exc:
        return Proven(proven=False, reason=str(exc))
    except (msgspec.MsgspecError, KeyError, ValueError, TypeError) as exc:
        return Proven(proven=False, reason=f"không phải biên nhận của trục / not a receipt: {exc}")
    return Proven(
        proven=True,
        event=event,
        sealed_at=checkpoint.sealed_at,
        sealed_by=found[0].subject,
        certificate_sha256=found[0].certificate_sha256,
    )


def certificates(pem: bytes) -> list[bytes]:
    """Return each certificate of a PEM text by itself."""
    end = b"-----END CERTIFICATE-----"
    parts = pem.split(end)[:-1]
    return [part[part.index(b"-----BEGIN") :] + end + b"\n" for part in parts if b"-----BEGIN" in part]
