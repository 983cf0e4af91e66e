"""What ``axis check`` says of files and folders: the gate's verdict, nothing sent.

The same processes, limits and code as on the axis. It knows no directory, so
authority is not judged; revocation evidence is what the documents bring along.
"""

import asyncio
import os
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from axis.checks.format import check_format
from axis.checks.policy import Policy, load_policy
from axis.checks.secrecy import secret_mark
from axis.checks.verdict import overall, pdf_parts
from axis.errors import SetupError
from axis.gate.answers import Altered, Judged, Kind, Undetermined
from axis.gate.pool import GatePool
from axis.reports import FileReport, GateReport, Outcome, Part
from axis.violations import REASONS, Code, Violation
from signing.evidence import NO_EVIDENCE
from signing.trust import trust_of_pems

EXIT_ACCEPTED: Final = 0
EXIT_REFUSED: Final = 1
EXIT_WAITING: Final = 2
_NEEDED: Final = ("integrity", "content", "trust")
"""Authority needs the directory: it is never judged here, and nothing waits for it."""
_AHEAD: Final = 4
"""Files under way for each process, so that none is idle while results are put in order."""


class CheckReason(msgspec.Struct, frozen=True):
    """Why a part is not accepted."""

    code: Code
    rule: str
    detail: str


class CheckPart(msgspec.Struct, frozen=True):
    """One part of a verdict."""

    outcome: Outcome
    reasons: tuple[CheckReason, ...] = ()


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one file; encodes to the published line of JSON."""

    path: str
    kind: Kind
    outcome: Outcome
    """accepted, refused or waiting."""
    integrity: CheckPart
    content: CheckPart
    trust: CheckPart
    authority: CheckPart
    signatures: tuple[dict[str, object], ...] = ()
    """The fields of `axis.reports.SignatureReport`, and ``file``: its name."""
    elapsed_ms: float

    def line(self) -> str:
        """Return one line of JSON, without a line end."""
        return msgspec.json.encode(self).decode()


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
        SetupError: a path that does not exist, or is neither file nor folder.
    """
    for path in paths:
        if path.is_dir():
            yield from _in_folder(path)
        elif path.is_file():
            yield path
        else:
            raise SetupError(f"không có tệp hay thư mục {_shown(path)} (no such file or folder)")


