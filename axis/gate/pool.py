"""The gate: files are judged in killable processes, and every question gets an answer.

A file's own CPU or memory limit is a verdict on the file. Whatever else ends a
process is none: the file gets one more try, alone, and then waits.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from axis.checks.policy import Policy
from axis.errors import SetupError
from axis.gate import patience, prison
from axis.gate.answers import (
    Altered,
    Answer,
    InspectRequest,
    Judged,
    Kind,
    Premises,
    Trouble,
    Undetermined,
    decode_answer,
    encode,
)
from axis.gate.cell import Cause, Cell, CellDiedError, Task
from axis.gate.limits import CpuLimitError, limit_of
from axis.gate.network import NAMESPACE
from axis.gate.scratch import Scratch
from axis.reports import GateReport
from axis.violations import Code
from signing.evidence import Evidence
from signing.trust import TrustList

_log: Final = logging.getLogger(__name__)

_PAUSE_SECONDS: Final = 5.0
"""Between two starts of a process that cannot start."""
_LOOK_SECONDS: Final = 1.0
"""Between two looks for idle processes that died."""


def _ignore(_cause: str) -> None:
    """Count nothing."""


class GatePool:
    """Judging processes, warm, each on its own; one more for second tries."""

    def __init__(
        self,
        processes: int,
        policy: Policy,
        trust: TrustList | None,
        *,
        scratch: Path | None = None,
        on_death: Callable[[str], None] = _ignore,
        task: Task = prison.judge,
    ) -> None:
        """Prepare; `start` starts the processes.

        Args:
            processes: how many files are judged at once.
            policy: with the limits of one file.
            trust: None: trust is reported as not judged.
            scratch: existing folder on a disk with room for decoded packets; None: the system's own.
            on_death: called with ``wall``, ``killed`` or ``garbled`` when a process ended by force.
            task: what a process does; tests give hostile ones.
        """
        self._policy = policy
        self._scratch = Scratch(scratch)
        self._premises = encode(Premises(policy=policy, scratch=str(self._scratch.path), trust=trust))
        self._on_death = on_death
        self._task = task
        self._cells = [Cell(self._premises) for _ in range(processes)]
        self._idle: asyncio.LifoQueue[Cell] = asyncio.LifoQueue()
        self._alone = asyncio.Lock()
        self._mending: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start all processes and wait until they are warm.

        Raises:
            SetupError: one cannot start, and why.
        """
        answers = await asyncio.gather(*(cell.start() for cell in self._cells))
        if any(answer.network != NAMESPACE for answer in answers):
            _log.warning("the kernel gives judging processes no empty network; their interpreter refuses")
        for cell in self._cells:
            self._idle.put_nowait(cell)
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """End all processes, whatever they do, and remove the scratch folder."""
        ending = {*self._mending} if self._watching is None else {*self._mending, self._watching}
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        await asyncio.gather(*(cell.close() for cell in self._cells))
        await asyncio.to_thread(self._scratch.close)

    async def judge(
        self,
        path: Path,
        *,
        at: datetime,
        evidence: Evidence,
        sha256: str = "",
        trust: TrustList | None = None,
    ) -> GateReport | Altered | Undetermined:
        """Judge one packet of the content store.

        Args:
            path: of the packet.
            at: moment of judgement, timezone-aware.
            evidence: revocation data; sent to a process only when it holds another generation.
            sha256: digest the file must have; empty: none is expected.
            trust: the list to judge by; None: the one given when the gate was opened.

        Returns:
            The report; or `Altered`: quarantine it; or `Undetermined`: let it wait.
        """
        answer = await self.examine(
            path, at=at, evidence=evidence, sha256=sha256, kind=Kind.PACKET, trust=trust
        )
        return answer.report if isinstance(answer, Judged) else answer

    async def examine(
        self,
        path: Path,
        *,
        at: datetime,
        evidence: Evidence,
        sha256: str = "",
        kind: Kind | None = None,
        trust: TrustList | None = None,
        own_evidence: bool = False,
    ) -> Judged | Altered | Undetermined:
        """Judge one file; with ``kind`` None, as what its first bytes say it is.

        ``own_evidence``: revocation data that the file brings along counts too. Others as for `judge`.
        """
        request = InspectRequest(
            at=at,
            kind=kind,
            sha256=sha256,
            generation=evidence.generation,
            evidence_file=self._scratch.ship(evidence),
            trust_digest="" if trust is None else trust.digest,
            trust_file=self._scratch.ship_trust(trust),
            own_evidence=own_evidence,
        )
        question = encode(request)
        while not (cell := await self._idle.get()).alive:
            self._lost(cell)
        sound = False
        try:
            answer = await self._ask(cell, path, question)
            # After a limit, what it cut short may still lie about in that process.
            sound = not (isinstance(answer, Judged) and answer.limited)
        except CellDiedError as exc:
            if exc.cause is Cause.CPU:
                return self._exhausted(kind)
            self._died(exc, path, "first")
        else:
            return _settled(answer)
        finally:
            if sound:
                self._idle.put_nowait(cell)
            else:
                self._mend(cell)
        return await self._second_try(path, question, kind)

    async def _second_try(
        self, path: Path, question: bytes, kind: Kind | None
    ) -> Judged | Altered | Undetermined:
        # A process of its own, outside the others' number: whatever this file does, they go on.
        async with self._alone:
            cell = Cell(self._premises)
            try:
                ready = await cell.start()
                return _settled(await self._ask_patiently(cell, path, question, ready.pid))
            except CellDiedError as exc:
                if exc.cause is Cause.CPU:
                    return self._exhausted(kind)
                self._died(exc, path, "second")
                return Undetermined(code=Code.GATE_UNDETERMINED, detail=f"{exc.cause}: {exc}")
            except SetupError as exc:
                return Undetermined(code=Code.GATE_UNDETERMINED, detail=str(exc))
            finally:
                await cell.close()

    async def _ask_patiently(self, cell: Cell, path: Path, question: bytes, pid: int) -> Answer:
        # A file that computes goes on until its own CPU limit; one that blocks has its wall limit.
        wall = float(self._policy.limits.wall_seconds)
        asking = asyncio.create_task(self._ask(cell, path, question, times=patience.TIMES))
        blocked = asyncio.create_task(patience.idle(pid, wall))
        try:
            await asyncio.wait({asking, blocked}, return_when=asyncio.FIRST_COMPLETED)
            if not asking.done():
                raise CellDiedError(Cause.WALL, f"it computed nothing for {wall} s")
            return await asking
        finally:
            for task in (asking, blocked):
                task.cancel()
            await asyncio.gather(asking, blocked, return_exceptions=True)

    def _exhausted(self, kind: Kind | None) -> Judged:
        # Its own limit, only found by the kernel: a verdict, and no second try.
        limit = limit_of(CpuLimitError(), "", self._policy)
        return Judged(
            kind=kind or Kind.OTHER, report=GateReport(envelope=None, violations=limit), limited=True
        )

    async def _ask(self, cell: Cell, path: Path, question: bytes, *, times: int = 1) -> Answer:
        wall = float(self._policy.limits.wall_seconds) * times
        data = await cell.run(self._task, str(path), question, wall_seconds=wall)
        try:
            return decode_answer(data)
        except (msgspec.MsgspecError, TypeError) as exc:
            raise CellDiedError(Cause.GARBLED, "the answer cannot be decoded") from exc

    async def _watch(self) -> None:
        # A process that dies while it has nothing to do tells nobody: the next file would find it dead.
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
            for cell in reversed(idle):
                if cell.alive:
                    self._idle.put_nowait(cell)
                else:
                    self._lost(cell)

    def _lost(self, cell: Cell) -> None:
        _log.warning("a judging process died while it was idle")
        self._on_death(Cause.KILLED)
        self._mend(cell)

    def _mend(self, cell: Cell) -> None:
        """Replace a cell's process; files go to it again only when it is warm."""
        mending = asyncio.create_task(self._mended(cell))
        self._mending.add(mending)
        mending.add_done_callback(self._mending.discard)

    async def _mended(self, cell: Cell) -> None:
        while True:
            await cell.replace()
            try:
                await cell.start()
            except SetupError as exc:
                _log.error("a judging process cannot start: %s", exc)
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                self._idle.put_nowait(cell)
                return

    def _died(self, exc: CellDiedError, path: Path, attempt: str) -> None:
        _log.warning("judging %s, %s try: %s (%s)", path.name, attempt, exc, exc.cause)
        self._on_death(exc.cause)


def _settled(answer: Answer) -> Judged | Altered | Undetermined:
    if isinstance(answer, Judged | Altered):
        return answer
    detail = answer.detail if isinstance(answer, Trouble) else "answered out of turn"
    _log.error("the gate's own trouble: %s", detail)
    return Undetermined(code=Code.GATE_UNDETERMINED, detail=detail)
