"""The contracts in a real schema registry: registered by deployment, held by processes."""

import asyncio
import http.server
import json
import threading
import time

import msgspec
import pytest

from axis.contract import registry as asking
from axis.contract.registry import load_schemas, register
from axis.contract.schemas import VERSIONS, WRITTEN, Version, parse
from axis.errors import SetupError, UnavailableError
from axis.settings import Settings
from axis.stack.alone import start_alone
from axis.stack.identity import load_identity
from axis.stack.ports import choose_ports
from axis.stack.postgres import database_url
from axis.stack.registry import API, prepare_registry, registry_program
from tests.lab.servers import temporary_home


@pytest.fixture(scope="module")
def server(postgres):
    asyncio.run(postgres._as_owner('CREATE DATABASE "test_registry" OWNER axis'))
    with temporary_home() as home:
        identity = load_identity(home)
        ports, _ = choose_ports(("registry", "registry_management"), {}, {})
        prepare_registry(
            home,
            identity,
            port=ports["registry"],
            management_port=ports["registry_management"],
            database_url=database_url(postgres.identity, postgres.port, name="test_registry"),
        )
        program = registry_program(
            home, port=ports["registry"], management_port=ports["registry_management"], needs=()
        )
        child = start_alone(program, home.logs / "registry.log")

        def settings(user):
            return Settings(
                home=home.root,
                registry_url=f"http://127.0.0.1:{ports['registry']}{API}",
                registry_user=user,
                registry_password=identity.registry[user],
            )

        try:
            yield settings
        finally:
            child.stop()


def test_nothing_registered_says_what_to_do(server):
    """A process that starts before the deployment names the command that is missing."""
    with pytest.raises(SetupError, match="axis topics schemas"):
        load_schemas(server("reader"), wait_seconds=0)


def test_a_process_may_not_register(server):
    """Only the deployment writes schemas."""
    with pytest.raises(SetupError, match="refuses the user 'reader'"):
        register(server("reader"))


def test_what_is_registered_is_held(server):
    """Registering twice gives the same ids, and a process at its start holds each of them."""
    first = register(server("deployer"))
    assert register(server("deployer")) == first
    schemas = load_schemas(server("reader"))
    assert {(name, number) for name, number in schemas.ids.items()} == {
        (one.name, one.schema_id) for one in first if one.name in {v.name for v in WRITTEN.values()}
    }
    assert set(schemas.writers) == {one.schema_id for one in first}


def changed(version, number, change):
    schema = json.loads(version.text)
    change(schema["fields"])
    text = json.dumps(schema)
    return Version(
        name=f"{version.record}.v{number}",
        record=version.record,
        number=number,
        text=text,
        parsed=parse(text),
    )


def test_a_later_version_is_understood_by_a_process_that_does_not_have_it(server, monkeypatch):
    """During a deployment old processes read what new ones write: the writer's schema is in the registry."""
    register(server("deployer"))
    field = {"name": "note", "type": "string", "default": "", "doc": "New."}
    later = changed(VERSIONS["ack"][0], 2, lambda fields: fields.append(field))
    with monkeypatch.context() as newer:
        newer.setattr(asking, "VERSIONS", {**VERSIONS, "ack": (*VERSIONS["ack"], later)})
        ids = {one.name: one.schema_id for one in register(server("deployer"))}
    schemas = load_schemas(server("reader"))
    assert schemas.writers[ids["ack.v2"]][0] == "ack"
    assert schemas.ids["ack.v1"] == ids["ack.v1"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda fields: fields.append({"name": "new", "type": "string"}), id="no-default"),
        pytest.param(lambda fields: fields.pop(), id="taken-away"),
        pytest.param(lambda fields: fields[0].update(type="long"), id="other-type"),
    ],
)
def test_a_breaking_version_is_refused(server, monkeypatch, change):
    """The registry refuses at deployment what would leave a reader or a writer behind."""
    register(server("deployer"))
    broken = changed(VERSIONS["submission"][0], 2, change)
    monkeypatch.setattr(asking, "VERSIONS", {**VERSIONS, "submission": (*VERSIONS["submission"], broken)})
    with pytest.raises(SetupError, match="FULL_TRANSITIVE"):
        register(server("deployer"))


def test_a_wrong_password_is_said(server):
    """Wrong credentials are no outage and are not waited for."""
    settings = msgspec.structs.replace(server("reader"), registry_password="wrong")
    started = time.monotonic()
    with pytest.raises(SetupError, match="AXIS_REGISTRY_PASSWORD"):
        load_schemas(settings, wait_seconds=30)
    assert time.monotonic() - started < 5


def test_an_absent_registry_is_waited_for_and_then_named(tmp_path):
    """A process at its start waits for the registry, but not for ever."""
    settings = Settings(home=tmp_path, registry_url="http://127.0.0.1:9")
    started = time.monotonic()
    with pytest.raises(UnavailableError, match=r"http://127\.0\.0\.1:9"):
        load_schemas(settings, wait_seconds=1.5)
    assert 1.5 <= time.monotonic() - started < 6


def test_something_else_on_that_port_is_named(tmp_path):
    """A server that is no registry gives no traceback."""

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_args): ...

    other = http.server.HTTPServer(("127.0.0.1", 0), Other)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    try:
        settings = Settings(home=tmp_path, registry_url=f"http://127.0.0.1:{other.server_port}")
        with pytest.raises((SetupError, UnavailableError), match=r"127\.0\.0\.1"):
            load_schemas(settings, wait_seconds=0)
    finally:
        other.shutdown()
        other.server_close()
