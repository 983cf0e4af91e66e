"""Documents with one thing wrong in them, for more than one test."""

import io

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter

from tests.lab.pdfs import update


def packed(*, script: bool) -> bytes:
    """Return a PDF of object streams, perhaps with a script in one of them."""
    writer = PdfFileWriter(stream_xrefs=True)
    content = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.insert_page(PageObject(contents=content, media_box=(0, 0, 595, 842)))
    kind = "/JavaScript" if script else "/GoTo"
    action = {"/S": generic.NameObject(kind), "/JS" if script else "/D": generic.pdf_string("x")}
    stream = writer.prepare_object_stream()
    writer.root["/OpenAction"] = writer.add_object(generic.DictionaryObject(action), obj_stream=stream)
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def flipped(pdf: bytes, place: int) -> bytes:
    """Return a PDF with one bit of it turned."""
    return pdf[:place] + bytes([pdf[place] ^ 1]) + pdf[place + 1 :]


def page_replaced(pdf: bytes) -> bytes:
    """Return a signed PDF with an update that shows another text."""
    body = b"BT (other) Tj ET"
    return update(pdf, {4: b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body)})
