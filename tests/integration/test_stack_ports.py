"""Ports of a stack: kept, moved when taken, refused when set and taken; and what a full disk is told."""

import socket
from pathlib import Path

import pytest

from axis.errors import SetupError, UnavailableError
from axis.stack.alone import start_alone
from axis.stack.identity import load_identity
from axis.stack.places import Home, fresh_folder, write_private
from axis.stack.ports import choose_ports
from axis.stack.postgres import postgres_program
from axis.stack.program import reason, require_room
from axis.stack.supervision import SOCKET_PATH_BYTES, configuration, control_socket
from tests.lab.servers import Postgres, temporary_home


@pytest.fixture
def taken():
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_kept_ports_stay(taken):
    """A restart finds the same addresses; a port taken meanwhile is replaced and named."""
    first, moved = choose_ports(("kafka", "gateway"), {}, {})
    assert moved == []
    assert choose_ports(("kafka", "gateway"), first, {}) == (first, [])
    second, moved = choose_ports(("kafka", "gateway"), first | {"gateway": taken}, {}, patience=0)
    assert second["kafka"] == first["kafka"]
    assert second["gateway"] != taken
    assert moved == ["gateway"]


def test_a_set_port_that_is_taken_is_refused_by_name(taken):
    """The message names the port, the variable and who has it."""
    with pytest.raises(SetupError, match=rf"{taken}.*AXIS_PORT_GATEWAY.*process"):
        choose_ports(("gateway",), {}, {"AXIS_PORT_GATEWAY": str(taken)})
    with pytest.raises(SetupError, match="no port number"):
        choose_ports(("gateway",), {}, {"AXIS_PORT_GATEWAY": "https"})


def test_a_server_whose_port_was_taken_in_between_says_so(taken):
    """Another process on the port is not taken for ours."""
    with temporary_home() as home:
        Postgres(home)
        program = postgres_program(home, taken, durable=False)
        with pytest.raises(UnavailableError, match="port"):
            start_alone(program, home.logs / "postgres.log")


def test_a_full_disk_is_said_before_anything_is_written(tmp_path):
    """The message has the folder and the room that is missing."""
    with pytest.raises(SetupError, match=r"disk.*full.*AXIS_HOME"):
        require_room(tmp_path / "not" / "yet", least=1 << 62)


def test_a_log_gives_its_reason(tmp_path):
    """The most telling line is found among many."""
    log = tmp_path / "x.log"
    telling = "FATAL: write: No space left on device"
    log.write_text("\n".join(["INFO ok"] * 500 + [telling] + ["INFO bye"] * 50))
    assert "the disk is full" in reason(log)
    assert reason(tmp_path / "none.log") == "it left no log"


def test_passwords_are_private_and_kept(tmp_path):
    """One file, mode 0600, the same passwords the second time; what is missing is added."""
    home = Home(tmp_path)
    first = load_identity(home)
    assert home.identity.stat().st_mode & 0o777 == 0o600
    assert load_identity(home) == first
    write_private(home.identity, '{"name": "old"}')
    assert load_identity(home).name == "old"
    write_private(home.identity, "{")
    with pytest.raises(SetupError, match="start anew"):
        load_identity(home)


def test_a_half_made_folder_is_made_anew(tmp_path):
    """What a killed start left is gone."""
    (tmp_path / "kafka.new").mkdir()
    (tmp_path / "kafka.new" / "half").touch()
    assert list(fresh_folder(tmp_path / "kafka").iterdir()) == []


def test_a_long_home_gets_a_short_control_socket(tmp_path):
    """The kernel's limit on socket addresses is no limit on where a stack may live."""
    home = Home(tmp_path.joinpath(*["a-long-folder-name"] * 8))
    path = control_socket(home)
    assert len(str(path)) <= SOCKET_PATH_BYTES
    path.parent.rmdir()


def test_the_supervisor_s_configuration_holds_no_secret(tmp_path):
    """Passwords are in the file of the process they belong to, nowhere else; percent signs survive."""
    home = Home(tmp_path / "50% off")
    identity = load_identity(home)
    home.postgres.mkdir()
    program = postgres_program(home, 5432)
    text = configuration(home, Path("/s"), [program])
    assert "50%% off" in text
    for secret in (*identity.kafka.values(), *identity.database.values(), *identity.registry.values()):
        assert secret not in text
