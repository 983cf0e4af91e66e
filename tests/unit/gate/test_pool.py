"""The gate's processes: whatever one file does, it has one ending and its neighbours have theirs."""

import asyncio
import os
import signal
import time
from datetime import UTC, datetime

import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.document import GateReport
from axis.errors import SetupError
from axis.gate.answers import Ready, Undetermined, decode_answer
from axis.gate.cell import Cell
from axis.gate.pool import GatePool
from axis.gate.prison import ready
from axis.violations import Code
from signing.evidence import NO_EVIDENCE, evidence_of
from tests.unit.gate import hostile

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
MIB = 1024 * 1024


def small_policy(wall_seconds):
    policy = load_policy()
    limits = msgspec.structs.replace(
        policy.limits, cpu_seconds=1, wall_seconds=wall_seconds, memory_bytes=200 * MIB
    )
    return msgspec.structs.replace(policy, limits=limits)


@pytest.fixture
async def gate():
    """Return a function that opens a gate of hostile tasks and counts what died."""
    opened = []

    async def open_gate(processes=1, wall_seconds=2):
        deaths = []
        pool = GatePool(
            processes, small_policy(wall_seconds), None, on_death=deaths.append, task=hostile.task
        )
        opened.append(pool)
        await pool.start()
        return pool, deaths

    yield open_gate
    for pool in opened:
        await pool.close()


async def judge(pool, path, evidence=NO_EVIDENCE):
    return await pool.judge(path, at=NOW, evidence=evidence)


async def test_own_limits_are_verdicts(gate, tmp_path):
    """CPU and memory limits refuse with their own codes, and count as no death."""
    pool, deaths = await gate(wall_seconds=20)
    for deed, code in [("burn", Code.LIMIT_CPU), ("eat", Code.LIMIT_MEMORY)]:
        report = await judge(pool, tmp_path / deed)
        assert isinstance(report, GateReport)
        assert [one.code for one in report.violations] == [code]
        assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)
    assert deaths == []


@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        ("hang", "wall"),
        ("die", "killed"),
        ("exit", "killed"),
        ("garble", "garbled"),
        ("nothing", "garbled"),
        ("raise", "killed"),
    ],
)
async def test_no_answer_twice_is_undetermined(gate, tmp_path, deed, cause):
    """What ends a process otherwise is no verdict: two tries, then the file waits."""
    pool, deaths = await gate()
    result = await judge(pool, tmp_path / deed)
    assert isinstance(result, Undetermined)
    assert result.code is Code.GATE_UNDETERMINED
    assert deaths == [cause, cause]
    assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)


@pytest.mark.parametrize("deed", ["die", "garble", "hang"])
async def test_the_second_try_counts(gate, tmp_path, deed):
    """A file whose process was lost once is judged like any other."""
    pool, deaths = await gate()
    assert await judge(pool, tmp_path / f"once-{deed}") == GateReport(envelope=None)
    assert len(deaths) == 1


async def test_neighbours_go_on(gate, tmp_path):
    """While one file hangs, is killed and tried again, the others are answered at once."""
    pool, _ = await gate(2)
    bad = [asyncio.create_task(judge(pool, tmp_path / deed)) for deed in ("hang", "die", "stop")]
    await asyncio.sleep(0.05)
    started = time.monotonic()
    good = await asyncio.gather(*(judge(pool, tmp_path / "good") for _ in range(50)))
    seconds = time.monotonic() - started
    assert good == [GateReport(envelope=None)] * 50
    assert all(not one.done() for one in bad[::2])
    assert seconds < 5
    assert {type(one) for one in await asyncio.gather(*bad)} == {Undetermined}


async def test_a_process_killed_between_two_files_is_replaced(gate, tmp_path):
    """Killing the idle processes costs the next files a second try at most."""
    pool, _ = await gate(2)
    for cell in pool._cells:
        answer = decode_answer(await cell.run(ready, wall_seconds=5))
        assert isinstance(answer, Ready)
        os.kill(answer.pid, signal.SIGKILL)
    results = await asyncio.gather(*(judge(pool, tmp_path / "good") for _ in range(6)))
    assert results == [GateReport(envelope=None)] * 6


async def test_a_caller_that_goes_away_frees_the_process(gate, tmp_path):
    """Cancelling a question ends the work on it, and the process serves again."""
    pool, _ = await gate()
    asked = asyncio.create_task(judge(pool, tmp_path / "hang"))
    await asyncio.sleep(0.3)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    async with asyncio.timeout(1.9):  # less than the wall limit of the hanging file
        assert await judge(pool, tmp_path / "good") == GateReport(envelope=None)


async def test_the_network_is_closed(gate, tmp_path):
    """A judging process reaches nothing, not even this machine."""
    pool, deaths = await gate()
    assert await judge(pool, tmp_path / "connect") == GateReport(envelope=None)
    assert deaths == []


async def test_evidence_travels_by_generation(gate, tmp_path):
    """Each question is judged by the evidence it came with, old and new in turn."""
    pool, deaths = await gate()
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
