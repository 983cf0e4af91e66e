"""When an answer is due, by the working calendar of policy data. Pure."""

from datetime import date, datetime, time, timedelta

from axis.checks.policy import Policy
from axis.zone import VIETNAM


def is_working_day(day: date, policy: Policy) -> bool:
    """Tell whether offices are open on a day."""
    return day.weekday() in policy.working_days and day not in policy.holidays


def answer_due(consigned_at: datetime, priority: int, policy: Policy) -> datetime:
    """Return the moment at which an answer to a delivery is overdue.

    Args:
        consigned_at: when it reached the recipient's mailbox, timezone-aware.
        priority: 0 thường; from 1 on urgent.
        policy: calendar and hours.

    Returns:
        For ordinary documents the closing hour of the same working day; of the
        next one where it came after hours or on a day off. For urgent ones a
        span of hours, whatever the day.

    Source:
        NĐ 30/2020 Điều 21.2.c (acknowledged the same day) and QĐ 28/2018
        Điều 6.2 (urgent at once); hours and span are policy data.
    """
    if priority > 0:
        return consigned_at + timedelta(hours=policy.urgent_answer_within_hours)
    local = consigned_at.astimezone(VIETNAM)
    closing = time(policy.answer_by_hour)
    day = local.date()
    left = policy.answer_within_working_days
    if is_working_day(day, policy) and local.time() >= closing:
        left += 1  # what comes after hours counts from the next working day
    while True:
        if is_working_day(day, policy):
            left -= 1
            if left == 0:
                return datetime.combine(day, closing, VIETNAM)
        day += timedelta(days=1)
