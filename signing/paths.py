"""A valid path, and when what was found of one may change (rule G6)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from asn1crypto import x509

from signing.terms import Term


@dataclass(frozen=True, slots=True)
class Chain:
    """A valid path: certificates from the leaf upwards, the anchor last.

    Of all that makes a path valid, only the certificates' spans depend on the
    moment: it holds wherever they overlap.
    """

    certificates: tuple[x509.Certificate, ...]
    terms: tuple[Term, ...] = ()
    """What the trust list allows of it."""
    roles: tuple[str, ...] = ()
    """What every authority that the list names on it may vouch for."""
    since: datetime = field(init=False)
    until: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Tell the span once: it is asked for with every signature.

        The list alone decides how long an anchor is trusted (RFC 5280, 6.1.1 d),
        unless it is the leaf.
        """
        spans = self.certificates[:-1] or self.certificates
        object.__setattr__(self, "since", max(one.not_valid_before for one in spans))
        object.__setattr__(self, "until", min(one.not_valid_after for one in spans))

    def overstepped(self, moment: datetime) -> Term | None:
        """Return the term of the trust list that a moment lies outside of, or None."""
        return next((term for term in self.terms if not term.holds_at(moment)), None)

    def holds_at(self, moment: datetime) -> bool:
        """Tell whether it is valid at a moment too, terms of the list aside."""
        return self.since <= moment <= self.until


@dataclass(frozen=True, slots=True)
class Kept:
    """The path that was found, and between which moments a search finds the same (both open)."""

    chain: Chain
    since: datetime
    until: datetime

    def at(self, moment: datetime) -> Chain | None:
        """Return the path if it is known to be what a search at a moment finds."""
        if not self.since < moment < self.until or not self.chain.holds_at(moment):
            return None
        return self.chain if self.chain.overstepped(moment) is None else None


def kept(chain: Chain, moment: datetime, turns: Iterable[datetime]) -> Kept:
    """Keep a path for as long as no other way opens.

    Args:
        chain: what was found.
        moment: when.
        turns: when ways open and close that were closed then.
    """
    turns = list(turns)
    return Kept(
        chain,
        max((turn for turn in turns if turn <= moment), default=datetime.min.replace(tzinfo=UTC)),
        min((turn for turn in turns if turn >= moment), default=datetime.max.replace(tzinfo=UTC)),
    )


def turns_of(chain: Chain) -> tuple[datetime, ...]:
    """Return when a way may open or close."""
    spans = [each for one in chain.certificates for each in (one.not_valid_before, one.not_valid_after)]
    terms = [each for one in chain.terms for each in (one.since, one.until) if each is not None]
    return tuple(spans + terms)
