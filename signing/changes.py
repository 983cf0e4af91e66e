"""What was done to a document after a signature (rule G5).

pyHanko compares revisions, with its default rules and both of its leniences
off; what of that refuses harmless kinds stands in `signing.harmless`. What its
rules let pass and ours do not stands in `signing.looseness`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Final

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import (
    DEFAULT_DIFF_POLICY,
    CatalogModificationRule,
    DiffResult,
    DSSCompareRule,
    FormUpdatingRule,
    ModificationLevel,
    SigFieldModificationRule,
    StandardDiffPolicy,
    SuspiciousModification,
)
from pyhanko.sign.diff_analysis.form_rules_api import FormUpdate
from pyhanko.sign.diff_analysis.rules_api import QualifiedWhitelistRule
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from axis.violations import Code, Violation
from signing.colours import KnownColours
from signing.defaults import brings_usual_defaults
from signing.filling import SignedField, empty_fields
from signing.harmless import (
    FreedNothing,
    FreedUnused,
    SameAgain,
    SameAgainPlainly,
    UnusedLeftOver,
    UnusedLeftOverPlainly,
    UnusedLongTermData,
    unused_frees,
)
from signing.leftover_tables import LeftOverTable
from signing.longterm import StoreAnew, has_missing_data
from signing.overlaid import lies_over
from signing.overriding import as_filled, is_looked_at, is_used_elsewhere
from signing.structure import TaggedSignature
from signing.versions import Reader


class _Touched(FormUpdatingRule):
    """pyHanko's rule for forms, less the updates of what a revision does not touch, or nobody looked at.

    It also names fields whose appearance is older than the signature and the same as ever, and then
    takes them for changed: a lock would refuse the document for a time-stamp behind it.
    """

    def __init__(self, rule: FormUpdatingRule) -> None:
        super().__init__(rule.field_rules, rule.ignored_acroform_keys)

    def apply(
        self, old: HistoricalResolver, new: HistoricalResolver
    ) -> Iterator[tuple[ModificationLevel, FormUpdate]]:
        touched: set[generic.Reference] = new.explicit_refs_in_revision()
        before = new.reader.get_historical_resolver(new.revision - 1)
        for level, update in super().apply(old, new):
            of_the_form = update.field_name is None and level is ModificationLevel.FORM_FILLING
            if of_the_form and brings_usual_defaults(before, new):
                level = ModificationLevel.LTA_UPDATES  # noqa: PLW2901 - nothing is drawn by them
            if update.updated_ref in touched and is_looked_at(old, new, update):
                yield level, as_filled(old, new, update)


def _policy(*more: QualifiedWhitelistRule, signed_fields: bool = False) -> StandardDiffPolicy:
    rules = DEFAULT_DIFF_POLICY.global_rules
    if more:  # `StoreAnew` among them, which takes the place of the stricter one
        rules = [rule for rule in rules if not isinstance(getattr(rule, "rule", None), DSSCompareRule)]
    if signed_fields:
        rules = [KnownColours() if isinstance(rule, CatalogModificationRule) else rule for rule in rules]
    form = DEFAULT_DIFF_POLICY.form_rule
    assert form is not None, "it has one"
    if signed_fields:
        fields = form.field_rules
        fields = [SignedField() if isinstance(one, SigFieldModificationRule) else one for one in fields]
        form = FormUpdatingRule(fields, ignored_acroform_keys=form.ignored_acroform_keys)
    return StandardDiffPolicy(
        global_rules=[*rules, *more],
        form_rule=_Touched(form),
        # Freeing is never free: each freed number needs a rule that explains it.
        reject_object_freeing=not more,
        ignore_orphaned_objects=False,
        ignore_identical_objects=False,
    )


POLICY: Final = _policy()
"""What nearly every document needs, and the cheapest."""
_BEHIND: Final = _policy(
    StoreAnew(),
    UnusedLongTermData(),
    FreedNothing(),
    SameAgainPlainly(),
    UnusedLeftOverPlainly(),
    LeftOverTable(),
)
"""For updates that no later signature covers."""
_BETWEEN: Final = _policy(
    StoreAnew(),
    UnusedLongTermData(),
    FreedNothing(),
    SameAgain(),
    FreedUnused(),
    UnusedLeftOver(),
    TaggedSignature(),
    LeftOverTable(),
    signed_fields=True,
)
"""For updates that a later signature covers."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What the revisions behind one signature do."""

    faults: tuple[Violation, ...] = ()
    filled: dict[str, int] = field(default_factory=dict)
    """Fields, no signatures, that were filled where this signature permits it and a later one
    covers it: by name, the first revision that did."""
    overwritten: frozenset[str] = frozenset()
    """Those of them that held something when this was signed, or are buttons."""
    unpermitted: int = 0
    """Fields, no signatures, that were added or filled where no later signature answers for it (rule G8)."""


