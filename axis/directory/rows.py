"""One line of a directory file to one noun. What needs more than the line is judged in `check`."""

import re
import unicodedata
from datetime import date, datetime
from typing import Final

from axis.checks.competence import lacks
from axis.directory.problems import Problem
from axis.directory.tables import Row
from axis.register import EVERY_KIND, Agency, Level, Mandate, Seal, Signer
from axis.zone import VIETNAM

DISCONNECTED: Final = "-"
"""In the column ``connection``: no connection, whatever was assigned before."""

COMPETENCES: Final = ("", "TM", "KT", "TL", "TUQ", "Q")

_CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")
"""Loose on purpose: the directory decides which codes exist, not their form (exchange-rules 2.1)."""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
_LEVELS: Final = {
    **{level.value: level for level in Level},
    "trung ương": Level.CENTRAL,
    "tỉnh": Level.PROVINCE,
    "huyện": Level.DISTRICT,
    "xã": Level.COMMUNE,
}
_YES: Final = frozenset({"1", "true", "yes", "x", "có"})
_NO: Final = frozenset({"", "0", "false", "no", "không"})


class Line:
    """Reads the values of one row and collects what is wrong with them."""

    def __init__(self, row: Row) -> None:
        """Begin with no problems."""
        self._row = row
        self.problems: list[Problem] = []

    def wrong(self, vi: str, en: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(self._row.place, vi, en))

    def text(self, column: str, *, needed: bool = True) -> str:
        """Return a value in NFC."""
        value = unicodedata.normalize("NFC", self._row.get(column))
        if needed and not value:
            self.wrong(f"thiếu {column}", f"{column} is empty")
        return value

    def code(self, column: str, *, needed: bool = True) -> str:
        """Return an agency code."""
        value = self.text(column, needed=needed)
        if value and not _CODE.fullmatch(value):
            self.wrong(
                f"{column} “{value}” không phải mã định danh (chữ, số, dấu chấm, gạch; tối đa 64)",
                f'{column} "{value}" is no code (letters, digits, dots, dashes; at most 64)',
            )
        return value

    def codes(self, column: str) -> tuple[str, ...]:
        """Return agency codes separated by semicolons."""
        parts = tuple(part.strip() for part in self._row.get(column).split(";") if part.strip())
        for part in parts:
            if not _CODE.fullmatch(part):
                self.wrong(f"{column}: “{part}” không phải mã định danh", f'{column}: "{part}" is no code')
        return parts

    def fingerprint(self) -> str:
        """Return the SHA-256 of a certificate; colons and capitals are let pass."""
        value = self._row.get("certificate_sha256").replace(":", "").casefold()
        if not _FINGERPRINT.fullmatch(value):
            self.wrong(
                "certificate_sha256 phải là 64 chữ số hệ 16",
                "certificate_sha256 must be 64 hexadecimal digits (openssl x509 -noout -fingerprint -sha256)",
            )
        return value

    def flag(self, column: str) -> bool:
        """Return yes or no; empty is no."""
        value = self._row.get(column).casefold()
        if value not in _YES | _NO:
            self.wrong(f"{column} phải là 1 hoặc 0", f"{column} must be 1 or 0")
        return value in _YES

    def day(self, column: str, *, needed: bool) -> date | None:
        """Return a date, ``YYYY-MM-DD`` or ``DD/MM/YYYY``."""
        value = self.text(column, needed=needed)
        if not value:
            return None
        try:
            return _day(value)
        except ValueError:
            self.wrong(
                f"{column} “{value}” không phải ngày (viết 2025-07-01 hoặc 01/07/2025)",
                f'{column} "{value}" is no date (write 2025-07-01)',
            )
            return None

    def moment(self, column: str, *, needed: bool) -> datetime | None:
        """Return a moment: ISO 8601 with its zone, or a day, which begins at midnight in Hà Nội."""
        value = self.text(column, needed=needed)
        if not value:
            return None
        try:
            if "T" in value and (moment := datetime.fromisoformat(value)).tzinfo is not None:
                return moment
            day = _day(value)
            return datetime(day.year, day.month, day.day, tzinfo=VIETNAM)
        except ValueError:
            self.wrong(
                f"{column} “{value}” không phải ngày, hoặc thời điểm thiếu múi giờ",
                f'{column} "{value}" is no date, nor a moment with its zone',
            )
            return None


