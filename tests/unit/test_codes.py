"""Canonical codes that a door keeps for a moment."""

from axis.desk.codes import KEEP_SECONDS, Codes


class Register:
    """A directory that can change, and counts how often it was asked."""

    def __init__(self):
        self.known, self.asked, self.now = {"old": "H37"}, 0, 0.0

    async def ask(self, code):
        self.asked += 1
        return self.known.get(code)


async def test_a_known_code_serves_for_a_moment_and_no_longer():
    """One question in that time; what the directory says then counts."""
    register = Register()
    codes = Codes(lambda: register.now)
    for _ in range(100):
        assert await codes.canonical("old", register.ask) == "H37"
    assert register.asked == 1
    register.known["old"], register.now = "H38", KEEP_SECONDS
    assert await codes.canonical("old", register.ask) == "H38"


async def test_an_unknown_code_is_asked_for_each_time():
    """An agency that is imported now is known with the next packet."""
    register = Register()
    codes = Codes(lambda: register.now)
    assert await codes.canonical("new", register.ask) is None
    register.known["new"] = "G12"
    assert await codes.canonical("new", register.ask) == "G12"
    assert register.asked == 2
