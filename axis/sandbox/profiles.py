"""The test authority as certomancer is told it: names, profiles, services.

Only configuration: certificates, CRLs, OCSP answers and time-stamps are made
by certomancer. Source of the profile: exchange-rules 6.3.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from axis.sandbox.identity import Identity, Part, Role

ARCHITECTURE: Final = "axis-test"
IMPOSTOR: Final = "impostor"

ROOT: Final = "root"
PEOPLE: Final = "people-ca"
SERVICE: Final = "service-ca"
TSA: Final = "tsa"
AUTHORITIES: Final = (ROOT, PEOPLE, SERVICE)

RESPONDERS: Final = {ROOT: "ocsp-root", PEOPLE: "ocsp-people", SERVICE: "ocsp-service"}
STANDING: Final = (*AUTHORITIES, *RESPONDERS.values(), TSA)
"""Labels of everything that stands before the first person is issued."""

CA_YEARS: Final = 20
SUBSCRIBER_YEARS: Final = 5
OCSP_MINUTES: Final = 60
"""Life of an OCSP answer."""

NO_VALUE: Final = "MÔI TRƯỜNG THỬ NGHIỆM - TEST ONLY - KHÔNG CÓ GIÁ TRỊ"
COMMON_NAME_LIMIT: Final = 64
"""Characters of a common name (RFC 5280, ub-common-name)."""

_NAMES: Final = {
    ROOT: "CA THỬ NGHIỆM - TEST ONLY - Gốc",
    PEOPLE: "CA THỬ NGHIỆM - TEST ONLY - Người ký và cơ quan",
    SERVICE: "CA THỬ NGHIỆM - TEST ONLY - Dịch vụ",
    RESPONDERS[ROOT]: "OCSP THỬ NGHIỆM - TEST ONLY - Gốc",
    RESPONDERS[PEOPLE]: "OCSP THỬ NGHIỆM - TEST ONLY - Người ký và cơ quan",
    RESPONDERS[SERVICE]: "OCSP THỬ NGHIỆM - TEST ONLY - Dịch vụ",
    TSA: "TSA THỬ NGHIỆM - TEST ONLY",
}


def configuration(
    base_url: str, created_at: datetime, identities: Iterable[Identity], *, issued: frozenset[str]
) -> dict[str, Any]:
    """Describe the authority, and beside it the impostor with the same names.

    Args:
        base_url: under which the services answer.
        created_at: when the authority was made.
        identities: those that certomancer is to know.
        issued: labels whose certificates exist as files; the others are made anew.

    Returns:
        What `certomancer.registry.CertomancerConfig` takes.
    """
    ours = [identity for identity in identities if identity.part is not Part.IMPOSTOR]
    false = [identity for identity in identities if identity.part is Part.IMPOSTOR]
    return {
        "external-url-prefix": base_url,
        "keysets": {ARCHITECTURE: _keys("", ours), IMPOSTOR: _keys("impostor-", false)},
        "pki-architectures": {
            ARCHITECTURE: _architecture("", created_at, ours, issued),
            IMPOSTOR: _architecture("impostor-", created_at, false, issued),
        },
    }


def crl_url(base_url: str, authority: str) -> str:
    """Return where the CRL of an authority is fetched."""
    return f"{base_url}/{ARCHITECTURE}/crls/{authority}/latest.crl"


def ocsp_url(base_url: str, authority: str) -> str:
    """Return where an authority's certificates are asked for by OCSP."""
    return f"{base_url}/{ARCHITECTURE}/ocsp/{authority}"


def tsa_url(base_url: str) -> str:
    """Return where time-stamps are given."""
    return f"{base_url}/{ARCHITECTURE}/tsa/{TSA}"


def _keys(prefix: str, identities: list[Identity]) -> dict[str, Any]:
    names = {label: f"{prefix}{label}.pem" for label in STANDING}
    names.update({identity.label: f"{identity.label}.pem" for identity in identities})
    return {"path-prefix": "keys", "keys": {label: {"path": path} for label, path in names.items()}}


