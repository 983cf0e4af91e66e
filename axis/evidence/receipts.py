"""Receipts: an event, its place in a sealed tree, and the seal. Pure: no keys, no clock."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from axis.errors import AxisError
from axis.evidence.events import canonical, moment
from axis.evidence.tree import leaf_hash, root_and_proofs, root_of_proof

FORMAT: Final = "axis.receipt.v1"
CHECKPOINT: Final = "axis.checkpoint.v1"
HASH_BYTES: Final = 32
NOT_PROVEN: Final = (
    "thông tin edXML và nơi nhận nằm ngoài các chữ ký trong PDF"
    " / edXML metadata and addressees are not covered by the signatures inside the PDF"
)
"""Said in every receipt of an acceptance; see `axis.desk`."""


class ReceiptError(AxisError):
    """A receipt does not prove what it says."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One receipt, as its JSON holds it."""

    format: str
    event: str
    """The event's canonical bytes, as text."""
    leaf_index: int
    tree_size: int
    proof: tuple[str, ...]
    """Audit path from the leaf upwards, hexadecimal."""
    checkpoint: str
    """What was signed, as text."""
    signature: str
    """Base64 of a detached CAdES signature over the checkpoint's bytes."""


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the seal is put on: one root over all events of a round."""

    format: str
    root: str
    tree_size: int
    sealed_at: str


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """One sealed round: the checkpoint and where each event stands in its tree."""

    checkpoint: bytes
    signature: bytes
    proofs: tuple[bytes, ...]
    """For each event in order: its audit path, 32-byte hashes one after another."""


def seal_round(bodies: Sequence[bytes], seal: Callable[[bytes], bytes], *, at: datetime) -> Sealed:
    """Put one seal on many events.

    Args:
        bodies: canonical bytes of the events, at least one.
        seal: makes a detached signature over bytes.
        at: the moment the checkpoint names.
    """
    root, proofs = root_and_proofs([leaf_hash(body) for body in bodies])
    checkpoint = canonical(
        {"format": CHECKPOINT, "root": root.hex(), "tree_size": len(bodies), "sealed_at": moment(at)}
    )
    return Sealed(
        checkpoint=checkpoint,
        signature=seal(checkpoint),
        proofs=tuple(b"".join(proof) for proof in proofs),
    )


def receipt_bytes(
    *, body: bytes, leaf_index: int, proof: bytes, checkpoint: bytes, signature: bytes
) -> bytes:
    """Return the receipt of one event: the same bytes whenever it is asked for."""
    steps = [proof[i : i + HASH_BYTES].hex() for i in range(0, len(proof), HASH_BYTES)]
    return canonical(
        {
            "format": FORMAT,
            "event": body.decode(),
            "leaf_index": leaf_index,
            "tree_size": msgspec.json.decode(checkpoint, type=Checkpoint).tree_size,
            "proof": steps,
            "checkpoint": checkpoint.decode(),
            "signature": base64.b64encode(signature).decode(),
        }
    )


def verify_receipt(
    data: bytes, verify_seal: Callable[[bytes, bytes], None]
) -> tuple[dict[str, object], Checkpoint]:
    """Check a receipt with nothing but itself and the trust anchors behind ``verify_seal``.

    1. It is a receipt of this format. 2. The event stands at its place in the
    tree. 3. The tree's root is the checkpoint's. 4. The seal is on the
    checkpoint: ``verify_seal(checkpoint, signature)`` raises where it is not.

    Returns:
        The event that is proven, decoded, and the checkpoint.

    Raises:
        ReceiptError: it proves nothing; the message says at which step.
    """
    try:
        receipt = msgspec.json.decode(data, type=Receipt)
        checkpoint = msgspec.json.decode(receipt.checkpoint, type=Checkpoint)
        event = msgspec.json.decode(receipt.event, type=dict[str, object])
        proof = [bytes.fromhex(step) for step in receipt.proof]
        signature = base64.b64decode(receipt.signature, validate=True)
    except (msgspec.MsgspecError, ValueError, binascii.Error) as exc:
        raise ReceiptError(f"không phải biên nhận của trục / not a receipt of the axis: {exc}") from exc
    if (receipt.format, checkpoint.format) != (FORMAT, CHECKPOINT):
        raise ReceiptError("biên nhận dạng khác / a receipt of another format")
    if receipt.tree_size != checkpoint.tree_size or any(len(step) != HASH_BYTES for step in proof):
        raise ReceiptError("bằng chứng không khớp gốc cây / the proof does not fit the checkpoint")
    root = root_of_proof(leaf_hash(receipt.event.encode()), receipt.leaf_index, receipt.tree_size, proof)
    if root is None or root.hex() != checkpoint.root:
        raise ReceiptError(
            "sự kiện không đứng trong cây đã niêm phong: đã bị sửa"
            " / the event does not stand in the sealed tree: it was altered"
        )
    verify_seal(receipt.checkpoint.encode(), signature)
    return event, checkpoint
