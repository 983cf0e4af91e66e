"""The trust list: which authorities may vouch for whom, as one frozen value with a version.

Only explicit roots count, never those of the operating system (gate.md G6).
An empty or unreadable list is no list: loading it fails.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum, unique
from pathlib import Path
from typing import Final

import msgspec
from asn1crypto import pem, x509

import axis
from axis.errors import SetupError
from signing.algorithms import DIGESTS, KEYS


@unique
class TrustRole(StrEnum):
    """What an authority's certificates may be used for."""

    PERSON = "person"
    SEAL = "seal"
    TIMESTAMP = "timestamp"
    SERVICE = "service"
    """Servers and the axis' own seal: never a document."""


class Allowed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An algorithm that an authority's certificates may use, and until when."""

    name: str
    """A digest (``sha256``, ``sha384``, ``sha3_256`` …) or a kind of key (``rsa``, ``ec``, ``ed25519``)."""
    bits: int = 0
    """Least length of a key."""
    until: datetime | None = None
    """Sunset: signatures made from then on are refused; None: none is set."""


class TrustedAuthority(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One authority of the list."""

    name: str
    certificate: str
    """PEM, one certificate."""
    anchor: bool
    """Trusted by itself. Otherwise only an intermediate, which must lead to an anchor."""
    roles: tuple[TrustRole, ...]
    crl_urls: tuple[str, ...] = ()
    """Where its whole revocation list is published."""
    ocsp_urls: tuple[str, ...] = ()
    valid_from: datetime | None = None
    """Signatures made before are not trusted; None: as its certificate says."""
    valid_until: datetime | None = None
    """First moment from which signatures are not trusted any more; those made before stay."""
    algorithms: tuple[Allowed, ...] = ()
    """What certificates below it may use; empty: all that rule G7 lets pass."""
    comment: str = ""
    """For people: the law, the source, what was not verified."""

    @property
    def der(self) -> bytes:
        """The certificate, DER."""
        return bytes(pem.unarmor(self.certificate.encode())[2])

    @property
    def sha256(self) -> str:
        """Fingerprint of the certificate, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()


class TrustList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that is trusted. `load_trust` and `trust_of_pems` make it; never empty when they do."""

    version: str
    """As its maker calls it; for people."""
    test: bool = False
    """It holds a test authority: loudly no real one."""
    comment: str = ""
    """For people."""
    authorities: tuple[TrustedAuthority, ...] = ()
    digest: str = ""
    """SHA-256 over what it says, hexadecimal: its version for decisions."""

    def by_fingerprint(self, sha256: str) -> TrustedAuthority | None:
        """Return the authority with that certificate, or None."""
        return next((a for a in self.authorities if a.sha256 == sha256), None)

    def crl_urls(self) -> dict[str, tuple[str, ...]]:
        """Return where lists are published, by the fingerprint of the authority that signs them."""
        return {a.sha256: a.crl_urls for a in self.authorities}

    def crl_issuers(self, url: str) -> tuple[bytes, ...]:
        """Return the certificates (DER) of those whose list an address publishes."""
        return tuple(a.der for a in self.authorities if url in a.crl_urls)

    def ocsp_urls(self, issuer_sha256: str) -> tuple[str, ...]:
        """Return whom to ask about certificates of an issuer, by its fingerprint."""
        return next((a.ocsp_urls for a in self.authorities if a.sha256 == issuer_sha256), ())


_EVERY_ROLE: Final = tuple(TrustRole)

EXAMPLE: Final = Path(axis.__file__).parent / "policy" / "trust-list.example.json"
"""The shipped form of a list, its certificates to be filled in."""


def certificate_span(authority: TrustedAuthority) -> tuple[datetime, datetime]:
    """Return the span in which an authority's own certificate is in force."""
    certificate = x509.Certificate.load(authority.der)
    return certificate.not_valid_before, certificate.not_valid_after


def load_trust(path: str) -> TrustList:
    """Read a trust list.

    Args:
        path: of a JSON file of the shape of `TrustList`.

    Raises:
        SetupError: there is none, it is broken, it has no anchor, or a certificate in it cannot be read.
    """
    return load_trust_with_bytes(path)[0]


def load_trust_with_bytes(path: str) -> tuple[TrustList, bytes]:
    """Read a trust list, and return the bytes of its file too; as `load_trust`."""
    try:
        data = Path(path).read_bytes()
    except OSError as exc:
        raise SetupError(f"the trust list {path} cannot be read: {exc.strerror}") from exc
    return parse_trust(data, name=path), data


def parse_trust(data: bytes, *, name: str = "the trust list") -> TrustList:
    """Read a trust list from JSON.

    Args:
        data: JSON, UTF-8.
        name: how messages call it.

    Raises:
        SetupError: as `load_trust`.
    """
    try:
        trust = msgspec.json.decode(data, type=TrustList)
    except msgspec.MsgspecError as exc:
        raise SetupError(f"{name} không phải danh sách tin cậy / is no trust list: {exc}") from exc
    return _sealed(trust, name)


def trust_of_pems(paths: Iterable[str]) -> TrustList:
    """Make a trust list of certificates in PEM files; each may do everything.

    A self-issued certificate becomes an anchor. Where there is none, every
    certificate does: who names a sub-authority alone trusts it by itself.

    Args:
        paths: PEM files, one or more certificates each.

    Raises:
        SetupError: a file cannot be read or holds no certificate.
    """
    found: list[tuple[str, x509.Certificate]] = []
    for path in paths:
        try:
            blocks = [
                der
                for kind, _, der in pem.unarmor(Path(path).read_bytes(), multiple=True)
                if kind == "CERTIFICATE"
            ]
            found.extend((path, x509.Certificate.load(der)) for der in blocks)
        except OSError as exc:
            raise SetupError(f"không đọc được {path} (cannot be read: {exc.strerror})") from exc
        except ValueError as exc:
            raise SetupError(f"{path} không phải tệp PEM (is no PEM file: {exc})") from exc
        if not blocks:
            raise SetupError(f"{path} không chứa chứng thư nào (holds no certificate)")
    try:
        roots = any(_self_issued(cert) for _, cert in found)
        authorities = tuple(
            TrustedAuthority(
                name=f"{Path(path).name}: {cert.subject.human_friendly}",
                certificate=pem.armor("CERTIFICATE", cert.dump()).decode(),
                anchor=_self_issued(cert) or not roots,
                roles=_EVERY_ROLE,
            )
            for path, cert in found
        )
    except (ValueError, TypeError) as exc:
        raise SetupError(f"a trusted certificate cannot be read: {exc}") from exc
    return _sealed(TrustList(version="pem", authorities=authorities), "the list of trusted certificates")


def _self_issued(certificate: x509.Certificate) -> bool:
    return bool(certificate.subject == certificate.issuer)


_NAMES: Final = DIGESTS | KEYS


def _terms_make_sense(authority: TrustedAuthority, name: str) -> None:
    moments = [authority.valid_from, authority.valid_until, *(one.until for one in authority.algorithms)]
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        raise SetupError(f"{name}: {authority.name!r} has a moment without its time zone")
    since, until = authority.valid_from, authority.valid_until
    if since is not None and until is not None and until <= since:
        raise SetupError(f"{name}: {authority.name!r} ends before it begins")
    named = [one.name for one in authority.algorithms]
    if unknown := sorted(set(named) - _NAMES):
        raise SetupError(f"{name}: {authority.name!r} allows what is not known: {', '.join(unknown)}")
    if len(set(named)) != len(named):
        raise SetupError(f"{name}: {authority.name!r} names an algorithm twice")
    if named and (not DIGESTS & set(named) or not KEYS & set(named)):
        raise SetupError(f"{name}: {authority.name!r} must allow a digest and a key, or leave algorithms out")
    for url in (*authority.crl_urls, *authority.ocsp_urls):
        if not url.startswith(("http://", "https://")):
            raise SetupError(f"{name}: {authority.name!r}: {url!r} is no address")


def _sealed(trust: TrustList, name: str) -> TrustList:
    if not trust.authorities:
        raise SetupError(f"{name} is empty: nothing could ever be trusted; add an authority")
    if not any(authority.anchor for authority in trust.authorities):
        raise SetupError(f'{name} has no anchor: set "anchor": true on the root authority')
    for authority in trust.authorities:
        _terms_make_sense(authority, name)
        if not authority.certificate.strip():
            raise SetupError(
                f"{name}: chưa điền chứng thư của {authority.name!r} (certificate to be filled in)"
            )
        try:
            certificate = x509.Certificate.load(authority.der, strict=True)
            certificate.native  # noqa: B018  # asn1crypto is lazy: this reads all of it
            public = certificate.public_key.native
        except (ValueError, TypeError) as exc:
            raise SetupError(f"{name}: the certificate of {authority.name!r} cannot be read: {exc}") from exc
        if not public or not authority.roles:
            raise SetupError(f"{name}: {authority.name!r} has no role")
    bare = msgspec.structs.replace(trust, digest="")
    return msgspec.structs.replace(trust, digest=hashlib.sha256(msgspec.json.encode(bare)).hexdigest())
