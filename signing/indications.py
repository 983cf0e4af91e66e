"""The verdict on one signature in the words of ETSI EN 319 102-1, section 5.1.3."""

from typing import Final

from axis.violations import Code
from signing.integrity import JudgedSignature
from signing.trusting import SignatureTrust

PASSED: Final = "TOTAL-PASSED"
FAILED: Final = "TOTAL-FAILED"
INDETERMINATE: Final = "INDETERMINATE"

_OF_INTEGRITY: Final = {
    Code.DIGEST_MISMATCH: (FAILED, "HASH_FAILURE"),
    Code.CRYPTO_FAILURE: (FAILED, "SIG_CRYPTO_FAILURE"),
    Code.ALGORITHM_WEAK: (INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE"),
    Code.CHANGED_AFTER: (INDETERMINATE, "SIG_CONSTRAINTS_FAILURE"),
    Code.NOT_COVERING: (INDETERMINATE, "SIG_CONSTRAINTS_FAILURE"),
    Code.TIMESTAMP_INVALID: (INDETERMINATE, "SIG_CONSTRAINTS_FAILURE"),
}
"""Every other reason is one of form."""


def indicate(signature: JudgedSignature, trust: SignatureTrust | None) -> tuple[str, str]:
    """Return main indication and sub-indication of one signature.

    Integrity speaks first, a failure before what is indeterminate; of several
    reasons the first in rule order.

    Args:
        signature: as judged.
        trust: None: no trust list was given.
    """
    verdicts = [_OF_INTEGRITY.get(fault.code, (FAILED, "FORMAT_FAILURE")) for fault in signature.faults]
    if signature.cms is not None and not signature.cms.bound:
        verdicts.append((INDETERMINATE, "SIG_CONSTRAINTS_FAILURE"))
    if trust is not None:
        verdicts.extend((refusal.indication, refusal.subindication) for refusal in trust.refusals)
        verdicts.extend((INDETERMINATE, "TRY_LATER") for _ in trust.waits)
    else:
        verdicts.append((INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND"))
    if not verdicts:
        return PASSED, ""
    return next((verdict for verdict in verdicts if verdict[0] == FAILED), verdicts[0])
