"""The worker's app: its guard rails are on, and its agents go through the edge."""

import subprocess

import pytest

from agents.app import build_app
from axis.errors import SetupError
from axis.kafka.connect import tls_context
from axis.settings import Settings
from axis.topics import ACCEPTED, ACK, SUBMISSION


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    subprocess.run(
        [*command.split(), "-keyout", folder / "key.pem", "-out", folder / "ca.pem"],
        check=True,
        capture_output=True,
    )
    return folder / "ca.pem"


@pytest.fixture
def settings(tmp_path, authority):
    return Settings(
        home=tmp_path,
        instance="3",
        kafka_bootstrap="127.0.0.1:9",
        kafka_user="axis-worker",
        kafka_password="secret",
        kafka_ca=str(authority),
    )


class Moves:
    async def admit(self, batch): ...
    async def route(self, batch): ...
    async def acknowledge(self, batch): ...
    async def quarantine(self, incoming, code, detail): ...


async def test_the_guard_rails_are_on(settings):
    """Each setting that keeps Faust from losing or leaking is as it must be."""
    app, _ = build_app(settings, Moves())
    conf = app.conf
    assert conf.key_serializer == "raw"
    assert conf.value_serializer == "raw"
    assert conf.consumer_auto_offset_reset == "earliest"
    assert conf.consumer_group_instance_id == "axis.worker-3"
    assert conf.broker_session_timeout == 10
    assert conf.topic_disable_leader is True
    assert conf.topic_allow_declare is False
    assert conf.reply_create_topic is False
    assert conf.web_enabled is False
    assert conf.worker_redirect_stdouts is False
    assert conf.stream_publish_on_commit is False
    assert conf.processing_guarantee.name == "AT_LEAST_ONCE"
    assert conf.broker_credentials.protocol.name == "SASL_SSL"


async def test_each_topic_has_one_agent_with_one_loop(settings):
    """One agent a topic, one loop an agent: a second loop would commit what the first has in flight."""
    app, edges = build_app(settings, Moves())
    assert [edge.name for edge in edges] == ["admit", "route", "acknowledge"]
    agents = {agent.channel.get_topic_name(): agent for agent in app.agents.values()}
    assert set(agents) == {SUBMISSION, ACCEPTED, ACK}
    assert {agent.concurrency for agent in agents.values()} == {1}
    assert not app.tables


async def test_a_missing_connection_is_said_at_once(tmp_path):
    """What is not set is named, with the variable that sets it."""
    with pytest.raises(SetupError, match="AXIS_KAFKA_PASSWORD, AXIS_KAFKA_CA"):
        build_app(Settings(home=tmp_path, kafka_bootstrap="x:1", kafka_user="u"), Moves())


async def test_an_unreadable_authority_is_said_at_once(settings, tmp_path):
    """A wrong CA file is no outage."""
    (tmp_path / "bad.pem").write_text("no certificate")
    for path in (tmp_path / "bad.pem", tmp_path / "none.pem"):
        with pytest.raises(SetupError, match="AXIS_KAFKA_CA"):
            tls_context(
                Settings(
                    **{name: getattr(settings, name) for name in settings.__struct_fields__}
                    | {"kafka_ca": str(path)}
                )
            )
