"""Documents that look wrong in one way: the sandbox's own template with one word of it replaced."""

import io
import re
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import typst

from axis.appearance.advice import Advice
from axis.appearance.grades import Standard, load_standard
from axis.appearance.judge import judge
from axis.appearance.look import look
from axis.appearance.sheet import Claims
from axis.appearance.view import View
from axis.sandbox.pdf import FONT_FOLDERS, TEMPLATE, OfficialDocument, _data

AT = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TEXT = "\n".join(
    [
        "Căn cứ Luật Mẫu số một ngày 01 tháng 01 năm 2020 về việc thử nghiệm các hệ thống văn bản điện tử;",
        "Căn cứ Nghị định Mẫu số hai về công tác văn thư của các cơ quan trong thời gian thử nghiệm.",
        *(f"{n}. Nội dung thứ {n} của văn bản này chỉ để thử, dài hơn một dòng một chút để có nhiều dòng "
          "chữ đầy trên trang giấy, như một văn bản thường có." for n in range(1, 9)),
    ]
)  # fmt: skip


def a_sheet_of(kind: str = "Quyết định", **changes: Any) -> OfficialDocument:
    """Return a good document; ``changes`` are fields of `OfficialDocument`."""
    good: dict[str, Any] = {
        "agency": "Bộ Nội vụ",
        "number": "7",
        "notation": "QĐ-BNV" if kind == "Quyết định" else "BNV-VP",
        "place": "Hà Nội",
        "issued_on": date(2026, 2, 3),
        "type_name": kind,
        "subject": "Về việc ban hành một văn bản để thử",
        "to": ("Bộ Tài chính",),
        "text": TEXT,
        "heading": ("KT. BỘ TRƯỞNG", "THỨ TRƯỞNG"),
        "signer": "Đỗ Thử Dung",
        "places": ("Như Điều 3",),
    }
    return OfficialDocument(**{**good, **changes})


def set_with(document: OfficialDocument, *replaced: tuple[str, str], **data: Any) -> bytes:
    """Set a document with the template changed.

    Args:
        document: what stands in it.
        replaced: words of the template and what stands there instead; each must be there.
        data: values of the template's data that are given otherwise.
    """
    source = TEMPLATE.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in source, old
        source = source.replace(old, new)
    given = {**_data(document), **data}
    folders = [str(folder) for folder in FONT_FOLDERS]
    compiler = typst.Compiler(
        source.encode(),
        font_paths=folders,
        ignore_system_fonts=True,
        sys_inputs={"data": msgspec.json.encode(given).decode()},
    )
    pdf = compiler.compile(format="pdf")
    assert isinstance(pdf, bytes)
    return pdf


def seen(pdf: bytes, *, attachment: bool = False) -> View:
    """Look at a PDF."""
    return look(io.BytesIO(pdf), attachment=attachment)


def advice_on(
    pdf: bytes, claims: Claims | None = None, standard: Standard | None = None, *, at: datetime = AT
) -> list[Advice]:
    """Return the advice on a PDF, at one fixed moment; what the sandbox signs bears today's date."""
    claims = claims or Claims()
    view = seen(pdf, attachment=not claims.main)
    return list(judge(view, claims, standard or load_standard(), at=at))


def rules(advice: list[Advice]) -> list[str]:
    """Return the numbers of the rules, each once, in order of their numbers."""
    return sorted({one.rule for one in advice}, key=lambda rule: int(re.sub(r"\D", "", rule)))
