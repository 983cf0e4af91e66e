"""May the signers of a PDF be believed? Path, time and revocation (rules G6, G10, G11).

Judged apart from integrity: the same signature gets the same integrity
whatever is trusted.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from asn1crypto import x509
from cryptography import x509 as pyca

from axis.reports import Need, Outcome
from axis.violations import Code, Violation
from signing.chain import Pool
from signing.distrust import Distrust
from signing.evidence import Evidence
from signing.integrity import JudgedSignature
from signing.paths import Chain
from signing.revocation import SKEW, book_of
from signing.stamps import Stamp
from signing.standings import Status
from signing.trust import TrustList
from signing.usages import Usage

_SIGNER_REVOKED = Distrust(Code.REVOKED, "revoked at signing time", "TOTAL-FAILED", "REVOKED")
_AUTHORITY_REVOKED = Distrust(
    Code.REVOKED, "an authority on the path was revoked", "INDETERMINATE", "REVOKED_CA_NO_POE"
)
_NO_DATA = Violation(Code.REVOCATION_UNAVAILABLE, "", "no fresh revocation data for a certificate")
_SUSPENDED = Violation(Code.REVOCATION_UNAVAILABLE, "", "a certificate is suspended")


@dataclass(slots=True)
class SignatureTrust:
    """What was found about one signature. Grows while the rules run."""

    refusals: list[Distrust] = field(default_factory=list)
    waits: list[Violation] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    """SHA-256 of the revocation lists and responses it rests on."""
    timestamped_at: datetime | None = None
    roles: tuple[str, ...] = ()
    """What the authorities on its path may vouch for; empty without a path."""

    @property
    def outcome(self) -> Outcome:
        """A refusal outweighs waiting: no evidence could mend it."""
        if self.refusals:
            return Outcome.REFUSED
        return Outcome.WAITING if self.waits else Outcome.ACCEPTED


class Truster:
    """Judges the signatures of one document against one trust list and one body of evidence."""

    def __init__(
        self,
        signatures: tuple[JudgedSignature, ...],
        trust: TrustList,
        evidence: Evidence,
        *,
        at: datetime,
        allow_claimed_time: bool,
    ) -> None:
        """Prepare for one document."""
        embedded = {
            certificate.sha256: certificate
            for signature in signatures
            for cms in (signature.cms, *(stamp.cms for stamp in signature.stamps))
            if cms is not None
            for certificate in cms.others
        }
        self._pool = Pool(trust, embedded.values())
        self._book = book_of(evidence)
        self._at = at
        self._allow_claimed_time = allow_claimed_time

    def judge(self, signature: JudgedSignature) -> SignatureTrust:
        """Judge one signature, or one document time-stamp."""
        result = SignatureTrust()
        try:
            self._judge(signature, result)
        except MemoryError:
            raise
        except Exception as exc:  # noqa: BLE001  # hostile certificates break the libraries in many ways
            detail = f"a certificate cannot be judged: {type(exc).__name__}"
            result.refusals.append(
                _refusal(Code.CHAIN_UNTRUSTED, detail, "CERTIFICATE_CHAIN_GENERAL_FAILURE")
            )
        return result

    def _judge(self, signature: JudgedSignature, result: SignatureTrust) -> None:
        if signature.cms is None:
            result.refusals.append(
                _refusal(Code.CHAIN_UNTRUSTED, "no certificate could be read", "NO_SIGNING_CERTIFICATE_FOUND")
            )
            return
        moment = self._time(signature, result)
        if signature.found.timestamp:
            return
        chain = self._pool.find(signature.cms.certificate, Usage.SIGN, moment)
        if isinstance(chain, Distrust):
            result.refusals.append(chain)
        else:
            result.roles = chain.roles
            self._revocation(chain, moment, moment, result)

    def _time(self, signature: JudgedSignature, result: SignatureTrust) -> datetime:
        # G11: the time-stamp first; the claimed time only if policy allows.
        sound = [stamp for stamp in signature.stamps if stamp.sound]
        proven = [stamp.at for stamp in sound if self._stamp_trusted(stamp, result)]
        if proven:
            result.timestamped_at = min(proven)
            return result.timestamped_at
        if sound:
            # As when all are proven, so that waiting changes nothing; one of the future was refused.
            return min(self._at, *(stamp.at for stamp in sound))
        claimed = signature.claimed_at
        if not signature.stamps and self._allow_claimed_time and claimed is not None:
            if claimed > self._at + SKEW:
                result.refusals.append(
                    _refusal(Code.CERTIFICATE_EXPIRED, "signed in the future", "SIG_CONSTRAINTS_FAILURE")
                )
            return claimed
        if signature.stamps:
            result.refusals.append(
                _refusal(Code.TIMESTAMP_INVALID, "no time-stamp of it is sound", "SIG_CONSTRAINTS_FAILURE")
            )
        else:
            result.refusals.append(
                _refusal(Code.TIMESTAMP_MISSING, "no signature time-stamp", "SIG_CONSTRAINTS_FAILURE")
            )
        return claimed or self._at

    def _stamp_trusted(self, stamp: Stamp, result: SignatureTrust) -> bool:
        if stamp.at > self._at + SKEW:
            result.refusals.append(
                _refusal(Code.TIMESTAMP_INVALID, "a time-stamp of the future", "TIMESTAMP_ORDER_FAILURE")
            )
            return False
        # Its own certificate must stand now: nothing older proves when the token was made.
        chain = self._pool.find(stamp.cms.certificate, Usage.STAMP, self._at)
        if isinstance(chain, Distrust):
            detail = f"time-stamp: {chain.detail}"
            result.refusals.append(Distrust(chain.code, detail, chain.indication, chain.subindication))
            return False
        before = len(result.refusals) + len(result.waits)
        self._revocation(chain, self._at, stamp.at, result)
        return len(result.refusals) + len(result.waits) == before

    def _revocation(self, chain: Chain, moment: datetime, harmless: datetime, result: SignatureTrust) -> None:
        # ``harmless``: the moment that counts where the reason says nothing against the key (RFC 3161, 4).
        for position, (subject, issuer) in enumerate(
            zip(chain.certificates, chain.certificates[1:], strict=False)
        ):
            authority = self._pool.authority(issuer)
            urls = frozenset(authority.crl_urls) if authority is not None else frozenset()
            standing = self._book.standing(_pyca(subject), _pyca(issuer), at=self._at, urls=urls)
            result.evidence.extend(standing.sources)
            counts = harmless if standing.harmless else moment
            if standing.revoked_by(counts):
                result.refusals.append(_AUTHORITY_REVOKED if position else _SIGNER_REVOKED)
            elif (held := standing.held_by(moment)) or standing.stale or standing.status is Status.UNKNOWN:
                result.waits.append(_SUSPENDED if held else _NO_DATA)
                result.needs.append(_need(subject, issuer))


def _refusal(code: Code, detail: str, subindication: str) -> Distrust:
    return Distrust(code, detail, "INDETERMINATE", subindication)


def _need(subject: x509.Certificate, issuer: x509.Certificate) -> Need:
    return Need(issuer_sha256=issuer.sha256.hex(), certificate=subject.dump(), issuer=issuer.dump())


@lru_cache(maxsize=4096)
def _pyca(certificate: x509.Certificate) -> pyca.Certificate:
    # Those of paths that were found before are the same objects each time.
    return pyca.load_der_x509_certificate(certificate.dump())
