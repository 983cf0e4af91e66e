"""What others read of the test authority: the trust list, TLS files, the axis' own seal."""

import secrets
from pathlib import Path
from typing import Any, Final

import msgspec
from asn1crypto import pem
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from axis.sandbox.cast import AXIS_SEAL, CLIENTS, SERVERS
from axis.sandbox.mint import Record, write_file
from axis.sandbox.profiles import PEOPLE, ROOT, SERVICE, crl_url, ocsp_url

_ROLES: Final = {
    ROOT: ["person", "seal", "timestamp", "service"],
    PEOPLE: ["person", "seal"],
    SERVICE: ["timestamp", "service"],
}


def write_bundle(folder: Path, record: Record) -> None:
    """Write ``trust.json``, ``ca.pem``, ``tls/`` and ``seal/`` below the authority's folder.

    ``tls/<name>.crt`` holds the certificate, then its issuer; ``.key`` is
    PKCS#8 PEM, mode 0600. ``seal/axis-seal.key`` is encrypted, its passphrase
    stands in ``seal/passphrase``.
    """
    data = msgspec.json.encode(trust_list(folder, record))
    write_file(folder / "trust.json", msgspec.json.format(data, indent=1))
    write_file(folder / "ca.pem", certificate_pem(folder, ROOT).encode())
    (folder / "tls").mkdir(exist_ok=True)
    for label in (*SERVERS, *CLIENTS):
        chain = certificate_pem(folder, label) + certificate_pem(folder, SERVICE)
        write_file(folder / "tls" / f"{label}.crt", chain.encode())
        key = (folder / "keys" / f"{label}.pem").read_bytes()
        write_file(folder / "tls" / f"{label}.key", key, mode=0o600)
    if not (folder / "seal").exists():
        _write_seal(folder)


def trust_list(folder: Path, record: Record) -> dict[str, Any]:
    """Return the trust list of the test authority, for `signing.trust`."""
    return {
        "version": f"test-{record.created_at:%Y%m%dT%H%M%SZ}",
        "test": True,
        "authorities": [
            {
                "name": f"THỬ NGHIỆM - TEST ONLY: {label}",
                "certificate": certificate_pem(folder, label),
                "anchor": label == ROOT,
                "roles": roles,
                "crl_urls": [crl_url(record.base_url, label)],
                "ocsp_urls": [ocsp_url(record.base_url, label)],
            }
            for label, roles in _ROLES.items()
        ],
    }


def certificate_pem(folder: Path, label: str) -> str:
    """Return a certificate as PEM text."""
    der = (folder / "certs" / f"{label}.crt").read_bytes()
    return bytes(pem.armor("CERTIFICATE", der)).decode("ascii")


def _write_seal(folder: Path) -> None:
    place = folder / "seal"
    place.mkdir(mode=0o700)
    passphrase = secrets.token_urlsafe(24).encode()
    key = load_pem_private_key((folder / "keys" / f"{AXIS_SEAL}.pem").read_bytes(), None)
    sealed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    write_file(place / f"{AXIS_SEAL}.key", sealed, mode=0o600)
    write_file(place / "passphrase", passphrase, mode=0o600)
    chain = certificate_pem(folder, AXIS_SEAL) + certificate_pem(folder, SERVICE)
    write_file(place / f"{AXIS_SEAL}.crt", chain.encode())
    # From here on only the encrypted one exists.
    (folder / "keys" / f"{AXIS_SEAL}.pem").unlink()
