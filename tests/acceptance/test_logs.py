"""One packet followed through the logs of all processes, and nothing in any log that must not be there.

A whole run on a whole stack: accepted, refused, waiting and taken up again, fetched, answered, poison. Then
every line of every log, servers included, is held against what that run knew: names, subjects, numbers of
certificates, passwords, tokens.
"""

import asyncio
import json
import ssl
import time

import asyncpg
import httpx
import pytest
from confluent_kafka import Producer

from axis.cli import funnel, root
from axis.cli.rehearsal import set_stage
from axis.client import Axis
from axis.kafka.connect import confluent_options
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import load_settings
from axis.stack import single
from axis.stack.life import remove, up
from axis.topics import SUBMISSION
from tests.lab.servers import temporary_home

SENDER, RECIPIENT = "G12", "H37"
NOTE = "Thiếu phụ lục, đồng chí Trần Thị Ghi Chú phụ trách"


class Run:
    """What one run did and knew."""

    def __init__(self, home, profiles):
        self.home, self.profiles = home, profiles
        self.packets = {}
        self.tokens = []

    def speak(self, code):
        profile = self.profiles[code]
        return Axis(profile.rest_url, profile.client_id, profile.client_secret, ca=profile.ca_file)

    def token(self, code):
        """Get a token by hand, to know one."""
        profile = self.profiles[code]
        answer = httpx.post(
            f"{profile.rest_url}/v1/token",
            data={"grant_type": "client_credentials"},
            auth=(profile.client_id, profile.client_secret),
            verify=ssl.create_default_context(cafile=profile.ca_file),
        )
        self.tokens.append(answer.json()["access_token"])

    def ask(self, statement):
        async def asked():
            line = await asyncpg.connect(load_settings().database_url, timeout=10)
            try:
                return await line.fetch(statement)
            finally:
                await line.close()

        return asyncio.run(asked())

    def lines(self, name):
        return (self.home.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()

    def said(self, name, packet):
        """What our process says of a packet, in order."""
        return [json.loads(line)["event"] for line in self.lines(name) if packet in line]


def until(holds, seconds=60):
    since = time.monotonic()
    while not holds():
        assert time.monotonic() - since < seconds
        time.sleep(0.3)


@pytest.fixture(scope="module")
def done():
    with temporary_home() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(home.root))
        try:
            up(home.root)
            authority = Authority(home.authority)
            stage = asyncio.run(set_stage(load_settings(), authority))
            run = Run(home, {code: p for p in stage.profiles.values() for code in p.agencies})
            work(run, authority)
            yield run
        finally:
            remove(home.root)


def work(run, authority):
    """Everything that a packet can meet, once."""

    def packet(fault=None):
        return build_sandbox_packet(
            authority, demo_agency(SENDER), [demo_agency(RECIPIENT)], fault=fault
        )

    run.token(SENDER)
    with run.speak(SENDER) as sender, run.speak(RECIPIENT) as recipient:
        for name, fault in (("accepted", None), ("refused", "altered-byte")):
            run.packets[name] = sender.send_packet(packet(fault)).packet_id
            sender.wait_for_receipt(run.packets[name], timeout=60)
        until(lambda: recipient.inbox("document"))
        [entry] = recipient.inbox("document")
        recipient.fetch(entry, run.home.root / "fetched")
        recipient.mark(entry)
        recipient.answer(run.packets["accepted"], RECIPIENT, "02", NOTE)
        until(lambda: sender.status(run.packets["accepted"]).recipients[0].state == "02")
        producer = Producer(confluent_options(load_settings()))
        producer.produce(SUBMISSION, value=NOTE.encode(), key=b"junk")
        assert producer.flush(15) == 0
        single.halt(run.home.root, "authority")
        run.ask("DELETE FROM revocation")
        time.sleep(3)
        run.packets["waited"] = sender.send_packet(packet()).packet_id
        until(lambda: sender.status(run.packets["waited"]).state == "waiting")
        single.begin(run.home.root, "authority")
        until(lambda: sender.status(run.packets["waited"]).state == "accepted")
        sender.wait_for_receipt(run.packets["waited"], timeout=60)
    for process, name, event in (
        ("gateway", "accepted", "fetched"),
        ("worker", "accepted", "status recorded"),
        ("worker", "waited", "delivered"),
    ):
        until(lambda p=process, n=name, e=event: e in run.said(p, run.packets[n]))
    until(lambda: run.ask("SELECT count(*) FROM unsealed")[0][0] == 0)
    until(lambda: all("sealed" in run.said("sealer", one) for one in run.packets.values()))
    until(lambda: run.ask("SELECT count(*) FROM quarantine")[0][0] == 1)


