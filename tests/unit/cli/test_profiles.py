"""Profiles: secrets of connections on this machine."""

import stat

import msgspec
import pytest

from axis.cli import exits, profiles
from axis.cli.exits import StopError
from axis.cli.profiles import Profile

ONE = Profile(
    name="dms",
    rest_url="https://127.0.0.1:1",
    client_id="dms.1",
    client_secret="s",
    ca_file="",
    agencies=("G12",),
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A fresh home."""
    monkeypatch.setenv("AXIS_HOME", str(tmp_path))
    return tmp_path


def test_only_its_owner_can_read_a_profile():
    """The file has mode 0600 from the moment it exists."""
    path = profiles.save(ONE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert profiles.load("dms") == profiles.load("") == ONE


def test_a_profile_that_others_can_read_is_refused():
    """A secret that lies open is no secret."""
    profiles.save(ONE).chmod(0o644)
    with pytest.raises(StopError, match="chmod 600") as stop:
        profiles.load("dms")
    assert stop.value.code == exits.CREDENTIALS


def test_without_a_name_there_must_be_exactly_one():
    """None or several: the line says how to choose or make one."""
    with pytest.raises(StopError, match="--as"):
        profiles.load("")
    profiles.save(ONE)
    profiles.save(Profile(**{**{f: getattr(ONE, f) for f in ONE.__struct_fields__}, "name": "two"}))
    with pytest.raises(StopError, match="dms, two"):
        profiles.load("")
    with pytest.raises(StopError, match="hiện có: dms, two"):
        profiles.load("three")


def test_profiles_follow_the_local_door_to_another_port():
    """Only those that spoke with the door that moved; a remote axis stays where it is."""
    profiles.save(ONE)
    profiles.save(msgspec.structs.replace(ONE, name="far", rest_url="https://truc.example"))
    profiles.follow("https://127.0.0.1:1", "https://127.0.0.1:2")
    assert profiles.load("dms").rest_url == "https://127.0.0.1:2"
    assert profiles.load("far").rest_url == "https://truc.example"


def test_half_a_profile_is_told_with_its_name(home):
    """A file that is no profile is named, not a traceback."""
    path = profiles.save(ONE)
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(StopError, match=r"dms\.json"):
        profiles.load("dms")
