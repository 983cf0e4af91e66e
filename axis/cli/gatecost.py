"""What the gate costs in CPU time, and the least that it could: the same file, warm, in this process."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import msgspec

from axis.checks.policy import Policy, load_policy
from axis.cli import exits
from axis.cli.ammunition import sign_pdf
from axis.cli.exits import StopError
from axis.edxml.attachments import AttachmentSink
from axis.edxml.reader import read_packet
from axis.garbage import keep_memory, settle_memory
from axis.gate.answers import InspectRequest, Judged, Kind
from axis.gate.inspect import Grounds, inspect
from axis.gate.pool import GatePool
from axis.reports import GateReport, Outcome
from axis.sandbox.authority import Authority
from axis.sandbox.bulk import many_objects, signed_often, with_evidence
from axis.sandbox.bundle import certificate_pem
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_document
from axis.sandbox.profiles import PEOPLE, ROOT, SERVICE
from signing.evidence import Evidence, evidence_of
from signing.floor import floor_of
from signing.trust import TrustList, load_trust

SENDER: Final = "G09"
SMALL, LARGE = 100_000, 1_000_000
"""Bytes of the PDFs that are measured."""

WARM: Final = 25
"""Runs before those that count: until then memory is still being asked of the system."""

FLOOR_RUNS: Final = 50


class GateCase(msgspec.Struct, frozen=True, kw_only=True):
    """One document to measure."""

    name: str
    """Kind, size and level, as in the bench's line."""
    make: Callable[[Authority], bytes]
    runs: int
    claimed_time: bool = False
    """Judge it by a policy that allows the claimed time: level B-B has no other."""


def _typeset(size: int) -> Callable[[Authority], bytes]:
    return lambda authority: sign_pdf(authority.folder, sender=SENDER, size=size)


def _objects(count: int) -> Callable[[Authority], bytes]:
    return lambda authority: signed_often(authority, demo_agency(SENDER), many_objects(count), 2)


def _baseline(authority: Authority) -> bytes:
    return build_sandbox_document(authority, demo_agency(SENDER), size=LARGE, fault="no-timestamp")


def _long_term(authority: Authority) -> bytes:
    certificates = [authority.certificate(label) for label in (ROOT, PEOPLE, SERVICE)]
    crls = [authority.crl(label) for label in (ROOT, PEOPLE, SERVICE)]
    return with_evidence(_typeset(LARGE)(authority), certificates, crls)


def _revisions(authority: Authority) -> bytes:
    return signed_often(authority, demo_agency(SENDER), _typeset(SMALL)(authority), 7)


MAIN: Final = GateCase(name="typeset-1mb-bt", make=_typeset(LARGE), runs=100)
"""The document of ``gate.ms``, ``gate.floor_ms`` and ``gate.ratio``."""

CASES: Final = (
    GateCase(name="typeset-100kb-bt", make=_typeset(SMALL), runs=50),
    GateCase(name="typeset-1mb-bb", make=_baseline, runs=50, claimed_time=True),
    GateCase(name="typeset-1mb-blt", make=_long_term, runs=30),
    GateCase(name="628-objects-bt", make=_objects(628), runs=10),
    GateCase(name="6000-objects-bt", make=_objects(6000), runs=5),
    GateCase(name="10-revisions-bt", make=_revisions, runs=10),
)
"""Beside it, in this order. Each is signed by a person and sealed; the last bears nine signatures."""


class Ground(msgspec.Struct, frozen=True):
    """What the measured documents are judged by: the test authority, its lists of revoked certificates."""

    authority: Authority
    trust: TrustList
    evidence: Evidence
    crls: Sequence[bytes]

    @classmethod
    def of(cls, authority: Authority) -> "Ground":
        """Read trust list and evidence of a test authority."""
        crls = [authority.crl(label) for label in (ROOT, PEOPLE, SERVICE)]
        return cls(authority, load_trust(str(authority.trust_file)), evidence_of(crls, []), crls)


