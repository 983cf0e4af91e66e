"""Invented people of invented offices: names and positions for the cast of an agency.

No one here exists. Names are drawn from the agency's code, so that the same
agency has the same people on every machine.
"""

import hashlib
from typing import Final

import msgspec

from axis.register import Agency
from axis.sandbox.identity import Part

SURNAMES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi", "Đỗ", "Nông", "Lò", "Vi")
MIDDLES: Final = ("Thử", "Mẫu", "Giả", "Định", "Ví", "Kiểm")
GIVENS: Final = (
    "Nghiệm",
    "An",
    "Bình",
    "Cường",
    "Dung",
    "Giang",
    "Hạnh",
    "Khánh",
    "Lộc",
    "Mai",
    "Quỳnh",
    "Sơn",
)

_HEADS: Final = (
    # The start of an agency's name, its head, its deputy head, whether it decides as a body.
    ("Văn phòng Chính phủ", "Bộ trưởng, Chủ nhiệm", "Phó Chủ nhiệm", False),
    ("Bộ ", "Bộ trưởng", "Thứ trưởng", False),
    ("Ngân hàng", "Thống đốc", "Phó Thống đốc", False),
    ("Thanh tra Chính phủ", "Tổng Thanh tra", "Phó Tổng Thanh tra", False),
    ("Ủy ban nhân dân", "Chủ tịch", "Phó Chủ tịch", True),
    ("Hội đồng nhân dân", "Chủ tịch", "Phó Chủ tịch", True),
    ("Sở", "Giám đốc", "Phó Giám đốc", False),
    ("Cục", "Cục trưởng", "Phó Cục trưởng", False),
    ("Vụ", "Vụ trưởng", "Phó Vụ trưởng", False),
    ("Văn phòng", "Chánh Văn phòng", "Phó Chánh Văn phòng", False),
    ("Phòng", "Trưởng phòng", "Phó Trưởng phòng", False),
)
_SHORT: Final = {"Ủy ban nhân dân": "UBND", "Hội đồng nhân dân": "HĐND"}

CHIEF_OF_STAFF: Final = "Chánh Văn phòng"
_OTHER: Final = ("Thủ trưởng", "Phó Thủ trưởng", False)


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """How the people of an agency sign."""

    head: str
    deputy: str
    collective: bool
    body: str
    """What a collective agency calls itself in the signature block, in capitals."""
    short: str
    """Its abbreviation in notations; empty where it is made of the name's letters."""


def office_of(agency: Agency) -> Office:
    """Tell the offices of an agency by what its name begins with."""
    for start, head, deputy, collective in _HEADS:
        if agency.name.startswith(start):
            body = start.strip().upper()
            return Office(
                head=head, deputy=deputy, collective=collective, body=body, short=_SHORT.get(start, "")
            )
    head, deputy, collective = _OTHER
    return Office(head=head, deputy=deputy, collective=collective, body="", short="")


def position_of(office: Office, part: Part) -> str:
    """Return what stands above the name of whoever plays a part."""
    if part is Part.DEPUTY:
        return office.deputy
    return CHIEF_OF_STAFF if part is Part.OFFICE else office.head


def competences_of(part: Part, *, collective: bool) -> tuple[str, ...]:
    """Return the competences that the mandates of a part name.

    Source:
        NĐ 30/2020 Điều 13; exchange-rules 5.
    """
    if part is Part.DEPUTY:
        return ("TM", "KT") if collective else ("KT",)
    special = {Part.OFFICE: "TL", Part.ACTING: "Q", Part.DELEGATE: "TUQ"}
    if part in special:
        return (special[part],)
    return ("", "TM") if collective else ("",)


def invented_name(code: str, part: str) -> str:
    """Return the same invented name for the same agency and part.

    Args:
        code: the agency's code.
        part: which of its people.
    """
    digest = hashlib.sha256(f"{code}\n{part}".encode()).digest()
    return " ".join(
        names[byte % len(names)] for names, byte in zip((SURNAMES, MIDDLES, GIVENS), digest, strict=False)
    )


def heading_of(office: Office, competence: str, position: str = "") -> tuple[str, ...]:
    """Return the lines above a signature, in capitals.

    Args:
        office: of the issuing agency.
        position: of whoever signs TUQ.; the others' positions follow from the office.
        competence: ``""``, ``TM``, ``KT``, ``TMKT`` (deputy of a body), ``TL``, ``TUQ`` or ``Q``.

    Source:
        NĐ 30/2020 Điều 13 and Phụ lục I, II.7; the three-line form is practice.
    """
    head, deputy = office.head.upper(), office.deputy.upper()
    lines = {
        "TM": (f"TM. {office.body}", head),
        "TMKT": (f"TM. {office.body}", f"KT. {head}", deputy),
        "KT": (f"KT. {head}", deputy),
        "TL": (f"TL. {head}", CHIEF_OF_STAFF.upper()),
        "TUQ": (f"TUQ. {head}", position.upper()),
        "Q": (f"Q. {head}",),
    }
    return lines.get(competence, (head,))
