"""The gate's processes: whatever one file does, it has one ending and its neighbours have theirs."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import pytest
import pytest_asyncio

from axis.checks.policy import load_policy
from axis.errors import SetupError
from axis.gate.answers import Ready, Undetermined, decode_answer
from axis.gate.cell import Cell
from axis.gate.pool import GatePool
from axis.gate.prison import ready
from axis.reports import GateReport
from axis.violations import Code
from signing.evidence import NO_EVIDENCE, evidence_of
from tests.integration import hostile

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MIB = 1024 * 1024


def small_policy(wall_seconds):
    policy = load_policy()
    limits = msgspec.structs.replace(
        policy.limits, cpu_seconds=1, wall_seconds=wall_seconds, memory_bytes=200 * MIB
    )
    return msgspec.structs.replace(policy, limits=limits)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def opened(processes=1, wall_seconds=2):
    """Open a gate of hostile tasks, and the list of what died in it."""
    deaths = []
    pool = GatePool(processes, small_policy(wall_seconds), None, on_death=deaths.append, task=hostile.task)
    try:
        await pool.start()
        yield pool, deaths
    finally:
        await pool.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared():
    """Return one gate for all tests that leave it as they found it."""
    async with opened() as opening:
        yield opening


@pytest.fixture
def gate(shared):
    """Return the shared gate, and the deaths in it from now on."""
    shared[1].clear()
    return shared


async def judge(pool, path, evidence=NO_EVIDENCE):
    return await pool.judge(path, at=NOW, evidence=evidence)


async def test_own_limits_are_verdicts(tmp_path):
    """CPU and memory limits refuse with their own codes, and count as no death."""
    async with opened(wall_seconds=20) as (pool, deaths):
        deeds = [("burn", Code.LIMIT_CPU), ("native", Code.LIMIT_CPU), ("eat", Code.LIMIT_MEMORY)]
        for deed, code in deeds:
            report = await judge(pool, tmp_path / deed)
            assert isinstance(report, GateReport)
            assert [one.code for one in report.violations] == [code]
            assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)
        assert deaths == []


async def test_a_file_that_computes_on_a_busy_machine_is_refused_and_waits_for_nothing(gate, tmp_path):
    """G9: the wall comes before the CPU limit; the second try goes on until the file's own limit."""
    pool, deaths = gate
    report = await judge(pool, tmp_path / "starve")
    assert isinstance(report, GateReport)
    assert [one.code for one in report.violations] == [Code.LIMIT_CPU]
    assert deaths == ["wall"]


@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        ("hang", "wall"),
        ("die", "killed"),
        ("exit", "killed"),
        ("stop", "wall"),
        ("garble", "garbled"),
        ("nothing", "garbled"),
    ],
)
async def test_no_answer_twice_is_undetermined(gate, tmp_path, deed, cause):
    """What ends a process otherwise is no verdict: two tries, then the file waits."""
    pool, deaths = gate
    result = await judge(pool, tmp_path / deed)
    assert isinstance(result, Undetermined)
    assert result.code is Code.GATE_UNDETERMINED
    assert deaths == [cause, cause]
    assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)


@pytest.mark.parametrize("deed", ["die", "garble"])
async def test_the_second_try_counts(gate, tmp_path, deed):
    """A file whose process was lost once is judged like any other."""
    pool, deaths = gate
    assert await judge(pool, tmp_path / f"once-{deed}") == GateReport(envelope=None)
    assert len(deaths) == 1


async def test_neighbours_go_on(tmp_path):
    """While one file hangs, and is tried again, and another one kills its process, the rest is answered."""
    async with opened(2, wall_seconds=4) as (pool, _):
        hanging, dying = (asyncio.create_task(judge(pool, tmp_path / deed)) for deed in ("hang", "die"))
        good = await asyncio.gather(*(judge(pool, tmp_path / "good") for _ in range(50)))
        assert good == [GateReport(envelope=None)] * 50
        assert not hanging.done()
        assert {type(one) for one in await asyncio.gather(hanging, dying)} == {Undetermined}


async def test_a_process_killed_between_two_files_is_replaced(gate, tmp_path):
    """Killing an idle process costs the next file a second try at most."""
    pool, _ = gate
    assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)
    for cell in pool._cells:
        answer = decode_answer(await cell.run(ready, wall_seconds=5))
        assert isinstance(answer, Ready)
        os.kill(answer.pid, signal.SIGKILL)
    results = await asyncio.gather(*(judge(pool, tmp_path / "good") for _ in range(3)))
    assert results == [GateReport(envelope=None)] * 3


async def test_a_caller_that_goes_away_frees_the_process(tmp_path):
    """Cancelling a question ends the work on it, and the process serves again."""
    async with opened(wall_seconds=60) as (pool, _):
        asked = asyncio.create_task(judge(pool, tmp_path / "hang"))
        await asyncio.sleep(0.3)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(40):  # less than the wall limit of the hanging file
            assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)


async def test_an_idle_process_that_dies_is_replaced_before_a_file_asks_for_it(tmp_path):
    """Nobody waits for an answer then, and no file loses one of its two tries."""
    async with opened() as (pool, deaths):
        answer = decode_answer(await pool._cells[0].run(ready, wall_seconds=5))
        assert isinstance(answer, Ready)
        os.kill(answer.pid, signal.SIGKILL)
        async with asyncio.timeout(30):
            while not deaths:
                await asyncio.sleep(0.05)
        assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)
        assert deaths == ["killed"]


async def test_the_network_is_closed(gate, tmp_path):
    """A judging process reaches nothing, not even this machine."""
    pool, deaths = gate
    assert await judge(pool, tmp_path / "connect") == GateReport(envelope=None)
    assert deaths == []


async def test_evidence_travels_by_generation(gate, tmp_path):
    """Each question is judged by the evidence it came with, old and new in turn."""
    pool, deaths = gate
    one, other = evidence_of([b"crl"], []), evidence_of([b"other"], [b"ocsp"])
    for evidence in (NO_EVIDENCE, one, one, other, NO_EVIDENCE, one):
        assert await judge(pool, tmp_path / "evidence", evidence) == GateReport(envelope=None)
    assert deaths == []


async def test_a_process_that_cannot_start_says_why():
    """What stops the start comes out in one sentence, and leaves nothing running."""
    cell = Cell(b"junk premises")
    with pytest.raises(SetupError, match="Error"):
        await cell.start()
    await cell.close()
