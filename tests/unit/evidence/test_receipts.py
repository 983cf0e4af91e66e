"""Receipts prove an event by a tree and one seal, and nothing else."""

import json
from datetime import UTC, datetime

import pytest

from axis.evidence.events import Kind, canonical, make_event
from axis.evidence.receipts import ReceiptError, receipt_bytes, seal_round, verify_receipt
from axis.evidence.tree import leaf_hash, node_hash, root_and_proofs, root_of_proof

NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)


def rfc_root(leaves):
    """RFC 9162, 2.1.1, as the text has it: split at the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(rfc_root(leaves[:k]), rfc_root(leaves[k:]))


@pytest.mark.parametrize("size", [*range(1, 34), 100])
def test_root_and_proofs_are_those_of_the_rfc(size):
    """The root is the RFC's, every proof leads to it, and to it only from its own place."""
    leaves = [leaf_hash(bytes([n])) for n in range(size)]
    root, proofs = root_and_proofs(leaves)
    assert root == rfc_root(leaves)
    for n, (leaf, proof) in enumerate(zip(leaves, proofs, strict=True)):
        assert root_of_proof(leaf, n, size, proof) == root
        for other in range(size):
            assert other == n or root_of_proof(leaf, other, size, proof) != root
        assert root_of_proof(leaf, n, size, [*proof, root]) != root
        assert not proof or root_of_proof(leaf, n, size, proof[:-1]) != root


def test_a_tree_of_nothing_is_refused():
    """Nothing proves nothing."""
    with pytest.raises(ValueError, match="leaf"):
        root_and_proofs([])


def sealed(count):
    """Receipts of a round of events, under a seal that is only a mark."""
    events = [
        make_event(Kind.CONTENT_HANDOVER, str(n), packet_id="p", connection="c", at=NOON, facts={"n": n})
        for n in range(count)
    ]
    done = seal_round([e.body for e in events], lambda data: b"sealed:" + data, at=NOON)
    return [
        receipt_bytes(
            body=event.body,
            leaf_index=n,
            proof=done.proofs[n],
            checkpoint=done.checkpoint,
            signature=done.signature,
        )
        for n, event in enumerate(events)
    ]


def check(data, signature):
    """The seal that goes with `sealed`."""
    if signature != b"sealed:" + data:
        raise ReceiptError("not sealed")


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_every_receipt_of_a_round_proves_its_own_event(count):
    """Many receipts, one signature, each with its own event."""
    for n, receipt in enumerate(sealed(count)):
        event, checkpoint = verify_receipt(receipt, check)
        assert (event["n"], event["kind"], checkpoint.tree_size) == (n, "ContentHandover", count)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda r: {**r, "event": r["event"].replace('"n":1', '"n":2')}, id="another-event"),
        pytest.param(lambda r: {**r, "leaf_index": 0}, id="another-place"),
        pytest.param(lambda r: {**r, "tree_size": 4}, id="another-tree"),
        pytest.param(lambda r: {**r, "proof": r["proof"][:-1]}, id="shorter-proof"),
        pytest.param(lambda r: {**r, "proof": [*r["proof"], "00"]}, id="odd-hash"),
        pytest.param(
            lambda r: {**r, "checkpoint": r["checkpoint"].replace("2026", "2027")}, id="another-checkpoint"
        ),
        pytest.param(lambda r: {**r, "signature": "AAAA"}, id="another-seal"),
        pytest.param(lambda r: {**r, "signature": "not base64!"}, id="no-seal"),
        pytest.param(lambda r: {**r, "format": "x"}, id="another-format"),
        pytest.param(lambda r: {**r, "more": 1}, id="more-than-a-receipt"),
    ],
)
def test_an_altered_receipt_proves_nothing(change):
    """Whatever part is altered, verification says no."""
    receipt = json.loads(sealed(3)[1])
    with pytest.raises(ReceiptError):
        verify_receipt(canonical(change(receipt)), check)


def test_a_receipt_is_the_same_bytes_whenever_it_is_asked_for():
    """Receipts are quoted and compared byte for byte."""
    assert sealed(5) == sealed(5)
