"""Real faults on a real stack under a real Prometheus: the alert fires, the runbook's remedy heals it.

All faults of one morning at once, because an alert needs its minutes: a broker, a sealer and a revocation
source that stop, a list that ends, a bug of ours. What takes longer than two minutes to fire by design is
tried by promtool alone (`tests/integration/test_stack_alerts.py`); RUNBOOK.md says which.
"""

import asyncio
import json
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from typer.main import get_command

from axis.cli import quarantine
from axis.cli.rehearsal import set_stage
from axis.client import Axis
from axis.content.store import ContentStore
from axis.kafka.connect import aiokafka_options
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import Settings, load_settings
from axis.stack import single
from axis.stack.life import remove, up
from axis.stack.prometheus import find_program
from tests.lab.servers import temporary_home

FIRES_SECONDS = 240
HEALS_SECONDS = 150
EXPECTED = {
    "AxisProcessDown",
    "AxisSealStuck",
    "AxisOutboxStuck",
    "AxisDocumentsNotAnswered",
    "AxisRevocationSourceAway",
    "AxisEvidenceStale",
    "AxisQuarantinedByOurBug",
    "AxisDocumentsWaiting",
    "AxisWaitingNearDeadline",
    "AxisNotJudgedInTime",
    "AxisContentDamaged",
    "AxisInboxStuck",
    "AxisIsolationTried",
}
REMEMBERED = {"AxisNotJudgedInTime", "AxisContentDamaged", "AxisIsolationTried"}
"""Alerts about what happened within the last minutes or the last hour: no remedy makes it not have been."""


class Watched:
    """A stack, its Prometheus, and one sender."""

    def __init__(self, root, prometheus, profiles, authority):
        self.root = root
        self.url = f"http://127.0.0.1:{prometheus}"
        self.profile = next(one for one in profiles if "G12" in one.agencies)
        self.recipient = next(one for one in profiles if "H37" in one.agencies)
        self.authority = authority

    def firing(self):
        """Return the names of the alerts that fire now."""
        with urllib.request.urlopen(f"{self.url}/api/v1/alerts", timeout=10) as answer:
            alerts = json.load(answer)["data"]["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    def scraped(self):
        """Return the processes that answer their scrape."""
        with urllib.request.urlopen(f"{self.url}/api/v1/query?query=up", timeout=10) as answer:
            found = json.load(answer)["data"]["result"]
        return {one["metric"]["process"] for one in found if one["value"][1] == "1"}

    def send(self, *to):
        """Hand in one good document; return its id without waiting for an answer."""
        recipients = [demo_agency(code) for code in to or ("H37",)]
        packet = build_sandbox_packet(self.authority, demo_agency("G12"), recipients)
        with Axis(
            self.profile.rest_url, self.profile.client_id, self.profile.client_secret, ca=self.profile.ca_file
        ) as axis:
            return axis.send_packet(packet).packet_id

    def state(self, packet):
        with Axis(
            self.profile.rest_url, self.profile.client_id, self.profile.client_secret, ca=self.profile.ca_file
        ) as axis:
            return axis.status(packet).state

    def becomes(self, packet, state):
        """Wait until a packet is in a state."""
        until(lambda: self.state(packet), lambda: self.state(packet) == state, 90)

    def download(self, packet):
        """Ask for a document's content as its recipient, once."""
        one = self.recipient
        context = ssl.create_default_context(cafile=one.ca_file)
        with httpx.Client(base_url=one.rest_url, verify=context) as http:
            form = {"grant_type": "client_credentials"}
            token = http.post("/v1/token", data=form, auth=(one.client_id, one.client_secret)).json()
            http.headers["Authorization"] = f"Bearer {token['access_token']}"
            found = http.get("/v1/inbox", params={"packet_id": packet, "kind": "document"}).json()
            if not found:
                return b""
            [entry] = found
            return http.get(f"/v1/inbox/{entry['entry_id']}/content").content

    def reach(self, told, topic):
        """Read a topic as a connection; the broker refuses."""

        async def read():
            theirs = {"kafka_bootstrap", "kafka_user", "kafka_password", "kafka_ca"}
            settings = Settings(home=self.root, **{name: told[name] for name in theirs})
            consumer = AIOKafkaConsumer(topic, **aiokafka_options(settings))
            try:
                await consumer.start()
                async with asyncio.timeout(10):
                    await consumer.getone()
            finally:
                await consumer.stop()

        with pytest.raises(KafkaError):
            asyncio.run(read())

    def database(self, statement):
        async def ask():
            line = await asyncpg.connect(load_settings().database_url, timeout=10)
            try:
                return await line.fetchval(statement)
            finally:
                await line.close()

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def watched():
    if not find_program("prometheus"):
        pytest.fail("Prometheus is not here: run deploy/setup test")
    with temporary_home() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(home.root))
        try:
            ports = up(home.root, prometheus=True)
            authority = Authority(home.authority)
            stage = asyncio.run(set_stage(load_settings(), authority))
            yield Watched(home.root, ports["prometheus"], tuple(stage.profiles.values()), authority)
        finally:
            remove(home.root)


