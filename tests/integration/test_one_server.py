"""deploy/compose.yaml and what belongs to it, held to account without an engine.

`docker compose config` reads the file, hadolint the Dockerfile; the promises in its head (no root, no
writable root file system, bounds, secrets of one's own only) are checked on what compose makes of it.
"""

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from axis.errors import UnavailableError
from axis.kafka.admin import USERS, admin_client, apply_rights, apply_topics, apply_users
from axis.kafka.connect import confluent_options
from axis.kafka.denials import Denials
from axis.settings import Settings
from axis.stack.alone import start_alone
from axis.stack.kafka import kafka_program
from axis.stack.places import jars, java
from axis.stack.ports import choose_ports
from axis.stack.processes import PROCESSES
from axis.stack.program import run_tool
from axis.topics import ACCEPTED, TOPICS
from tests.lab.servers import temporary_home

DEPLOY = Path(__file__).parents[2] / "deploy"
TOOLS = Path(sys.executable).parent
SERVERS = {"postgres", "kafka", "registry", "prometheus"}
ONCE = {"migrate", "topics", "schemas"}
FROM_OUTSIDE = {"trust.json", "seal/seal.pem", "seal/seal.key", "seal/passphrase", "seal/anchors.pem"}
"""What no script can make: RUNNING.md says where each comes from."""


def tool(name, *arguments):
    done = subprocess.run(
        [str(TOOLS / name), *arguments], capture_output=True, text=True, check=False, cwd=DEPLOY
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def services():
    text = tool("docker-compose", "-f", "compose.yaml", "--profile", "*", "config", "--format", "json")
    return json.loads(text)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server") / "secrets"
    subprocess.run([str(DEPLOY / "server" / "prepare"), str(folder)], check=True, capture_output=True)
    return folder


def test_compose_understands_the_file():
    """No warning either: an unset variable would be one."""
    done = subprocess.run(
        [str(TOOLS / "docker-compose"), "-f", "compose.yaml", "config", "-q"],
        capture_output=True,
        text=True,
        check=True,
        cwd=DEPLOY,
    )
    assert not done.stderr


def test_hadolint_finds_nothing_in_the_dockerfile():
    assert not tool("hadolint", "server/axis.Dockerfile")


def test_every_service_keeps_the_promises_of_the_head(services):
    """Not root, read-only, no capabilities, bounded, watched; images with a version."""
    for name, service in services["services"].items():
        user = service["user"]
        assert re.fullmatch(r"[1-9]\d*:\d+", user), f"{name}: {user}"
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) > 0, name
        assert float(service["cpus"]) > 0, name
        assert service["pids_limit"] > 0, name
        assert service["logging"]["options"]["max-size"], name
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), f"{name}: {service['image']}"
        assert not service.get("privileged"), name
        if name not in ONCE | {"prometheus"}:
            assert service["healthcheck"]["test"], name
    assert services["networks"]["inner"]["internal"] is True
    published = {name for name, service in services["services"].items() if service.get("ports")}
    assert published == {"gateway", "console", "kafka", "prometheus"}
    for name in ("prometheus", "kafka"):
        [local] = services["services"][name]["ports"]
        assert local["host_ip"] == "127.0.0.1", "open to others only where somebody says so"
    assert services["services"]["kafka"]["ports"][0]["target"] == 9094, "never the inner door"


def test_each_process_gets_what_its_table_says_and_no_more(services):
    """The same settings as on one machine (`axis.stack.processes`), its own secrets only."""
    for process in PROCESSES:
        service = services["services"][process.name]
        assert service["command"] == [process.module]
        given = {name.removesuffix("_FILE") for name in service["environment"]} | set(service["environment"])
        wanted = {f"AXIS_{name.upper()}" for name in process.settings}
        # These have a default that fits one server.
        wanted -= {"AXIS_BACKLOG_LIMIT", "AXIS_FREE_BYTES_LIMIT"}
        assert wanted <= given, f"{process.name} lacks {wanted - given}"
        secrets = {one["source"] for one in service["secrets"]}
        kafka = {name for name in secrets if name.startswith("kafka_")}
        assert kafka == ({f"kafka_{process.name}"} if process.broker else set())
        assert ("registry_reader" in secrets) == process.registry
        assert ("seal.key" in secrets) == ("seal_key" in process.settings)
        assert not secrets & {"kafka_admin", "kafka_broker", "registry_deployer", "postgres_postgres"}
        assert not [key for key in service["environment"] if key.endswith(("PASSWORD", "DATABASE_URL"))]
    roles = {f"kafka_{role}" for role in USERS}
    assert roles <= {one["source"] for one in services["services"]["topics"]["secrets"]}