def _in_folder(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(root) / name
            if not name.startswith(".") and path.is_file():
                yield path


async def check_paths(
    paths: Sequence[Path], *, trust: Sequence[Path] = (), processes: int = 2, policy: Policy | None = None
) -> AsyncGenerator[CheckResult, None]:
    """Judge files, in the order of `find_files`, as many at once as there are processes.

    Args:
        paths: files and folders.
        trust: files of trusted authorities, PEM; without any, trust is not judged.
        processes: judging processes.
        policy: None: the one that is shipped.

    Raises:
        SetupError: a path that is not there, or a trust file that cannot be used.
    """
    policy = policy or load_policy()
    for path in paths:
        if not path.is_dir() and not path.is_file():
            raise SetupError(f"không có tệp hay thư mục {_shown(path)} (no such file or folder)")
    trusted = trust_of_pems(map(str, trust)) if trust else None
    pool = GatePool(processes, policy, trusted)
    try:
        await pool.start()
        async with aclosing(
            _in_order(pool, find_files(paths), policy, processes * _AHEAD, trust=bool(trust))
        ) as results:
            async for result in results:
                yield result
    finally:
        await pool.close()


async def _in_order(
    pool: GatePool, files: Iterator[Path], policy: Policy, window: int, *, trust: bool
) -> AsyncGenerator[CheckResult, None]:
    waiting: deque[asyncio.Task[CheckResult]] = deque()
    try:
        for path in files:
            waiting.append(asyncio.create_task(_check(pool, path, policy, trust=trust)))
            if len(waiting) >= window:
                yield await waiting.popleft()
        while waiting:
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _check(pool: GatePool, path: Path, policy: Policy, *, trust: bool) -> CheckResult:
    at, started = datetime.now(UTC), time.perf_counter()
    answer = await pool.examine(path, at=at, evidence=NO_EVIDENCE)
    if isinstance(answer, Judged):
        return judged_result(path, answer, policy, at=at, trust=trust)
    return _undetermined(path, answer, time.perf_counter() - started)


def judged_result(path: Path, judged: Judged, policy: Policy, *, at: datetime, trust: bool) -> CheckResult:
    """Put a report into the four parts of a verdict.

    A packet's integrity, content and trust are those of all its PDFs together;
    what is wrong with the packet itself stands under content.

    Args:
        path: what was judged.
        judged: the gate's answer.
        policy: for the format rules.
        at: moment of judgement, timezone-aware.
        trust: a trust list was given.
    """
    report, packet = judged.report, judged.kind is Kind.PACKET
    own = _own(report, policy, at) if packet else report.violations
    # G9 ends the reading of bytes, so it stands with what the bytes are.
    reading = tuple(one for one in own if one.rule.startswith("G"))
    parts = pdf_parts(report.files) if packet or not report.files else _parts_of(report.files[0])
    parts["integrity"] = _with(parts["integrity"], reading)
    if packet:
        parts["content"] = _with(parts["content"], tuple(one for one in own if one not in reading))
    if not trust:
        not_given = (Violation(Code.TRUST_NOT_GIVEN, "", ""),)
        parts["trust"] = Part(outcome=Outcome.NOT_JUDGED, reasons=not_given)
    return CheckResult(
        path=_shown(path),
        kind=judged.kind,
        outcome=overall(parts, needed=_NEEDED),
        integrity=_part(parts["integrity"]),
        content=_part(parts["content"]),
        trust=_part(parts["trust"]),
        authority=CheckPart(Outcome.NOT_JUDGED),
        signatures=tuple(
            {"file": file.name, **msgspec.to_builtins(one)}
            for file in report.files
            if file.pdf is not None
            for one in file.pdf.signatures
        ),
        elapsed_ms=round(judged.wall_seconds * 1000, 3),
    )


def _own(report: GateReport, policy: Policy, at: datetime) -> tuple[Violation, ...]:
    if report.envelope is None:
        return report.violations
    broken, _findings = check_format(report.envelope, report.files, policy, at=at)
    mark = secret_mark(report.envelope, policy.secret_marks)
    # The reader and the rules may both name the same fault.
    return tuple(dict.fromkeys((*report.violations, *broken, *((mark,) if mark else ()))))


def _parts_of(file: FileReport) -> dict[str, Part]:
    assert file.pdf is not None, "a PDF that stands alone was inspected"
    return {"integrity": file.pdf.integrity, "content": file.pdf.content, "trust": file.pdf.trust}


def _with(part: Part, broken: tuple[Violation, ...]) -> Part:
    """Add what is wrong beside the PDFs."""
    if not broken:
        return part
    return Part(outcome=Outcome.REFUSED, reasons=(*broken, *part.reasons))


def _part(part: Part) -> CheckPart:
    return CheckPart(part.outcome, tuple(_reason(one) for one in part.reasons))


def _reason(one: Violation) -> CheckReason:
    detail = one.detail or REASONS[one.code].en
    return CheckReason(one.code, one.rule, f"{one.field}: {detail}" if one.field else detail)


def _undetermined(path: Path, answer: Altered | Undetermined, seconds: float) -> CheckResult:
    detail = answer.detail if isinstance(answer, Undetermined) else "altered while it was read"
    nothing = CheckPart(Outcome.NOT_JUDGED)
    return CheckResult(
        path=_shown(path),
        kind=Kind.OTHER,
        outcome=Outcome.WAITING,
        integrity=CheckPart(Outcome.WAITING, (_reason(Violation(answer.code, "", detail)),)),
        content=nothing,
        trust=nothing,
        authority=nothing,
        elapsed_ms=round(seconds * 1000, 3),
    )


def _shown(path: Path) -> str:
    """Return a path as text; bytes of its name that are no UTF-8 are replaced."""
    return os.fsencode(path).decode("utf-8", "replace")
