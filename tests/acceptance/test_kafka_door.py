"""Systems that speak Kafka, on a whole stack: in, out, and whatever a record may hold."""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from axis.cli.verify import judge
from axis.client import AxisRefusedError
from axis.content.store import ContentStore
from axis.contract.doors import ConnReport, ConnSubmission, encode_conn_submission
from axis.document import packet_id
from axis.kafka.connect import aiokafka_options
from axis.topics import INLINE_BYTES
from tests.lab.doorstep import about, ids, notice, receipt, scene

__all__ = ["scene"]

PREFIX = "kafka"


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
