"""Systems that speak Kafka, on a whole stack: in, out, and whatever a record may hold."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from axis.cli.rehearsal import set_stage
from axis.cli.verify import judge, read_anchors
from axis.client import AxisClient, AxisRefusedError
from axis.content.store import ContentStore
from axis.contract.doors import ConnReport, ConnSubmission, encode_conn_submission
from axis.contract.registry import load_schemas
from axis.document import packet_id
from axis.kafka.connect import aiokafka_options
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import load_settings
from axis.stack.places import Home
from axis.stack.single import arm
from axis.stack.supervision import Supervisor
from axis.topics import INLINE_BYTES
from tests.lab.speaker import Speaker


@pytest.fixture(scope="module")
def scene(stack):
    """A stack with two connections that speak Kafka: G09 sends, H37 receives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(stack))
        settings = load_settings()
        authority = Authority(Home(stack).authority)
        stage = asyncio.run(set_stage(settings, authority))
        yield Scene(settings, authority, stage)


class Scene:
    def __init__(self, settings, authority, stage):
        self.settings, self.authority, self.stage = settings, authority, stage
        self.home = Home(settings.home)
        self.schemas = load_schemas(settings)
        self.anchors = read_anchors([self.home.authority / "ca.pem"])
        self.sender = self.add("kafka-a", "G09")
        self.receiver = self.add("kafka-b", "H37")

    def add(self, name, agency):
        command = [sys.executable, "-m", "axis.cli", "connection", "add", name, "--agency", agency]
        done = subprocess.run(
            [*command, "--take-over", "--kafka", "--json"], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def packet(self, **more):
        return build_sandbox_packet(self.authority, demo_agency("G09"), [demo_agency("H37")], **more)

    def speaker(self, told):
        return Speaker(told, self.schemas)

    def client(self, told):
        return AxisClient(
            told["rest_url"], told["rest_client_id"], told["rest_client_secret"], ca=told["rest_ca"]
        )

    async def rows(self, statement, *values):
        conn = await asyncpg.connect(self.settings.database_url)
        try:
            return await conn.fetch(statement, *values)
        finally:
            await conn.close()

    def kill_at(self, failpoint):
        """Let the bridge's next life die at a place; it begins now."""
        arm(self.home.root, "bridge", {"AXIS_FAILPOINT": failpoint})
        self.kill()

    def kill(self):
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while self.pid() in {0, pid}:
            assert time.monotonic() < until
            time.sleep(0.05)

    def pid(self):
        return next(one.pid for one in Supervisor(self.home).standings() if one.name == "bridge")


def about(name, kind=""):
    return lambda record: record.packet_id == name and (not kind or record.kind == kind)


def receipt(name, kind):
    return lambda record: (
        record.kind == "receipt"
        and record.packet_id == name
        and json.loads(json.loads(record.content)["event"])["kind"] == kind
    )


def notice(code, reference=None):
    return lambda record: (
        record.kind == "notice"
        and (told := json.loads(record.content))["code"] == code
        and (reference is None or told["reference"] == reference)
    )


def ids(inbox):
    """Each id has one sequence of bytes, however often it came."""
    seen = {}
    for header, record, value in inbox:
        assert header == record.id
        assert seen.setdefault(record.id, value) == value
    return set(seen)


async def test_one_document_end_to_end_by_kafka_alone(scene):
    """Submission, receipt, delivery, handover, status: and the same packet by REST is the same packet."""
    data = scene.packet()
    assert len(data) <= INLINE_BYTES
    name = packet_id("kafka-a", hashlib.sha256(data).hexdigest())
    async with scene.speaker(scene.sender) as a, scene.speaker(scene.receiver) as b:
        await a.submit(data, reference="r-1")
        accepted = await a.until(receipt(name, "SubmissionAcceptance"))
        assert judge(accepted.content, scene.anchors)
        document = await b.until(about(name, "document"))
        assert (document.recipients, document.agency) == (("H37",), "G09")
        assert hashlib.sha256(document.content).hexdigest() == document.sha256
        assert len(document.content) == document.size > len(data)
        await b.ack(received=document.subject)
        await a.until(receipt(name, "ContentHandover"))
        at = msgspec.convert("2026-11-24T08:15:00+07:00", type=type(document.created_at))
        report = ConnReport(
            packet_id=name, recipient="H37", code="03", reported_at=at, description="Đã vào sổ"
        )
        await b.ack(report=report)
        status = await a.until(about(name, "status"))
        assert b"H37" in status.content
        # the other door, the same connection: one packet, one receipt
        async with scene.client(scene.sender) as rest:
            assert (await rest.send_packet(data)).packet_id == name
            kinds = [line.kind for line in await rest.receipts(name)]
            assert kinds.count("SubmissionAcceptance") == 1
            line = next(one for one in await rest.receipts(name) if one.kind == "SubmissionAcceptance")
            assert await rest.receipt(line.event_id) == accepted.content
        # once more by Kafka: the receipt comes again, the same bytes
        before = len(a.inbox)
        await a.submit(data)
        async with asyncio.timeout(20):
            while not any(record.id == accepted.id for _, record, _ in a.inbox[before:]):
                await a.read()
        ids(a.inbox)
    rows = await scene.rows("SELECT door FROM intake WHERE packet_id = $1", name)
    assert [row["door"] for row in rows] == ["kafka"]


async def test_a_large_packet_goes_by_its_digest(scene):
    """Uploaded first, named by its digest; the recipient fetches it. Another's digest counts for nobody."""
    data = scene.packet(size=600_000)
    sha256 = hashlib.sha256(data).hexdigest()
    name = packet_id("kafka-a", sha256)
    async with (
        scene.speaker(scene.sender) as a,
        scene.speaker(scene.receiver) as b,
        scene.client(scene.sender) as rest,
        scene.client(scene.receiver) as other,
    ):
        await a.submit(sha256=sha256, reference="too early")
        await a.until(notice("take.not-found", "too early"))
        with pytest.raises(AxisRefusedError, match="digest"):
            await rest.upload(data, sha256="0" * 64)
        assert await rest.upload(data) == sha256
        await b.submit(sha256=sha256, reference="not mine")
        await b.until(notice("take.not-found", "not mine"))
        await a.submit(sha256=sha256)
        await a.until(receipt(name, "SubmissionAcceptance"))
        document = await b.until(about(name, "document"))
        assert (document.content, document.size > INLINE_BYTES) == (None, True)
        fetched = await other.content(document.entry_id)
        assert hashlib.sha256(fetched).hexdigest() == document.sha256
        await a.until(receipt(name, "ContentHandover"))
        await a.submit(b"x" * (INLINE_BYTES + 1), reference="fat")
        await a.until(notice("take.too-large", "fat"))


async def test_a_new_connection_is_heard_within_seconds(scene):
    """From the end of the command to the answer in its inbox."""
    told = await asyncio.to_thread(scene.add, "kafka-new", "G22")
    since = time.monotonic()
    async with scene.speaker(told) as new:
        await new.submit(reference="hello")
        await new.until(notice("take.request-malformed", "hello"))
        assert time.monotonic() - since < 5


def write_loud(told, value):
    """Write a record whose header's name is no UTF-8; return its (partition, offset)."""
    environ = {
        **os.environ,
        **{f"AXIS_{name.upper()}": told[name] for name in told if name.startswith("kafka_")},
    }
    command = [sys.executable, "-m", "tests.lab.loud", told["topics"]["submission"], value.hex()]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return tuple(int(word) for word in done.stdout.split())


async def test_poison_ends_in_quarantine_and_a_notice(scene):
    """Byte for byte, each by itself: what stands behind it, and other connections, go on."""
    good = encode_conn_submission(ConnSubmission(packet=b"<x/>"), scene.schemas)
    poison = [
        (b"junk", {}, "quarantine.record-unreadable"),
        (None, {"key": b"k"}, "quarantine.record-unreadable"),
        (b"", {}, "quarantine.record-unreadable"),
        (b"\x00" + (4_000_000).to_bytes(4, "big") + good[5:], {}, "quarantine.schema-unknown"),
        (good + b"\x00", {}, "quarantine.record-unreadable"),
        (os.urandom(900_000), {}, "quarantine.record-unreadable"),
        (good, {"key": b"k" * 5000}, "quarantine.record-unreadable"),
        (good, {"headers": [(f"h{n}", b"v") for n in range(500)]}, "quarantine.record-unreadable"),
        (good, {"headers": [("h", b"v" * 100_000)]}, "quarantine.record-unreadable"),
    ]
    content = ContentStore(scene.home.content)
    async with scene.speaker(scene.sender) as a, scene.speaker(scene.receiver) as b:
        sent = []
        for value, more, code in poison:
            done = await a.raw(value, **more)
            sent.append((value, more.get("key"), code, done.offset))
        _, offset = await asyncio.to_thread(write_loud, scene.sender, good)
        sent.append((good, None, "quarantine.record-unreadable", offset))
        await b.submit(reference="beside")
        await b.until(notice("take.request-malformed", "beside"))
        await a.submit(reference="behind")
        await a.until(notice("take.request-malformed", "behind"))
        for value, key, code, offset in sent:
            place = f"{a.topics['submission']}[0]@{offset}"
            told = await a.until(
                lambda r, place=place: r.kind == "notice" and json.loads(r.content)["record"] == place
            )
            assert json.loads(told.content)["code"] == code
            (row,) = await scene.rows(
                'SELECT code, key, sha256 FROM quarantine WHERE topic = $1 AND "offset" = $2',
                a.topics["submission"],
                offset,
            )
            kept = await asyncio.to_thread(content.path(row["sha256"]).read_bytes)
            assert (row["code"], row["key"], kept) == (code, key, value or b"")


async def test_what_bears_a_secret_mark_leaves_nothing(scene):
    """Told at once, not taken, not set aside, and gone from the topic."""
    data = scene.packet(subject="TUYỆT MẬT")
    sha256 = hashlib.sha256(data).hexdigest()
    async with scene.speaker(scene.sender) as a, scene.client(scene.sender) as rest:
        done = await a.submit(data, reference="secret")
        await a.until(notice("secrecy.marked", "secret"))
        with pytest.raises(AxisRefusedError, match="secrecy"):
            await rest.upload(data)
    assert not ContentStore(scene.home.content).path(sha256).exists()
    for table in ("intake", "quarantine", "upload"):
        assert await scene.rows(f"SELECT FROM {table} WHERE sha256 = $1", sha256) == []
    reader = AIOKafkaConsumer(**aiokafka_options(scene.settings))
    await reader.start()
    place = TopicPartition(done.topic, done.partition)
    until = time.monotonic() + 10
    while (await reader.beginning_offsets([place]))[place] <= done.offset:
        assert time.monotonic() < until
        await asyncio.sleep(0.2)
    await reader.stop()


@pytest.mark.parametrize(
    "failpoint",
    ["take.content-written", "take.committed", "take.published", "bridge.settled", "bridge.published"],
)
async def test_a_bridge_that_dies_loses_and_doubles_nothing(scene, failpoint):
    """Killed at each place of its way: one packet, one delivery; what comes twice is the same bytes."""
    await asyncio.to_thread(scene.kill_at, failpoint)
    data = scene.packet()
    name = packet_id("kafka-a", hashlib.sha256(data).hexdigest())
    async with scene.speaker(scene.sender) as a, scene.speaker(scene.receiver) as b:
        await a.submit(data)
        await a.until(receipt(name, "SubmissionAcceptance"), seconds=90)
        document = await b.until(about(name, "document"), seconds=60)
        assert (scene.home.root / f"failpoint.{failpoint}.hit").exists()
        await b.ack(received=document.subject)
        await a.until(receipt(name, "ContentHandover"), seconds=60)
        ids(a.inbox)
        ids(b.inbox)
        kinds = [r.kind for _, r, _ in {i: (i, r, v) for i, r, v in b.inbox}.values() if r.packet_id == name]
        assert kinds == ["document"]
    assert len(await scene.rows("SELECT FROM delivery WHERE packet_id = $1", name)) == 1
    assert len(await scene.rows("SELECT FROM event WHERE packet_id = $1", name)) >= 3
