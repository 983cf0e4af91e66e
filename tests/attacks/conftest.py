"""The table of rules, filled while the attacks run."""

import pytest

from tests.attacks.counting import Counts

_KEPT = pytest.StashKey[Counts]()


def pytest_addoption(parser):
    """Offer the table."""
    parser.addoption("--rules", action="store_true", help="print how many attacks each rule catches alone")


@pytest.fixture(scope="session")
def counts(pytestconfig) -> Counts:
    """Keep what every attack was refused for."""
    return pytestconfig.stash.setdefault(_KEPT, Counts())


def pytest_terminal_summary(terminalreporter, config):
    """Print the table where it was asked for."""
    if config.getoption("--rules", default=False) and (kept := config.stash.get(_KEPT, None)):
        terminalreporter.write_line(f"{len(kept.reasons)} attacks\n{kept.table()}")
