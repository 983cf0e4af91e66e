"""Packets made ahead for long runs: good, spoiled, rival and hostile ones, each with the end it deserves."""

import multiprocessing
import random
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.faults import FAULTS
from axis.sandbox.packet import spoiled
from axis.sandbox.recipe import write_recipe
from axis.violations import Code

SENDERS = ("G09", "G22", "H37", "H49", "H41")
RECIPIENTS = ("G22", "H37", "H41.T21", "H37.T39", "G09", "H49.T31", "G06")
SPOILED = (
    "altered-byte", "no-seal", "seal-first", "revoked-signer", "mandate-expired", "javascript",
    "unknown-recipient", "missing-subject", "broken-base64", "doctype", "changed-after-signing",
    "impostor-authority",
)  # fmt: skip
"""Faults that admission finds; each is refused for its own reason."""
ISSUED_LATE = ("impostor-authority",)
"""Their certificates are issued when first asked for."""
EVERY_SPOILED = 5
EVERY_TWICE = 4
EVERY_RIVAL = 20


@dataclass(frozen=True)
class Packet:
    """One packet and what must come of it."""

    number: int
    sender: str
    data: bytes
    verdict: str
    """accepted or refused; empty: one of its rivals is accepted."""
    code: str = ""
    rival: str = ""
    twice: bool = False
    """It is sent again while it is under way."""


@dataclass(frozen=True)
class _Job:
    folder: str
    number: int
    sender: str
    recipients: tuple[str, ...]
    fault: str
    rivals: bool
    priority: int


def prepare(folder: Path, count: int, *, seed: int) -> list[Packet]:
    """Sign packets in both cores; the same seed gives the same mix.

    Args:
        folder: of the test authority.
        count: how many.
        seed: decides senders, recipients, faults, priorities.
    """
    lot = random.Random(seed)
    jobs = []
    for number in range(count):
        sender = lot.choice(SENDERS)
        others = [code for code in RECIPIENTS if code != sender]
        fault = SPOILED[number // EVERY_SPOILED % len(SPOILED)] if number % EVERY_SPOILED == 2 else ""
        recipients = tuple(lot.sample(others, lot.choice((1, 2, 3))))
        rivals = number % EVERY_RIVAL == 5
        jobs.append(_Job(str(folder), number, sender, recipients, fault, rivals, lot.choice((0, 0, 0, 2))))
    for job in jobs:
        if job.fault in ISSUED_LATE:  # written down before two processes issue it at once
            _make(job)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [packet for made in pool.map(_make, jobs, chunksize=8) for packet in made]


def _make(job: _Job) -> list[Packet]:
    authority = Authority(Path(job.folder))
    recipients = [demo_agency(code) for code in job.recipients]
    recipe = write_recipe(
        authority,
        demo_agency(job.sender),
        recipients,
        number=str(1_000_000 + job.number),
        priority=job.priority,
    )
    if job.fault:
        data = spoiled(recipe, job.fault).make()
        return [Packet(job.number, job.sender, data, "refused", FAULTS[job.fault].code)]
    first = recipe.make()
    if not job.rivals:
        return [
            Packet(job.number, job.sender, first, "accepted", twice=job.number % EVERY_TWICE == 0),
        ]
    # The same document id over other bytes: whoever is judged first has it.
    second = recipe.make()
    name = f"rival {job.number}"
    return [Packet(job.number, job.sender, data, "", rival=name) for data in (first, second)]


# --- hostile files ---------------------------------------------------------

SIGNABLE = 2
"""So many of the hostile files, the first, can be signed."""


def hostile(folder: Path) -> list[Packet]:
    """Return packets that attack whoever reads them; those that can be are signed twice.

    Each must be refused: for a limit, as unreadable, or as unsigned without being read whole.
    """
    junk = b"%PDF-1.7\n" + random.Random(7).randbytes(20_000)
    files = (
        ("bộ nhớ / memory", flate_bomb(), Code.LIMIT_DECODED),
        ("tính toán / computing", many_objects(), Code.LIMIT_CPU),
        ("lồng nhau / nesting", nested(), Code.SIGNATURE_NONE),
        ("vòng lặp / loop", page_loop(), Code.LIMIT_PAGES),
        ("rác / junk", junk, Code.PDF_END),
    )
    made = []
    for number, (subject, pdf, code) in enumerate(files, 9_000_000):
        recipe = write_recipe(
            Authority(folder),
            demo_agency("G09"),
            [demo_agency("G22")],
            number=str(number),
            subject=subject,
            pdf=pdf,
        )
        if len(made) >= SIGNABLE:
            recipe.person = recipe.seal = None  # no software signs what none can read
        made.append(Packet(number, "G09", recipe.make(), "refused", code))
    return made


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 4 0 R >>"
EMPTY = b"<< /Length 0 >>\nstream\n\nendstream"
BODY = {1: CATALOG, 2: PAGES, 3: PAGE, 4: EMPTY}
HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
MEBIBYTE = 1024 * 1024


def a_pdf(objects: dict[int, bytes]) -> bytes:
    """Write a PDF of objects numbered from 1 without a gap."""
    out, places = _bodies(objects)
    table = b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(objects))
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end


def flate_bomb(mebibytes: int = 1536) -> bytes:
    """Return a PDF of some MiB, one object of which stands in a stream that unpacks to 1.5 GiB."""
    packer = zlib.compressobj(6)
    start = b"6 0 << >> "
    packed = packer.compress(start)
    packed += b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(mebibytes)) + packer.flush()
    stream = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream"
    catalog = CATALOG.replace(b">>", b"/Extra 6 0 R >>")
    out, places = _bodies({**BODY, 1: catalog, 5: stream % (len(packed), packed)})
    rows = [(0, 0, 65535), *((1, places[number], 0) for number in range(1, 6)), (2, 5, 0), (1, len(out), 0)]
    table = b"".join(
        kind.to_bytes(1, "big") + place.to_bytes(4, "big") + more.to_bytes(2, "big")
        for kind, place, more in rows
    )
    head = b"7 0 obj\n<< /Type /XRef /Size 8 /W [1 4 2] /Root 1 0 R /Length %d >>\nstream\n" % len(table)
    return out + head + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(out)


def many_objects(count: int = 120_000) -> bytes:
    """Return a PDF of so many objects that reading it takes long, and yet no more than are allowed."""
    crowd = dict.fromkeys(range(5, count), b"<< /A [(x) (y) << /C /D >>] >>")
    catalog = CATALOG.replace(b">>", b"/Extra [%b] >>" % b" ".join(b"%d 0 R" % number for number in crowd))
    return a_pdf({**BODY, 1: catalog, **crowd})


def nested(depth: int = 100_000) -> bytes:
    """Return a PDF whose one array holds an array that holds an array ..."""
    deep = b"/Deep " + b"[" * depth + b"]" * depth + b" >>"
    return a_pdf({**BODY, 3: PAGE.removesuffix(b">>") + deep})


def page_loop() -> bytes:
    """Return a PDF whose tree of pages goes in circles."""
    return a_pdf({**BODY, 2: b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Parent 2 0 R /Count 9999999 >>"})


def _bodies(objects: dict[int, bytes]) -> tuple[bytes, dict[int, int]]:
    out, places = bytearray(HEAD), {}
    for number in sorted(objects):
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, objects[number])
    return bytes(out), places
