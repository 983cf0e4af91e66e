"""The client library, the examples of the README and stock Java clients, on a whole stack."""

import asyncio
import contextlib
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from axis.client import AxisClient, AxisRefusedError, Store
from axis.client.kafka import AxisKafkaClient
from axis.client.verifying import trusting
from axis.document import packet_id
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from tests.lab.doorstep import scene

__all__ = ["scene"]

PREFIX = "library"

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
    assert name == packet_id(scene.sender["name"], hashlib.sha256(data).hexdigest())
    receipts = java("Receive", scene.sender, "receipt", name)
    assert f" receipt {name} " in receipts
    line = next(
        one for one in java("Receive", scene.receiver, "document", name).splitlines()
        if f" document {name} " in one
    )  # fmt: skip
    (row,) = asyncio.run(scene.rows("SELECT delivered_sha256 FROM decision WHERE packet_id = $1", name))
    assert line.split()[3] == row["delivered_sha256"]
