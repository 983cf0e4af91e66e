"""From a certificate to an anchor of the trust list, and what its key may be used for (rules G6, G10).

pyHanko's certificate validator builds and validates the path. It is given no
revocation data and may fetch nothing: revocation is `signing.revocation`'s.
"""

from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeVar

from asn1crypto import x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import (
    InvalidCertificateError,
    PathBuildingError,
    PathError,
    ValidationError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import CertificateRegistry, SimpleTrustManager
from pyhanko_certvalidator.validate import async_validate_path

from axis.violations import Code
from signing.algorithms import weak_certificate, weak_key
from signing.distrust import Distrust, distrust_of
from signing.paths import Chain, Kept, kept, turns_of
from signing.signed import interned
from signing.terms import terms_of
from signing.trust import TrustedAuthority, TrustList, TrustRole
from signing.usages import CONSTRAINTS, ROLES, Usage, is_machine

T = TypeVar("T")
_Key = tuple[Usage, bytes, frozenset[bytes]]
"""Use, leaf, and the authorities that came along: another document may know other ways."""

_KNOWN_PATHS: Final = 4096
"""Paths kept for one trust list: some 10 kB each."""
_MOST_WAYS: Final = 16
"""Ways to anchors looked at for one certificate: authorities certify one another, and are renewed."""
_OF_TIME: Final = frozenset({Code.CERTIFICATE_EXPIRED, Code.AUTHORITY_NOT_IN_FORCE, Code.ALGORITHM_WEAK})
"""Why a way may be closed at one moment and open at another."""

_NO_REVOCATION: Final = CertRevTrustPolicy(
    RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.NO_CHECK,
        intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK,
    )
)


@dataclass(frozen=True, slots=True)
class _Asked:
    leaf: x509.Certificate
    usage: Usage
    moment: datetime


_VALID, _FAILS, _BROKEN = range(3)
"""What is told first where no way is open: what we ourselves have against a valid path."""


@dataclass(frozen=True, slots=True)
class _Way:
    end: Chain | Distrust
    rank: int = _VALID
    turns: tuple[datetime, ...] = ()
    """When it may open or close."""


class Pool:
    """The trust list, and the certificates that one document brought along.

    Nothing is believed of the latter: they only help to find the way.
    """

    def __init__(self, trust: TrustList, embedded: Iterable[x509.Certificate]) -> None:
        """Prepare for one document."""
        self.trust = trust
        self._store = _store_of(trust)
        # Nobody else can help on the way, and each signer's tool brings the same ones along each time.
        self._embedded = tuple(one for one in embedded if _is_authority(one))
        self._brought = frozenset(one.sha256 for one in self._embedded)

    def authority(self, certificate: x509.Certificate) -> TrustedAuthority | None:
        """Return the authority of the trust list that a certificate is, or None."""
        return self._store.by_fingerprint.get(certificate.sha256)

    def find(self, certificate: x509.Certificate, usage: Usage, moment: datetime) -> Chain | Distrust:
        """Find and validate a path at a moment.

        Args:
            certificate: the leaf.
            usage: what it was used for.
            moment: when it must have been valid, timezone-aware.

        Returns:
            The path, without a word about revocation; or why there is none.
        """
        if not self._store.anchors:
            return Distrust(
                Code.TRUST_EMPTY,
                "the trust list has no anchor",
                "INDETERMINATE",
                "NO_CERTIFICATE_CHAIN_FOUND",
            )
        key = usage, certificate.sha256, self._brought
        known = self._store.known.get(key)
        if known is not None and (chain := known.at(moment)) is not None:
            return chain
        context = ValidationContext(
            trust_manager=self._store.manager,
            certificate_registry=self._registry(),
            moment=moment,
            allow_fetching=False,
            revinfo_policy=_NO_REVOCATION,
        )
        ways = run_dry(self._ways(_Asked(certificate, usage, moment), context))
        chains = [way.end for way in ways if isinstance(way.end, Chain)]
        if not chains:
            return min(ways, key=lambda way: way.rank).end
        # The widest, then the first by its certificates: not as whoever sends them puts them in order.
        best = min(chains, key=lambda one: (-len(one.roles), [each.sha256 for each in one.certificates]))
        closed = [way for way in ways if isinstance(way.end, Distrust) and way.end.code in _OF_TIME]
        self._store.remember(key, kept(best, moment, (turn for way in closed for turn in way.turns)))
        return best

    async def _ways(self, asked: _Asked, context: ValidationContext) -> list[_Way]:
        # What each way to an anchor comes to.
        ways: list[_Way] = []
        paths = context.path_builder.async_build_paths_lazy(asked.leaf)
        try:
            async for path in paths:
                ways.append(await self._way(path, asked, context))
                if len(ways) == _MOST_WAYS:
                    break
        except PathBuildingError as exc:
            ways.append(_Way(distrust_of(exc, itself=asked.leaf.self_signed in {"yes", "maybe"}), _FAILS))
        finally:
            await paths.cancel()
        return ways

    async def _way(self, path: ValidationPath, asked: _Asked, context: ValidationContext) -> _Way:
        certificates = tuple(reversed(list(path.iter_certs(include_root=True))))
        named = [self._store.by_fingerprint.get(one.sha256) for one in certificates]
        chain = Chain(certificates, terms_of(certificates, named), _roles(named))
        try:
            await async_validate_path(context, path)
        except (PathError, ValidationError) as exc:
            fault = distrust_of(exc)
            nothing_said = fault.subindication == "CERTIFICATE_CHAIN_GENERAL_FAILURE"
            return _Way(fault, _BROKEN if nothing_said else _FAILS, turns_of(chain))
        return _Way(self._judged(chain, asked), turns=turns_of(chain))

    def _judged(self, chain: Chain, asked: _Asked) -> Chain | Distrust:
        if chain.certificates[0].sha256 != asked.leaf.sha256:
            return _distrust(Code.CHAIN_UNTRUSTED, "it bears the name and the key of a root and is another")
        if fault := self._fault(chain.certificates, asked.usage):
            return fault
        # G10: by ourselves; on its way through the library the policy loses three of its fields,
        # and for a certificate that is itself an anchor it is not asked at all.
        try:
            CONSTRAINTS[asked.usage].validate(chain.certificates[0])
        except InvalidCertificateError as exc:
            return distrust_of(exc)
        if not chain.holds_at(asked.moment):
            # An anchor that signs itself: the library does not look at its span.
            return Distrust(
                Code.CERTIFICATE_EXPIRED,
                "a certificate not in force",
                "INDETERMINATE",
                "OUT_OF_BOUNDS_NO_POE",
            )
        return _within_terms(chain, asked.moment)

    def _registry(self) -> CertificateRegistry:
        # The list's own first: of two certificates with one issuer and serial number the first one counts.
        registry: CertificateRegistry = CertificateRegistry.build(
            (*self._store.intermediates, *self._store.anchors)
        )
        for certificate in self._embedded:
            # Registering reads it; one that cannot be read helps nobody to find the way.
            with suppress(ValueError, TypeError, KeyError, AttributeError):
                registry.register(certificate)
        return registry

    def _fault(self, certificates: tuple[x509.Certificate, ...], usage: Usage) -> Distrust | None:
        for one in certificates:
            authority = self._store.by_fingerprint.get(one.sha256)
            if authority is not None and not ROLES[usage] & set(authority.roles):
                return _distrust(Code.CHAIN_UNTRUSTED, "an authority on the path is not trusted for this use")
        for place, one in enumerate(certificates):
            # Nobody relies on how an anchor was signed.
            below = place + 1 < len(certificates)
            if weak := weak_key(one.public_key) or (weak_certificate(one) if below else None):
                return Distrust(
                    Code.ALGORITHM_WEAK, f"on the path: {weak}", "INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"
                )
        if usage is Usage.SIGN and is_machine(certificates[0]):
            return _distrust(Code.KEY_USAGE, "its purposes are none that sign documents")
        return None


