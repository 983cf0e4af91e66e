"""The register of signers: mandates are granted and ended, never edited; each by who may."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from axis.directory.problems import Place
from axis.directory.registering import register
from axis.register import Agency, Level, Mandate, Seal, Signer

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)
DAY = timedelta(days=1)
HERE = Place("x.csv", 2)
AGENCIES = {
    code: Agency(code=code, name=code, level=Level.CENTRAL, valid_from=date(2020, 1, 1))
    for code in ("G12", "G12.05", "G22")
}
GRANTED = Mandate(competence="KT", kinds=("công văn",), valid_from=NOW - 30 * DAY, valid_until=None)
PERSON = Signer(
    certificate_sha256="a" * 64, agency="G12", full_name="N", position="Thứ trưởng", mandates=(GRANTED,)
)
TUQ = Mandate(
    competence="TUQ",
    kinds=("báo cáo",),
    valid_from=NOW,
    valid_until=NOW + 30 * DAY,
    authorising_agency="G22",
)
replace = msgspec.structs.replace


def put(signer, *, current=PERSON, allowed=("G12",), seals=()):
    """Merge one signer; return the new ones, and the problems."""
    done = register(
        [(signer, HERE)],
        current={current.certificate_sha256: current} if current else {},
        seals={one: Seal(certificate_sha256=one, agency="G12") for one in seals},
        agencies=AGENCIES,
        allowed=allowed,
        at=NOW,
    )
    return done.signers, [problem.en for problem in done.problems]


def granting(*mandates, **change):
    return replace(PERSON, mandates=mandates, **change)


def test_a_new_person_and_a_new_mandate_are_added():
    """What was there stays, what is new comes behind it."""
    assert put(PERSON, current=None) == ((PERSON,), [])
    more = Mandate(competence="", kinds=("*",), valid_from=NOW, valid_until=None)
    assert put(granting(more)) == ((granting(GRANTED, more),), [])


def test_the_same_again_changes_nothing():
    """Importing twice is importing once."""
    assert put(PERSON) == ((), [])


@pytest.mark.parametrize("until", [NOW, NOW + DAY, NOW - timedelta(hours=14)], ids=["now", "later", "today"])
def test_a_mandate_is_ended(until):
    """The mandate as it was, with an end of today or later."""
    ended = replace(GRANTED, valid_until=until)
    assert put(granting(ended)) == ((granting(ended),), [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, NOW - 2 * DAY),
        (NOW + DAY, NOW + 2 * DAY),
        (NOW + DAY, None),
    ],
    ids=["ended-in-the-past", "prolonged", "end-taken-back"],
)
def test_a_granted_mandate_is_not_edited(before, after):
    """What was judged by it yesterday must be judged the same today."""
    current = granting(replace(GRANTED, valid_until=before))
    signers, problems = put(granting(replace(GRANTED, valid_until=after)), current=current)
    assert signers == ()
    assert ["not edited" in one for one in problems] == [True]


def test_another_kind_is_another_mandate():
    """The old one stands beside it as it was."""
    wider = replace(GRANTED, kinds=("công văn", "quyết định"))
    assert put(granting(wider)) == ((granting(GRANTED, wider),), [])


@pytest.mark.parametrize(
    ("signer", "current", "words"),
    [
        (PERSON, None, "does not speak for G12"),
        (granting(replace(GRANTED, valid_until=NOW + DAY)), PERSON, "does not speak for G12"),
        (granting(GRANTED, position="Bộ trưởng"), PERSON, "does not speak for G12"),
        (granting(TUQ), PERSON, None),
        (granting(TUQ), None, "does not speak for G12"),
    ],
    ids=["new-person", "end", "position", "TUQ-for-the-own-agency", "TUQ-for-a-person-unknown"],
)
def test_who_grants_answers_for_it(signer, current, words):
    """An agency's people are its own; for TUQ the authorising agency grants, to people who are registered."""
    signers, problems = put(signer, current=current, allowed=("G22",))
    assert bool(signers) == (words is None)
    assert all(words in one for one in problems)


def test_nobody_grants_in_the_name_of_another_agency():
    """A TUQ mandate is the authorising agency's to give, never the person's own agency's."""
    signers, problems = put(granting(TUQ), allowed=("G12",))
    assert signers == ()
    assert problems == ["the connection does not speak for G22"]


@pytest.mark.parametrize(
    ("signer", "seals", "words"),
    [
        (granting(agency="G22"), (), "registered for G12"),
        (replace(PERSON, agency="G99"), (), 'no agency "G99"'),
        (PERSON, ("a" * 64,), "a seal's"),
    ],
    ids=["moved", "unknown-agency", "a-seal"],
)
def test_a_certificate_is_one_persons_of_one_agency(signer, seals, words):
    """Nobody moves with a certificate, and a seal is nobody."""
    signers, problems = put(signer, allowed=None, seals=seals)
    assert signers == ()
    assert words in problems[0]
