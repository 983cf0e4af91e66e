"""Secrets may stand in files; what cannot be read is no empty password."""

import pytest

from axis.errors import SetupError
from axis.settings import SECRETS, load_settings


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_from_its_file(tmp_path, name):
    """Without the line's end; what the environment says itself goes before."""
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    variable = f"AXIS_{name.upper()}"
    environ = {"AXIS_HOME": str(tmp_path), f"{variable}_FILE": str(path)}
    assert getattr(load_settings(environ), name) == "s3cret"
    assert getattr(load_settings({**environ, variable: "told"}), name) == "told"


def test_a_missing_secret_stops_the_start(tmp_path):
    """The message names the variable and the file."""
    environ = {"AXIS_HOME": str(tmp_path), "AXIS_KAFKA_PASSWORD_FILE": str(tmp_path / "none")}
    with pytest.raises(SetupError, match=r"AXIS_KAFKA_PASSWORD_FILE=.*none"):
        load_settings(environ)
