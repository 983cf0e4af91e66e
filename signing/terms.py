"""What a trust list allows of a path besides trusting it: for how long, and with which algorithms (rule G6).

Computed once with the path. The span holds for the moment of signing: what was
signed before an authority or an algorithm ended stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import keys, x509

from axis.violations import Code
from signing.trust import Allowed, TrustedAuthority


@dataclass(frozen=True, slots=True)
class Term:
    """One bound in time, and how its being overstepped is called."""

    since: datetime | None
    until: datetime | None
    code: Code
    detail: str
    never: bool = False
    """Not allowed at any time."""

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether a moment is within (half-open)."""
        if self.never:
            return False
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


def terms_of(
    certificates: Sequence[x509.Certificate], authorities: Sequence[TrustedAuthority | None]
) -> tuple[Term, ...]:
    """Return the terms under which a path may be relied on; an algorithm that is not allowed has no moment.

    Args:
        certificates: from the leaf upwards.
        authorities: what the trust list says of each; None: it does not name it.
    """
    terms = []
    for place, authority in enumerate(authorities):
        if authority is None:
            continue
        if authority.valid_from is not None or authority.valid_until is not None:
            detail = "the trust list trusts its authority for another time"
            terms.append(
                Term(authority.valid_from, authority.valid_until, Code.AUTHORITY_NOT_IN_FORCE, detail)
            )
        if authority.algorithms:
            allowed = {one.name: one for one in authority.algorithms}
            for below in certificates[:place]:
                terms += _algorithms(below, allowed)
    return tuple(dict.fromkeys(terms))


def _algorithms(certificate: x509.Certificate, allowed: dict[str, Allowed]) -> list[Term]:
    name, bits = _key(certificate.public_key)
    return [_term(name, bits, allowed), _term(certificate.hash_algo, 0, allowed)]


def _term(name: str, bits: int, allowed: dict[str, Allowed]) -> Term:
    rule = allowed.get(name)
    shown = f"{name} {bits}" if bits else name
    if rule is None or bits < rule.bits:
        return Term(None, None, Code.ALGORITHM_WEAK, f"its authority does not allow {shown}", never=True)
    return Term(None, rule.until, Code.ALGORITHM_WEAK, f"its authority no longer allows {shown}")


def _key(public: keys.PublicKeyInfo) -> tuple[str, int]:
    kind = str(public.algorithm)
    name = "rsa" if kind == "rsassa_pss" else kind
    return name, int(public.bit_size) if name in {"rsa", "ec"} else 0
