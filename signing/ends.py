"""When certificates end: of files of ours, and of the trust list. Nothing is verified here."""

from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import pem, x509

from axis.errors import SetupError
from signing.trust import TrustList


def file_ends_at(path: str) -> datetime:
    """Return when the first of the certificates in a PEM file ends.

    Args:
        path: a leaf and its issuers, or one authority.

    Raises:
        SetupError: it cannot be read or holds no certificate.
    """
    try:
        blocks = [
            der
            for kind, _, der in pem.unarmor(Path(path).read_bytes(), multiple=True)
            if kind == "CERTIFICATE"
        ]
        return min(_end(der) for der in blocks)
    except (OSError, ValueError, TypeError) as exc:
        raise SetupError(f"no certificate can be read from {path}: {exc}") from exc


def trust_ends_at(trust: TrustList, at: datetime) -> datetime:
    """Return when the trust list first loses an authority that still holds.

    Authorities that have ended stay in a list, for what they vouched for while
    they held; they are no news. Where none holds any more, the last end is told.
    """
    ends = [_end(authority.der) for authority in trust.authorities]
    return min((end for end in ends if end > at), default=max(ends))


def _end(der: bytes) -> datetime:
    end: datetime = x509.Certificate.load(der)["tbs_certificate"]["validity"]["not_after"].native
    return end.astimezone(UTC)
