"""When an answer is due, by the working calendar."""

from datetime import datetime

import pytest

from axis.checks.policy import load_policy
from axis.deadlines import answer_due
from axis.zone import VIETNAM

POLICY = load_policy()


def at(text):
    """A moment in Vietnam."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("came", "due"),
    [
        pytest.param("2026-11-20T09:00", "2026-11-20T17:00", id="same-day"),
        pytest.param("2026-11-20T16:59", "2026-11-20T17:00", id="last-minute"),
        pytest.param("2026-11-20T17:00", "2026-11-23T17:00", id="friday-evening-is-monday"),
        pytest.param("2026-11-21T10:00", "2026-11-23T17:00", id="saturday-is-monday"),
        pytest.param("2026-09-01T10:00", "2026-09-03T17:00", id="holidays-are-no-working-days"),
        pytest.param("2026-11-18T23:00", "2026-11-19T17:00", id="night"),
    ],
)
def test_an_ordinary_answer_is_due_on_the_working_day(came, due):
    """NĐ 30/2020 Điều 21: acknowledged the same working day."""
    assert answer_due(at(came), 0, POLICY) == at(due)


def test_an_urgent_answer_is_due_in_hours_whatever_the_day():
    """QĐ 28/2018 Điều 6.2: urgent ones at once."""
    assert answer_due(at("2026-11-21T23:00"), 1, POLICY) == at("2026-11-22T01:00")
