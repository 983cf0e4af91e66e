"""What was done to a document after a signature (rule G5).

pyHanko compares revisions, with its default rules and both of its leniences
off. What its rules let pass and ours do not stands in `signing.looseness`.
"""

from collections.abc import Collection
from typing import Final

from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    ModificationLevel,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from axis.violations import Code, Violation

POLICY: Final = StandardDiffPolicy(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=DEFAULT_DIFF_POLICY.form_rule,
    reject_object_freeing=True,
    ignore_orphaned_objects=False,
    ignore_identical_objects=False,
)


def check_changes(
    reader: PdfFileReader,
    signature: EmbeddedPdfSignature,
    *,
    judged: Collection[str],
    stamps: Collection[str],
    newest: bool,
    timestamp: bool,
) -> tuple[Violation, ...]:
    """Judge every revision behind a signature's own.

    Args:
        reader: the document.
        signature: the signature, its coverage established.
        judged: names of the signature fields that are verified themselves.
        stamps: those of them that are document time-stamps and show nothing.
        newest: no person's or agency's signature comes after it; then only
            long-term data and document time-stamps may.
        timestamp: it is a document time-stamp, whose own permissions mean nothing.
    """
    if signature.signed_revision == reader.total_revisions - 1:
        return ()
    permission = None if timestamp else signature.docmdp_level
    result = POLICY.review_file(
        reader,
        signature.signed_revision,
        field_mdp_spec=None if timestamp else signature.fieldmdp,
        doc_mdp=permission,
    )
    if isinstance(result, SuspiciousModification):
        # Its message names objects and fields: it stays here.
        return (Violation(Code.CHANGED_AFTER, "", "a later update changes what no rule allows"),)
    faults = []
    level = result.modification_level
    if foreign := len(set(result.changed_form_fields) - set(judged)):
        detail = f"a later update adds or fills {foreign} field(s) that are no verified signature"
        faults.append(Violation(Code.CHANGED_AFTER, "", detail))
    if level > ModificationLevel.FORM_FILLING:
        faults.append(Violation(Code.CHANGED_AFTER, "", "a later update changes annotations"))
    elif newest and level > ModificationLevel.LTA_UPDATES and not _only(result.changed_form_fields, stamps):
        detail = "after the newest signature only long-term data and time-stamps may follow"
        faults.append(Violation(Code.CHANGED_AFTER, "", detail))
    if permission is not None and level.value > permission.value:
        faults.append(Violation(Code.CHANGED_AFTER, "", "it permits no such change (DocMDP)"))
    return tuple(faults)


def _only(changed: Collection[str], stamps: Collection[str]) -> bool:
    # pyHanko goes by /Type, and calls a time-stamp stored as /Sig a form that was filled.
    return bool(changed) and set(changed) <= set(stamps)
