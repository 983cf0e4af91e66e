"""How a process begins, works beside itself and ends."""

import asyncio
import contextlib
import os
import signal

import pytest

from axis import process
from axis.errors import SetupError


@pytest.fixture(autouse=True)
def _quiet(monkeypatch, tmp_path):
    monkeypatch.setenv("AXIS_HOME", str(tmp_path))
    monkeypatch.setattr(process, "start_logs", lambda *_: None)


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(None, 0), (70, 70), (SetupError("no key"), 1), (OSError("port taken"), 1)],
    ids=["done", "own-code", "axis-error", "system-error"],
)
def test_a_start_ends_with_a_code_and_a_word(outcome, code, capsys):
    """What cannot start says why in one line; a bug of ours keeps its trace."""

    def run(settings):
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    assert process.start("gate", run) == code
    assert capsys.readouterr().err == (f"axis gate: {outcome}\n" if code == 1 else "")


async def test_a_signal_ends_the_work():
    """SIGTERM cuts the work off; what follows it, the orderly end, is reached."""
    ended = asyncio.Event()

    async def work():
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    await asyncio.wait_for(process.until_stopped(work()), 10)
    assert ended.is_set()


async def test_work_that_fails_by_itself_is_heard():
    """The end of the only work is no quiet end."""

    async def work():
        raise SetupError("lost")

    with pytest.raises(SetupError):
        await process.until_stopped(work())


async def test_a_bug_beside_does_not_end_what_others_rely_on(monkeypatch):
    """Work begins anew after a bug, and ends with its stack."""
    monkeypatch.setattr(process, "AGAIN_SECONDS", 0)
    begun = 0
    twice = asyncio.Event()

    async def work():
        nonlocal begun
        begun += 1
        if begun == 1:
            raise ZeroDivisionError
        twice.set()
        await asyncio.Event().wait()

    async with contextlib.AsyncExitStack() as stack:
        process.beside(stack, work)
        await asyncio.wait_for(twice.wait(), 10)
    assert begun == 2
