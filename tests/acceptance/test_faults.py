"""Nothing is lost, doubled or let through while real processes are killed under 200 documents.

One stack, one stream of documents, one fault after another; at the end the
books of clients, database, topics and content store must agree. Each test
leaves the traffic flowing for the next, so they run in the order of this file.
Watch with ``pytest -s``.
"""

import asyncio
import os
import signal
import time

import pytest

from axis import failpoints
from axis.cli.rehearsal import set_stage
from axis.cli.verify import read_anchors
from axis.client import AxisRefusedError
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import load_settings
from axis.stack import single
from axis.stack.life import remove, up
from axis.violations import Code
from tests.lab.ammunition import Packet, hostile, prepare
from tests.lab.ledgers import compare, counts
from tests.lab.scene import Scene, hurried_policy
from tests.lab.servers import temporary_home
from tests.lab.traffic import Traffic

SEED = 20261122
DOCUMENTS = 200
PROBES = 30
SHARE = 10
"""Documents that are let go just before each fault."""

RECOVERY_SECONDS = 30.0
WAITING_SECONDS = 60.0
TRUTH_SECONDS = 5.0

PLACES = (
    ("gateway", "take.content-written", 4),
    ("gateway", "take.committed", 4),
    ("gateway", "take.published", 2),
    ("worker", "admit.judged", 1),
    ("worker", "admit.committed", 3),
    ("worker", "admit.published", 1),
    ("worker", "route.committed", 1),
    ("worker", "ack.committed", 1),
    ("sealer", "seal.signed", 2),
    ("sealer", "seal.committed", 2),
)
"""Process, failpoint, and at which coming to it: the first where a whole batch comes to it at once."""


@pytest.fixture(scope="module")
def scene():
    """A stack with its traffic, and packets made ahead."""
    with temporary_home() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(home.root))
        traffic = None
        try:
            since = time.monotonic()
            hurried = {"AXIS_POLICY_FILE": str(hurried_policy(home.root))}
            up(home.root, extra=dict.fromkeys(("gateway", "worker", "keeper"), hurried))
            settings = load_settings()
            stage = asyncio.run(set_stage(settings, Authority(home.authority)))
            ready = time.monotonic() - since
            packets = prepare(home.authority, DOCUMENTS + PROBES, seed=SEED)
            probes = [one for one in packets if one.verdict == "accepted" and not one.twice][:PROBES]
            sent = [one for one in packets if one not in probes]
            traffic = Traffic(stage.profiles, read_anchors([home.authority / "ca.pem"]), sent)
            made = Scene(home, settings, traffic, probes)
            made.say(
                f"stack up in {ready:.0f} s; {len(packets)} packets signed, {time.monotonic() - since:.0f} s"
            )
            traffic.start()
            yield made
        finally:
            if traffic is not None:
                traffic.stop()
            remove(home.root)


def test_every_failpoint_has_its_turn():
    """No effect boundary is left out."""
    assert {name for _, name, _ in PLACES} == failpoints.NAMES


@pytest.mark.parametrize(("process", "place", "count"), PLACES)
def test_killed_at_an_effect_boundary(scene, process, place, count):
    """Killed there by itself, and by us just before: the axis is of use again within 30 s."""
    scene.kill(process, with_failpoint=f"{place}:{count}")
    scene.traffic.release(SHARE)
    mark = scene.home.root / f"failpoint.{place}.hit"
    scene.until(f"{place} was reached", mark.exists, 45)
    scene.recovered(f"kill -9 {process} at {place}", time.monotonic(), within=RECOVERY_SECONDS)


@pytest.mark.parametrize("process", ["keeper", "gateway", "console", "sealer", "worker", "postgres", "kafka"])
def test_killed_at_any_moment(scene, process):
    """A process of ours, the database and the broker, killed under load."""
    scene.traffic.release(SHARE)
    time.sleep(0.4)
    at = scene.kill(process)
    scene.recovered(f"kill -9 {process}", at, within=RECOVERY_SECONDS)


def test_a_judging_process_killed(scene):
    """Its file gets another try; the worker does not notice otherwise."""
    worker = scene.pid("worker")
    scene.traffic.release(SHARE)
    time.sleep(0.3)
    at = time.monotonic()
    for judge in scene.judges():
        os.kill(judge, signal.SIGKILL)
    scene.recovered("kill -9 the judging processes", at, within=RECOVERY_SECONDS)
    assert scene.pid("worker") == worker


def test_a_judging_process_that_hangs(scene):
    """It is ended at the wall limit, its file judged by another; nothing is decided by its silence."""
    scene.until("judging processes", lambda: len(scene.judges()) >= 2, 20)
    scene.traffic.release(SHARE)
    os.kill(scene.judges()[0], signal.SIGSTOP)
    scene.recovered("SIGSTOP a judging process", time.monotonic(), within=2 * RECOVERY_SECONDS)


def test_a_worker_told_to_stop(scene):
    """SIGTERM: it finishes what it has, and its next life goes on from there."""
    scene.traffic.release(SHARE)
    time.sleep(0.3)
    at, pid = time.monotonic(), scene.pid("worker")
    os.kill(pid, signal.SIGTERM)
    scene.until("the worker runs again", lambda: scene.pid("worker") not in {0, pid}, 15)
    scene.recovered("SIGTERM the worker", at, within=RECOVERY_SECONDS)


