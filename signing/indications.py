"""The verdict on one signature in the words of ETSI EN 319 102-1, section 5.1.3."""

from typing import TYPE_CHECKING, Final

from axis.violations import REASONS, Code

if TYPE_CHECKING:  # whoever asks for the words alone does not load the PDF library
    from signing.integrity import JudgedSignature
    from signing.trusting import SignatureTrust

PASSED: Final = "TOTAL-PASSED"
FAILED: Final = "TOTAL-FAILED"
INDETERMINATE: Final = "INDETERMINATE"

_FORMAT: Final = (FAILED, "FORMAT_FAILURE")
_CONSTRAINTS: Final = (INDETERMINATE, "SIG_CONSTRAINTS_FAILURE")
_NO_CHAIN: Final = (INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND")
_LATER: Final = (INDETERMINATE, "TRY_LATER")

_OF_CODES: Final = {
    Code.DIGEST_MISMATCH: (FAILED, "HASH_FAILURE"),
    Code.CRYPTO_FAILURE: (FAILED, "SIG_CRYPTO_FAILURE"),
    Code.ALGORITHM_WEAK: (INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE"),
    Code.CHANGED_AFTER: _CONSTRAINTS,
    Code.OBJECTS_FREED: _CONSTRAINTS,
    Code.LONG_TERM_MISSING: _CONSTRAINTS,
    Code.NOT_COVERING: _CONSTRAINTS,
    Code.TIMESTAMP_INVALID: _CONSTRAINTS,
    Code.TIMESTAMP_MISSING: _CONSTRAINTS,
    Code.CERTIFICATE_UNBOUND: _CONSTRAINTS,
    Code.CHAIN_UNTRUSTED: _NO_CHAIN,
    Code.TRUST_EMPTY: _NO_CHAIN,
    Code.TRUST_NOT_GIVEN: _NO_CHAIN,
    Code.CERTIFICATE_EXPIRED: (INDETERMINATE, "OUT_OF_BOUNDS_NO_POE"),
    Code.KEY_USAGE: (INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE"),
    Code.REVOKED: (FAILED, "REVOKED"),
    Code.REVOCATION_UNAVAILABLE: _LATER,
    Code.GATE_UNDETERMINED: _LATER,
}
"""Every other reason of G1 to G3 and G7 is one of form; content and caps are the policy's constraints."""

_CONSTRAINED_RULES: Final = frozenset({"G8", "G9"})


def indication_of(code: Code) -> tuple[str, str]:
    """Return main indication and sub-indication of one reason.

    Args:
        code: of any rule. What is no matter of a signature (rules F, A, S, T) has none.

    Returns:
        Both empty where the standard has no word for it.
    """
    rule = REASONS[code].rule
    if code in _OF_CODES:
        return _OF_CODES[code]
    if rule in _CONSTRAINED_RULES:
        return _CONSTRAINTS
    return _FORMAT if rule.startswith("G") else ("", "")


def indicate(signature: "JudgedSignature", trust: "SignatureTrust | None") -> tuple[str, str]:
    """Return main indication and sub-indication of one signature.

    Integrity speaks first, a failure before what is indeterminate; of several
    reasons the first in rule order.

    Args:
        signature: as judged.
        trust: None: no trust list was given.
    """
    verdicts = [indication_of(fault.code) for fault in signature.faults]
    if signature.cms is not None and not signature.cms.bound:
        verdicts.append(_CONSTRAINTS)
    if trust is not None:
        verdicts.extend((refusal.indication, refusal.subindication) for refusal in trust.refusals)
        verdicts.extend(_LATER for _ in trust.waits)
    else:
        verdicts.append(_NO_CHAIN)
    if not verdicts:
        return PASSED, ""
    return next((verdict for verdict in verdicts if verdict[0] == FAILED), verdicts[0])