def test_one_packet_is_followed_through_every_process(done):
    """Its id stands at each step of its way, in the log of the process that made it."""
    accepted, refused, waited = (done.packets[name] for name in ("accepted", "refused", "waited"))
    assert done.said("gateway", accepted) == ["taken", "fetched"]
    assert done.said("worker", accepted) == ["decided", "delivered", "status recorded"]
    assert set(done.said("sealer", accepted)) == {"sealed"}
    assert done.said("worker", refused) == ["decided"]
    assert done.said("worker", waited)[0] == "waits"
    assert done.said("worker", waited)[-2:] == ["decided", "delivered"]
    assert "sent again" in done.said("keeper", waited)


def test_every_line_of_ours_is_one_object(done):
    """Also what a library says: a log that is half JSON cannot be searched."""
    for name in ("gateway", "worker", "sealer", "keeper"):
        for line in done.lines(name):
            said = json.loads(line)
            assert said["process"] == name
            assert said["timestamp"].endswith("Z")


def test_no_log_tells_of_people_documents_or_secrets(done):
    """Every log of the stack, our processes and the servers."""
    words = {NOTE, "Trần Thị Ghi Chú", *done.tokens}
    words |= {row[0] for row in done.ask("SELECT DISTINCT full_name FROM signer")}
    words |= {row[0] for row in done.ask("SELECT DISTINCT subject FROM document")}
    words |= {row[0] for row in done.ask("SELECT certificate_sha256 FROM signer")}
    words |= {row[0] for row in done.ask("SELECT certificate_sha256 FROM seal")}
    words |= {profile.client_secret for profile in done.profiles.values()}
    identity = json.loads(done.home.identity.read_text(encoding="utf-8"))
    words |= {password for kind in ("kafka", "database", "registry") for password in identity[kind].values()}
    words.add((done.home.authority / "seal" / "passphrase").read_text(encoding="utf-8").strip())
    assert len(words) > 30
    assert all(len(word) > 5 for word in words)
    files = done.home.logs.iterdir()
    logs = {path.stem: path.read_text(encoding="utf-8", errors="replace") for path in files}
    assert {"gateway", "worker", "sealer", "keeper", "kafka", "postgres", "registry"} <= set(logs)
    found = [(name, word) for name, text in logs.items() for word in words if word in text]
    assert not found


def test_trace_tells_the_whole_way_of_a_packet(done, capsys):
    """Database and logs together, in the order of time; nothing of the document."""
    code = funnel.run(root.build(), ["trace", done.packets["waited"], "--json"])
    text = capsys.readouterr().out
    lines = [json.loads(line) for line in text.splitlines()]
    assert code == 0
    assert [line["at"] for line in lines] == sorted(line["at"] for line in lines)
    assert {line["by"] for line in lines} == {"database", "gateway", "worker", "sealer", "keeper"}
    whats = {line["what"] for line in lines}
    assert {"taken", "waits", "sent again", "decided", "decided: accepted", "delivered", "sealed"} <= whats
    subjects = [row[0] for row in done.ask("SELECT subject FROM document")]
    assert not [subject for subject in subjects if subject in text]
    assert funnel.run(root.build(), ["trace", "0" * 32]) == 1
