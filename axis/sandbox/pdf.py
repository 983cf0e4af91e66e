"""Render an official-looking A4 document after NĐ 30/2020, Phụ lục I, from plain text.

Typst does the setting; text goes in as data, so nothing in it is markup. Every
page says that it is a test.
"""

import io
import random
import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import typst
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import RawContent
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, copy_into_new_writer

from axis.errors import SetupError
from axis.sandbox.appearance import Spot

DATA: Final = Path(__file__).parent / "data"
TEMPLATE: Final = DATA / "van-ban.typ"

A4_HEIGHT: Final = 841.89
"""Points."""
A4_WIDTH: Final = 595.28

FOOTER: Final = "VĂN BẢN THỬ NGHIỆM - TEST ONLY - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"

FONT_FOLDERS: Final = (Path("/usr/share/fonts/truetype/liberation2"),)
"""Where Debian's fonts-liberation2 lies. Version 1 (fonts-liberation) lacks 98 Vietnamese letters."""
FONTS: Final = ("Liberation Serif", "Libertinus Serif")
"""In order of choice; typst brings the second one itself."""

PATCHY: Final = "\u2100"
"""From here on the fonts show some characters and others not."""

SCAN_BYTES: Final = 5_000_000
"""Largest picture of one padding page."""

URGENCY: Final = {1: "KHẨN", 2: "THƯỢNG KHẨN", 3: "HỎA TỐC", 4: "HỎA TỐC"}
"""By priority; NĐ 30/2020 knows three."""


class OfficialDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on the pages. Texts are shown as they are."""

    agency: str
    superior: str = ""
    number: str
    """``15``; below 10 it gets its leading zero here."""
    notation: str
    """``BC-BNV``."""
    place: str
    issued_on: date
    type_name: str
    """``Công văn`` is set as one: subject under the number, no title."""
    subject: str
    to: tuple[str, ...] = ()
    """Kính gửi."""
    text: str
    heading: tuple[str, ...]
    """Lines above the signature, in capitals."""
    signer: str
    places: tuple[str, ...] = ()
    """Nơi nhận, without marks."""
    priority: int = 0


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """An unsigned document, and where its signature block stands."""

    pdf: bytes
    spot: Spot


def shipped_text() -> str:
    """Return the short invented text that is shipped."""
    return (DATA / "van-ban-mau.txt").read_text(encoding="utf-8")


def render(document: OfficialDocument, *, size: int | None = None) -> Rendered:
    """Set a document as PDF/A-2b.

    Args:
        document: its parts.
        size: bytes to reach with pages of noise, as a scan would bring them; None: as it comes.

    Raises:
        SetupError: typst cannot set it; the message is typst's.
    """
    rendered = _compile(document)
    if size is None or size <= len(rendered.pdf):
        return rendered
    output = io.BytesIO()
    pad(rendered.pdf, size, output)
    return Rendered(pdf=output.getvalue(), spot=rendered.spot)


def pad(pdf: bytes, size: int, output: BinaryIO) -> None:
    """Write a PDF with pages of incompressible pictures behind its own, about ``size`` bytes long.

    Args:
        pdf: unsigned.
        size: bytes to reach, within 2 %.
        output: where the longer PDF goes.
    """
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdf)))
    noise = random.Random(size)  # noqa: S311  # noise, no secret; the same for the same size
    left = size - len(pdf)
    while left > 0:
        take = min(left, SCAN_BYTES)
        width = max(int((take * A4_WIDTH / A4_HEIGHT) ** 0.5), 1)
        height = max(take // width, 1)
        picture = generic.StreamObject(
            {
                generic.pdf_name("/Type"): generic.pdf_name("/XObject"),
                generic.pdf_name("/Subtype"): generic.pdf_name("/Image"),
                generic.pdf_name("/Width"): generic.NumberObject(width),
                generic.pdf_name("/Height"): generic.NumberObject(height),
                generic.pdf_name("/ColorSpace"): generic.pdf_name("/DeviceGray"),
                generic.pdf_name("/BitsPerComponent"): generic.NumberObject(8),
            },
            encoded_data=noise.randbytes(width * height),
        )
        content = RawContent(
            data=f"q {A4_WIDTH} 0 0 {A4_HEIGHT} 0 0 cm /Scan Do Q".encode(),
            box=BoxConstraints(A4_WIDTH, A4_HEIGHT),
        )
        page = PageObject(
            contents=writer.add_object(generic.StreamObject(stream_data=content.render())),
            media_box=(0, 0, A4_WIDTH, A4_HEIGHT),
            resources=generic.DictionaryObject(
                {
                    generic.pdf_name("/XObject"): generic.DictionaryObject(
                        {generic.pdf_name("/Scan"): writer.add_object(picture)}
                    )
                }
            ),
        )
        writer.insert_page(page)
        left -= take
    writer.write(output)


def _compile(document: OfficialDocument) -> Rendered:
    try:
        return _typeset(_data(document))
    except typst.TypstError:
        # PDF/A allows no missing glyph: set again with what no font here can show as "?".
        plain = msgspec.structs.replace(
            document,
            **{
                name: _plain(value)
                for name, value in msgspec.structs.asdict(document).items()
                if isinstance(value, str)
            },
        )
        try:
            return _typeset(_data(plain))
        except typst.TypstError as exc:
            raise SetupError(f"the document cannot be set: {exc}") from exc


def _typeset(data: dict[str, Any]) -> Rendered:
    compiler = typst.Compiler(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(folder) for folder in FONT_FOLDERS],
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(data).decode()},
    )
    pdf = compiler.compile(format="pdf", pdf_standards="a-2b")
    assert isinstance(pdf, bytes)
    place = msgspec.json.decode(compiler.query("<sign-here>", field="value", one=True))
    return Rendered(
        pdf=pdf,
        spot=Spot(page=place["page"] - 1, x=_points(place["x"]), y=A4_HEIGHT - _points(place["y"])),
    )


def _points(length: str) -> float:
    return float(length.removesuffix("pt"))


def _data(document: OfficialDocument) -> dict[str, Any]:
    number, day = document.number.zfill(2), document.issued_on
    letter = document.type_name.casefold() == "công văn"
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)  # noqa: PLR2004  # the decree: 1 and 2
    places = [*(f"{place};" for place in document.places), "Lưu: VT."]
    return {
        "fonts": [font for font in FONTS if font == FONTS[1] or any(path.exists() for path in FONT_FOLDERS)],
        # The decree's samples break these two names so: the body, then its place.
        "agency": re.sub(r"^(Ủy ban|Hội đồng) nhân dân ", r"\1 nhân dân\n", document.agency),
        "superior": document.superior,
        "number": f"Số: {number}/{document.notation}",
        "date": (day.year, day.month, day.day),
        "place-date": f"{document.place}, ngày {day.day:02d} tháng {month} năm {day.year}",
        "type": "" if letter else document.type_name,
        "subject": document.subject,
        "to": document.to if is_addressed(document.type_name) else (),
        "body": body_of(document.text),
        "heading": document.heading,
        "signer": document.signer,
        "places": places,
        "urgency": URGENCY.get(document.priority, ""),
        "footer": FOOTER,
    }


def is_addressed(kind: str) -> bool:
    """Tell whether a kind of document bears "Kính gửi" (NĐ 30/2020, Phụ lục I, box 9a)."""
    return kind.casefold() in {"công văn", "tờ trình", "báo cáo"}


def body_of(text: str) -> list[dict[str, Any]]:
    """Cut plain or markdown-ish text into the parts of a body, one per line.

    Returns:
        ``{"kind": "par"|"heading"|"basis"|"title", "text": ...}`` or
        ``{"kind": "table", "columns": int, "rows": [[...]]}``; the last text ends in ``./.``.
    """
    parts: list[dict[str, Any]] = []
    for line in unicodedata.normalize("NFC", text).splitlines():
        bare = _bare(line)
        if not bare:
            continue
        cells = _cells(line)
        if cells:
            _add_row(parts, cells)
        elif line.lstrip().startswith("#"):
            parts.append({"kind": "title", "text": bare})
        elif re.fullmatch(r"\s*(\*\*|<b>).+(\*\*|</b>)\s*", line):
            parts.append({"kind": "heading", "text": bare})
        else:
            parts.append({"kind": "basis" if bare.startswith("Căn cứ ") else "par", "text": bare})
    for part in parts:
        if part["kind"] == "table":
            part["rows"] = [row + [""] * (part["columns"] - len(row)) for row in part["rows"]]
    if parts and parts[-1]["kind"] == "par" and not parts[-1]["text"].endswith("./."):
        parts[-1]["text"] = parts[-1]["text"].rstrip(". ") + "./."
    return parts


def _add_row(parts: list[dict[str, Any]], cells: list[str]) -> None:
    if not parts or parts[-1]["kind"] != "table":
        parts.append({"kind": "table", "columns": 1, "rows": []})
    if any(cell.strip("-: ") for cell in cells):
        parts[-1]["rows"].append(cells)
        parts[-1]["columns"] = max(parts[-1]["columns"], len(cells))


def _cells(line: str) -> list[str]:
    if line.lstrip().startswith("|"):
        return [_bare(cell) for cell in line.strip().strip("|").split("|")]
    if "\t" in line.strip():
        return [_bare(cell) for cell in line.strip().split("\t")]
    return []


def _bare(line: str) -> str:
    # Marks of markdown go; what is left is shown letter by letter.
    line = re.sub(r"</?(?:b|i|u|br|sup|sub)\s*/?>|\*\*|^\s*#+\s+", "", line)
    kept = "".join("•" if unicodedata.category(c) == "Co" else c for c in line)
    return "".join(c for c in kept if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip()


def _plain(text: str) -> str:
    return "".join(
        c if c.isspace() or (c < PATCHY and unicodedata.category(c) != "Cn") else "?" for c in text
    )
