"""By the axis' own rules every named fault is refused for its reason, and every good packet accepted."""

import pytest

from axis.reports import Outcome
from axis.sandbox.faults import FAULTS
from axis.violations import Code
from tests.lab.documents import a_packet
from tests.lab.judging import judge_packet

FOLLOWS = {
    # Where there is no signature that can be read, there is neither person nor seal.
    "no-signature": {Code.PERSON_MISSING, Code.SEAL_MISSING},
    "impostor-authority": {Code.SIGNER_UNREGISTERED},
    # A time-stamp over a weak digest proves nothing.
    "sha1": {Code.TIMESTAMP_INVALID},
}
"""Reasons that follow from the one that was put in."""


def reasons(judgement):
    return {violation.code for violation in judgement.violations}


@pytest.mark.parametrize(
    ("sender", "competence"),
    [("G22", ""), ("G22", "KT"), ("G22", "TL"), ("G22", "Q"), ("H37", "TM"), ("H37", "TMKT"), ("H37", "TL")],
)
def test_a_good_packet_is_accepted_with_each_competence(sender, competence):
    """What the sandbox calls good passes every rule, without a finding."""
    judgement = judge_packet(a_packet(sender, competence=competence, kind="Báo cáo"), sender=sender)
    assert (judgement.outcome, reasons(judgement)) == (Outcome.ACCEPTED, set())
    assert judgement.findings == ()


def test_a_delegation_in_writing_is_accepted():
    """TUQ: the person of a subordinate agency signs, the superior one seals."""
    judgement = judge_packet(a_packet("G22", competence="TUQ"), sender="G22")
    assert (judgement.outcome, reasons(judgement)) == (Outcome.ACCEPTED, set())


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_for_its_own_reason(name):
    """The reason is there, and nothing stands beside it that does not follow from it."""
    judgement = judge_packet(a_packet(fault=name))
    assert judgement.outcome is Outcome.REFUSED
    assert reasons(judgement) == {FAULTS[name].code} | FOLLOWS.get(name, set())
