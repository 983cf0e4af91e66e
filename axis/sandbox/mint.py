"""Make keys and certificates of the test authority, and keep them as files.

The files of a folder: ``authority.json`` (the record), ``keys/*.pem`` (mode
0600), ``certs/*.crt`` (DER). Certificates come from certomancer; what was
issued once is read back from its file ever after, so fingerprints stand.
"""

import os
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from axis.errors import SetupError
from axis.sandbox.identity import Identity, KeyKind, Part
from axis.sandbox.profiles import ARCHITECTURE, IMPOSTOR, ROOT, STANDING, configuration

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

RECORD: Final = "authority.json"
VERSION: Final = 1
_RSA_BITS: Final = {KeyKind.RSA1024: 1024, KeyKind.RSA2048: 2048, KeyKind.RSA3072: 3072}


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What ``authority.json`` holds."""

    version: int = VERSION
    base_url: str
    """Under which the services answer, without a slash at the end."""
    created_at: datetime
    identities: dict[str, Identity] = {}


def new_serial() -> int:
    """Draw a serial number: 64 random bits, positive (CA/B practice; RFC 5280 4.1.2.2)."""
    return secrets.randbits(62) | 1 << 62


def read_record(folder: Path) -> Record:
    """Read the record of an authority.

    Raises:
        SetupError: there is none, or it cannot be read.
    """
    path = folder / RECORD
    try:
        record = msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError as exc:
        raise SetupError(f"{folder} holds no test authority; `axis sandbox` makes one") from exc
    except (OSError, msgspec.MsgspecError) as exc:
        raise SetupError(f"{path} cannot be read ({exc}); remove {folder} to make a new one") from exc
    if record.version != VERSION:
        raise SetupError(f"{folder} was made by another version of the sandbox; remove it to make a new one")
    return record


def write_record(folder: Path, record: Record) -> None:
    """Replace the record in one step."""
    data = msgspec.json.format(msgspec.json.encode(record), indent=1)
    write_file(folder / RECORD, data)


def write_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file in one step: whoever reads sees the old or the new bytes whole.

    Args:
        path: its name; what stood there is replaced.
        data: the bytes.
        mode: permissions, right from the first moment.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    temporary.replace(path)


def config_of(folder: Path, record: Record, identities: Iterable[Identity]) -> CertomancerConfig:
    """Let certomancer know these identities; certificates that exist are read from their files."""
    issued = frozenset(path.stem for path in (folder / "certs").glob("*.crt"))
    config = configuration(record.base_url, record.created_at, identities, issued=issued)
    return CertomancerConfig(
        config, key_search_dir=str(folder), lazy_load_keys=True, config_search_dir=str(folder)
    )


def make_standing(folder: Path, record: Record) -> None:
    """Make the authorities, responders and time-stamp service, and the impostor's set."""
    folder.joinpath("keys").mkdir(mode=0o700)
    folder.joinpath("certs").mkdir()
    for label in STANDING:
        # A root of RSA as the real one has; the rest on P-256, which signs in a fraction of the time.
        save_key(folder, label, KeyKind.RSA3072 if label == ROOT else KeyKind.P256)
        save_key(folder, f"impostor-{label}", KeyKind.P256)
    config = config_of(folder, record, ())
    for prefix, architecture in (("", ARCHITECTURE), ("impostor-", IMPOSTOR)):
        arch = config.get_pki_arch(ArchLabel(architecture))
        for label in STANDING:
            write_file(folder / "certs" / f"{prefix}{label}.crt", arch.get_cert(CertLabel(label)).dump())


def issue(folder: Path, record: Record, identities: Iterable[Identity]) -> None:
    """Make keys and certificates for identities that have none yet. The record is the caller's."""
    fresh = [identity for identity in identities if not (folder / "certs" / f"{identity.label}.crt").exists()]
    for identity in fresh:
        save_key(folder, identity.label, identity.key)
    config = config_of(folder, record, fresh)
    for identity in fresh:
        name = IMPOSTOR if identity.part is Part.IMPOSTOR else ARCHITECTURE
        certificate = config.get_pki_arch(ArchLabel(name)).get_cert(CertLabel(identity.label))
        write_file(folder / "certs" / f"{identity.label}.crt", certificate.dump())


def save_key(folder: Path, label: str, kind: KeyKind) -> None:
    """Make a key pair and keep it, readable for its owner alone."""
    pem = make_key(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_file(folder / "keys" / f"{label}.pem", pem, mode=0o600)


def make_key(kind: KeyKind) -> PrivateKey:
    """Make a key pair."""
    if kind is KeyKind.P256:
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(65537, _RSA_BITS[kind])
