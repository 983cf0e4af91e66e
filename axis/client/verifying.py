"""Verifying receipts with nothing but trust anchors: what a client hands in as ``verify``."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import msgspec

from axis.evidence.receipts import Receipt, ReceiptError, verify_receipt
from signing.seal import verify_seal

_END = b"-----END CERTIFICATE-----"


def trusting(*anchors: str | os.PathLike[str]) -> Callable[[bytes], dict[str, object]]:
    """Return what verifies a receipt and gives the event that it proves.

    Args:
        anchors: PEM files of the authorities trusted to seal receipts.

    Returns:
        A call that raises `AxisError` where a receipt proves nothing.

    Raises:
        OSError: a file cannot be read.
        ReceiptError: there is no certificate in them.
    """
    trusted = [part for path in anchors for part in certificates(Path(path).read_bytes())]
    if not trusted:
        raise ReceiptError("chưa cho gốc tin cậy nào / no trust anchor was given")

    def verify(data: bytes) -> dict[str, object]:
        try:
            claimed = msgspec.json.decode(
                msgspec.json.decode(data, type=Receipt).checkpoint, type=dict[str, object]
            )
            at = datetime.fromisoformat(str(claimed["sealed_at"]))
        except (msgspec.MsgspecError, KeyError, ValueError, TypeError) as exc:
            raise ReceiptError(f"không phải biên nhận của trục / not a receipt of the axis: {exc}") from exc

        def sealed(body: bytes, signature: bytes) -> None:
            verify_seal(body, signature, trusted, at)

        event, _ = verify_receipt(data, sealed)
        return event

    return verify


def certificates(pem: bytes) -> list[bytes]:
    """Return each certificate of a PEM file by itself."""
    parts = pem.split(_END)[:-1]
    return [part[part.index(b"-----BEGIN") :] + _END + b"\n" for part in parts if b"-----BEGIN" in part]
