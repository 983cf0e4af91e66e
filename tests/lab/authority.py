"""The lab's test authority: one for each run of the tests, made when first asked for."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from axis.sandbox.authority import Authority, create_authority
from axis.sandbox.directory import demo_agencies, write_directory
from axis.sandbox.profiles import AUTHORITIES

LAB_URL = "http://127.0.0.1:9"
"""Nobody listens there: whoever fetches from the lab's authority in a unit test finds out."""


@cache
def lab_authority() -> Authority:
    """Return the lab's authority, with everyone of the demonstration's directory."""
    home = Path(tempfile.mkdtemp(prefix="axis-lab-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return create_authority(home / "authority", LAB_URL, demo_agencies())


def all_crls() -> tuple[bytes, ...]:
    """Return the CRLs of all the lab's authorities, DER; new ones when something was revoked."""
    known = lab_authority().record.identities.values()
    return _crls(frozenset(who.label for who in known if who.revoked_at is not None))


@cache
def _crls(revoked: frozenset[str]) -> tuple[bytes, ...]:
    del revoked
    return tuple(lab_authority().crl(name) for name in AUTHORITIES)


def lab_directory(folder: Path) -> tuple[Path, Path, Path]:
    """Write agencies.csv, signers.csv and seals.csv that know the lab's certificates."""
    return write_directory(lab_authority(), folder)
