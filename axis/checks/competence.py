"""The competence on a document (TM, KT, TL, TUQ, Q), held to what was granted. Rules A5-A8, A10-A13. Pure.

Source:
    NĐ 30/2020 Điều 13 and Phụ lục I, II.7; exchange-rules 5.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from axis.checks.looks import visible
from axis.checks.policy import Policy
from axis.checks.signers import fold
from axis.envelope import Envelope
from axis.register import EVERY_KIND, Agency, Mandate, Signer
from axis.violations import Code, Violation

OWN: Final = ""
"""The signer's own office: no prefix."""

STANDING: Final = frozenset(
    {
        (OWN,),
        ("TM",),
        ("KT",),
        ("TL",),
        ("TUQ",),
        ("Q",),
        ("TM", "KT"),  # deputy of a body
        ("TM", "Q"),
        ("TL", "KT"),  # passed on to the own deputy
        ("TL", "Q"),
    }
)
"""The prefixes that may stand together, in this order."""

# "Q." is a quarter of a city too (UBND Q. 1): a prefix only where a line begins.
_PREFIX: Final = re.compile(r"(?:^|[\s/;,])(TM|KT|TL|TUQ|TƯQ)\.|(?:^|[\n/;])\s*(Q)\.")
_BEGINNING: Final = re.compile(r"(^|[\n/;])\s*(T\.?M|K\.?T|T\.?L|T\.?[UƯ]\.?Q)\.?(?=[\s:,])")
"""Without its point, or with points between, a prefix is one where a line begins."""


def competences_of(text: str, policy: Policy) -> tuple[str, ...]:
    """Return the prefixes of ``Competence`` in their order; ``("",)`` for the signer's own office.

    ``"TL. BỘ TRƯỞNG / KT. VỤ TRƯỞNG"`` is ``("TL", "KT")``; a text without a
    known prefix, such as the bare title ``"BỘ TRƯỞNG"``, is the own office.
    """
    said = _spelt(text)
    for name, words in policy.competences.items():
        # Written out, as nobody should: it says the same.
        said = re.sub(rf"(^|[\n/;])\s*{re.escape(_spelt(words))}(?=[\s:,])", rf"\1{name}.", said)
    said = _BEGINNING.sub(lambda found: f"{found[1]}{found[2].replace('.', '')}.", said)
    found = (first or second for first, second in _PREFIX.findall(said))
    known = tuple(name for name in (one.replace("Ư", "U") for one in found) if name in policy.competences)
    return known or (OWN,)


def _spelt(text: str) -> str:
    return visible(text).strip().upper().replace("UỶ", "ỦY")  # both are right


def check_competence(
    envelope: Envelope, signer: Signer, sender: Agency, policy: Policy, *, signed_at: datetime, where: str
) -> tuple[list[Violation], Mandate | None]:
    """Hold what the document says of its signer to the signer's mandates.

    Args:
        envelope: names the competence and the kind of document.
        signer: as the register has him.
        sender: the issuing agency.
        policy: knows the prefixes.
        signed_at: best signing time.
        where: the signature, for the violations.

    Returns:
        What is wrong, and the mandate that the document rests on; None where none does.
    """
    chain = competences_of(envelope.signer.competence, policy)
    if fault := _combination(chain, sender):
        return [Violation(fault, where, " / ".join(chain) or "(chức danh / own office)")], None
    mandates = []
    for competence in chain:
        found = _granted(competence, envelope, signer, signed_at=signed_at, where=where)
        if isinstance(found, Violation):
            return [found], None
        mandates.append(found)
    # A5: the signer is of the issuing agency; for TUQ the mandate names it.
    for mandate in mandates[0]:
        home = mandate.authorising_agency if mandate.competence == "TUQ" else signer.agency
        if home == sender.code:
            return [], mandate
    return [Violation(Code.SIGNER_NOT_OF_SENDER, where, f"người ký của / signer of {signer.agency}")], None


def _combination(chain: tuple[str, ...], sender: Agency) -> Code | None:
    # A11: what was authorised (TUQ) is not passed on, and TL only to the own deputy.
    if len(chain) > 1 and (chain[0] == "TUQ" or "TUQ" in chain[1:] or chain.count("TL") > 1):
        return Code.COMPETENCE_PASSED_ON
    # A13: the others stand together in one order only.
    if chain not in STANDING:
        return Code.COMPETENCE_ORDER
    # A12: a body speaks through TM; TL and TUQ are the head's own to give.
    if sender.collective and chain[0] in {OWN, "KT", "Q"}:
        return Code.COLLECTIVE_NEEDS_TM
    return None


def _granted(
    competence: str, envelope: Envelope, signer: Signer, *, signed_at: datetime, where: str
) -> list[Mandate] | Violation:
    granted = [m for m in signer.mandates if m.competence == competence]
    # A8: the competence on the document was granted at all.
    if not granted:
        return Violation(Code.COMPETENCE_NOT_GRANTED, where, competence or "(chức danh / own office)")
    # A6: in force at signing time; ``valid_until`` itself is already too late.
    current = [
        m
        for m in granted
        if m.valid_from <= signed_at and (m.valid_until is None or signed_at < m.valid_until)
    ]
    if not current:
        return Violation(Code.MANDATE_NOT_IN_FORCE, where, signed_at.isoformat())
    # A7: it covers this kind of document.
    kind = fold(envelope.type_name)
    fitting = [m for m in current if EVERY_KIND in m.kinds or kind in {fold(k) for k in m.kinds}]
    if not fitting:
        return Violation(Code.KIND_NOT_GRANTED, where, envelope.type_name)
    # A10: it says what the law asks a mandate of its sort to say.
    whole = [m for m in fitting if not list(lacks(m))]
    if not whole:
        return Violation(Code.MANDATE_INCOMPLETE, where, "; ".join(lacks(fitting[0])))
    return whole


def lacks(mandate: Mandate) -> Iterator[str]:
    """Yield what a mandate must say and does not, in both languages; nothing: it is complete.

    Source:
        NĐ 30/2020 Điều 13: KT for assigned fields, TL for kinds listed in the
        working rules, TUQ in writing with time limit and content; exchange-rules 5 for Q.
    """
    every = EVERY_KIND in mandate.kinds
    if mandate.competence == "TUQ":
        if mandate.valid_until is None:
            yield "thừa ủy quyền (TUQ) phải có thời hạn / TUQ needs a time limit"
        if every and not mandate.field:
            yield "thừa ủy quyền (TUQ) phải có nội dung / TUQ needs its content (kinds or field)"
    if mandate.competence == "TL" and every:
        yield "thừa lệnh (TL) phải kể loại văn bản / TL needs its kinds listed"
    if mandate.competence == "KT" and every and not mandate.field:
        yield "ký thay (KT) phải có lĩnh vực hoặc loại văn bản / KT needs its field or kinds"
    if mandate.competence == "Q" and not mandate.basis:
        yield "quyền (Q) phải có quyết định giao quyền / Q needs its appointment (basis)"
