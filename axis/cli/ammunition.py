"""Packets for the benches, made ahead in processes so that signing is never measured.

A set of documents is signed; each packet that is sent has a number of its own
in its header, so that it is a new document with a new digest. The PDF in it is
one of the set.
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from axis.sandbox.authority import Authority
from axis.sandbox.directory import demo_agency
from axis.sandbox.packet import build_sandbox_document, build_sandbox_packet

MARK: Final = b"8888888888"
"""Stands for the number in every packet of the set."""
BODY: Final = b"</edXML:edXMLHeader>"
BASE64: Final = 4 / 3


def sign_set(folder: Path, *, sender: str, recipients: Sequence[str], size: int, count: int) -> list[bytes]:
    """Sign packets of about ``size`` bytes.

    Args:
        folder: of the test authority.
        sender: code of the issuing agency.
        recipients: codes.
        size: bytes of the whole packet.
        count: how many.
    """
    jobs = [(str(folder), sender, tuple(recipients), int(size / BASE64))] * count
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=spawn) as pool:
        return list(pool.map(_sign, jobs, chunksize=8))


def sign_pdf(folder: Path, *, sender: str, size: int) -> bytes:
    """Sign one PDF of about ``size`` bytes, person and seal, both B-T."""
    return build_sandbox_document(Authority(folder), demo_agency(sender), size=size)


def numbered(packets: Sequence[bytes], first: int) -> Iterator[bytes]:
    """Give packets without end, each a document of its own.

    Args:
        packets: a set, signed.
        first: number of the first one; use a fresh span each time.
    """
    number = first
    while True:
        packet = packets[number % len(packets)]
        header, mark, body = packet.partition(BODY)
        yield header.replace(MARK, str(number).encode()) + mark + body
        number += 1


def _sign(job: tuple[str, str, tuple[str, ...], int]) -> bytes:
    folder, sender, recipients, size = job
    return build_sandbox_packet(
        Authority(Path(folder)),
        demo_agency(sender),
        [demo_agency(code) for code in recipients],
        number=MARK.decode(),
        size=size,
    )
