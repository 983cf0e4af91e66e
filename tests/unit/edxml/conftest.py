"""The samples of ../shared: skipped where they do not exist, missed in CI."""

import os
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "edxml"


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the folder of edXML samples."""
    if not SAMPLES.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{SAMPLES} is missing: CI must have the shared samples")
        pytest.skip(f"{SAMPLES} is not here")
    return SAMPLES
