"""Directory files: read whole, or refused with every problem and its line."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from axis.directory.reading import read_directory
from axis.directory.tables import Source
from axis.register import Agency, Directory, Level, Mandate

AGENCY_HEADER = "code,code102,name,level,parent,connection,locked,valid_from,valid_until,successors,invented"
G12 = "G12,000.00.00.G12,Bộ Tài chính,central,,,,2025-03-01,,,0"
H49 = "H49,000.00.00.H49,UBND tỉnh Quảng Ninh,province,,,,2016-01-01,,,0"
OLD = "H49.24,000.00.24.H49,UBND huyện Thử Nghiệm,district,H49,,,2016-01-01,2025-07-01,H49.31;H49,1"
NEW = "H49.31,,UBND xã Thử Nghiệm,commune,H49,,,2025-07-01,,,1"
SIGNER_HEADER = ",".join(  # noqa: FLY002 - too long for a line
    (
        "certificate_sha256",
        "agency",
        "full_name",
        "position",
        "competence",
        "kinds",
        "mandate_from",
        "mandate_until",
        "authorising_agency",
    )
)
A, B, C = "a" * 64, "b" * 64, "c" * 64


def agencies(*lines, header=AGENCY_HEADER, name="agencies.csv"):
    return Source(name=name, data="\n".join([header, *lines]).encode())


def signers(*lines):
    return Source(name="signers.csv", data="\n".join([SIGNER_HEADER, *lines]).encode())


def seals(*lines):
    return Source(name="seals.csv", data="\n".join(["certificate_sha256,agency", *lines]).encode())


def read(*sources, current=None, connections=(), removed=()):
    return read_directory(sources, current=current or Directory(), connections=connections, removed=removed)


def told(*sources, **kwargs):
    """Return the problems as (file:line, English)."""
    return [(str(p.place), p.en) for p in read(*sources, **kwargs).problems]


GOOD = agencies(G12, H49, OLD, NEW)


def test_reads_both_generations_of_codes_levels_spans_and_successors():
    """A right file becomes the whole directory, sorted by code."""
    directory = read(GOOD).directory
    assert [agency.code for agency in directory.agencies] == ["G12", "H49", "H49.24", "H49.31"]
    assert directory.agencies[2] == Agency(
        code="H49.24",
        code102="000.00.24.H49",
        name="UBND huyện Thử Nghiệm",
        level=Level.DISTRICT,
        parent="H49",
        valid_from=date(2016, 1, 1),
        valid_until=date(2025, 7, 1),
        successors=("H49.31", "H49"),
        invented=True,
    )


def test_joins_the_mandates_of_one_certificate():
    """One line is one mandate; lines of one certificate make one signer with all of them."""
    directory = read(
        GOOD,
        signers(
            f"{A},G12,Nguyễn Thử Nghiệm,Thứ trưởng,KT.,Công văn; Quyết định,2026-01-01,,",
            f"{A},G12,Nguyễn Thử Nghiệm,Thứ trưởng,TUQ,báo cáo,2026-01-01,2026-12-31,H49",
        ),
        seals(f"{B.upper()},G12"),
    ).directory
    (signer,) = directory.signers
    assert signer.mandates == (
        Mandate(
            competence="KT",
            kinds=("công văn", "quyết định"),
            valid_from=datetime(2025, 12, 31, 17, tzinfo=UTC),
            valid_until=None,
        ),
        Mandate(
            competence="TUQ",
            kinds=("báo cáo",),
            valid_from=datetime(2025, 12, 31, 17, tzinfo=UTC),
            valid_until=datetime(2026, 12, 30, 17, tzinfo=UTC),
            authorising_agency="H49",
        ),
    )
    assert directory.seals[0].certificate_sha256 == B


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param([G12, G12], 'code "G12" is taken at agencies.csv:2', id="same-code-twice"),
        pytest.param(
            [G12, H49.replace("000.00.00.H49", "G12")], "is taken at", id="old-code-is-anothers-new"
        ),
        pytest.param([H49.replace("province,,", "province,H00,")], 'parent "H00"', id="parent-unknown"),
        pytest.param([OLD, H49], 'successor "H49.31"', id="successor-unknown"),
        pytest.param(
            [G12.replace("central,,", "central,G12,")], "parents go round: G12 → G12", id="own-parent"
        ),
        pytest.param([G12.replace("central", "middle")], 'level "middle"', id="level-unknown"),
        pytest.param([G12.replace("2025-03-01", "01.03.2025")], "is no date", id="date-odd"),
        pytest.param([G12.replace("2025-03-01", "")], "valid_from is empty", id="date-missing"),
        pytest.param([OLD.replace("2025-07-01", "2016-01-01"), H49, NEW], "must come after", id="span-empty"),
        pytest.param([G12.replace("central,,", "central,,dms-x")], 'no connection "dms-x"', id="connection"),
        pytest.param([G12.replace("G12,", "G 12,", 1)], 'code "G 12" is no code', id="code-with-space"),
        pytest.param([G12 + ",more"], "12 values where the header has 11", id="too-many-values"),
        pytest.param([G12.replace(",0", ",maybe")], "invented must be 1 or 0", id="flag"),
    ],
)
def test_names_the_line_of_a_wrong_agency(lines, expected):
    """Each mistake in a line is told with the line it stands on, and nothing is imported."""
    reading = read(agencies(*lines))
    assert reading.directory is None
    assert any(expected in problem.en for problem in reading.problems), reading.problems
    assert all(problem.place.line >= 2 for problem in reading.problems)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(f"{A},G12,N,V,TUQ,văn,2026-01-01,,H49", "TUQ needs a time limit", id="TUQ-without-end"),
        pytest.param(
            f"{A},G12,N,V,TUQ,*,2026-01-01,2027-01-01,H49", "TUQ needs its content", id="TUQ-of-all"
        ),
        pytest.param(f"{A},G12,N,V,TL,*,2026-01-01,,", "TL needs its kinds", id="TL-of-all"),
        pytest.param(f"{A},G12,N,V,KT,*,2026-01-01,,", "KT needs its field", id="KT-of-all"),
        pytest.param(f"{A},G12,N,V,Q,*,2026-01-01,,", "Q needs its appointment", id="Q-of-nobody"),
        pytest.param(f"{A},G12,N,V,TUQ,*,2026-01-01,2027-01-01,", "authorising_agency", id="TUQ-of-nobody"),
        pytest.param(f"{A},G12,N,V,KT,*,2026-01-01,,H49", "for TUQ only", id="KT-with-authoriser"),
        pytest.param(f"{A},G12,N,V,XX,*,2026-01-01,,", 'competence "XX"', id="competence-unknown"),
        pytest.param(f"{A},G99,N,V,,*,2026-01-01,,", 'agency "G99"', id="agency-unknown"),
        pytest.param("xyz,G12,N,V,,*,2026-01-01,,", "64 hexadecimal digits", id="fingerprint"),
        pytest.param(f"{A},G12,N,V,,*;Công văn,2026-01-01,,", "stand alone", id="every-kind-and-one"),
        pytest.param(f"{A},G12,N,V,,,2026-01-01,,", "kinds is empty", id="no-kind"),
        pytest.param(f"{A},G12,N,V,,*,2026-01-01T08:00,,", "nor a moment with its zone", id="no-zone"),
        pytest.param(f"{A},000.00.00.G12,N,V,,*,2026-01-01,,", "use the current code", id="old-code"),
    ],
)
def test_names_what_is_wrong_with_a_mandate(line, expected):
    """A mandate that could not be judged by is refused when it is imported, not when it is used."""
    reading = read(GOOD, signers(line))
    assert [place for place, _ in told(GOOD, signers(line))] == ["signers.csv:2"]
    assert expected in reading.problems[0].en


def test_tells_all_problems_at_once_in_order_of_file_and_line():
    """A person mends everything in one go."""
    assert [
        place
        for place, _ in told(
            agencies(G12.replace("central", "x"), H49, H49.replace("2016-01-01", "never")),
            signers(f"{A},G12,,V,,*,2026-01-01,,"),
        )
    ] == ["agencies.csv:2", "agencies.csv:4", "signers.csv:2"]


def test_refuses_one_certificate_for_two_roles_or_people():
    """A certificate is one person's or one seal: otherwise a person could seal alone."""
    line = f"{A},G12,N,V,,*,2026-01-01,,"
    assert told(GOOD, signers(line), seals(f"{A},G12"))[0][0] == "seals.csv:2"
    assert told(GOOD, seals(f"{A},G12", f"{A},H49"))[0][0] == "seals.csv:3"
    assert "another agency, name or position" in told(GOOD, signers(line, line.replace("N,V", "M,V")))[0][1]
    assert "repeats the mandate" in told(GOOD, signers(line, line))[0][1]