def test_every_secret_is_made_or_comes_from_outside(services, prepared):
    """Nothing is missing at the first start that RUNNING.md does not name."""
    root = DEPLOY / "server" / "secrets"
    for name, secret in services["secrets"].items():
        path = str(Path(secret["file"]).relative_to(root))
        assert (prepared / path).is_file() or path in FROM_OUTSIDE, name
    running = (DEPLOY / "RUNNING.md").read_text(encoding="utf-8")
    assert all(path.rpartition("/")[2] in running for path in FROM_OUTSIDE)


def test_prepare_makes_nothing_twice_and_lets_nobody_read(prepared):
    """Passwords stay the same, differ from one another, and only owner and group may read."""
    before = {path: path.read_bytes() for path in prepared.iterdir()}
    subprocess.run([str(DEPLOY / "server" / "prepare"), str(prepared)], check=True, capture_output=True)
    assert {path: path.read_bytes() for path in prepared.iterdir()} == before
    for path in prepared.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o440, path
    kinds = ("kafka_", "postgres_", "registry_")
    passwords = [data for path, data in before.items() if path.name.startswith(kinds)]
    assert len(set(passwords)) == len(passwords)
    assert not (prepared / "ca.key").exists()


def test_renewed_inner_certificates_leave_the_public_one_of_the_door(tmp_path):
    """RUNNING.md, to rotate: without ca.pem all inner certificates are made anew, and no other."""

    def openssl(*words):
        return subprocess.run(("openssl", *words), check=True, capture_output=True, text=True, cwd=tmp_path)

    def renewed():
        (tmp_path / "ca.pem").unlink(missing_ok=True)
        subprocess.run([str(DEPLOY / "server" / "prepare"), str(tmp_path)], check=True, capture_output=True)
        names = ("ca.pem", "kafka-keystore.pem", "postgres.pem", "postgres.key", "gateway.pem", "gateway.key")
        return {name: (tmp_path / name).read_bytes() for name in names}

    first, second = renewed(), renewed()
    assert [name for name in first if first[name] == second[name]] == []
    openssl("verify", "-CAfile", "ca.pem", "postgres.pem", "gateway.pem")
    for name in ("gateway.pem", "gateway.key"):
        (tmp_path / name).unlink()
    public = ("-newkey", "rsa:2048", "-noenc", "-keyout", "gateway.key", "-out", "gateway.pem")
    openssl("req", "-x509", *public, "-subj", "/CN=truc.example.vn")
    theirs = {name: (tmp_path / name).read_bytes() for name in ("gateway.pem", "gateway.key")}
    third = renewed()
    assert [name for name in second if second[name] == third[name]] == []
    assert theirs.items() <= third.items()
    openssl("verify", "-CAfile", "ca.pem", "postgres.pem")


def test_the_broker_is_as_closed_as_on_one_machine(prepared):
    """Every line of the local broker but its addresses and folders is in force on a server too."""
    moved = {
        "listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs", "ssl.keystore.location",
        "ssl.truststore.location", "listener.name.client.scram-sha-512.sasl.jaas.config",
        "listener.security.protocol.map", "listener.name.outer.scram-sha-512.sasl.jaas.config",
    }  # fmt: skip
    local = _properties((DEPLOY / "local" / "kafka.properties").read_text(encoding="utf-8"))
    server = _properties((prepared / "kafka.properties").read_text(encoding="utf-8"))
    assert {key: value for key, value in server.items() if key not in moved} == {
        key: value for key, value in local.items() if key not in moved
    }
    assert server["listeners"] == "CLIENT://:9092,OUTER://:9094,CONTROLLER://localhost:9093"
    protocols = dict(one.split(":") for one in server["listener.security.protocol.map"].split(","))
    assert protocols == {"CLIENT": "SASL_SSL", "OUTER": "SASL_SSL", "CONTROLLER": "SSL"}
    assert server["advertised.listeners"].endswith(",OUTER://localhost:9094")
    assert "$" not in (prepared / "registry.properties").read_text(encoding="utf-8")


def test_inner_certificates_name_their_servers(prepared):
    """Clients verify the name: each certificate has the service's, and leads to the one authority."""
    for server, file in (("kafka", "kafka-keystore.pem"), ("postgres", "postgres.pem")):
        subprocess.run(
            ["openssl", "verify", "-CAfile", "ca.pem", "-verify_hostname", server, file],
            check=True,
            capture_output=True,
            cwd=prepared,
        )


