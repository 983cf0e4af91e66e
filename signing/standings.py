"""What one entry of a list, or one answer, says of a certificate (RFC 5280, 5.3; RFC 6960, 2.2)."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, unique
from typing import Final

from cryptography import x509
from cryptography.x509 import ocsp

from signing.responses import Answer

_HARMLESS: Final = frozenset(
    {
        x509.ReasonFlags.superseded,
        x509.ReasonFlags.cessation_of_operation,
        x509.ReasonFlags.affiliation_changed,
    }
)


@unique
class Status(Enum):
    """What the evidence says."""

    GOOD = "good"
    REVOKED = "revoked"
    HELD = "held"
    """Suspended: it may be revoked yet, or given back (``certificateHold``)."""
    UNKNOWN = "unknown"
    """No usable evidence."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of one certificate."""

    status: Status
    since: datetime | None = None
    """When it was revoked, or suspended."""
    harmless: bool = False
    """Revoked for a reason that says nothing against the key."""
    sources: tuple[str, ...] = ()
    """SHA-256 of the lists and responses that say so: kept with the decision."""
    stale: bool = False
    """Only evidence past its time says so: it tells that, and nothing of what came before."""

    def revoked_by(self, moment: datetime) -> bool:
        """Tell whether it was revoked at a moment."""
        return self.status is Status.REVOKED and self._begun(moment)

    def held_by(self, moment: datetime) -> bool:
        """Tell whether it was suspended at a moment: neither good then nor revoked, as far as is known."""
        return self.status is Status.HELD and self._begun(moment)

    def _begun(self, moment: datetime) -> bool:
        return self.since is None or self.since <= moment


def of_entry(entry: x509.RevokedCertificate, sha256: str) -> Standing | None:
    """Return what an entry of a whole list says; None: it is not to be understood.

    Args:
        entry: of the certificate's serial number.
        sha256: of the list.
    """
    reason, since = None, entry.revocation_date_utc
    try:
        extensions = list(entry.extensions)
    except (ValueError, x509.DuplicateExtension):
        # It is on the list of those revoked; what more was to be said of it, nobody can tell.
        return Standing(Status.REVOKED, since, sources=(sha256,))
    for extension in extensions:
        value = extension.value
        if isinstance(value, x509.CRLReason):
            reason = value.reason
        elif isinstance(value, x509.InvalidityDate):
            # RFC 5280, 5.3.2: the key was in other hands before anybody told its authority.
            since = min(since, value.invalidity_date_utc)
        elif isinstance(value, x509.CertificateIssuer) or extension.critical:
            return None  # 5.3.3 and 5.3: another authority's certificate, or who knows
    return _revoked(reason, since, sha256)


def of_answer(answer: Answer) -> Standing | None:
    """Return what an answer says; None: nothing."""
    single, sha256 = answer.single, answer.sha256
    if single.certificate_status is ocsp.OCSPCertStatus.GOOD:
        return Standing(Status.GOOD, sources=(sha256,))
    since = single.revocation_time_utc
    if single.certificate_status is not ocsp.OCSPCertStatus.REVOKED or since is None:
        return None
    invalid = answer.invalid_since
    return _revoked(single.revocation_reason, since if invalid is None else min(since, invalid), sha256)


def _revoked(reason: x509.ReasonFlags | None, since: datetime, sha256: str) -> Standing | None:
    if reason is x509.ReasonFlags.remove_from_crl:
        return None  # a word for delta lists alone
    held = reason is x509.ReasonFlags.certificate_hold
    return Standing(Status.HELD if held else Status.REVOKED, since, reason in _HARMLESS, (sha256,))
