"""Connections that speak Kafka, on a whole stack: what they send, and what they wait for."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import asyncpg
import pytest

from axis.cli.rehearsal import set_stage
from axis.cli.verify import read_anchors
from axis.client import AxisClient
from axis.contract.registry import load_schemas
from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.settings import load_settings
from axis.stack.places import Home
from axis.stack.single import arm, described
from axis.stack.supervision import Supervisor
from tests.lab.speaker import Speaker


@pytest.fixture(scope="module")
def scene(stack, request):
    """A stack with connections that speak Kafka, named after the module's PREFIX: G09 sends, H37 receives."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(stack))
        settings = load_settings()
        authority = Authority(Home(stack).authority)
        stage = asyncio.run(set_stage(settings, authority))
        yield Scene(settings, authority, stage, prefix=request.module.PREFIX)


class Scene:
    def __init__(self, settings, authority, stage, *, prefix):
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

    def put_down(self):
        """Kill the bridge and leave it dead; `axis.stack.single.begin` starts it."""
        os.kill(self.pid(), signal.SIGKILL)
        Supervisor(self.home).halt("bridge")

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


def denied(scene, user):
    """Count what the broker has refused a user, by its own log."""
    text = (scene.home.logs / "kafka.log").read_text(encoding="utf-8", errors="replace")
    return len(re.findall(rf"Principal = User:{re.escape(user)} is Denied", text))


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