def check_changes(
    reader: Reader,
    signature: EmbeddedPdfSignature,
    *,
    judged: Collection[str],
    stamps: Collection[str],
    sealed: int,
    newest: bool,
    timestamp: bool,
) -> Changes:
    """Judge every revision behind a signature's own.

    Args:
        reader: the document.
        signature: the signature, its coverage established.
        judged: names of the signature fields that are verified themselves.
        stamps: those of them that are document time-stamps and show nothing.
        sealed: revision of the last signature that is no document time-stamp.
        newest: no person's or agency's signature comes after it; then only
            long-term data and document time-stamps may.
        timestamp: it is a document time-stamp, whose own permissions mean nothing.
    """
    permitted = (None, None) if timestamp else _permitted(signature)
    if isinstance(permitted, Violation):
        return Changes((permitted,))
    permission, locks = permitted
    old = reader.get_historical_resolver(signature.signed_revision)
    level, changed, filled = ModificationLevel.NONE, set[str](), dict[str, int]()
    for number in range(signature.signed_revision + 1, reader.total_revisions):
        new = reader.get_historical_resolver(number)
        policies = (POLICY, _BETWEEN if number <= sealed else _BEHIND)
        result = _compared(policies, old, new, locks, permission)
        if isinstance(result, Violation):
            return Changes((result,))
        level = max(level, result.modification_level)
        changed |= result.changed_form_fields
        if number <= sealed:
            if lies_over(new, result.changed_form_fields):
                detail = "what a later update shows in fields may cover more than a quarter of a page"
                return Changes((Violation(Code.CHANGED_AFTER, "", detail),))
            for name in result.changed_form_fields - set(judged):
                filled.setdefault(name, number)
    if level is ModificationLevel.FORM_FILLING and _only(changed, stamps):
        level = ModificationLevel.LTA_UPDATES
    faults = []
    # What was filled before a later signature is a finding; here only what none covers.
    if foreign := len(changed - filled.keys() - set(judged)):
        detail = f"a later update adds or fills {foreign} field(s) that are no verified signature"
        faults.append(Violation(Code.CHANGED_AFTER, "", detail))
    faults.extend(_beyond(level, permission, newest=newest))
    held = filled.keys() - empty_fields(old.root) if filled else set()
    return Changes(tuple(faults), filled, frozenset(held), foreign)


def _beyond(level: ModificationLevel, permission: MDPPerm | None, *, newest: bool) -> Iterator[Violation]:
    if level > ModificationLevel.FORM_FILLING:
        yield Violation(Code.CHANGED_AFTER, "", "a later update changes annotations")
    elif newest and level > ModificationLevel.LTA_UPDATES:
        detail = "after the newest signature only long-term data and time-stamps may follow"
        yield Violation(Code.CHANGED_AFTER, "", detail)
    if permission is not None and level.value > permission.value:
        yield Violation(Code.CHANGED_AFTER, "", "it permits no such change (DocMDP)")


def _permitted(signature: EmbeddedPdfSignature) -> tuple[MDPPerm | None, FieldMDPSpec | None] | Violation:
    try:
        return signature.docmdp_level, signature.fieldmdp
    except (misc.PdfError, KeyError, ValueError, TypeError, AttributeError):
        detail = "what it permits cannot be read (DocMDP, FieldMDP), and an update follows"
        return Violation(Code.CHANGED_AFTER, "", detail)


def _compared(
    policies: tuple[StandardDiffPolicy, ...],
    old: HistoricalResolver,
    new: HistoricalResolver,
    locks: FieldMDPSpec | None,
    permission: MDPPerm | None,
) -> DiffResult | Violation:
    broken = None
    for policy in policies:
        try:
            if is_used_elsewhere(old, new):
                return Violation(Code.CHANGED_AFTER, "", "a later update changes what else is made of")
            return policy.apply(old, new, field_mdp_spec=locks, doc_mdp=permission)
        except SuspiciousModification:
            continue  # its message names objects and fields: it stays here
        except misc.PdfReadError as exc:
            broken = exc
            # The one thing that may be missing is a piece of long-term data in this very update.
            if not has_missing_data(new.reader, new.revision):
                break
    if broken is not None:
        if any(has_missing_data(new.reader, number) for number in range(new.revision + 1)):
            detail = "long-term data names objects that are not in the file"
            return Violation(Code.LONG_TERM_MISSING, "", detail)
        raise broken
    if new.refs_freed_in_revision() - set(unused_frees(new)):
        return Violation(Code.OBJECTS_FREED, "", "a later update frees objects in use")
    return Violation(Code.CHANGED_AFTER, "", "a later update changes what no rule allows")


def _only(changed: Collection[str], stamps: Collection[str]) -> bool:
    # pyHanko goes by /Type, and calls a time-stamp stored as /Sig a form that was filled.
    return bool(changed) and set(changed) <= set(stamps)
