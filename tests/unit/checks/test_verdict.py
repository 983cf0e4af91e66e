"""Four parts make one verdict, and unknown is never turned into yes or no."""

import itertools

from axis.checks.verdict import PARTS, joined, overall, refusals
from axis.reports import Outcome, Part
from axis.violations import Code, Violation


def test_only_four_accepted_parts_are_an_acceptance():
    """Every other combination refuses or waits."""
    for outcomes in itertools.product(Outcome, repeat=4):
        parts = {name: Part(outcome=o) for name, o in zip(PARTS, outcomes, strict=True)}
        result = overall(parts)
        assert (result is Outcome.ACCEPTED) == (set(outcomes) == {Outcome.ACCEPTED})
        assert (result is Outcome.REFUSED) == (Outcome.REFUSED in outcomes)


def test_a_missing_part_is_no_acceptance():
    """A part nobody judged makes the whole wait."""
    parts = {name: Part(outcome=Outcome.ACCEPTED) for name in PARTS[:3]}
    assert overall(parts) is Outcome.WAITING


def test_no_files_are_not_an_accepted_file():
    """Nothing to judge is not judged."""
    assert joined(()).outcome is Outcome.NOT_JUDGED


def test_reasons_of_waiting_parts_are_not_among_the_refusals():
    """A refusal quotes what refuses, never what is merely unknown."""
    bad, unknown = Violation(Code.REVOKED, "", ""), Violation(Code.REVOCATION_UNAVAILABLE, "", "")
    parts = {
        "integrity": Part(outcome=Outcome.REFUSED, reasons=(bad, bad)),
        "trust": Part(outcome=Outcome.WAITING, reasons=(unknown,)),
    }
    assert refusals(parts) == (bad,)
