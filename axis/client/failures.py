"""What a call to the axis may end with besides its answer."""

import msgspec

from axis.answers import Reason
from axis.errors import AxisError, UnavailableError


class AxisRefusedError(AxisError):
    """The axis said no. Branch on ``code``; the words are for people."""

    def __init__(self, status: int, problem: "Problem") -> None:
        """Keep the problem details.

        Args:
            status: HTTP status.
            problem: as the axis told it.
        """
        super().__init__(f"{problem.title} / {problem.title_en} [{problem.code}] {problem.detail}".rstrip())
        self.status = status
        self.code = problem.code
        self.rule = problem.rule
        self.vi = problem.title
        self.en = problem.title_en
        self.detail = problem.detail
        self.reasons = problem.violations


class UnreachableError(UnavailableError):
    """The axis did not answer, or had no room, for as long as the client was willing to try."""


class NotYetError(AxisError):
    """What was waited for has not happened in the time given. It still may."""


class DamagedError(AxisError):
    """What came is not what the axis sent: its digest differs. Fetch it again."""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457), as far as they came."""

    title: str = ""
    """Vietnamese."""
    title_en: str = ""
    code: str = ""
    rule: str = ""
    detail: str = ""
    violations: tuple[Reason, ...] = ()