def test_a_table_that_no_file_gives_stays():
    """Importing signers alone keeps agencies and seals, and is judged against them."""
    current = read(GOOD, seals(f"{B},G12")).directory
    after = read(signers(f"{A},H49,N,V,,*,2026-01-01,,"), current=current).directory
    assert (after.agencies, after.seals, len(after.signers)) == (current.agencies, current.seals, 1)


def test_no_code_in_force_vanishes_unless_it_is_named():
    """Old documents quote codes for ever; a line is ended, not left out."""
    current = read(GOOD).directory
    ((place, en),) = told(agencies(G12, H49, NEW), current=current)
    assert place == "agencies.csv"
    assert '"H49.24" of the directory in force is missing' in en
    assert read(agencies(G12, H49, NEW), current=current, removed=["H49.24"]).directory is not None


def test_an_empty_connection_keeps_what_was_assigned_and_a_dash_takes_it_away():
    """A monthly import does not cut anybody off by leaving a cell empty."""
    first = read(GOOD).directory
    assigned = msgspec.structs.replace(
        first,
        agencies=tuple(msgspec.structs.replace(a, connection="dms-a") for a in first.agencies),
    )
    again = read(GOOD, current=assigned, connections=["dms-a"]).directory
    assert again == assigned
    cut = agencies(G12.replace("central,,", "central,,-"), H49, OLD, NEW)
    assert read(cut, current=assigned, connections=["dms-a"]).directory.agencies[0].connection == ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", "the file is empty", id="empty"),
        pytest.param(AGENCY_HEADER.replace(",", ";").encode(), "separated by commas", id="semicolons"),
        pytest.param(b"a,b\n1,2\n", "must name the columns", id="no-header"),
        pytest.param(
            "code,name,level\nG1,Bộ,central\n".encode(), '"valid_from" is missing', id="column-missing"
        ),
        pytest.param(b"code,name,level,valid_from,colour\n", 'no column is called "colour"', id="column-odd"),
        pytest.param("code,name\nG1,Bộ\n".encode("utf-16"), "not UTF-8", id="utf-16"),
        pytest.param(b'code,name,level,valid_from\nG1,"B', "not readable as CSV", id="open-quote"),
        pytest.param(b"certificate_sha256,agency,agency\n", "stands twice", id="column-twice"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_words_that_help(data, expected):
    """What Excel may do to a file is told as what to do about it."""
    assert any(expected in en for _, en in told(Source(name="x.csv", data=data)))


def test_lets_pass_what_excel_writes():
    """A byte-order mark, CRLF, blank lines and Vietnamese dates are all right."""
    data = (
        "\ufeff" + AGENCY_HEADER + "\r\n\r\n" + G12.replace("2025-03-01", "01/03/2025") + "\r\n,,,,,,,,,,\r\n"
    )
    (agency,) = read(Source(name="x.csv", data=data.encode())).directory.agencies
    assert agency.valid_from == date(2025, 3, 1)


def test_a_table_may_come_once():
    """Two files of agencies cannot both be the whole directory."""
    assert "came in another file" in told(GOOD, agencies(G12, name="more.csv"))[0][1]
