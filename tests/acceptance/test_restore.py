"""A database restored while Kafka is ahead, and a Kafka that lost everything: nothing lost, nothing doubled.

Faults 29. Documents go through before the backup, after it, and while records are lost; at the end every
packet that a sender holds has its one ending, every recipient each document once, and all books agree.
"""

import asyncio
import json
import shutil
import time

import asyncpg
import pytest

from axis.cli import root
from axis.cli.rehearsal import set_stage
from axis.client import Axis, NotYetError
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import load_settings
from axis.stack import single
from axis.stack.life import remove, up
from axis.stack.places import Home
from tests.lab.servers import temporary_home

SENDER, RECIPIENT = "G12", "H37"


class House:
    """A stack, a sender, a recipient, and what they hold."""

    def __init__(self, home, stage):
        self.home, self.root = home, home.root
        self.profiles = {code: p for p in stage.profiles.values() for code in p.agencies}
        self.authority = Authority(home.authority)
        self.receipts = {}

    def speak(self, code):
        profile = self.profiles[code]
        return Axis(profile.rest_url, profile.client_id, profile.client_secret, ca=profile.ca_file)

    def send(self, *, fault=None, wait=True):
        data = build_sandbox_packet(
            self.authority, demo_agency(SENDER), [demo_agency(RECIPIENT)], fault=fault
        )
        with self.speak(SENDER) as axis:
            name = axis.send_packet(data).packet_id
            if wait:
                axis.wait_for_receipt(name, timeout=60)
            return name

    def answer(self, packet, code):
        self.until(lambda: self.delivered(packet), 30)
        with self.speak(RECIPIENT) as axis:
            axis.answer(packet, RECIPIENT, code)
        self.until(lambda: self.recipient_state(packet) == code, 30)

    def state(self, packet):
        with self.speak(SENDER) as axis:
            return axis.status(packet).state

    def accepted(self, *packets):
        """Wait until each of some packets is."""
        for packet in packets:
            self.until(lambda p=packet: self.state(p) == "accepted", 60)

    def delivered(self, packet):
        with self.speak(SENDER) as axis:
            return axis.status(packet).recipients

    def recipient_state(self, packet):
        return self.delivered(packet)[0].state

    def mailbox(self):
        with self.speak(RECIPIENT) as axis:
            return [one.packet_id for one in axis.inbox("document", limit=1000)]

    def fetch(self, folder):
        with self.speak(RECIPIENT) as axis:
            for one in axis.inbox("document", limit=1000):
                axis.fetch(one, folder)
                axis.mark(one)

    def keep_receipts(self, packets, folder):
        """As a careful sender does: every receipt, in a file."""
        folder.mkdir()
        with self.speak(SENDER) as axis:
            for packet in packets:
                self.until(lambda p=packet: all(one.state == "sealed" for one in axis.receipts(p)), 30)
                for line in axis.receipts(packet):
                    (folder / f"{line.event_id}.json").write_bytes(axis.receipt(line.event_id))

    def until(self, holds, seconds):
        since = time.monotonic()
        while True:
            try:
                if holds():
                    return
            except NotYetError:
                pass
            assert time.monotonic() - since < seconds
            time.sleep(0.3)

    def database(self, statement):
        async def ask():
            line = await asyncpg.connect(load_settings().database_url, timeout=10)
            try:
                return await line.fetch(statement)
            finally:
                await line.close()

        return asyncio.run(ask())


@pytest.fixture(scope="module")
def house():
    with temporary_home() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(home.root))
        try:
            up(home.root)
            stage = asyncio.run(set_stage(load_settings(), Authority(home.authority)))
            yield House(home, stage)
        finally:
            remove(home.root)


@pytest.fixture
def axis(capsys):
    def run(*arguments):
        """Run a command; return its exit code and its JSON."""
        from axis.cli import funnel  # noqa: PLC0415 - the funnel takes the streams of the test

        code = funnel.run(root.build(), [*arguments, "--json"])
        said = capsys.readouterr()
        lines = [json.loads(line) for line in said.out.splitlines()]
        return code, lines[-1] if lines else said.err

    return run


def settle(axis, most=20):
    """Reconcile until nothing is left to take or send again; return the last comparison."""
    for _ in range(most):
        code, said = axis("reconcile", "--apply")
        if code != 2:
            return code, said
        time.sleep(1)
    pytest.fail(f"never settled: {said}")


