"""The three tables of a directory and their columns; lines of CSV to named values, no meaning yet.

A file is known by its header, not by its name.
"""

import csv
import io
from collections.abc import Iterator
from typing import Final

import msgspec

from axis.directory.problems import Place, Problem

AGENCIES: Final = "agencies"
SIGNERS: Final = "signers"
SEALS: Final = "seals"


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of file."""

    name: str
    required: tuple[str, ...]
    """Columns the header must have."""
    optional: tuple[str, ...] = ()
    """Columns that may be left out altogether."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it may have."""
        return self.required + self.optional


TABLES: Final = (
    Table(
        name=AGENCIES,
        required=("code", "name", "level", "valid_from"),
        optional=(
            "code102",
            "parent",
            "connection",
            "locked",
            "valid_until",
            "successors",
            "invented",
            "collective",
            "any_person",
        ),
    ),
    Table(
        name=SIGNERS,
        required=("certificate_sha256", "agency", "full_name", "position", "kinds", "mandate_from"),
        optional=("competence", "mandate_until", "authorising_agency", "field", "basis"),
    ),
    Table(name=SEALS, required=("certificate_sha256", "agency")),
)

MAX_FIELD: Final = 64 * 1024
"""Characters of one value; the longest real ones are lists of successors."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file as given."""

    name: str
    """As the person named it; problems quote it."""
    data: bytes


class Row(msgspec.Struct, frozen=True):
    """One line with its values by column, trimmed. Columns that were left out are absent."""

    place: Place
    values: dict[str, str]

    def get(self, column: str) -> str:
        """Return a value; empty where the column is absent."""
        return self.values.get(column, "")


class RawTable(msgspec.Struct, frozen=True, kw_only=True):
    """A file whose header was understood."""

    table: Table
    rows: tuple[Row, ...]


def read_table(source: Source) -> tuple[RawTable | None, tuple[Problem, ...]]:
    """Read one CSV file: UTF-8 (a byte-order mark is let pass), commas, a header line.

    Returns:
        The table, None where the header could not be understood, and every problem of form.
    """
    whole = Place(source.name, 0)
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = source.data.count(b"\n", 0, exc.start) + 1
        return None, (
            Problem(
                Place(source.name, line),
                "tệp không phải UTF-8; trong Excel hãy lưu dạng “CSV UTF-8”",
                'not UTF-8; in Excel save as "CSV UTF-8"',
            ),
        )
    lines = _lines(source.name, text)
    try:
        first = next(lines, None)
        if first is None:
            return None, (Problem(whole, "tệp rỗng", "the file is empty"),)
        table, problems = _table_of(*first)
        if table is None:
            return None, problems
        return _rows(table, first[1], lines, problems)
    except csv.Error as exc:
        return None, (Problem(whole, f"không đọc được CSV: {exc}", "not readable as CSV"),)


def _lines(name: str, text: str) -> Iterator[tuple[Place, list[str]]]:
    """Give each line that holds something, with the number of the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    for values in reader:
        if any(value.strip() for value in values):
            yield Place(name, start), values
        start = reader.line_num + 1


def _table_of(place: Place, header: list[str]) -> tuple[Table | None, tuple[Problem, ...]]:
    """Tell which table a header line belongs to: the one that shares most columns with it."""
    names = [name.strip().casefold() for name in header]
    if len(names) == 1 and ";" in names[0]:
        return None, (
            Problem(place, "cột phải cách nhau bằng dấu phẩy", "columns must be separated by commas"),
        )
    table = max(TABLES, key=lambda table: len(set(table.columns) & set(names)) - len(set(names)) / 100)
    if table.name != SEALS and set(names) == set(TABLES[2].columns):
        table = TABLES[2]
    if not set(table.columns) & set(names):
        known = "; ".join(f"{t.name}: {','.join(t.required)}" for t in TABLES)
        return None, (
            Problem(
                place,
                "dòng đầu phải là tên các cột",
                f"the first line must name the columns, one of {known}",
            ),
        )
    problems = [
        Problem(place, f"thiếu cột “{name}”", f'column "{name}" is missing')
        for name in table.required
        if name not in names
    ]
    problems += [
        Problem(place, f"không có cột tên “{name}”", f'no column is called "{name}" in {table.name}')
        for name in names
        if name not in table.columns
    ]
    problems += [
        Problem(place, f"cột “{name}” có hai lần", f'column "{name}" stands twice')
        for name in sorted({n for n in names if names.count(n) > 1})
    ]
    return (None if problems else table), tuple(problems)


def _rows(
    table: Table, header: list[str], lines: Iterator[tuple[Place, list[str]]], found: tuple[Problem, ...]
) -> tuple[RawTable, tuple[Problem, ...]]:
    names = [name.strip().casefold() for name in header]
    rows: list[Row] = []
    problems = list(found)
    for place, values in lines:
        if len(values) != len(names):
            problems.append(
                Problem(
                    place,
                    f"có {len(values)} giá trị, cần {len(names)}",
                    f"{len(values)} values where the header has {len(names)}",
                )
            )
        elif any(len(value) > MAX_FIELD or "\x00" in value for value in values):
            problems.append(
                Problem(place, "giá trị quá dài hoặc có ký tự NUL", "a value is too long or holds NUL")
            )
        else:
            rows.append(Row(place, dict(zip(names, (value.strip() for value in values), strict=True))))
    return RawTable(table=table, rows=tuple(rows)), tuple(problems)