def test_the_image_installs_a_part_of_the_one_lock():
    """No version and no hash of its own."""
    whole = _pins(DEPLOY.parent / "requirements.lock")
    image = _pins(DEPLOY / "server" / "requirements.lock")
    assert image.items() <= whole.items()
    names = {name.partition("==")[0] for name in image}
    assert names >= {"faust-streaming", "asyncpg", "fastapi", "hatchling"}
    assert not {"pytest", "supervisor", "certomancer"} & names


def _properties(text):
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def _pins(path):
    pins = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            name = line.rstrip(" \\")
            pins[name] = set()
        else:
            pins[name].add(line.strip(" \\"))
    return pins


@pytest.fixture
def broker(tmp_path):
    """A real broker on what `prepare` makes, addresses and folders apart; and settings by its outer door."""
    ports, _ = choose_ports(("inner", "outer", "controller"), {}, {})
    secrets = tmp_path / "secrets"
    environ = {**os.environ, "AXIS_KAFKA_NAME": "localhost", "AXIS_KAFKA_PORT": str(ports["outer"])}
    made = subprocess.run(
        [str(DEPLOY / "server" / "prepare"), str(secrets)], env=environ, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    with temporary_home() as home:
        text = (secrets / "kafka.properties").read_text(encoding="utf-8")
        for was, here in (
            ("/run/secrets", str(secrets)),
            ("/var/lib/kafka/data", str(home.kafka)),
            ("CLIENT://:9092", f"CLIENT://127.0.0.1:{ports['inner']}"),
            ("CLIENT://kafka:9092", f"CLIENT://localhost:{ports['inner']}"),
            ("OUTER://:9094", f"OUTER://127.0.0.1:{ports['outer']}"),
            ("localhost:9093", f"localhost:{ports['controller']}"),
        ):
            assert was in text, was
            text = text.replace(was, here)
        log4j = (DEPLOY / "server" / "log4j2.properties").read_text(encoding="utf-8")
        home.logs.mkdir()
        (home.run / "log4j2.properties").write_text(log4j.replace("/var/log/kafka", str(home.logs)))
        (home.run / "kafka.properties").write_text(text)
        passwords = {name: (secrets / f"kafka_{name}").read_text().strip() for name in ("admin", "broker")}
        users = [f"SCRAM-SHA-512=[name={name},password={secret}]" for name, secret in passwords.items()]
        added = [word for user in users for word in ("--add-scram", user)]
        format_ = ["format", "-t", "MkU3OEVBNTcwNTJENDM2Qk", "-c", str(home.run / "kafka.properties"), *added]
        run_tool([java(), "-cp", jars(), "kafka.tools.StorageTool", *format_], what="Kafka")
        child = start_alone(kafka_program(home, client_port=ports["inner"]), home.logs / "kafka.log")
        try:
            yield home, Settings(
                home=home.root,
                kafka_bootstrap=f"localhost:{ports['outer']}",
                kafka_user="admin",
                kafka_password=passwords["admin"],
                kafka_ca=str(secrets / "ca.pem"),
            )
        finally:
            child.stop()


def test_the_outer_door_of_the_broker_is_no_wider_than_the_inner(broker):
    """By its advertised name: a password over TLS or nothing, the same rights; refusals are written down."""
    home, admin = broker
    apply_topics(admin)
    apply_users(admin, {"gateway": "secret-of-the-gateway"})
    apply_rights(admin)
    seen = admin_client(admin).list_topics(timeout=10)
    [server] = seen.brokers.values()
    assert f"{server.host}:{server.port}" == admin.kafka_bootstrap, "who comes by the outer door stays there"
    assert {topic.name for topic in TOPICS} <= set(seen.topics)

    theirs = msgspec.structs.replace(
        admin, kafka_user=USERS["gateway"], kafka_password="secret-of-the-gateway"
    )
    refusals = Denials(home.logs / "denials.log")
    consumer = Consumer({**confluent_options(theirs), "group.id": "axis.worker"})
    consumer.subscribe([ACCEPTED])
    answer = consumer.poll(15)
    consumer.close()
    assert answer is not None
    assert answer.error().code() in {
        KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED,
    }  # fmt: skip
    until = time.monotonic() + 10
    found = refusals.read()
    while not found:
        assert time.monotonic() < until, "the refusal is nowhere written down"
        time.sleep(0.2)
        found = refusals.read()
    assert {user for user, _ in found} == {USERS["gateway"]}

    for wrong in (
        msgspec.structs.replace(theirs, kafka_password="wrong"),
        msgspec.structs.replace(theirs, kafka_user="nobody"),
    ):
        with pytest.raises(UnavailableError):
            apply_topics(wrong)
    plain = {**confluent_options(theirs), "security.protocol": "SASL_PLAINTEXT"}
    with pytest.raises(KafkaException):
        AdminClient(plain).list_topics(timeout=4)
