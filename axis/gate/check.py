"""What ``axis check`` says of files and folders: the gate's verdict, nothing sent.

The same processes, limits and code as on the axis. It knows no directory, so
authority is not judged; revocation evidence is what the documents bring along.

For a program of one's own: `check_files`. Its processes are started anew (spawn), so a script
calls it under ``if __name__ == "__main__":``.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from axis.appearance.grades import Standard, load_standard
from axis.checks.policy import Policy, load_policy
from axis.errors import SetupError
from axis.gate.answers import Judged, Undetermined
from axis.gate.pool import GatePool
from axis.gate.result import CheckResult, judged_result, shown, undetermined_result, with_advice
from axis.gate.seen import Seen
from axis.gate.viewer import Viewer
from axis.reports import Outcome
from axis.violations import Code
from signing.evidence import NO_EVIDENCE
from signing.trust import trust_of_pems

__all__ = [
    "CheckResult",
    "Checked",
    "check_files",
    "check_paths",
    "exit_code",
    "find_files",
    "judged_result",
    "report_paths",
]

T = TypeVar("T")

EXIT_ACCEPTED: Final = 0
EXIT_REFUSED: Final = 1
EXIT_WAITING: Final = 2
_AHEAD: Final = 4
"""Files under way for each process, so that none is idle while results are put in order."""


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """Return 1 if something is refused, else 2 if something waits, else 0."""
    seen = set(outcomes)
    if Outcome.REFUSED in seen:
        return EXIT_REFUSED
    return EXIT_ACCEPTED if seen <= {Outcome.ACCEPTED} else EXIT_WAITING


def find_files(paths: Sequence[Path]) -> Iterator[Path]:
    """List the files to judge: those named, and all in the folders named, by name.

    In folders, hidden names are passed over, and so is what is no regular file.

    Raises:
        SetupError: a path that does not exist, or is neither file nor folder; a folder that cannot be
            listed, for what stands in it would be passed over.
    """
    for path in paths:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.is_file():
            yield path
        elif path.exists():
            raise SetupError(f"{shown(path)} không phải tệp thường hay thư mục (neither a file nor a folder)")
        else:
            raise SetupError(f"không có tệp hay thư mục {shown(path)} (no such file or folder)")


def _in_folder(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder, onerror=_unlisted):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if not name.startswith(".") and path.is_file():
                yield path


def _unlisted(trouble: OSError) -> None:
    where = shown(Path(trouble.filename))
    raise SetupError(f"không đọc được thư mục {where} (cannot list this folder: {trouble.strerror})")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """One file, with all that a report for people tells of it."""

    path: Path
    result: CheckResult
    judged: Judged | None
    """None: no answer could be had."""
    seen: Seen | None = None
    """None: nobody looked, or no answer could be had."""


def check_files(
    paths: Sequence[Path | str],
    *,
    trust: Sequence[Path | str] = (),
    processes: int = 1,
    advice: bool = False,
) -> list[CheckResult]:
    """Judge files and folders and return when all are judged: the face for programs of others.

    Args:
        paths: files and folders.
        trust: files of trusted authorities, PEM; without any, trust is not judged and nothing is accepted.
        processes: judging processes.
        advice: also look at the pages.

    Returns:
        One result a file, in the order of `find_files`.

    Raises:
        SetupError: a path that is not there, or a trust file that cannot be used.
    """

    async def collect() -> list[CheckResult]:
        found = check_paths(
            [Path(path) for path in paths],
            trust=[Path(path) for path in trust],
            processes=processes,
            advice=advice,
        )
        return [result async for result in found]

    return asyncio.run(collect())


async def check_paths(
    paths: Sequence[Path],
    *,
    trust: Sequence[Path] = (),
    processes: int = 2,
    policy: Policy | None = None,
    advice: bool = False,
) -> AsyncGenerator[CheckResult, None]:
    """Judge files, in the order of `find_files`, as many at once as there are processes.

    Args:
        paths: files and folders.
        trust: files of trusted authorities, PEM; without any, trust is not judged.
        processes: judging processes.
        policy: None: the one that is shipped.
        advice: also look at the pages.

    Raises:
        SetupError: a path that is not there, or a trust file that cannot be used.
    """
    found = report_paths(paths, trust=trust, processes=processes, policy=policy, advice=advice)
    async with aclosing(found) as reports:
        async for one in reports:
            yield one.result


async def report_paths(
    paths: Sequence[Path],
    *,
    trust: Sequence[Path] = (),
    processes: int = 2,
    policy: Policy | None = None,
    advice: bool = False,
    pictures: bool = False,
    standard: Standard | None = None,
) -> AsyncGenerator[Checked, None]:
    """Judge files as `check_paths` does, and keep what a report for people needs.

    Args:
        paths: files and folders.
        trust: files of trusted authorities, PEM.
        processes: judging processes; as many look at pages.
        policy: None: the one that is shipped.
        advice: also look at the pages.
        pictures: also draw them.
        standard: what a document should look like; None: the one that is shipped.

    Raises:
        SetupError: a path that is not there, or a trust file that cannot be used.
    """
    policy = policy or load_policy()
    for path in paths:
        if not path.is_dir() and not path.is_file():
            raise SetupError(f"không có tệp hay thư mục {shown(path)} (no such file or folder)")
    trusted = trust_of_pems(map(str, trust)) if trust else None
    viewer = None
    if advice or pictures:
        viewer = Viewer(processes, policy, standard or load_standard(), pictures=pictures)
    pool = GatePool(processes, policy, trusted)

    async def work(path: Path) -> Checked:
        return await _check(pool, viewer, path, policy, trust=bool(trust))

    try:
        await pool.start()
        async with aclosing(_in_order(find_files(paths), work, processes * _AHEAD)) as results:
            async for result in results:
                yield result
    finally:
        if viewer is not None:
            await viewer.close()
        await pool.close()


async def _in_order(
    files: Iterator[Path], work: Callable[[Path], Awaitable[T]], window: int
) -> AsyncGenerator[T, None]:
    waiting: deque[asyncio.Future[T]] = deque()
    try:
        for path in files:
            waiting.append(asyncio.ensure_future(work(path)))
            if len(waiting) >= window:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _check(
    pool: GatePool, viewer: Viewer | None, path: Path, policy: Policy, *, trust: bool
) -> Checked:
    at, started = datetime.now(UTC), time.perf_counter()
    # Nothing is fetched here: what the document brings along is all there is.
    answer = _unreadable(path) or await pool.examine(path, at=at, evidence=NO_EVIDENCE, own_evidence=True)
    judged = answer if isinstance(answer, Judged) else None
    if isinstance(answer, Judged):
        result = judged_result(path, answer, policy, at=at, trust=trust)
    else:
        result = undetermined_result(path, answer, policy, time.perf_counter() - started)
    seen = None
    if viewer is not None:
        seen = await viewer.see(path, at=at)
        result = with_advice(result, seen)
    return Checked(path=path, result=result, judged=judged, seen=seen)


def _unreadable(path: Path) -> Undetermined | None:
    """Say why a file cannot be read: nobody can judge it, which is no fault of the gate."""
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as exc:
        detail = f"không đọc được tệp / the file cannot be read: {exc.strerror}"
        return Undetermined(code=Code.GATE_UNDETERMINED, detail=detail)
    return None
