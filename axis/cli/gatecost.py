"""What the gate costs in CPU time, and the least that it could: the same file, warm, in this process."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from axis.checks.policy import load_policy
from axis.cli import exits
from axis.cli.exits import StopError
from axis.gate.answers import InspectRequest, Judged, Kind
from axis.gate.inspect import Grounds, inspect
from axis.reports import Outcome
from axis.sandbox.authority import Authority
from axis.sandbox.bundle import certificate_pem
from axis.sandbox.profiles import PEOPLE, ROOT, SERVICE
from signing.evidence import evidence_of
from signing.floor import floor_of
from signing.trust import load_trust


def gate_costs(
    authority: Authority, pdf: bytes, scratch: Path, *, runs: int
) -> tuple[list[float], list[float]]:
    """Return CPU seconds of judging a PDF, and of the least work, run by run.

    Args:
        authority: whose people signed it; its CRLs are the evidence.
        pdf: a good document; it must be accepted, trust included.
        scratch: a folder.
        runs: after some to warm up.
    """
    path = scratch / "document.pdf"
    path.write_bytes(pdf)
    crls = [authority.crl(label) for label in (ROOT, PEOPLE, SERVICE)]
    grounds = Grounds(load_policy(), load_trust(str(authority.trust_file)), evidence_of(crls, []), scratch)

    def judge() -> object:
        answer = inspect(str(path), _request(), grounds)
        assert isinstance(answer, Judged), "nobody alters the file meanwhile"
        report = answer.report.files[0].pdf if answer.report.files else None
        parts = (report.integrity, report.content, report.trust) if report else ()
        if not parts or any(part.outcome is not Outcome.ACCEPTED for part in parts):
            codes = [reason.code for part in parts for reason in part.reasons]
            raise StopError(exits.REFUSED, f"văn bản của phép đo không đạt: {codes}", "not accepted")
        return report

    issuers = [certificate_pem(authority.folder, label).encode() for label in (PEOPLE, SERVICE)]
    return _timed(judge, runs), _timed(floor_of(pdf, issuers, crls), runs)


def _timed(work: Callable[[], object], runs: int) -> list[float]:
    for _ in range(5):
        work()
    costs = []
    for _ in range(runs):
        since = time.process_time()
        work()
        costs.append(time.process_time() - since)
    return costs


def _request() -> InspectRequest:
    return InspectRequest(kind=Kind.PDF, sha256="", at=datetime.now(UTC))
