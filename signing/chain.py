"""From a certificate to an anchor of the trust list, and what its key may be used for (rules G6, G10).

pyHanko's certificate validator builds and validates the path. It is given no
revocation data and may fetch nothing: revocation is `signing.revocation`'s.
"""

from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, unique
from functools import lru_cache
from typing import Any, Final, TypeVar

from asn1crypto import x509
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import ValidationContext, find_valid_path
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import CertificateRegistry, SimpleTrustManager

from axis.violations import Code
from signing.algorithms import weak_key
from signing.distrust import Distrust, distrust_of
from signing.signed import interned
from signing.terms import Term, terms_of
from signing.trust import TrustedAuthority, TrustList, TrustRole

T = TypeVar("T")


@unique
class Usage(Enum):
    """What a certificate was used for."""

    SIGN = "sign"
    STAMP = "stamp"


_ROLES: Final = {
    Usage.SIGN: frozenset({TrustRole.PERSON, TrustRole.SEAL}),
    Usage.STAMP: frozenset({TrustRole.TIMESTAMP}),
}
_CONSTRAINTS: Final = {
    Usage.SIGN: KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"},
        key_usage_forbidden={"key_cert_sign", "crl_sign"},
        match_all_key_usages=False,
    ),
    Usage.STAMP: KeyUsageConstraints(
        key_usage={"digital_signature", "non_repudiation"},
        key_usage_forbidden={"key_cert_sign", "crl_sign"},
        extd_key_usage={"time_stamping"},
        explicit_extd_key_usage_required=True,
    ),
}
_NO_DOCUMENTS: Final = frozenset({"server_auth", "code_signing", "time_stamping", "ocsp_signing"})
"""A certificate for nothing but these is a machine's (RFC 5280, 4.2.1.12)."""

_KNOWN_PATHS: Final = 4096
"""Paths kept for one trust list: some 10 kB each."""

_NO_REVOCATION: Final = CertRevTrustPolicy(
    RevocationCheckingPolicy(
        ee_certificate_rule=RevocationCheckingRule.NO_CHECK,
        intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK,
    )
)


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


class Pool:
    """The trust list, and the certificates that one document brought along.

    Nothing is believed of the latter: they only help to find the way.
    """

    def __init__(self, trust: TrustList, embedded: Iterable[x509.Certificate]) -> None:
        """Prepare for one document."""
        self.trust = trust
        self._store = _store_of(trust)
        self._embedded = tuple(embedded)

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
        if (known := self._store.known.get((usage, certificate.sha256))) and known.holds_at(moment):
            return _within_terms(known, moment)
        context = ValidationContext(
            trust_manager=self._store.manager,
            certificate_registry=self._registry(),
            moment=moment,
            allow_fetching=False,
            revinfo_policy=_NO_REVOCATION,
        )
        try:
            paths = context.path_builder.async_build_paths_lazy(certificate)
            path = run_dry(find_valid_path(certificate, paths, context))
            certificates = tuple(reversed(list(path.iter_certs(include_root=True))))
            if fault := self._fault(certificates, usage):
                return fault
            # G10: by ourselves; on its way through the library the policy loses three of its fields,
            # and for a certificate that is itself an anchor it is not asked at all.
            _CONSTRAINTS[usage].validate(certificate)
        except (PathError, ValidationError) as exc:
            return distrust_of(exc)
        named = [self._store.by_fingerprint.get(one.sha256) for one in certificates]
        chain = Chain(certificates, terms_of(certificates, named), _roles(named))
        if not chain.holds_at(moment):
            # An anchor that signs itself: the library does not look at its span.
            return Distrust(
                Code.CERTIFICATE_EXPIRED,
                "a certificate not in force",
                "INDETERMINATE",
                "OUT_OF_BOUNDS_NO_POE",
            )
        self._store.remember((usage, certificate.sha256), chain)
        return _within_terms(chain, moment)

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
            if authority is not None and not _ROLES[usage] & set(authority.roles):
                return _distrust(Code.CHAIN_UNTRUSTED, "an authority on the path is not trusted for this use")
        for one in certificates:
            if weak := weak_key(one.public_key):
                return Distrust(
                    Code.ALGORITHM_WEAK, f"on the path: {weak}", "INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE"
                )
        purposes = certificates[0].extended_key_usage_value
        if usage is Usage.SIGN and purposes is not None and set(purposes.native) <= _NO_DOCUMENTS:
            return _distrust(Code.KEY_USAGE, "its purposes are none that sign documents")
        return None


@dataclass(frozen=True, slots=True)
class _Store:
    anchors: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...]
    manager: SimpleTrustManager
    by_fingerprint: dict[bytes, TrustedAuthority]
    known: OrderedDict[tuple[Usage, bytes], Chain] = field(default_factory=OrderedDict)
    """Paths found before, by use and leaf. Refusals are not kept: the next document may bring what lacked."""

    def remember(self, key: tuple[Usage, bytes], chain: Chain) -> None:
        """Keep a path for the next document of the same signer."""
        self.known[key] = chain
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
