"""Processes that look at files: their own, beside those that judge, started when first needed."""

import asyncio
import logging
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from axis.appearance.grades import Standard
from axis.checks.policy import Policy
from axis.errors import SetupError
from axis.gate import prison
from axis.gate.answers import Premises, encode
from axis.gate.cell import Cell, CellDiedError, Task
from axis.gate.scratch import Scratch
from axis.gate.seen import Seen, SeeRequest, decode_seen
from axis.gate.seen import encode as encode_question

_log: Final = logging.getLogger(__name__)


class Viewer:
    """Looks at files in killable processes. No answer is no advice, never a refusal."""

    def __init__(
        self,
        processes: int,
        policy: Policy,
        standard: Standard,
        *,
        pictures: bool = False,
        task: Task = prison.see,
    ) -> None:
        """Prepare; a process starts when it is first needed.

        Args:
            processes: how many files are looked at at once.
            policy: its limits of one file, and the secrecy marks.
            standard: what a document should look like.
            pictures: also draw the pages.
            task: what a process does; tests give hostile ones.
        """
        self._policy = policy
        self._standard = standard
        self._pictures = pictures
        self._task = task
        self._scratch = Scratch(None)
        premises = encode(Premises(policy=policy, scratch=str(self._scratch.path), trust=None))
        self._cells = [Cell(premises) for _ in range(processes)]
        self._warm: set[int] = set()
        self._idle: asyncio.LifoQueue[int] = asyncio.LifoQueue()
        for at in range(processes):
            self._idle.put_nowait(at)

    async def see(self, path: Path, *, at: datetime) -> Seen | None:
        """Look at one file; None: no answer could be had."""
        question = encode_question(SeeRequest(at=at, standard=self._standard, pictures=self._pictures))
        wall = float(self._policy.limits.wall_seconds)
        place = await self._idle.get()
        cell = self._cells[place]
        try:
            if place not in self._warm:
                await cell.start()
                self._warm.add(place)
            return decode_seen(await cell.run(self._task, str(path), question, wall_seconds=wall))
        except (CellDiedError, SetupError, msgspec.MsgspecError) as exc:
            _log.warning("no advice on one file: %s", type(exc).__name__)
            self._warm.discard(place)
            await cell.replace()
            return None
        finally:
            self._idle.put_nowait(place)

    async def close(self) -> None:
        """End all processes, whatever they do."""
        await asyncio.gather(*(cell.close() for cell in self._cells))
        await asyncio.to_thread(self._scratch.close)
