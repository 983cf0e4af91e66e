"""The colour profile that DSS adds to a catalog with a visible signature (rule G5)."""

import hashlib
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import CatalogModificationRule, ModificationLevel
from pyhanko.sign.diff_analysis.rules_api import ReferenceUpdate

from signing.harmless import Updates

PROFILES: Final = frozenset(
    {
        "4064240d928fddcc777915e2be0c81871c5ea9b6e08327ddbe6be9908fc22525",  # Java 17
        "87e382b9336e6a0417a4d860173109ab319a029cf2972e19833a3327c65bd7e4",  # Java 25
    }
)
"""SHA-256 of the sRGB profiles that come with Java."""

_KEY: Final = "/OutputIntents"
_PROFILE: Final = "/DestOutputProfile"
_WORDS: Final = frozenset({"/OutputCondition", "/OutputConditionIdentifier", "/RegistryName", "/Info"})


class KnownColours(CatalogModificationRule):
    """pyHanko's rule for the catalog, but for one intent of output where there was none.

    A profile can turn black into white. These two say that red, green and blue are what every viewer
    takes them for without a profile, and nothing of other colours.
    """

    def __init__(self) -> None:
        """Ignore what the original ignores."""
        super().__init__()  # type: ignore[no-untyped-call]

    def apply_qualified(self, old: HistoricalResolver, new: HistoricalResolver) -> Updates:
        """Approve the changes of one revision."""
        if _KEY in old.root or _KEY not in new.root:
            yield from super().apply_qualified(old, new)
            return
        added = list(_references(new.root.raw_get(_KEY), new))
        yield from CatalogModificationRule(self.ignored_keys | {_KEY}).apply_qualified(old, new)
        if not _is_known(new.root[_KEY]):
            # Compared as ever: the catalog has one entry too many.
            yield from super().apply_qualified(old, new)
        for reference in added:
            if old.is_ref_unassignable(reference):
                yield ModificationLevel.LTA_UPDATES, ReferenceUpdate(reference)


def _is_known(intents: Any) -> bool:  # noqa: ANN401  # pyHanko's objects are untyped
    if not isinstance(intents, generic.ArrayObject) or len(intents) != 1:
        return False
    intent = intents[0]
    if not isinstance(intent, generic.DictionaryObject) or isinstance(intent, generic.StreamObject):
        return False
    if intent.get("/S") != "/GTS_PDFA1" or not intent.keys() <= _WORDS | {"/Type", "/S", _PROFILE}:
        return False
    profiles = [intent[key] for key in intent if key == _PROFILE]  # followed where it is a reference
    if len(profiles) != 1 or not isinstance(profiles[0], generic.StreamObject):
        return False
    profile = profiles[0]
    if not profile.keys() <= {"/N", "/Length", "/Filter"} or profile.get("/N") != len("RGB"):
        return False
    return hashlib.sha256(profile.data).hexdigest() in PROFILES


def _references(value: Any, view: HistoricalResolver) -> list[generic.Reference]:  # noqa: ANN401
    # Of the list, the intent and its profile, no deeper.
    found: list[generic.Reference] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, generic.IndirectObject):
            found.append(one.reference)
            one = view(one.reference)
        if isinstance(one, generic.ArrayObject):
            waiting.extend(one.raw_get(index) for index in range(len(one)))
        elif isinstance(one, generic.DictionaryObject) and _PROFILE in one:
            waiting.append(one.raw_get(_PROFILE))
    return found
