"""The Kafka door under load and under faults, on a whole stack: bridges, broker, database."""

import asyncio
import hashlib

import pytest

from axis.checks.policy import load_policy
from axis.cli.rehearsal import set_stage
from axis.client import UnreachableError
from axis.document import packet_id
from axis.sandbox.authority import Authority
from axis.settings import load_settings
from axis.stack.places import Home
from axis.stack.supervision import Supervisor
from tests.acceptance.test_kafka_door import Scene, ids, notice, receipt

PLACES = load_policy().limits.open_packets


@pytest.fixture(scope="module")
def scene(stack):
    """The stack of the Kafka door, with connections of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AXIS_HOME", str(stack))
        settings = load_settings()
        authority = Authority(Home(stack).authority)
        stage = asyncio.run(set_stage(settings, authority))
        yield Scene(settings, authority, stage, prefix="bridges")


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
