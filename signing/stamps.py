"""Time-stamp tokens (RFC 3161): of a signature, and of the whole document (rule G6)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from axis.violations import Code, Violation
from signing.algorithms import weak_digest
from signing.cms import read_info, verify_cms
from signing.signed import CmsError, SignedCms


@dataclass(frozen=True, slots=True)
class Stamp:
    """A token that was read. It proves a time only where ``sound``, and its issuer is trusted."""

    cms: SignedCms
    at: datetime
    """``genTime``."""
    intact: bool
    """It stands over the very bytes it should."""
    valid: bool
    faults: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Nothing is wrong with it, trust apart."""
        return self.intact and self.valid and not self.faults


def read_stamp(signed: SignedCms, imprint: Callable[[str], bytes]) -> Stamp:
    """Verify a token.

    Args:
        signed: the token's CMS, its structure checked.
        imprint: gives the digest of the stamped bytes by an algorithm of `hashlib`.

    Raises:
        CmsError: it is no readable token.
    """
    try:
        content = signed.content()
        info = read_info(content)
        inner = hashlib.new(signed.digest_algorithm, content)
    except MemoryError:
        raise
    except Exception as exc:
        raise CmsError(f"the time-stamp cannot be read: {type(exc).__name__}") from exc
    faults = list(signed.weaknesses)
    if weak := weak_digest(info.algorithm):
        faults.append(f"message imprint: {weak}")
    right = info.algorithm in hashlib.algorithms_guaranteed and imprint(info.algorithm) == info.stamped
    intact, valid = verify_cms(signed, inner.digest())
    return Stamp(signed, info.at, right and intact, valid, tuple(faults))


def stamp_faults(stamp: Stamp) -> tuple[Violation, ...]:
    """Return what integrity refuses of a token."""
    reasons = list(stamp.faults)
    if not stamp.intact:
        reasons.append("it stands over other bytes")
    if not stamp.valid:
        reasons.append("its signature does not verify")
    return tuple(Violation(Code.TIMESTAMP_INVALID, "", reason) for reason in reasons)


def signature_imprint(signed: SignedCms) -> Callable[[str], bytes]:
    """Return the digest of a signature's value, as its own time-stamp must hold it."""
    value = signed.signature()
    return lambda algorithm: hashlib.new(algorithm, value).digest()
