"""Ways to spoil a PDF or a packet, each in exactly one respect."""

import io
import re
from collections.abc import Callable
from typing import Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import StandardSecurityHandler
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter, copy_into_new_writer

OLD_NAMESPACE: Final = b"http://www.e-doc.vn/Schema/"
"""Of eDoc 1.0 (exchange-rules 1.1), which the axis does not take."""

_NAMESPACE: Final = b"http://www.mic.gov.vn/TBT/QCVN_102_2016"


def _rewritten(change: Callable[[PdfFileWriter], None]) -> Callable[[bytes], bytes]:
    def spoil(pdf: bytes) -> bytes:
        writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
        change(writer)
        output = io.BytesIO()
        writer.write(output)
        return output.getvalue()

    return spoil


def _action(kind: str, key: str, value: generic.PdfObject) -> Callable[[PdfFileWriter], None]:
    def change(writer: PdfFileWriter) -> None:
        writer.root["/OpenAction"] = generic.DictionaryObject(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/Action"),
                generic.pdf_name("/S"): generic.pdf_name(kind),
                generic.pdf_name(key): value,
            }
        )

    return change


def _xfa(writer: PdfFileWriter) -> None:
    form = b'<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template/></xdp:xdp>'
    writer.root["/AcroForm"] = generic.DictionaryObject(
        {
            generic.pdf_name("/Fields"): generic.ArrayObject(),
            generic.pdf_name("/XFA"): writer.add_object(generic.StreamObject(stream_data=form)),
        }
    )


def _encrypt(writer: PdfFileWriter) -> None:
    handler = StandardSecurityHandler.build_from_pw("sandbox", "", encrypt_metadata=False, pdf_mac=False)
    writer._assign_security_handler(handler)  # noqa: SLF001  # pyHanko has no public way for a copied document


javascript = _rewritten(_action("/JavaScript", "/JS", generic.pdf_string("app.alert('thu nghiem')")))
"""Run a script when the document opens."""

launch = _rewritten(_action("/Launch", "/F", generic.pdf_string("thu-nghiem.exe")))
"""Start a program when the document opens."""

xfa = _rewritten(_xfa)
"""Add an XFA form."""

encrypt = _rewritten(_encrypt)
"""Encrypt with an empty user password: whoever opens it sees nothing of that."""


def draw_over(pdf: bytes) -> bytes:
    """Draw a black bar over the first page, as an incremental update."""
    output = io.BytesIO(pdf)
    writer = IncrementalPdfFileWriter(output)
    bar = generic.StreamObject(stream_data=b"q 0 0 0 rg 200 480 250 14 re f Q")
    writer.add_stream_to_page(0, writer.add_object(bar))
    writer.write_in_place()
    return output.getvalue()


def alter_byte(pdf: bytes) -> bytes:
    """Change one letter that no page shows: the structure stays sound, the digest does not."""
    spoiled = bytearray(pdf)
    place = pdf.find(b"<xmp:CreatorTool>Typst")
    if place >= 0:
        spoiled[place + len(b"<xmp:CreatorTool>")] ^= 0x20
        return bytes(spoiled)
    streams = [match.span(1) for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)]
    start, end = max(streams, key=lambda span: span[1] - span[0])
    spoiled[(start + end) // 2] ^= 0x01
    return bytes(spoiled)


def append_bytes(pdf: bytes) -> bytes:
    """Append a comment behind the end of the file."""
    return pdf + b"\n% appended after signing by the sandbox\n"


def replace_once(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Return what replaces the first ``old`` of a packet."""

    def spoil(packet: bytes) -> bytes:
        if old not in packet:
            raise ValueError(f"nothing to spoil: {old!r}")
        return packet.replace(old, new, 1)

    return spoil


def drop_element(name: str) -> Callable[[bytes], bytes]:
    """Return what takes an element out of the header."""
    pattern = re.compile(rb"[ \t]*<edXML:%b>.*?</edXML:%b>\n?" % (name.encode(), name.encode()), re.DOTALL)

    def spoil(packet: bytes) -> bytes:
        return pattern.sub(b"", packet, count=1)

    return spoil


def break_base64(packet: bytes) -> bytes:
    """Put a letter into the first attachment that base64 does not know."""
    start = packet.index(b"ContentTransferEncoded")
    place = packet.index(b">", start) + 101
    return packet[:place] + b"@" + packet[place + 1 :]


def other_namespace(packet: bytes) -> bytes:
    """Name the old namespace everywhere."""
    return packet.replace(_NAMESPACE, OLD_NAMESPACE)


def add_doctype(packet: bytes) -> bytes:
    """Declare a document type with an entity."""
    head, mark, rest = packet.partition(b"?>")
    return head + mark + b'\n<!DOCTYPE edXML [<!ENTITY thu "nghiem">]>' + rest


def leading_junk(packet: bytes) -> bytes:
    """Put bytes before the XML declaration, as a packet of the vendor's has them."""
    return b"\x00\x01junk\n" + packet
