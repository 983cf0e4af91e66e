"""What a judging process holds from its start on, and how it answers one question."""

import gc
import logging
import os
import time
import traceback
import warnings
from pathlib import Path
from typing import Final

import msgspec

from axis.garbage import keep_memory, settle_memory
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
    decode_request,
    encode,
)
from axis.gate.inspect import LIMITS, Grounds, inspect
from axis.gate.network import close_network
from axis.reports import GateReport
from signing.evidence import NO_EVIDENCE, Evidence
from signing.trust import TrustList

_EVIDENCE: Final[msgspec.msgpack.Decoder[Evidence]] = msgspec.msgpack.Decoder(Evidence)
_TRUST: Final[msgspec.msgpack.Decoder[TrustList]] = msgspec.msgpack.Decoder(TrustList)

_LONG_SECONDS: Final = 0.5


class Inside:
    """One judging process, seen from within."""

    def __init__(self, premises: Premises) -> None:
        """Close this process in: its signals, its network. All that judging needs is loaded by now."""
        # Libraries log tracebacks, with pieces of documents. What there is to say goes into the answer.
        logging.disable(logging.CRITICAL)
        warnings.simplefilter("ignore")
        limits.install()
        self.policy = premises.policy
        self._trust = premises.trust
        self._scratch = Path(premises.scratch)
        self._evidence = NO_EVIDENCE
        self._network = close_network()
        settle_memory()
        keep_memory()

    def ready(self) -> bytes:
        """Tell that this process has started, as an encoded `Ready`."""
        return encode(Ready(pid=os.getpid(), network=self._network))

    def grounds(self, request: InspectRequest) -> Grounds:
        """Return what to judge by; evidence and trust list are read only when they are not those held."""
        if request.generation != self._evidence.generation:
            self._evidence = _read(request.evidence_file) if request.generation else NO_EVIDENCE
            assert self._evidence.generation == request.generation, "the file is named by its generation"
        if request.trust_digest and (self._trust is None or request.trust_digest != self._trust.digest):
            self._trust = _TRUST.decode(Path(request.trust_file).read_bytes())
            assert self._trust.digest == request.trust_digest, "the file is named by its digest"
        return Grounds(self.policy, self._trust, self._evidence, self._scratch)

    def judge(self, path: str, question: bytes) -> bytes:
        """Answer one question within the limits. Never raises."""
        try:
            return encode(self._answer(path, decode_request(question)))
        except BaseException as exc:  # noqa: BLE001 - whatever it is, it is ours, and crosses as a value
            limits.lift()
            last = traceback.extract_tb(exc.__traceback__)[-1:]
            where = f" at {Path(last[0].filename).name}:{last[0].lineno}" if last else ""
            return encode(Trouble(detail=f"{type(exc).__name__}{where}"))

    def see(self, path: str, question: bytes) -> bytes:
        """Look at one file, for advice. Never raises; an answer that is none is no advice."""
        # Only here: judging processes never load PDFium.
        from axis.gate.seeing import see  # noqa: PLC0415

        try:
            return see(path, question, self.policy, self._scratch)
        except BaseException as exc:  # noqa: BLE001 - as above
            limits.lift()
            return encode(Trouble(detail=type(exc).__name__))

    def _answer(self, path: str, request: InspectRequest) -> Answer:
        cpu, wall = time.process_time(), time.perf_counter()
        grounds = self.grounds(request)
        answer: Judged | Altered
        try:
            with limits.limited(self.policy.limits):
                answer = inspect(path, request, grounds)
        except LIMITS as exc:  # reached where not even a part of the report was there
            limits.lift()
            report = GateReport(envelope=None, violations=limits.limit_of(exc, "", self.policy))
            answer = Judged(kind=request.kind or Kind.OTHER, report=report, limited=True)
        if isinstance(answer, Judged):
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            if wall > _LONG_SECONDS:
                gc.collect()  # a big document leaves no big garbage to the next one
            return msgspec.structs.replace(answer, cpu_seconds=cpu, wall_seconds=wall)
        return answer


def _read(path: str) -> Evidence:
    return _EVIDENCE.decode(Path(path).read_bytes())