def until(what, holds, seconds):
    since = time.monotonic()
    while not holds():
        assert time.monotonic() - since < seconds, f"not within {seconds} s: {what()}"
        time.sleep(1)
    return time.monotonic() - since


def test_a_healthy_axis_is_silent(watched):
    """A document goes through, every process is scraped, and no alert fires."""
    sent = watched.send()
    watched.becomes(sent, "accepted")
    ours = {"gateway", "worker", "sealer", "keeper", "bridge"}
    until(watched.scraped, lambda: watched.scraped() >= ours, 30)
    time.sleep(20)
    assert watched.firing() == set()


def test_each_fault_is_told_and_each_remedy_heals(watched):
    """RUNBOOK.md, walked through: each alert under its fault, silent again after its remedy."""
    command = ["connection", "add", "kafka-nghe", "--agency", "H49", "--take-over", "--kafka", "--json"]
    added = subprocess.run(
        [sys.executable, "-m", "axis.cli", *command], capture_output=True, text=True, check=True
    )
    since = time.monotonic()
    # A document whose stored bytes change, and an inbox that nobody fills.
    single.halt(watched.root, "bridge")
    altered = watched.send("H37", "H49")
    watched.becomes(altered, "accepted")
    until(lambda: "no entry", lambda: watched.download(altered), 30)
    stored = watched.database(f"SELECT sha256 FROM intake WHERE packet_id = '{altered}'")
    path = ContentStore(Path(load_settings().content_dir)).path(stored)
    good = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(good[:-400] + bytes(400))
    with pytest.raises(httpx.HTTPError):
        watched.download(altered)
    path.write_bytes(good)
    # A connection that reaches for what is not its own.
    for topic in ("axis.accepted.v1", "axis.submission.v1", "axis.ack.v1") * 3:
        watched.reach(json.loads(added.stdout), topic)
    single.halt(watched.root, "sealer")
    single.halt(watched.root, "authority")
    # A record that met a bug of ours, as the edge sets one aside.
    watched.database(
        'INSERT INTO quarantine (topic, partition, "offset", sha256, size, code, detail, at)'
        " VALUES ('axis.accepted.v1', 0, 999999, repeat('0', 64), 0, 'quarantine.axis-bug', 'test', now())"
    )
    sent = watched.send()
    watched.becomes(sent, "accepted")
    # What is at hand would hold for hours; here it has run out.
    watched.database("DELETE FROM revocation")
    time.sleep(2.5)
    waits, ends = watched.send(), watched.send()
    for packet in (waits, ends):
        watched.becomes(packet, "waiting")
    watched.database(f"UPDATE parked SET since = since - interval '19 hours' WHERE packet_id = '{waits}'")
    watched.database(f"UPDATE parked SET deadline = now() WHERE packet_id = '{ends}'")
    watched.becomes(ends, "expired")
    single.halt(watched.root, "kafka")
    stranded = watched.send()

    told = {}

    def all_fire():
        for name in watched.firing():
            told.setdefault(name, round(time.monotonic() - since))
        return set(told) >= EXPECTED

    until(lambda: EXPECTED - set(told), all_fire, FIRES_SECONDS)
    sys.stderr.write(f"  fired after seconds: {dict(sorted(told.items()))}\n")
    assert set(told) == EXPECTED, "an alert without its fault"
    assert watched.state(stranded) == "taken", "its sender sees that it waits"

    for name in ("kafka", "sealer", "authority", "bridge"):
        single.begin(watched.root, name)
    number = watched.database("SELECT id FROM quarantine WHERE code = 'quarantine.axis-bug'")
    closed = get_command(quarantine.app).main(
        ["close", str(number), "--note", "put there by a test"], standalone_mode=False
    )
    assert not closed
    healed = until(watched.firing, lambda: not watched.firing() & (EXPECTED - REMEMBERED), HEALS_SECONDS)
    sys.stderr.write(f"  silent {healed:.0f} s after the remedies\n")
    for packet in (stranded, waits):
        watched.becomes(packet, "accepted")
    assert watched.download(altered), "put back from the backup, it is whole"
