"""Directory files to one whole directory, or to all that is wrong with them. Pure: no database, no clock."""

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeVar

import msgspec

from axis.directory import tables
from axis.directory.check import Placed, check_whole
from axis.directory.problems import Place, Problem
from axis.directory.rows import DISCONNECTED, read_agency, read_seal, read_signer
from axis.directory.tables import RawTable, Row, Source
from axis.register import Agency, Directory, Signer

IN_FORCE: Final = "(danh bạ đang dùng)"
"""Stands for a file where a problem lies with what is in the database already."""

N = TypeVar("N")


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What came of some files."""

    directory: Directory | None
    """The whole directory to put in force; None where there are problems."""
    problems: tuple[Problem, ...]
    given: tuple[str, ...] = ()
    """The tables that the files held."""


def read_directory(
    sources: Sequence[Source],
    *,
    current: Directory,
    connections: Collection[str],
    removed: Collection[str] = (),
) -> Reading:
    """Read files and judge the whole directory that they would make.

    A table that no file gives stays as it is in force. An empty ``connection``
    keeps what was assigned; ``-`` takes it away.

    Args:
        sources: at most one file for each table.
        current: the directory in force.
        connections: names of the connections that exist.
        removed: codes that may vanish. Any other code in force must stay: old
            documents quote it, and what is no more has a ``valid_until``.

    Returns:
        The directory, or every problem that was found, in order of file and line.
    """
    raw: dict[str, RawTable] = {}
    problems: list[Problem] = []
    for source in sources:
        table, wrong = tables.read_table(source)
        problems += wrong
        if table is None:
            continue
        if table.table.name in raw:
            problems.append(
                Problem(
                    Place(source.name, 0),
                    f"bảng {table.table.name} đã có trong tệp khác",
                    f"table {table.table.name} came in another file already",
                )
            )
        raw[table.table.name] = table

    agencies, wrong_agencies = _nouns(raw.get(tables.AGENCIES), read_agency, current.agencies)
    seals, wrong_seals = _nouns(raw.get(tables.SEALS), read_seal, current.seals)
    signers, wrong_signers = _nouns(raw.get(tables.SIGNERS), read_signer, current.signers)
    problems += [*wrong_agencies, *wrong_signers, *wrong_seals]
    if tables.AGENCIES in raw:
        agencies = _with_connections(agencies, current)
    joined, wrong_joined = _join_mandates(signers)
    problems += wrong_joined
    # A broken line hides its code, and each line that names it would be blamed too: whole last.
    if not problems:
        problems += check_whole(
            agencies, joined, seals, current=current, connections=connections, removed=removed
        )
    if problems:
        order = {source.name: place for place, source in enumerate(sources)}
        problems.sort(key=lambda problem: (order.get(problem.place.file, -1), problem.place.line))
        return Reading(directory=None, problems=tuple(problems), given=tuple(raw))
    directory = Directory(
        agencies=tuple(sorted((noun for noun, _ in agencies), key=lambda agency: agency.code)),
        signers=tuple(sorted((noun for noun, _ in joined), key=lambda signer: signer.certificate_sha256)),
        seals=tuple(sorted((noun for noun, _ in seals), key=lambda seal: seal.certificate_sha256)),
    )
    return Reading(directory=directory, problems=(), given=tuple(raw))


def read_signers(sources: Sequence[Source]) -> tuple[list[Placed[Signer]], tuple[Problem, ...]]:
    """Read files of signers alone: one signer for each certificate, or every problem. Nothing is merged."""
    lines: list[Placed[Signer]] = []
    problems: list[Problem] = []
    for source in sources:
        table, wrong = tables.read_table(source)
        problems += wrong
        if table is not None and table.table.name != tables.SIGNERS:
            problems.append(
                Problem(Place(source.name, 0), "không phải tệp người ký", "this file has no signers")
            )
        elif table is not None:
            read, wrong_lines = _nouns(table, read_signer, ())
            lines += read
            problems += wrong_lines
    joined, wrong_joined = _join_mandates(lines)
    return joined, (*problems, *wrong_joined)


def _nouns(
    raw: RawTable | None, read: Callable[[Row], tuple[N | None, list[Problem]]], in_force: Sequence[N]
) -> tuple[list[Placed[N]], list[Problem]]:
    if raw is None:
        place = Place(IN_FORCE, 0)
        return [(noun, place) for noun in in_force], []
    nouns: list[Placed[N]] = []
    problems: list[Problem] = []
    for row in raw.rows:
        noun, wrong = read(row)
        problems += wrong
        if noun is not None:
            nouns.append((noun, row.place))
    return nouns, problems


def _with_connections(agencies: list[Placed[Agency]], current: Directory) -> list[Placed[Agency]]:
    """Fill what the file leaves empty with what `axis connection` assigned."""
    assigned = {agency.code: agency.connection for agency in current.agencies if agency.connection}
    filled: list[Placed[Agency]] = []
    for agency, place in agencies:
        connection = agency.connection or assigned.get(agency.code, "")
        connection = "" if connection == DISCONNECTED else connection
        if connection != agency.connection:
            filled.append((msgspec.structs.replace(agency, connection=connection), place))
        else:
            filled.append((agency, place))
    return filled


def _join_mandates(lines: list[Placed[Signer]]) -> tuple[list[Placed[Signer]], list[Problem]]:
    """Make one signer of the lines that bear one certificate; they must agree on who it is."""
    joined: dict[str, Placed[Signer]] = {}
    problems: list[Problem] = []
    for signer, place in lines:
        before = joined.get(signer.certificate_sha256)
        if before is None:
            joined[signer.certificate_sha256] = (signer, place)
            continue
        first, at = before
        same = (first.agency, first.full_name, first.position)
        if (signer.agency, signer.full_name, signer.position) != same:
            problems.append(
                Problem(
                    place,
                    f"cùng chứng thư với {at} nhưng khác cơ quan, họ tên hoặc chức vụ",
                    f"same certificate as {at} but another agency, name or position",
                )
            )
        elif set(signer.mandates) & set(first.mandates):
            problems.append(Problem(place, f"thẩm quyền lặp lại của {at}", f"repeats the mandate of {at}"))
        else:
            mandates = first.mandates + signer.mandates
            joined[signer.certificate_sha256] = (msgspec.structs.replace(first, mandates=mandates), at)
    return list(joined.values()), problems
