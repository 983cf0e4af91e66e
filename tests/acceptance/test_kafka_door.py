"""Systems that speak Kafka, on a whole stack: in, out, and whatever a record may hold."""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DeleteGroupsRequest, DescribeAclsRequest
from aiokafka.structs import TopicPartition

from axis.cli.rehearsal import set_stage
from axis.cli.verify import judge, read_anchors
from axis.client import AxisClient, AxisRefusedError, Store
from axis.client.kafka import AxisKafkaClient
from axis.client.verifying import trusting
from axis.content.store import ContentStore
from axis.contract.doors import ConnReport, ConnSubmission, encode_conn_submission
from axis.contract.registry import load_schemas
from axis.document import packet_id
from axis.kafka.admin import admin_client
from axis.kafka.connect import aiokafka_options
from axis.kafka.doors import Doors
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import load_settings
from axis.stack.places import Home
from axis.stack.single import arm, described
from axis.stack.supervision import Supervisor
from axis.topics import INLINE_BYTES, TOPICS
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
    def __init__(self, settings, authority, stage, prefix="kafka"):
        self.settings, self.authority, self.stage = settings, authority, stage
        self.home = Home(settings.home)
        self.schemas = load_schemas(settings)
        self.anchors = read_anchors([self.home.authority / "ca.pem"])
        self.sender = self.add(f"{prefix}-a", "G09")
        self.receiver = self.add(f"{prefix}-b", "H37")
        self.loop = self.add(f"{prefix}-c", "H49", "H41")

    def add(self, name, *agencies):
        command = [sys.executable, "-m", "axis.cli", "connection", "add", name]
        command += [word for agency in agencies for word in ("--agency", agency)]
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
        assert judge(accepted.content, scene.anchors).proven
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


# --- the library ---------------------------------------------------------


def over(scene, told, tmp_path, way):
    verify = trusting(scene.home.authority / "ca.pem")
    if way == "kafka":
        return AxisKafkaClient(told, store=tmp_path / f"{told['name']}.sqlite", verify=verify)
    return AxisClient(
        told["rest_url"],
        told["rest_client_id"],
        told["rest_client_secret"],
        ca=told["rest_ca"],
        verify=verify,
    )


@pytest.mark.parametrize("way", ["rest", "kafka"])
async def test_the_library_is_the_same_over_both_ways(scene, tmp_path, way):
    """Send, wait, receive, answer, be told: one story, two ways."""
    data, told = scene.packet(), []
    a, b = over(scene, scene.sender, tmp_path, way), over(scene, scene.receiver, tmp_path, way)
    async with a, b:
        sent = await a.send_packet(data, progress=lambda gone, of: told.append((gone, of)))
        assert told[-1] == (len(data), len(data))
        assert (await a.send_packet(data)).packet_id == sent.packet_id
        receipt = await a.wait_for_receipt(sent.packet_id)
        assert receipt.kind == "SubmissionAcceptance"
        entry = await until(b, "document", sent.packet_id)
        path = await b.fetch(entry, tmp_path / "den")
        assert path.read_bytes() == await b.content(entry)
        assert len(path.read_bytes()) > len(data)
        await b.answer(sent.packet_id, "H37", "03", "Đã tiếp nhận")
        await b.mark(entry)
        assert await b.inbox("document", packet_id=sent.packet_id) == []
        await a.wait_for_receipt(sent.packet_id, "ContentHandover")
        status = await until(a, "status", sent.packet_id)
        assert b"H37" in await a.content(status)
        broken = scene.packet(fault="no-seal")
        refused = await a.wait_for_receipt((await a.send_packet(broken)).packet_id)
        assert refused.kind == "SubmissionRejection"
        secret = scene.packet(subject="MẬT")
        with pytest.raises(AxisRefusedError) as caught:
            await a.wait_for_receipt((await a.send_packet(secret)).packet_id)
        assert caught.value.code == "secrecy.marked"


async def until(client, kind, name):
    async with asyncio.timeout(60):
        while True:
            for entry in await client.inbox(kind, packet_id=name, wait=5, limit=1000):
                return entry


@pytest.mark.parametrize("way", ["rest", "kafka"])
async def test_what_was_dealt_with_is_not_shown_again(scene, tmp_path, way):
    """A system that dies between dealing and marking: given once more before that, never after."""
    data = scene.packet()
    async with over(scene, scene.sender, tmp_path, "rest") as a:
        name = (await a.send_packet(data)).packet_id

    async def first(store, count):
        async with over(scene, scene.receiver, tmp_path, way) as b:
            seen = []
            async with asyncio.timeout(60):
                async for entry in b.receive(store, kind="document", wait=2):
                    seen.append(entry.packet_id)
                    if entry.packet_id == name:
                        count -= 1
                        if not count:
                            return seen
        return seen

    store = Store(tmp_path / "dealt.sqlite")
    assert name in await first(store, 1)  # dies while it deals
    async with over(scene, scene.receiver, tmp_path, way) as b:
        entry = await until(b, "document", name)
        store.deal(entry)  # dies between dealing and marking
        again = b.receive(Store(tmp_path / "dealt.sqlite"), kind="document", wait=0.5)
        shown = []

        async def watch():
            async for one in again:
                shown.append(one.packet_id)  # noqa: PERF401 - it is cut off

        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watch(), 8)
        assert name not in shown
        assert await b.inbox("document", packet_id=name) == []
    store.close()


