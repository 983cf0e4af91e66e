"""Tasks for a judging process that do what hostile files might make it do.

A question's path names the deed; the judging processes import this module.
"""

import contextlib
import hashlib
import os
import signal
import socket
import time

from axis.gate import limits, prison
from axis.gate.answers import Judged, Kind, decode_request, encode
from axis.reports import GateReport


def answer():
    """Return what a harmless file is answered with."""
    return encode(Judged(kind=Kind.PACKET, report=GateReport(envelope=None)))


def burn():
    """Compute for ever, and swallow every exception meanwhile."""
    while True:
        with contextlib.suppress(Exception):
            sum(range(100_000))


def starve():
    """Compute for ever, with a third of a processor: so a file looks on a busy machine."""
    while True:
        until = time.process_time() + 0.03
        while time.process_time() < until:
            pass
        time.sleep(0.06)


def native():
    """Compute for ever in a library's own code, where no Python instruction comes by."""
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", 2**31 - 1)


def eat():
    """Ask for memory without end."""
    held = []
    while True:
        held.append(bytearray(16 * 1024 * 1024))


def connect():
    """Answer nothing where the network is open."""
    for where in (("127.0.0.1", 9), ("192.0.2.1", 80)):
        try:
            socket.create_connection(where, timeout=1).close()
        except OSError:
            continue
        return b""
    return answer()


DEEDS = {
    "good": answer,
    "hang": lambda: time.sleep(3600),
    "die": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "exit": lambda: os._exit(7),
    "garble": lambda: b"\xc1 not an answer",
    "nothing": lambda: None,
    "connect": connect,
    "burn": burn,
    "starve": starve,
    "native": native,
    "eat": eat,
}


def task(path, question):
    """Do the deed that the path names: once for ``once-...``, marked by a file beside it."""
    folder, _, deed = path.rpartition("/")
    if deed.startswith("once-"):
        with contextlib.suppress(FileExistsError):
            os.close(os.open(f"{folder}/{deed}.done", os.O_CREAT | os.O_EXCL))
            return DEEDS[deed.removeprefix("once-")]()
        return answer()
    held = prison._inside
    request = decode_request(question)
    try:
        with limits.limited(held.policy.limits):
            if deed == "evidence":
                evidence = held.grounds(request).evidence
                return answer() if len(evidence.crls) == len(request.generation) // 64 else b""
            return DEEDS[deed]()
    except (MemoryError, limits.CpuLimitError) as exc:
        limits.lift()
        report = GateReport(envelope=None, violations=limits.limit_of(exc, "", held.policy))
        return encode(Judged(kind=Kind.PACKET, report=report, limited=True))
