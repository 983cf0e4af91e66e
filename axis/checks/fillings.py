"""May form fields have been filled between two signatures? Rule A9.

Integrity lets in what the earlier signature permits and a later one covers, and
says how much it was. Whether it may be so depends on whose signatures they are.
"""

from axis.checks.policy import Policy
from axis.register import DirectoryView
from axis.reports import FileReport, SignatureReport
from axis.violations import Code, Violation


def check_fillings(
    files: tuple[FileReport, ...], view: DirectoryView, policy: Policy
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Judge what was filled between signatures.

    Args:
        files: in manifest order.
        view: the directory's part, with the seals and signers known in it.
        policy: ``filled_fields`` says where filling is accepted.

    Returns:
        What refuses, and the findings: every filling is shown, the accepted ones too.
    """
    refused: list[Violation] = []
    findings: list[Violation] = []
    for number, file in enumerate(files):
        signatures = file.pdf.signatures if file.pdf is not None else ()
        for place, signature in enumerate(signatures):
            if not signature.filled_behind:
                continue
            where = f"files[{number}].signatures[{place}]"
            told = f"{signature.filled_behind} field(s)"
            findings.append(Violation(Code.FINDING_FILLED, where, told))
            following = next((one for one in signatures[place + 1 :] if not one.timestamp), None)
            # A9: by default only the clerk's number and date, between the person and the own agency's seal.
            accepted = policy.filled_fields == "person-then-seal" and _of_one_agency(
                signature, following, view
            )
            if not accepted:
                refused.append(Violation(Code.FILLED_BETWEEN, where, told))
            elif signature.overwritten_behind:
                # What the person signed in them is gone: that is no filling, whoever does it.
                many = signature.overwritten_behind
                detail = f"{many} trường đã có nội dung khi ký / field(s) not empty when signed"
                refused.append(Violation(Code.FILLED_BETWEEN, where, detail))
    return tuple(refused), tuple(findings)


def _of_one_agency(person: SignatureReport, seal: SignatureReport | None, view: DirectoryView) -> bool:
    # Unknown is never yes: both must stand in the directory, each as what it is.
    if seal is None:
        return False
    signer = view.signers.get(person.certificate_sha256)
    sealed = view.seals.get(seal.certificate_sha256)
    return signer is not None and sealed is not None and signer.agency == sealed.agency