async def test_the_examples_of_the_readme_run(scene, tmp_path, monkeypatch, capsys):
    """Word for word, with files of the names that they use."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    blocks = [part.partition("```")[0] for part in readme.split("```python\n")[1:]]
    examples = [block for block in blocks if "axis.client" in block]
    assert len(examples) == 2
    (tmp_path / "my-dms.json").write_text(json.dumps(scene.loop))
    (tmp_path / "ca.pem").write_bytes((scene.home.authority / "ca.pem").read_bytes())
    for name in ("goi.edxml", "goi-2.edxml"):
        data = build_sandbox_packet(scene.authority, demo_agency("H49"), [demo_agency("H41")])
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    for example in examples:
        await asyncio.to_thread(exec, compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.count("SubmissionAcceptance") == 2
    assert list((tmp_path / "den").iterdir())


def test_stock_java_clients_send_and_receive(scene, tmp_path):
    """Kafka's own client and an Avro serializer: a packet out, receipt and delivery in."""
    folder = Path(__file__).parents[2] / "deploy" / "samples" / "java"
    target = tmp_path / "java"
    shutil.copytree(folder, target / "deploy" / "samples" / "java", ignore=shutil.ignore_patterns("target"))
    shutil.copytree(folder.parents[2] / "avro", target / "avro")
    built = target / "deploy" / "samples" / "java"
    mvn = ["mvn", "-B", "-q", "-f", str(built / "pom.xml"), "package"]
    offline = subprocess.run([*mvn, "-o"], capture_output=True, text=True, timeout=300, check=False)
    if offline.returncode:  # the first time on this machine
        subprocess.run(mvn, check=True, timeout=600)
    paths = f"{built}/target/kafka-connection-1.jar:{built}/target/dependency/*"

    def java(name, told, *more):
        (tmp_path / "told.json").write_text(json.dumps(told))
        command = ["java", "-cp", paths, f"vn.axis.sample.{name}", str(tmp_path / "told.json"), *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    data = scene.packet()
    (tmp_path / "goi.edxml").write_bytes(data)
    name = java("Send", scene.sender, str(tmp_path / "goi.edxml")).strip()
    assert name == packet_id("kafka-a", hashlib.sha256(data).hexdigest())
    receipts = java("Receive", scene.sender, "receipt", name)
    assert f" receipt {name} " in receipts
    line = next(
        one for one in java("Receive", scene.receiver, "document", name).splitlines()
        if f" document {name} " in one
    )  # fmt: skip
    (row,) = asyncio.run(scene.rows("SELECT delivered_sha256 FROM decision WHERE packet_id = $1", name))
    assert line.split()[3] == row["delivered_sha256"]


# --- isolation -----------------------------------------------------------


async def test_another_connection_gets_nothing_by_kafka(scene):
    """With valid credentials of its own: others' topics and groups, and the inner ones, are closed to it."""
    other, mine = scene.sender, scene.receiver
    options = Speaker(mine, scene.schemas).options
    since, doors = denied(scene, mine["kafka_user"]), Doors(scene.settings)
    await asyncio.sleep(2)  # what earlier tests were refused is counted by then
    counted_before = counted(scene, mine["kafka_user"])
    before = doors.look()
    for topic in (*other["topics"].values(), *TOPIC_NAMES):
        with pytest.raises(KafkaError):
            await read_one(options, topic, group=None)
        with pytest.raises(KafkaError):
            await write_one(options, topic)
    with pytest.raises(KafkaError):
        await write_one(options, mine["topics"]["inbox"])
    with pytest.raises(KafkaError):
        await read_one(options, mine["topics"]["submission"], group=None)
    for group in ("axis.conn.kafka-a.test", "axis.conn.kafka-", "axis.bridge", "axis.worker", "mine"):
        with pytest.raises(KafkaError):
            await read_one(options, mine["topics"]["inbox"], group=group)
    settings = msgspec.structs.replace(
        scene.settings, kafka_user=mine["kafka_user"], kafka_password=mine["kafka_password"]
    )
    client = admin_client(settings)
    assert set(client.list_topics(timeout=10).topics) == set(mine["topics"].values())
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    place = TopicPartition(other["topics"]["inbox"], 0)
    with pytest.raises(KafkaError):
        await admin.delete_records({place: RecordsToDelete(before_offset=1)})
    for answer in (
        await admin.create_topics([NewTopic("axis.conn.kafka-a.more.v1", 1, 1)]),
        await admin.delete_topics([other["topics"]["inbox"]]),
    ):
        errors = getattr(answer, "topic_errors", None) or answer.topic_error_codes
        assert all(error[1] for error in errors)
    assert all(name.startswith("axis.conn.kafka-b.") for name, _ in await admin.list_consumer_groups())
    group = "axis.conn.kafka-a.test"
    with pytest.raises(KafkaError):
        await admin.describe_consumer_groups([group])
    with pytest.raises(KafkaError):
        await admin.list_consumer_group_offsets(group)
    topic = other["topics"]["inbox"]
    answers = [
        *(await admin._send_request(DeleteGroupsRequest([group]))).results,
        await admin._send_request(DescribeAclsRequest(1, None, 1, None, None, 1, 1)),
        *(await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)]))[0].resources,
        *(await admin.describe_topics([topic])),
    ]
    await admin.close()
    for answer in answers:
        assert refused_code(answer), answer
    for name in ("axis.conn.kafka-a.tx", "axis-bridge", mine["kafka_user"]):
        producer = AIOKafkaProducer(**options, transactional_id=name, request_timeout_ms=5000)
        with pytest.raises(KafkaError):
            await producer.start()
        await producer.stop()
    assert doors.look() == before
    # The broker has written each of them down, and the keeper has counted each line.
    refused = denied(scene, mine["kafka_user"]) - since
    assert refused >= 2 * len(TOPIC_NAMES) + len(answers)
    async with asyncio.timeout(20):
        while counted(scene, mine["kafka_user"]) - counted_before != refused:
            await asyncio.sleep(0.5)
            refused = denied(scene, mine["kafka_user"]) - since


