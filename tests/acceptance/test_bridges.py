"""The Kafka door under load and under faults, on a whole stack: bridges, broker, database."""

import asyncio
import hashlib
import os
import re
import signal
import time
import urllib.request
from contextlib import AsyncExitStack

import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.client import UnreachableError
from axis.document import packet_id
from axis.stack import single
from axis.stack.alone import launch
from axis.stack.ports import choose_ports
from axis.stack.supervision import Supervisor
from tests.lab.doorstep import ids, notice, receipt, scene

__all__ = ["scene"]

PREFIX = "bridges"
PLACES = load_policy().limits.open_packets


def named(told, data):
    return packet_id(told["name"], hashlib.sha256(data).hexdigest())


async def until(scene, statement, *values, wanted, seconds=60.0):
    """Wait until a statement counts so many."""
    async with asyncio.timeout(seconds):
        while (found := (await scene.rows(statement, *values))[0][0]) != wanted:
            assert found < wanted, f"{found}, more than {wanted}"
            await asyncio.sleep(0.2)


async def test_a_flood_at_both_doors_waits_for_itself(scene):
    """T13: taken up to its places, the rest waits; the neighbour goes on; in the end all is taken, once."""
    taken = "SELECT count(*) FROM intake WHERE connection = $1"
    flood = [b"no packet, number %d" % n for n in range(PLACES + 30)]
    name = scene.loop["name"]
    supervisor = Supervisor(scene.home)
    async with (
        scene.speaker(scene.loop) as loud,
        scene.client(scene.loop) as rest,
        scene.client(scene.sender) as quiet,
    ):
        await asyncio.to_thread(supervisor.halt, "worker")
        try:
            for data in flood:
                await loud.submit(data)
            await until(scene, taken, name, wanted=PLACES)
            await rest.whoami()  # the door is there, whatever the test before did to it
            rest._wire._patience = 0.0
            with pytest.raises(UnreachableError) as full:
                await rest.send_packet(b"by the other door")
            assert full.value.__cause__.code == "take.too-many-open"
            assert (await rest.send_packet(flood[0])).packet_id == named(scene.loop, flood[0])
            assert (await quiet.send_packet(scene.packet())).state == "taken"
            await until(scene, taken, name, wanted=PLACES)
        finally:
            await asyncio.to_thread(supervisor.begin, "worker")
        rest._wire._patience = 60.0
        last = await rest.send_packet(b"by the other door")
        await loud.until(receipt(last.packet_id, "SubmissionRejection"), seconds=90)
        for data in flood:
            await loud.until(receipt(named(scene.loop, data), "SubmissionRejection"))
        ids(loud.inbox)
        assert not [record for _, record, _ in loud.inbox if notice("take.too-many-open")(record)]
    await until(scene, taken, name, wanted=len(flood) + 1)


class Bridges:
    """The stack's own bridge and a second one beside it."""

    def __init__(self, scene):
        self.scene = scene
        own = single.described(scene.home.root, "bridge")
        port = choose_ports(("another",), {}, {})[0]["another"]
        more = {"AXIS_INSTANCE": "2", "AXIS_METRICS_PORT": str(port)}
        program = msgspec.structs.replace(own, port=port, environ={**own.environ, **more})
        self.ports = {"own": own.port, "second": port}
        self.child = launch(program, scene.home.logs / "bridge-2.log")

    def count(self, name, metric):
        """Read a counter of one of them, all its labels together; 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/metrics", timeout=5) as page:
                found = re.findall(rf"^{metric}(?:{{.*}})? ([0-9.e+]+)$", page.read().decode(), re.MULTILINE)
        except OSError:
            return 0.0
        return sum(map(float, found))

    def counts(self, metric):
        """Read a counter of both."""
        return {name: self.count(name, metric) for name in self.ports}


@pytest.fixture
def bridges(scene):
    made = Bridges(scene)
    yield made
    made.child.kill()


async def speakers(scene, stack):
    """Let all three connections speak."""
    told = (scene.sender, scene.receiver, scene.loop)
    return [await stack.enter_async_context(scene.speaker(one)) for one in told]


async def sent(speaker, what):
    """Submit something that is no packet; return the id under which it is refused."""
    data = f"{speaker.name}: {what}".encode()
    await speaker.submit(data)
    return named(speaker.told, data)


async def test_two_bridges_share_what_comes_and_one_fills_what_goes(scene, bridges):
    """Submissions are spread over both; inboxes have one writer, and the other is there when it dies."""
    before = bridges.counts("axis_taken_total")
    async with AsyncExitStack() as stack:
        every = await speakers(scene, stack)
        names = []
        async with asyncio.timeout(90):
            while any(count == before[name] for name, count in bridges.counts("axis_taken_total").items()):
                names += [(one, await sent(one, f"shared {len(names)}")) for one in every]
                await asyncio.sleep(1)
        for one, name in names:
            await one.until(receipt(name, "SubmissionRejection"), seconds=60)
        assert bridges.count("second", "axis_inbox_published_total") == 0
        # It stays dead for a while: started again at once, it may well be the first at the inboxes itself.
        await asyncio.to_thread(scene.put_down)
        try:
            names = [(one, await sent(one, f"after {n}")) for n in range(5) for one in every]
            for one, name in names:
                await one.until(receipt(name, "SubmissionRejection"), seconds=90)
            # Counted when the broker has said so, which a reader may be ahead of.
            async with asyncio.timeout(20):
                while not bridges.count("second", "axis_inbox_published_total"):
                    await asyncio.sleep(0.2)
        finally:
            await asyncio.to_thread(single.begin, scene.home.root, "bridge")
        bridges.child.stop()
        names = [(one, await sent(one, f"alone {n}")) for n in range(5) for one in every]
        for one, name in names:
            await one.until(receipt(name, "SubmissionRejection"), seconds=90)
        for one in every:
            ids(one.inbox)
    for name in {one.name for one in every}:
        assert await events_of(scene, name) == 1


async def events_of(scene, connection):
    """Return the most receipts that one packet of a connection has: each was taken and judged once."""
    rows = await scene.rows(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM event WHERE connection = $1"
        " AND kind = 'SubmissionRejection' GROUP BY packet_id) AS each",
        connection,
    )
    return rows[0][0]


@pytest.mark.parametrize("server", ["kafka", "postgres"])
async def test_a_server_killed_under_the_bridge_costs_nothing(scene, server):
    """In the middle of a stream of submissions: each is taken once and answered, in both directions."""
    async with AsyncExitStack() as stack:
        every = await speakers(scene, stack)
        names = []
        for n in range(30):
            if n == 10:
                await asyncio.to_thread(killed, scene, server)
            names += [(one, await sent(one, f"{server} {n}")) for one in every]
            await asyncio.sleep(0.1)
        for one, name in names:
            await one.until(receipt(name, "SubmissionRejection"), seconds=120)
        for one in every:
            ids(one.inbox)
            assert not [record for _, record, _ in one.inbox if record.kind == "notice"]
    for name in {one.name for one in every}:
        assert await events_of(scene, name) == 1


def killed(scene, server):
    """Kill a server of the stack; it is started again by the supervisor."""
    supervisor = Supervisor(scene.home)
    pid = next(one.pid for one in supervisor.standings() if one.name == server)
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 60
    while next(one.pid for one in supervisor.standings() if one.name == server) in {0, pid}:
        assert time.monotonic() < until
        time.sleep(0.1)