def read_agency(row: Row) -> tuple[Agency | None, list[Problem]]:
    """Read one line of agencies."""
    line = Line(row)
    code, old = line.code("code"), line.code("code102", needed=False)
    name = line.text("name")
    written = line.text("level").casefold()
    level = _LEVELS.get(written)
    if written and level is None:
        line.wrong(
            f"level “{written}” phải là một trong: {', '.join(_LEVELS)}",
            f'level "{written}" must be one of {", ".join(_LEVELS)}',
        )
    parent = line.code("parent", needed=False)
    since, until = line.day("valid_from", needed=True), line.day("valid_until", needed=False)
    if since and until and until <= since:
        line.wrong("valid_until phải sau valid_from", "valid_until must come after valid_from")
    connection = line.text("connection", needed=False)
    if connection and connection != DISCONNECTED and not re.fullmatch(r"[a-z0-9-]{1,40}", connection):
        line.wrong(
            f"connection “{connection}”: chỉ chữ thường, số, gạch ngang, tối đa 40",
            f'connection "{connection}": lower-case letters, digits and dashes, at most 40',
        )
    locked, invented = line.flag("locked"), line.flag("invented")
    collective, any_person = line.flag("collective"), line.flag("any_person")
    successors = line.codes("successors")
    if line.problems or level is None or since is None:
        return None, line.problems
    agency = Agency(
        code=code,
        code102=old,
        name=name,
        level=level,
        parent=parent,
        connection=connection,
        locked=locked,
        valid_from=since,
        valid_until=until,
        successors=successors,
        invented=invented,
        collective=collective,
        any_person=any_person,
    )
    return agency, []


def read_signer(row: Row) -> tuple[Signer | None, list[Problem]]:
    """Read one line of signers: a person with one mandate."""
    line = Line(row)
    certificate, agency = line.fingerprint(), line.code("agency")
    full_name, position = line.text("full_name"), line.text("position")
    competence = line.text("competence", needed=False).replace(".", "").strip().upper()
    competence = {"TƯQ": "TUQ", "TUQ": "TUQ"}.get(competence, competence)
    if competence not in COMPETENCES:
        line.wrong(
            f"competence “{competence}” phải trống (chức vụ của mình) hoặc là TM, KT, TL, TUQ, Q",
            f'competence "{competence}" must be empty (own office), TM, KT, TL, TUQ or Q',
        )
    kinds = tuple(part.strip().casefold() for part in line.text("kinds").split(";") if part.strip())
    if EVERY_KIND in kinds and len(kinds) > 1:
        line.wrong("kinds: “*” phải đứng một mình", 'kinds: "*" must stand alone')
    since, until = line.moment("mandate_from", needed=True), line.moment("mandate_until", needed=False)
    if since and until and until <= since:
        line.wrong("mandate_until phải sau mandate_from", "mandate_until must come after mandate_from")
    authorising = line.code("authorising_agency", needed=False)
    if competence == "TUQ" and not authorising:
        line.wrong(
            "thừa ủy quyền (TUQ) phải có cơ quan ủy quyền", "a TUQ mandate must name authorising_agency"
        )
    if competence != "TUQ" and authorising:
        line.wrong("authorising_agency chỉ dùng với TUQ", "authorising_agency is for TUQ only")
    if line.problems or since is None:
        return None, line.problems
    mandate = Mandate(
        competence=competence,
        kinds=kinds,
        valid_from=since,
        valid_until=until,
        authorising_agency=authorising,
        field=line.text("field", needed=False),
        basis=line.text("basis", needed=False),
    )
    for lack in lacks(mandate):
        line.wrong(*lack.split(" / ", 1))
    if line.problems:
        return None, line.problems
    signer = Signer(
        certificate_sha256=certificate,
        agency=agency,
        full_name=full_name,
        position=position,
        mandates=(mandate,),
    )
    return signer, []


def read_seal(row: Row) -> tuple[Seal | None, list[Problem]]:
    """Read one line of seals."""
    line = Line(row)
    certificate, agency = line.fingerprint(), line.code("agency")
    return (
        (None, line.problems) if line.problems else (Seal(certificate_sha256=certificate, agency=agency), [])
    )


def _day(value: str) -> date:
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", value):
        return date(int(match[3]), int(match[2]), int(match[1]))
    return date.fromisoformat(value)
