"""How appearance is graded: the decree's numbers, our tolerances, each rule's grade, as versioned data."""

from enum import StrEnum, unique
from pathlib import Path
from typing import Final

import msgspec

from axis.errors import SetupError
from axis.violations import Code

SHIPPED: Final = Path(__file__).parent.parent / "policy" / "appearance.json"


@unique
class Grade(StrEnum):
    """How loud a piece of advice is. None of them refuses."""

    ADVICE = "advice"
    NOTE = "note"
    OFF = "off"


class Margins(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Least and most, in millimetres."""

    top: tuple[float, float]
    bottom: tuple[float, float]
    left: tuple[float, float]
    right: tuple[float, float]


class Standard(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a document should look like. Lengths in millimetres, sizes in points, least and most."""

    version: str
    comment: str = ""
    grades: dict[Code, Grade]
    paper_mm: tuple[float, float]
    paper_tolerance_mm: float
    margins_mm: Margins
    margin_tolerance_mm: float
    families: tuple[str, ...]
    """Times New Roman and typefaces of the same widths: beginnings of names, lower case, letters only."""
    size_tolerance: float
    sizes: dict[str, tuple[float, float]]
    line_share: tuple[float, float]
    """Length of the line under a name, as a share of the name's."""
    line_tolerance: float
    abbreviations: dict[str, str]
    """Of kinds, in notations (Phụ lục III)."""
    without_abbreviation: tuple[str, ...]
    addressed: tuple[str, ...]
    """Kinds that bear "Kính gửi"."""
    titles: tuple[str, ...]
    """Academic titles and the like, which do not stand before a signer's name."""
    urgency_mm: dict[str, tuple[float, float]]
    """Width and height of the frame."""
    frame_tolerance_mm: float

    def grade(self, code: Code) -> Grade:
        """Return a rule's grade; a rule that the data does not name is advice."""
        return self.grades.get(code, Grade.ADVICE)


def parse_standard(data: bytes) -> Standard:
    """Read the data.

    Raises:
        SetupError: it is not what `Standard` asks for.
    """
    try:
        return msgspec.json.decode(data, type=Standard)
    except msgspec.MsgspecError as exc:
        raise SetupError(f"dữ liệu thể thức không dùng được: {exc} (appearance data cannot be used)") from exc


def load_standard(path: str = "") -> Standard:
    """Read the data at ``path``, or what is shipped.

    Raises:
        SetupError: no such file, or it cannot be used.
    """
    try:
        return parse_standard(Path(path or SHIPPED).read_bytes())
    except OSError as exc:
        raise SetupError(
            f"không đọc được dữ liệu thể thức {path or SHIPPED} (appearance data unread: {exc.strerror})"
        ) from exc