def _architecture(
    prefix: str, created_at: datetime, identities: list[Identity], issued: frozenset[str]
) -> dict[str, Any]:
    entities: dict[str, Any] = {
        label: {"country-name": "VN", "organization-name": NO_VALUE, "common-name": name}
        for label, name in _NAMES.items()
    }
    certs = _standing(created_at)
    for label, spec in certs.items():
        spec["serial"] = 0x7E57_0000 + STANDING.index(label)
        if prefix + label in issued:
            spec["certificate-file"] = f"certs/{prefix}{label}.crt"
    for identity in identities:
        entities[identity.label] = _subject(identity)
        certs[identity.label] = _leaf(identity)
        if identity.label in issued:
            certs[identity.label]["certificate-file"] = f"certs/{identity.label}.crt"
    return {
        "keyset": IMPOSTOR if prefix else ARCHITECTURE,
        "entities": entities,
        "certs": certs,
        "services": {
            "crl-repo": {
                label: {"for-issuer": label, "signing-key": label, "simulated-update-schedule": "P1D"}
                for label in AUTHORITIES
            },
            "ocsp": {
                label: {
                    "for-issuer": label,
                    "responder-cert": responder,
                    "signing-key": responder,
                    "validity-period": {"minutes": OCSP_MINUTES},
                }
                for label, responder in RESPONDERS.items()
            },
            "time-stamping": {TSA: {"signing-key": TSA, "signing-cert": TSA, "certs-to-embed": [SERVICE]}},
        },
    }


def _span(since: datetime, until: datetime) -> dict[str, str]:
    return {"valid-from": since.isoformat(), "valid-to": until.isoformat()}


def _standing(created_at: datetime) -> dict[str, Any]:
    since = created_at - timedelta(days=730)
    long = _span(since, since + timedelta(days=365 * CA_YEARS))
    services = _span(since, created_at + timedelta(days=365 * SUBSCRIBER_YEARS))

    def authority(label: str, **more: object) -> dict[str, Any]:
        params = {"crl-repo": label, "ocsp-service": label, **more}
        return {
            "subject": label,
            "issuer": ROOT,
            "validity": long,
            "profiles": [{"id": "simple-ca", "params": params}],
        }

    def responder(issuer: str) -> dict[str, Any]:
        return {"issuer": issuer, "validity": services, "profiles": ["ocsp-responder"]}

    return {
        ROOT: authority(ROOT),
        PEOPLE: authority(PEOPLE, **{"max-path-len": 0}),
        SERVICE: authority(SERVICE, **{"max-path-len": 0}),
        **{label: responder(issuer) for issuer, label in RESPONDERS.items()},
        TSA: {
            "issuer": SERVICE,
            "validity": services,
            "extensions": [
                _usage("digital_signature"),
                {"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]},
            ],
        },
    }


def _usage(*names: str) -> dict[str, Any]:
    return {
        "id": "key_usage",
        "critical": True,
        "smart-value": {"schema": "key-usage", "params": list(names)},
    }


def _subject(identity: Identity) -> dict[str, Any]:
    name: dict[str, Any] = {"country-name": "VN"}
    if identity.role is Role.PERSON:
        return name | {
            "organization-name": identity.agency_name[:COMMON_NAME_LIMIT],
            "organizational-unit-name": NO_VALUE,
            "common-name": identity.full_name[:COMMON_NAME_LIMIT],
            "title": identity.position[:COMMON_NAME_LIMIT],
            "serial-number": f"TEST-{identity.serial & 0xFFFF_FFFF:010d}",
        }
    name["organization-name"] = NO_VALUE
    if identity.role is Role.SEAL:
        name["organizational-unit-name"] = identity.agency
    name["common-name"] = identity.agency_name[:COMMON_NAME_LIMIT]
    return name


def _leaf(identity: Identity) -> dict[str, Any]:
    people = identity.role in {Role.PERSON, Role.SEAL}
    if identity.part is Part.WRONG_USAGE:
        extensions = [_usage("key_encipherment")]
    elif identity.role in {Role.SERVER, Role.CLIENT}:
        extensions = _tls_extensions(identity)
    else:
        extensions = [_usage("digital_signature", "non_repudiation")]
    spec: dict[str, Any] = {
        "issuer": PEOPLE if people else SERVICE,
        "serial": identity.serial,
        "validity": _span(identity.not_before, identity.not_after),
        "extensions": extensions,
    }
    if identity.revoked_at is not None:
        spec["revocation"] = {"revoked-since": identity.revoked_at.isoformat(), "reason": "key_compromise"}
    return spec


def _tls_extensions(identity: Identity) -> list[dict[str, Any]]:
    both = ["server_auth", "client_auth"]
    purposes = both if identity.role is Role.SERVER else ["client_auth"]
    names = [{"type": "dns-name", "value": "localhost"}]
    names += [{"type": "ip", "value": address} for address in ("127.0.0.1", "::1")]
    if identity.role is Role.CLIENT:
        names = [{"type": "dns-name", "value": identity.label.replace("_", "-")}]
    return [
        _usage("digital_signature"),
        {"id": "extended_key_usage", "value": purposes},
        {"id": "subject_alt_name", "smart-value": {"schema": "general-names", "params": names}},
    ]
