"""Real faults on a real stack under a real Prometheus: the alert fires, the runbook's remedy heals it.

All faults of one morning at once, because an alert needs its minutes: a broker, a sealer and a revocation
source that stop, a list that ends, a bug of ours. What takes longer than two minutes to fire by design is
walked in `test_alerts_slow.py`; `tests/integration/test_stack_alerts.py` tries every expression by promtool.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import httpx
import pytest

from axis.cli.rehearsal import set_stage
from axis.content.store import ContentStore
from axis.sandbox.authority import Authority
from axis.settings import load_settings
from axis.stack import single
from axis.stack.life import remove, up
from axis.stack.prometheus import find_program
from tests.lab.servers import temporary_home
from tests.lab.watching import Watched, until

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
    speaks_kafka = ("--agency", "H49", "--take-over", "--kafka", "--json")
    added = watched.axis("connection", "add", "kafka-nghe", *speaks_kafka)
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
    said = watched.axis("logs", "gateway", "-n", "2000")
    [told] = [line for line in said.splitlines() if "altered" in line]
    assert (altered in told, stored in told) == (True, True), "the runbook's first look names packet and file"
    assert "bug at" not in said
    assert "Traceback" not in said
    # A connection that reaches for what is not its own.
    for topic in ("axis.accepted.v1", "axis.submission.v1", "axis.ack.v1") * 3:
        watched.reach(json.loads(added), topic)
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
    watched.axis("quarantine", "close", number, "--note", "put there by a test")
    healed = until(watched.firing, lambda: not watched.firing() & (EXPECTED - REMEMBERED), HEALS_SECONDS)
    sys.stderr.write(f"  silent {healed:.0f} s after the remedies\n")
    for packet in (stranded, waits):
        watched.becomes(packet, "accepted")
    assert watched.download(altered), "put back from the backup, it is whole"