@pytest.mark.parametrize(
    ("server", "check", "processes"),
    [
        ("postgres", "database", ("gateway", "console", "worker", "keeper", "sealer")),
        ("kafka", "broker", ("gateway", "console", "worker", "keeper")),
    ],
)
def test_readiness_tells_the_truth(scene, server, check, processes):
    """Not ready within 5 s when database or broker is stopped; ready by itself when it is back."""
    scene.traffic.release(SHARE)
    since = time.monotonic()
    single.halt(scene.home.root, server)
    stopped = time.monotonic()
    for name in processes:
        status, checks = scene.readiness(name)
        assert status in {0, 503}, f"{name}: {status} {checks}"
        assert not checks.get(check, False), f"{name} believes in its {check}"
    assert time.monotonic() - stopped < TRUTH_SECONDS * len(processes)
    scene.say(f"{server} stopped in {stopped - since:.1f} s, told in {time.monotonic() - stopped:.1f} s")
    single.begin(scene.home.root, server)
    scene.recovered(f"{server} stopped and started", time.monotonic(), within=2 * RECOVERY_SECONDS)
    for name in processes:
        scene.until(f"{name} is ready", lambda name=name: scene.ready(name), 30)


def test_a_broker_that_hangs(scene):
    """Silence is no readiness either: told within 5 s; when it speaks again, all goes on."""
    scene.traffic.release(SHARE)
    pid = scene.pid("kafka")
    os.kill(pid, signal.SIGSTOP)
    try:
        for name in ("gateway", "worker", "keeper"):
            since = time.monotonic()
            status, checks = scene.readiness(name)
            assert status == 503, f"{name}: {status} {checks}"
            assert time.monotonic() - since < TRUTH_SECONDS
    finally:
        os.kill(pid, signal.SIGCONT)
    scene.recovered("SIGSTOP the broker", time.monotonic(), within=RECOVERY_SECONDS)


def test_poison_records(scene):
    """Each is set aside; documents before and behind it go on."""
    before = scene.database("SELECT count(*) FROM quarantine")
    scene.traffic.release(SHARE // 2)
    at = time.monotonic()
    count = scene.poison()
    scene.traffic.release(SHARE // 2)
    scene.recovered(f"{count} poison records", at, within=RECOVERY_SECONDS)
    scene.until(
        "all poison is aside", lambda: scene.database("SELECT count(*) FROM quarantine") - before >= count, 20
    )


def test_hostile_files(scene):
    """Files that eat memory or time are refused for it; their neighbours are answered."""
    packets = hostile(scene.home.authority)
    scene.traffic.release(SHARE // 2)
    at = time.monotonic()
    for packet in packets:
        scene.traffic.send(packet)
    scene.traffic.release(SHARE // 2)
    scene.recovered("5 hostile files", at, within=2 * RECOVERY_SECONDS)


def test_a_state_secret_leaves_nothing(scene):
    """Turned away at the door, before anything of it is kept."""
    data = build_sandbox_packet(
        Authority(scene.home.authority), demo_agency("G22"), [demo_agency("H37")], fault="state-secret"
    )
    with pytest.raises(AxisRefusedError) as refused:
        scene.traffic.send(Packet(0, "G22", data, "refused"))
    assert refused.value.code == Code.SECRECY_MARKED


def test_revocation_service_away(scene):
    """Documents wait by name with a deadline, and go on by themselves within 60 s of its return."""
    scene.drain(60)
    single.halt(scene.home.root, "authority")
    # What is at hand would hold for hours; here it has run out.
    scene.database("DELETE FROM revocation")
    time.sleep(2.5)
    name = scene.traffic.send(scene.take_probe())
    scene.traffic.release(SHARE)
    scene.until("it waits", lambda: scene.traffic.status(name).state == "waiting", 20)
    status = scene.traffic.status(name)
    assert status.waiting.reason.code == Code.REVOCATION_UNAVAILABLE
    assert status.waiting.deadline > status.waiting.next_try_at > status.waiting.since
    label = f'{{code="{Code.REVOCATION_UNAVAILABLE}"}}'
    scene.until("it is counted", lambda: scene.gauge("keeper", "axis_waiting").get(label, 0) >= 1, 10)
    time.sleep(6)
    single.begin(scene.home.root, "authority")
    at = time.monotonic()
    scene.until("it goes on", lambda: scene.traffic.status(name).state == "accepted", WAITING_SECONDS)
    scene.recovered("revocation service away", at, within=WAITING_SECONDS)


def test_the_books_agree(scene):
    """Everything drained; four books compared: nothing lost, doubled, altered, or shown going back."""
    scene.traffic.release(scene.traffic.left)
    scene.say(f"drained in {scene.drain(90):.1f} s")
    time.sleep(2)  # the worker commits its offsets once a second
    scene.traffic.collect()
    scene.drain(30)
    time.sleep(2)
    ledgers = scene.ledgers()
    ends = counts(ledgers.memory)
    book = scene.traffic.book
    scene.say(
        f"{len(book.handed)} packets: {dict(ends)}; {len(ledgers.memory.deliveries)} deliveries, "
        f"{len(book.downloads)} downloads, {len(book.receipts)} receipts verified, "
        f"{len(book.statuses)} statuses, {len(ledgers.road.records)} records, "
        f"{len(ledgers.memory.quarantine)} aside"
    )
    for what, seconds in scene.told:
        scene.say(f"{seconds:6.1f} s  {what}")
    breaches = compare(ledgers)
    for breach in breaches:
        scene.say(f"BREACH {breach.invariant}: {breach.what}")
    assert not breaches
    assert not scene.traffic.failures
    assert len(book.handed) >= DOCUMENTS
    assert ends["accepted"] > DOCUMENTS / 2
    assert ends["refused"] >= DOCUMENTS / 10