@dataclass(frozen=True, slots=True)
class _Store:
    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    manager: SimpleTrustManager
    by_fingerprint: dict[bytes, TrustedAuthority]
    known: OrderedDict[_Key, Kept] = field(default_factory=OrderedDict)
    """Paths found before. Refusals are not kept: the next document may bring what lacked."""

    def remember(self, key: _Key, path: Kept) -> None:
        """Keep a path for the next document of the same signer."""
        self.known[key] = path
        if len(self.known) > _KNOWN_PATHS:
            self.known.popitem(last=False)


@lru_cache(maxsize=4)
def _store_of(trust: TrustList) -> _Store:
    loaded = [(authority, interned(authority.der)) for authority in trust.authorities]
    anchors = tuple(certificate for authority, certificate in loaded if authority.anchor)
    return _Store(
        anchors=anchors,
        intermediates=tuple(certificate for authority, certificate in loaded if not authority.anchor),
        manager=SimpleTrustManager.build(trust_roots=list(anchors)),
        by_fingerprint={certificate.sha256: authority for authority, certificate in loaded},
    )


def run_dry(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that has nothing to wait for, without an event loop.

    The validator is asynchronous for the sake of fetching, which is off. Should
    it ever wait after all, that is an error, and never a reason to reach out.

    Raises:
        RuntimeError: it wanted to wait.
    """
    try:
        work.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    work.close()
    raise RuntimeError("certificate validation wanted to wait for something")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return bool(certificate.ca)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False  # one that cannot be read helps nobody to find the way


def _roles(named: Sequence[TrustedAuthority | None]) -> tuple[str, ...]:
    given = [set(authority.roles) for authority in named if authority is not None]
    return tuple(role.value for role in TrustRole if all(role in roles for roles in given))


def _within_terms(chain: Chain, moment: datetime) -> Chain | Distrust:
    term = chain.overstepped(moment)
    if term is None:
        return chain
    weak = term.code is Code.ALGORITHM_WEAK
    return Distrust(
        term.code,
        term.detail,
        "INDETERMINATE",
        "CRYPTO_CONSTRAINTS_FAILURE" if weak else "CHAIN_CONSTRAINTS_FAILURE",
    )


def _distrust(code: Code, detail: str) -> Distrust:
    return Distrust(code, detail, "INDETERMINATE", "CHAIN_CONSTRAINTS_FAILURE")
