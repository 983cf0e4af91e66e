"""Inside a judging process: how it is closed in, and the one task it does."""

import os
import time
import traceback
from pathlib import Path
from typing import Final

import msgspec

from axis.document import GateReport
from axis.errors import AxisError
from axis.gate import limits
from axis.gate.answers import (
    Altered,
    Answer,
    InspectRequest,
    Judged,
    Kind,
    Premises,
    Ready,
    Trouble,
    decode_premises,
    decode_request,
    encode,
)
from axis.gate.inspect import LIMITS, Grounds, inspect, limit_of
from axis.gate.network import close_network
from signing.evidence import NO_EVIDENCE, Evidence
from signing.trust import TrustList, load_trust, trust_of_pems

_EVIDENCE: Final[msgspec.msgpack.Decoder[Evidence]] = msgspec.msgpack.Decoder(Evidence)


class _Prison:
    """What this process holds from its start on."""

    def __init__(self, premises: Premises) -> None:
        self.policy = premises.policy
        self.scratch = Path(premises.scratch)
        self.trust = _trust(premises)
        self.evidence = NO_EVIDENCE
        self.network = close_network()

    def grounds(self, request: InspectRequest) -> Grounds:
        """Return what to judge by; evidence is read only when it is not the one held."""
        if request.generation != self.evidence.generation:
            self.evidence = _read(request.evidence_file) if request.generation else NO_EVIDENCE
            assert self.evidence.generation == request.generation, "the file is named by its generation"
        return Grounds(self.policy, self.trust, self.evidence, self.scratch)


_prison: _Prison | None = None
_fault = "enter() did not run"


def enter(premises: bytes) -> None:
    """Close this process in, and load all that judging needs. Runs once, at its start."""
    global _prison, _fault  # noqa: PLW0603 - this is what makes the process warm
    try:
        limits.install()
        _prison = _Prison(decode_premises(premises))
    except AxisError as exc:
        _fault = str(exc)
    except Exception as exc:  # noqa: BLE001 - `ready` tells it; a process that just ended could not
        _fault = f"{type(exc).__name__}: {exc}"


def ready() -> bytes:
    """Tell what this process holds, as an encoded `Ready`; or why it cannot judge, as a `Trouble`."""
    if _prison is None:
        return encode(Trouble(detail=_fault))
    trust = _prison.trust.digest if _prison.trust is not None else ""
    return encode(Ready(pid=os.getpid(), trust=trust, network=_prison.network))


def judge(path: str, question: bytes) -> bytes:
    """Read one file within the limits. Never raises.

    Args:
        path: of the file.
        question: an encoded `InspectRequest`.

    Returns:
        An encoded `Judged`, `Altered` or `Trouble`.
    """
    try:
        answer = _answer(path, decode_request(question))
    except BaseException as exc:  # noqa: BLE001 - whatever it is, it is ours, and crosses as a value
        limits.lift()
        last = traceback.extract_tb(exc.__traceback__)[-1:]
        where = f" at {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
        answer = Trouble(detail=f"{type(exc).__name__}{where}")
    return encode(answer)


def _answer(path: str, request: InspectRequest) -> Answer:
    if _prison is None:
        return Trouble(detail=_fault)
    cpu, wall = time.process_time(), time.perf_counter()
    grounds = _prison.grounds(request)
    answer: Judged | Altered
    try:
        with limits.limited(grounds.policy.limits):
            answer = inspect(path, request, grounds)
    except LIMITS as exc:  # reached where not even a part of the report was there
        limits.lift()
        report = GateReport(envelope=None, violations=limit_of(exc, "", grounds.policy))
        answer = Judged(kind=request.kind or Kind.OTHER, report=report, limited=True)
    if isinstance(answer, Judged):
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return msgspec.structs.replace(answer, cpu_seconds=cpu, wall_seconds=wall)
    return answer


def _read(path: str) -> Evidence:
    return _EVIDENCE.decode(Path(path).read_bytes())


def _trust(premises: Premises) -> TrustList | None:
    if premises.trust_file:
        return load_trust(premises.trust_file)
    if premises.trust_pems:
        return trust_of_pems(premises.trust_pems)
    return None
