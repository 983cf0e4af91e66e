"""What fuzzing starts from: small files of each kind, made by code on the spot."""

import io
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from pyhanko.pdf_utils.reader import PdfFileReader

from axis.edxml.status import build_status
from axis.envelope import Organ, ResponseFor, StatusPacket
from axis.sandbox.identity import Part
from tests.attacks.building import by_seal, certified, form, letter
from tests.attacks.references import by_stream, hybrid
from tests.lab.pdfs import a_cms, person, seal, sign, sign_by_hand
from tests.lab.services import a_document_token, a_token
from tests.unit.edxml.packets import SENT, file, packet, with_file, zipped

_ROOM: Final = 6000
"""Bytes kept for a value: a fuzzer's time goes where the bytes are."""


@cache
def signed() -> bytes:
    """A letter with one signature, in little room."""
    return sign_by_hand(letter(), a_cms(token=a_token), reserved=_ROOM)


@cache
def sealed() -> bytes:
    """The same, sealed."""
    return sign_by_hand(signed(), a_cms(seal(), token=a_token), name="Seal", reserved=_ROOM)


@cache
def streamed() -> bytes:
    """A letter in an object stream with a cross-reference stream, signed by pyHanko."""
    return sign(by_stream(letter(), {}, {30: b"<< /A (b) >>"}), person())


@cache
def good_pdfs() -> tuple[bytes, ...]:
    """Return the PDFs that are accepted; whatever else is accepted must be one of them."""
    stamped = sign_by_hand(signed(), a_document_token, name="Stamp", subfilter="ETSI.RFC3161", reserved=_ROOM)
    return signed(), sealed(), streamed(), stamped, form(), by_seal(form()), certified("2")


def pdfs() -> Iterator[bytes]:
    """Yield PDFs, good and bad."""
    yield from good_pdfs()
    yield letter()
    yield hybrid(signed(), {}, hidden={4: b"<< >>"})
    yield letter("/OpenAction << /S /JavaScript /JS (x) >>")
    yield (
        b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\nxref\n0 1\n0000000000 65535 f \n"
        b"trailer\n<< /Size 1 >>\nstartxref\n31\n%%EOF\n"
    )


def values() -> Iterator[bytes]:
    """Yield CMS values: signatures and time-stamps, of each kind of key."""
    covered = b"covered"
    yield a_cms()(covered)
    yield a_cms(token=a_token)(covered)
    yield a_cms(person(Part.WEAK))(covered)
    yield a_cms(digest="sha512")(covered)
    yield a_cms(content=b"enclosed")(covered)
    yield a_document_token(covered)
    for embedded in PdfFileReader(io.BytesIO(sealed())).embedded_signatures:
        yield bytes(embedded.signer_info.dump())


def packets() -> Iterator[bytes]:
    """Yield packets of edXML: documents and statuses."""
    yield packet()
    yield packet(file("a.pdf", b"%PDF-1.7"), file("b.docx", b"PK"))
    yield with_file(zipped([("x.pdf", b"%PDF-1.7")]), "a.zip")
    yield build_status(
        StatusPacket(
            sender=Organ(code="H37.02", name="Sở Thử Nghiệm"),
            response_for=ResponseFor(
                organ_code="H37.01", code="123/UBND-VP", document_id="H37.01,2026/11/20,123/UBND-VP"
            ),
            code="03",
            description="Đã tiếp nhận",
            reported_at=SENT,
        )
    )


SEEDS: Final[dict[str, Callable[[], Iterator[bytes]]]] = {"pdf": pdfs, "cms": values, "edxml": packets}


def write_seeds(target: str, folder: Path) -> None:
    """Write the seeds of a target as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(SEEDS[target]()):
        (folder / f"seed-{number:02}").write_bytes(data)
