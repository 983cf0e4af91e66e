"""Revocation evidence: what was fetched, as one frozen value with a name of its own."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec


class Evidence(msgspec.Struct, frozen=True):
    """Revocation data that judging may use. Nothing else is ever asked for."""

    crls: tuple[bytes, ...] = ()
    """DER of certificate revocation lists."""
    ocsps: tuple[bytes, ...] = ()
    """DER of whole OCSP responses."""
    generation: str = ""
    """Digest of all of it; the same bytes have the same generation. Empty: no evidence."""


NO_EVIDENCE: Final = Evidence()
"""Judging with it makes trust wait, never fail."""


def evidence_of(crls: Iterable[bytes], ocsps: Iterable[bytes]) -> Evidence:
    """Put evidence together: repeats dropped, order fixed, generation computed.

    Args:
        crls: DER of revocation lists.
        ocsps: DER of OCSP responses.

    Returns:
        `NO_EVIDENCE` when both are empty.
    """
    lists, responses = tuple(sorted(set(crls))), tuple(sorted(set(ocsps)))
    if not lists and not responses:
        return NO_EVIDENCE
    digest = hashlib.sha256()
    for kind, items in ((b"crl", lists), (b"ocsp", responses)):
        for item in items:
            digest.update(kind + hashlib.sha256(item).digest())
    return Evidence(lists, responses, digest.hexdigest())


def joined(one: Evidence, other: Evidence) -> Evidence:
    """Put two bodies of evidence together."""
    if not other.generation:
        return one
    return evidence_of((*one.crls, *other.crls), (*one.ocsps, *other.ocsps))


@lru_cache(maxsize=4)
def by_digest(evidence: Evidence) -> Mapping[str, tuple[str, bytes]]:
    """Return kind (``crl`` or ``ocsp``) and DER of each piece, by its SHA-256; made once a generation."""
    pieces = (("crl", evidence.crls), ("ocsp", evidence.ocsps))
    return {hashlib.sha256(der).hexdigest(): (kind, der) for kind, ders in pieces for der in ders}