def test_an_axis_that_was_not_restored_agrees(house, axis):
    """Nothing is reported where nothing is wrong: otherwise nobody would read the report."""
    accepted, refused = house.send(), house.send(fault="altered-byte")
    assert (house.state(accepted), house.state(refused)) == ("accepted", "refused")
    house.answer(accepted, "03")
    code, said = axis("reconcile", "--hash")
    assert code == 0, json.dumps(said)
    assert all(not said["found"][name] for name in said["found"])


def test_a_database_put_back_behind_kafka(house, axis, tmp_path):
    """What was taken, judged, delivered and answered after the backup is there again; once."""
    before = house.send()
    code, _ = axis("backup", str(tmp_path / "backup"))
    assert code == 0
    after = [house.send() for _ in range(3)]
    refused = house.send(fault="altered-byte")
    house.answer(after[0], "03")
    house.answer(before, "05")
    house.fetch(tmp_path / "first")
    house.keep_receipts([before, *after, refused], tmp_path / "receipts")
    # The disk of content is lost too, but for what came after the backup.
    content = house.home.content
    backed = {path.name for path in (tmp_path / "backup" / "content" / "sha256").glob("??/??/*")}
    lost = [path for path in (content / "sha256").glob("??/??/*") if path.name in backed]
    for path in lost:
        path.unlink()

    code, said = axis("restore", str(tmp_path / "backup"), "--yes")
    assert code == 0, json.dumps(said)
    assert said["content"] == len(lost)
    known = {row[0] for row in house.database("SELECT packet_id FROM intake")}
    assert before in known
    assert not known & {*after, refused}, "the restore forgot them"

    code, said = axis("reconcile", "--receipts", str(tmp_path / "receipts"))
    assert code == 2, json.dumps(said)
    unheld = {line.split()[1] for line in said["receipts"]}
    assert unheld == {before, *after, refused}, "what senders can prove and the memory has forgotten"
    forgotten = {line.split()[1] for line in said["found"]["packets"]}
    assert forgotten == {*after, refused}
    assert len(said["found"]["statuses"]) == 2

    code, said = settle(axis)
    assert code == 0, json.dumps(said)
    code, said = axis("reconcile", "--receipts", str(tmp_path / "receipts"))
    proven = {line.split()[1] for line in said["receipts"]}
    assert not proven & {refused}, "what was decided is known again"
    up(house.root)
    house.accepted(*after)
    house.until(lambda: house.state(refused) == "refused", 30)
    house.until(lambda: house.recipient_state(after[0]) == "03", 30)
    house.until(lambda: house.recipient_state(before) == "05", 30)
    twice = house.database("SELECT packet_id FROM delivery GROUP BY packet_id, recipient HAVING count(*) > 1")
    assert not twice
    # What was fetched after the backup comes again under the same id and with the same content.
    house.until(lambda: set(house.mailbox()) >= set(after), 30)
    events = house.database("SELECT packet_id FROM event WHERE kind = 'SubmissionAcceptance'")
    assert sorted(row[0] for row in events if row[0] in after) == sorted(after)


def test_a_kafka_that_lost_everything(house, axis):
    """Topics made anew, offsets gone: what was taken and not judged is sent again, all else stays."""
    done = house.send()
    house.until(lambda: done in house.mailbox(), 60)
    single.halt(house.root, "worker")
    stranded = [house.send(wait=False) for _ in range(3)]
    # The courier has published them and forgotten its rows: the road alone knows them now.
    house.until(lambda: not house.database("SELECT 1 FROM outbox"), 20)
    # And one document was accepted whose fan-out had not ended.
    house.database(f"UPDATE document SET routed_to = 0 WHERE packet_id = '{done}'")
    for name in ("gateway", "keeper", "kafka"):
        single.halt(house.root, name)
    shutil.rmtree(Home(house.root).kafka)
    from axis.stack.life import down  # noqa: PLC0415 - only here

    down(house.root)
    up(house.root)
    code, said = axis("reconcile")
    assert set(said["found"]["stranded"]) == set(stranded), said
    assert said["found"]["unrouted"] == [done], said
    code, said = settle(axis)
    assert code == 0, json.dumps(said)
    house.accepted(done, *stranded)
    house.until(lambda: set(house.mailbox()) >= {done, *stranded}, 60)
    boxed = house.mailbox()
    assert all(boxed.count(one) == 1 for one in (done, *stranded))
