"""Merkle trees after RFC 9162, section 2.1: root, inclusion proof, and its check. Pure."""

import hashlib
from collections.abc import Sequence


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one leaf (RFC 9162, 2.1.1: prefix 0x00)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162, 2.1.1: prefix 0x01)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_and_proofs(leaves: Sequence[bytes]) -> tuple[bytes, list[list[bytes]]]:
    """Return the root over leaf hashes and an inclusion proof for each of them.

    Args:
        leaves: leaf hashes in order, at least one.

    Returns:
        The root, and for every leaf its audit path from the leaf upwards
        (RFC 9162, 2.1.3.1). One pass: O(n log n) together.

    Raises:
        ValueError: no leaves. A tree of nothing proves nothing.
    """
    if not leaves:
        raise ValueError("a tree needs at least one leaf")
    proofs: list[list[bytes]] = [[] for _ in leaves]
    level = [(hashed, range(i, i + 1)) for i, hashed in enumerate(leaves)]
    # Pairing neighbours and carrying an odd last node up unchanged builds the
    # same tree as the RFC's split at the largest power of two below n.
    while len(level) > 1:
        above = []
        for i in range(0, len(level) - 1, 2):
            (left, under_left), (right, under_right) = level[i], level[i + 1]
            for leaf in under_left:
                proofs[leaf].append(right)
            for leaf in under_right:
                proofs[leaf].append(left)
            above.append((node_hash(left, right), range(under_left.start, under_right.stop)))
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0][0], proofs


def root_of_proof(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the root that an inclusion proof leads to, or None where it leads nowhere.

    Args:
        leaf: hash of the leaf.
        index: its place, from 0.
        size: number of leaves in the tree.
        proof: audit path from the leaf upwards.

    Source:
        RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        return None
    fn, sn, result = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            result = node_hash(step, result)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, step)
        fn >>= 1
        sn >>= 1
    return result if sn == 0 else None
