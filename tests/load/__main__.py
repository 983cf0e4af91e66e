"""Load: one document to a whole country, a flood, a thousand who poll, a big packet among small ones.

``python -m tests.load [fanout|flood|polling|big]...``; `make load` runs all.
Prints one JSON object a line. A stack of its own is started and removed.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from multiprocessing import get_context

import httpx
import msgspec

from axis.cli.ammunition import numbered, sign_set
from axis.cli.load import open_loop
from axis.cli.machine import Measurement, cpu_seconds, describe, families, percentile, resident
from axis.cli.story import open_client
from axis.cli.verify import judge
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_packet
from axis.stack.life import up
from tests.lab.servers import temporary_home
from tests.load.flooding import RECORDS
from tests.load.flooding import flood as flooding_process
from tests.load.stage import Scenery, set_scene

PROVINCES = 34
COMMUNES = 3321
POLLERS = 1000
SMALL = 200_000
BIG = 200 * 1000 * 1000
SECONDS = 20.0
RATE = 5.0
SMALL_RATE = 20.0
WARM = 3.0
HANDSHAKES_SECONDS = 90.0
"""Most time for a thousand TLS handshakes and tokens, on both sides of two cores."""
FIRST = iter(range(10_000_000, 10**9, 10_000_000))
"""Documents are numbered from here: no two measurements share one."""

Lines = Iterator[tuple[str, float, str, int]]


def fanout(scene: Scenery) -> Lines:
    """Measure one document to all 34 provinces and 3,321 communes (NQ 202/2025/QH15)."""
    names = [f"tai-tinh-{number}" for number in range(PROVINCES)]
    scene.connect(names)
    rows = [(f"Z{n:02}", f"Tỉnh giả định {n}", "province", "", names[n]) for n in range(PROVINCES)]
    for number in range(COMMUNES):
        province = number % PROVINCES
        rows.append(
            (f"Z{province:02}.{number:04}", f"Xã giả định {number}", "commune", f"Z{province:02}", names[province])
        )
    scene.settle(rows)
    one = demo_agency("G12")
    recipients = [msgspec.structs.replace(one, code=code, code102="", name=name) for code, name, *_ in rows]
    packet = build_sandbox_packet(scene.stage.authority, demo_agency("G09"), recipients)
    roots = scene.roots()

    async def once() -> tuple[float, float]:
        async with open_client(scene.stage.profiles["demo-noivu"], _verifier(scene)) as client:
            since = time.monotonic()
            sent = await client.send_packet(packet)
            await client.wait_for_receipt(sent.packet_id, timeout=120)
            accepted = time.monotonic() - since
            while await scene.count("delivery", sent.packet_id) < len(rows):
                await asyncio.sleep(0.02)
            return accepted, time.monotonic() - since

    before = {name: cpu_seconds(pids) for name, pids in families(roots).items()}
    accepted, delivered = asyncio.run(once())
    after = {name: cpu_seconds(pids) for name, pids in families(roots).items()}
    count = len(rows)
    yield "fanout.accepted_s", accepted, "s", 1
    yield "fanout.delivered_s", delivered, "s", 1
    yield "fanout.ms_per_recipient", delivered * 1000 / count, "ms", count
    for name in roots:
        yield f"fanout.cpu_{name}_us_per_recipient", (after[name] - before[name]) * 1e6 / count, "us", count


def flood(scene: Scenery) -> Lines:
    """Measure how long a quiet sender waits while another floods both doors."""
    quiet, loud = scene.stage.profiles["demo-noivu"], "demo-vpcp"
    own = _packets(scene, "G09", "G12", 40)
    others = sign_set(scene.stage.authority.folder, sender="G22", recipients=["G12"], size=SMALL, count=80)
    count = int(SECONDS)
    calm = asyncio.run(open_loop(quiet, own, scene.anchors, rate=1.0, count=count))
    flooding = get_context("spawn").Process(
        target=flooding_process, args=(scene.spoken_over_kafka(loud), others, next(FIRST), SECONDS + 2 * WARM)
    )
    flooding.start()
    try:
        scene.until_taken(loud, 1)
        time.sleep(WARM)
        before = scene.judged(loud)
        under = asyncio.run(open_loop(quiet, own, scene.anchors, rate=1.0, count=count))
        rate = (scene.judged(loud) - before) / SECONDS
        flooding.join()
        assert flooding.exitcode == 0, "the flood broke off"
        scene.until_taken(loud, RECORDS, door="kafka")
        scene.until_judged()
    finally:
        flooding.kill()
    yield "flood.loud_docs_per_s", rate, "1/s", int(rate * SECONDS)
    for name, values in (("calm", calm), ("under", under)):
        yield f"flood.quiet_{name}_p50_ms", percentile(values, 0.5) * 1000, "ms", len(values)
        yield f"flood.quiet_{name}_p99_ms", percentile(values, 0.99) * 1000, "ms", len(values)


def polling(scene: Scenery) -> Lines:
    """Measure the way of a document while a thousand connections wait at the door for theirs."""
    profiles = scene.connect([f"tai-cho-{number}" for number in range(POLLERS)])
    packets = _packets(scene, "G09", "G12", 40)
    roots = {name: pid for name, pid in scene.roots().items() if name in {"gateway", "postgres"}}

    async def measured() -> tuple[tuple[float, ...], int, float]:
        import ssl  # noqa: PLC0415 - here alone

        context = ssl.create_default_context(cafile=scene.settings.tls_ca)
        limits = httpx.Limits(max_connections=POLLERS, max_keepalive_connections=POLLERS)
        answers = begun = 0

        async def poll(client: httpx.AsyncClient, name: str) -> None:
            nonlocal answers, begun
            profile = profiles[name]
            auth = httpx.BasicAuth(profile.client_id, profile.client_secret)
            got = await client.post("/v1/token", data={"grant_type": "client_credentials"}, auth=auth)
            bearer = {"Authorization": f"Bearer {got.json()['access_token']}"}
            begun += 1
            while True:
                answer = await client.get("/v1/inbox", params={"wait": 25}, headers=bearer)
                assert answer.status_code == httpx.codes.OK, answer.text
                answers += 1

        async with AsyncExitStack() as stack:
            client = await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=scene.settings.gateway_url, verify=context, limits=limits, timeout=60
                )
            )
            waiting = [asyncio.create_task(poll(client, name)) for name in profiles]
            async with asyncio.timeout(HANDSHAKES_SECONDS):
                while begun < POLLERS:
                    broken = [task for task in waiting if task.done()]
                    assert not broken, broken[0].exception()
                    await asyncio.sleep(0.2)
            await asyncio.sleep(WARM)
            before = cpu_seconds(families(roots)["gateway"])
            took = await open_loop(
                scene.stage.profiles["demo-noivu"],
                packets,
                scene.anchors,
                rate=RATE,
                count=int(RATE * SECONDS),
            )
            spent = cpu_seconds(families(roots)["gateway"]) - before
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        return took, answers, spent

    took, answers, spent = asyncio.run(measured())
    yield "polling.connections", POLLERS, "", 1
    yield "polling.p50_ms", percentile(took, 0.5) * 1000, "ms", len(took)
    yield "polling.p99_ms", percentile(took, 0.99) * 1000, "ms", len(took)
    yield "polling.answers", answers, "", 1
    yield "polling.gateway_cpu_ms_per_s", spent * 1000 / SECONDS, "ms", 1
    yield "polling.gateway_mib", sum(resident(pid).own for pid in families(roots)["gateway"]) / 2**20, "MiB", 1


def big(scene: Scenery) -> Lines:
    """Measure 20 small packets a second, alone and while one of 200 MB is sent and judged."""
    small = _packets(scene, "G09", "G12", 40)
    whole = next(_packets(scene, "G22", "G12", 1, size=BIG))
    quiet, loud = scene.stage.profiles["demo-noivu"], scene.stage.profiles["demo-vpcp"]
    count = int(SMALL_RATE * SECONDS)

    async def beside() -> tuple[tuple[float, ...], float]:
        async def through() -> float:
            since = time.monotonic()
            async with open_client(loud, _verifier(scene)) as client:
                sent = await client.send_packet(whole)
                await client.wait_for_receipt(sent.packet_id, timeout=120)
            return time.monotonic() - since

        carrying = asyncio.create_task(through())
        took = await open_loop(quiet, small, scene.anchors, rate=SMALL_RATE, count=count)
        return took, await carrying

    calm = asyncio.run(open_loop(quiet, small, scene.anchors, rate=SMALL_RATE, count=count))
    taken, seconds = asyncio.run(beside())
    yield "big.200mb_s", seconds, "s", 1
    for name, values in (("alone", calm), ("beside", taken)):
        yield f"big.small_{name}_p50_ms", percentile(values, 0.5) * 1000, "ms", len(values)
        yield f"big.small_{name}_p99_ms", percentile(values, 0.99) * 1000, "ms", len(values)


def _packets(scene: Scenery, sender: str, recipient: str, count: int, *, size: int = SMALL) -> Iterator[bytes]:
    folder = scene.stage.authority.folder
    signed = sign_set(folder, sender=sender, recipients=[recipient], size=size, count=count)
    return numbered(signed, next(FIRST) + int(time.time()) % 1_000_000)


def _verifier(scene: Scenery) -> Callable[[bytes], None]:
    def verify(data: bytes) -> None:
        proven = judge(data, scene.anchors)
        assert proven.proven, proven.reason

    return verify


LOADS: dict[str, Callable[[Scenery], Lines]] = {
    "flood": flood,
    "big": big,
    "polling": polling,
    "fanout": fanout,
}


def main(names: list[str]) -> int:
    """Measure; return the exit code."""
    if unknown := [name for name in names if name not in LOADS]:
        sys.stderr.write(f"no such load: {', '.join(unknown)}; there are {', '.join(LOADS)}\n")
        return 64
    machine = describe()
    with temporary_home() as home:
        os.environ["AXIS_HOME"] = str(home.root)
        from axis.stack.life import remove  # noqa: PLC0415 - beside its use

        try:
            up(home.root)
            scene = set_scene(home)
            for name in names or LOADS:
                for what, value, unit, runs in LOADS[name](scene):
                    line = Measurement(name=what, value=round(value, 3), unit=unit, runs=runs, machine=machine)
                    sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
                    sys.stdout.flush()
        finally:
            remove(home.root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
