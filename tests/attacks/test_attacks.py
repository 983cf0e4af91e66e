"""Each attack is shown to be one, and refused for its reason; what it attacks is accepted.

Every file is built here, from letters of our own, signed with keys made on the
spot. ``pytest tests/attacks --rules`` prints which rule catches how many.
"""

from datetime import UTC, datetime

import pytest

from axis.reports import Outcome, PdfReport
from signing import cms_plain
from tests.attacks import (
    approvals,
    combined,
    contents,
    fields,
    layouts,
    looks,
    overruns,
    references,
    signatures,
    updates,
    values,
)
from tests.attacks.building import Attack
from tests.attacks.counting import Counts
from tests.lab.pdfs import codes, judge

ATTACKS = (
    *updates.ATTACKS,
    *looks.ATTACKS,
    *signatures.ATTACKS,
    *fields.ATTACKS,
    *values.ATTACKS,
    *references.ATTACKS,
    *overruns.ATTACKS,
    *contents.ATTACKS,
    *combined.ATTACKS,
    *approvals.ATTACKS,
    *layouts.ATTACKS,
)


def accepted(report: PdfReport) -> bool:
    """All three parts are accepted."""
    return {report.integrity.outcome, report.content.outcome, report.trust.outcome} == {Outcome.ACCEPTED}


@pytest.mark.parametrize("attack", [pytest.param(each, id=each.name) for each in ATTACKS])
def test_an_attack_is_one_and_is_refused_for_its_reason(
    attack: Attack, counts: Counts, monkeypatch: pytest.MonkeyPatch
):
    """A viewer or plain pyHanko is fooled; the axis accepts the original and refuses the attack.

    Which of the two readers of CMS answers makes no difference.
    """
    original, attacked = attack.original(), attack.make()
    assert attacked != original
    assert accepted(judge(original)), codes(judge(original))
    missing = [show.__name__ for show in attack.shown if not show(original, attacked)]
    assert not missing, f"nothing shows that it is an attack: {missing}"
    now = datetime.now(UTC)
    report = judge(attacked, at=now)
    counts.add(attack.name, report)
    assert getattr(report, attack.part).outcome is Outcome.REFUSED
    assert attack.code in codes(report)[attack.part]
    monkeypatch.setattr(cms_plain, "read", lambda *_: None)
    monkeypatch.setattr(cms_plain, "read_info", lambda *_: None)
    assert judge(attacked, at=now) == report


def test_there_are_enough_of_each_kind():
    """No two attacks bear one name, and no family is empty."""
    names = [each.name for each in ATTACKS]
    assert len(set(names)) == len(names) >= 150
    families = {name.partition("-")[0] for name in names}
    assert families == {
        "isa", "shadow", "look", "eaa", "ssa", "usf", "swa", "range", "field", "certified", "locked",
        "filled", "cms", "xref", "overrun", "content", "both",
    }  # fmt: skip
