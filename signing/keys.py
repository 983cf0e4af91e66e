"""Open a private key once and keep it: opening takes a hundred times longer than signing."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from axis.errors import SetupError

SigningKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def open_key(key_path: str | Path, passphrase: bytes) -> SigningKey:
    """Open an encrypted PEM key.

    Args:
        key_path: PEM file; a key that lies there unencrypted is not used.
        passphrase: of that key, without a line end.

    Raises:
        SetupError: no such file, wrong passphrase, unencrypted, or a kind of key that does not seal.
    """
    try:
        key = serialization.load_pem_private_key(Path(key_path).read_bytes(), passphrase)
    except OSError as exc:
        raise SetupError(f"key {key_path} cannot be read: {exc.strerror}") from exc
    except TypeError as exc:
        raise SetupError(
            f"key {key_path} is not encrypted; encrypt it and keep the passphrase apart"
        ) from exc
    except ValueError as exc:
        raise SetupError(f"key {key_path} cannot be opened: wrong passphrase, or no PEM key") from exc
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SetupError(f"key {key_path} is neither RSA nor elliptic-curve")
    return key


def read_passphrase(path: str | Path) -> bytes:
    """Read a passphrase from a file; a line end behind it does not count.

    Raises:
        SetupError: no such file, or empty.
    """
    try:
        passphrase = Path(path).read_bytes().rstrip(b"\r\n")
    except OSError as exc:
        raise SetupError(f"passphrase file {path} cannot be read: {exc.strerror}") from exc
    if not passphrase:
        raise SetupError(f"passphrase file {path} is empty")
    return passphrase