def gate_costs(
    ground: Ground, pdf: bytes, scratch: Path, *, runs: int, claimed_time: bool = False
) -> tuple[list[float], list[float]]:
    """Return CPU seconds of judging a PDF, and of the least work, run by run in turns.

    Args:
        ground: whose people signed it.
        pdf: a good document; it must be accepted, trust included.
        scratch: a folder.
        runs: after some to warm up.
        claimed_time: judge by a policy that allows it.
    """
    path = scratch / "document.pdf"
    path.write_bytes(pdf)
    policy = msgspec.structs.replace(load_policy(), allow_claimed_time=claimed_time)
    grounds = Grounds(policy, ground.trust, ground.evidence, scratch)

    settle_memory()  # as judging processes do
    keep_memory()

    def judge() -> object:
        answer = inspect(str(path), _request(), grounds)
        assert isinstance(answer, Judged), "nobody alters the file meanwhile"
        return _accepted(answer.report)

    folder = ground.authority.folder
    issuers = [certificate_pem(folder, label).encode() for label in (PEOPLE, SERVICE)]
    return _timed(judge, floor_of(pdf, issuers, ground.crls), runs)


def packet_floor(ground: Ground, packet: bytes) -> list[float]:
    """Return CPU seconds of the least work for one packet, run by run: its digest, and its files' signatures.

    Args:
        ground: whose people signed its files.
        packet: a good one.
    """
    with AttachmentSink() as sink:
        reading = read_packet(BytesIO(packet), load_policy().limits, sink)
        files = [one.file.read() for one in reading.attachments]
    folder = ground.authority.folder
    issuers = [certificate_pem(folder, label).encode() for label in (PEOPLE, SERVICE)]
    signatures = [floor_of(file, issuers, ground.crls) for file in files if file.startswith(b"%PDF")]

    def work() -> None:
        hashlib.sha256(packet)
        for verify in signatures:
            verify()

    return _timed(work, lambda: None, FLOOR_RUNS)[0]


async def gate_rate(ground: Ground, path: Path, *, processes: int, seconds: float) -> float:
    """Return documents a second through so many judging processes, handing over and report included.

    Args:
        ground: whose people signed it.
        path: of a good document.
        processes: each with one document ahead.
        seconds: how long, after the processes are warm.
    """
    policy: Policy = load_policy()
    pool = GatePool(processes, policy, ground.trust)
    done = 0

    async def feed(until: float) -> int:
        count = 0
        while time.perf_counter() < until:
            answer = await pool.examine(path, at=datetime.now(UTC), evidence=ground.evidence, kind=Kind.PDF)
            assert isinstance(answer, Judged), "nobody alters the file meanwhile"
            _accepted(answer.report)
            count += 1
        return count

    try:
        await pool.start()
        await feed(time.perf_counter() + 1.0)
        since = time.perf_counter()
        fed = await asyncio.gather(*(feed(since + seconds) for _ in range(2 * processes)))
        done, taken = sum(fed), time.perf_counter() - since
    finally:
        await pool.close()
    return done / taken


def _accepted(report: GateReport) -> GateReport:
    pdf = report.files[0].pdf if report.files else None
    parts = (pdf.integrity, pdf.content, pdf.trust) if pdf else ()
    if not parts or any(part.outcome is not Outcome.ACCEPTED for part in parts):
        codes = [reason.code for part in parts for reason in part.reasons]
        raise StopError(exits.REFUSED, f"văn bản của phép đo không đạt: {codes}", "not accepted")
    return report


def _timed(
    work: Callable[[], object], least: Callable[[], object], runs: int
) -> tuple[list[float], list[float]]:
    # In turns: the machine's speed changes within seconds, and a ratio must not.
    for _ in range(min(WARM, runs)):
        work()
        least()
    costs: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        for job, spent in zip((work, least), costs, strict=True):
            since = time.process_time()
            job()
            spent.append(time.process_time() - since)
    return costs


def _request() -> InspectRequest:
    return InspectRequest(kind=Kind.PDF, sha256="", at=datetime.now(UTC))