async def test_another_connection_gets_nothing_by_rest(scene):
    """Packets, receipts, mail, uploads and statuses of another by their ids: all refused, and counted."""
    data = scene.packet()
    before = turned_away(scene, "gateway", "take.not-found")
    async with scene.client(scene.sender) as a, scene.client(scene.receiver) as b:
        sent = await a.send_packet(data)
        receipt = await a.wait_for_receipt(sent.packet_id)
        (entry, *_) = await a.inbox("receipt", packet_id=sent.packet_id)
        third = AxisClient(
            scene.loop["rest_url"],
            scene.loop["rest_client_id"],
            scene.loop["rest_client_secret"],
            ca=scene.loop["rest_ca"],
        )
        async with third:
            tries = [
                third.status(sent.packet_id),
                third.receipts(sent.packet_id),
                third.receipt(receipt.event_id),
                third.content(entry),
                third.mark(entry),
                third.answer(sent.packet_id, "H37", "03"),
                b.status(sent.packet_id),
            ]
            for one in tries:
                with pytest.raises(AxisRefusedError) as caught:
                    await one
                assert (caught.value.status, caught.value.code) == (404, "take.not-found")
    assert turned_away(scene, "gateway", "take.not-found") - before == len(tries)
    async with scene.speaker(scene.loop) as third:
        before = turned_away(scene, "bridge", "take.not-found")
        await third.ack(received=receipt.event_id, reference="i1")
        at = datetime.now(UTC)
        await third.ack(
            report=ConnReport(packet_id=sent.packet_id, recipient="H37", code="03", reported_at=at),
            reference="i2",
        )
        for reference in ("i1", "i2"):
            await third.until(notice("take.not-found", reference))
        assert turned_away(scene, "bridge", "take.not-found") - before == 2


TOPIC_NAMES = tuple(topic.name for topic in TOPICS)


async def read_one(options, topic, *, group):
    consumer = AIOKafkaConsumer(topic, **options, group_id=group, auto_offset_reset="earliest")
    try:
        await consumer.start()
        async with asyncio.timeout(10):
            await consumer.getone()
    finally:
        await consumer.stop()


async def write_one(options, topic):
    producer = AIOKafkaProducer(**options, request_timeout_ms=5000)
    await producer.start()
    try:
        async with asyncio.timeout(15):
            await producer.send_and_wait(topic, b"x")
    finally:
        await producer.stop()


def denied(scene, user):
    """Count what the broker has refused a user, by its own log."""
    text = (scene.home.logs / "kafka.log").read_text(encoding="utf-8", errors="replace")
    return len(re.findall(rf"Principal = User:{re.escape(user)} is Denied", text))


def refused_code(answer):
    """Return the error code of one answer, wherever its shape has it."""
    if isinstance(answer, dict):
        return answer["error_code"]
    if hasattr(answer, "error_code"):
        return answer.error_code
    return next(part for part in answer if isinstance(part, int))


def counted(scene, user):
    """Sum what the keeper has counted of a user's refusals."""
    page = metrics_page(scene, "keeper")
    assert "axis_broker_denials_read 1.0" in page
    return sum(
        float(number)
        for line, number in re.findall(r"^axis_broker_denied_total({.*}) ([0-9.]+)$", page, re.MULTILINE)
        if f'user="{user}"' in line
    )


def metrics_page(scene, process):
    port = described(scene.home.root, process).port
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=6) as answer:
        return answer.read().decode()


def turned_away(scene, process, code):
    """Read one counter of a process."""
    page = metrics_page(scene, process)
    found = re.search(rf'^axis_turned_away_total{{code="{code}"}} ([0-9.]+)$', page, re.MULTILINE)
    return float(found[1]) if found else 0.0
