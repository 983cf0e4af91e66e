"""The demonstration's directory: agencies as shipped, signers and seals as this authority issued them.

Codes of agencies are real where exchange-rules.md 2.2 and 2.3 name them; every
other line bears ``invented=1``. Successors of closed ministries are common
knowledge, not from a text that was read. Districts end on 2025-07-01, the first
day on which they are no more, but for two that are invented so that all four
levels can be shown. No person here exists.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Final

from axis.checks.policy import load_policy
from axis.directory.rows import read_agency
from axis.directory.tables import Source, read_table
from axis.errors import SetupError
from axis.register import Agency
from axis.sandbox.authority import Authority
from axis.sandbox.identity import UNREGISTERED, Identity, Part, Role
from axis.sandbox.mint import write_file
from axis.sandbox.people import competences_of

AGENCIES: Final = Path(__file__).parent / "data" / "agencies.csv"
"""The shipped agencies."""

SIGNER_COLUMNS: Final = (
    "certificate_sha256",
    "agency",
    "full_name",
    "position",
    "competence",
    "kinds",
    "mandate_from",
    "mandate_until",
    "authorising_agency",
    "field",
    "basis",
)
SEAL_COLUMNS: Final = ("certificate_sha256", "agency")


FIELDS: Final = {"KT": "lĩnh vực được phân công (thử nghiệm)", "TUQ": "nội dung được ủy quyền (thử nghiệm)"}
BASES: Final = {
    "KT": "phân công công tác (thử nghiệm)",
    "TL": "quy chế làm việc (thử nghiệm)",
    "TUQ": "văn bản ủy quyền (thử nghiệm)",
    "Q": "quyết định giao quyền (thử nghiệm)",
}


@cache
def demo_agencies() -> tuple[Agency, ...]:
    """Return the shipped agencies, in the order of the file.

    Raises:
        SetupError: the shipped file is broken.
    """
    table, problems = read_table(Source(name=AGENCIES.name, data=AGENCIES.read_bytes()))
    if table is None or problems:
        raise SetupError(f"{AGENCIES}: {problems}")
    agencies = []
    for row in table.rows:
        agency, wrong = read_agency(row)
        if agency is None:
            raise SetupError(f"{AGENCIES}: {wrong}")
        agencies.append(agency)
    return tuple(agencies)


def demo_agency(code: str) -> Agency:
    """Return a shipped agency by its new or its old code.

    Raises:
        SetupError: there is none.
    """
    for agency in demo_agencies():
        if code in {agency.code, agency.code102}:
            return agency
    raise SetupError(f"no agency {code} in the sandbox; its agencies stand in {AGENCIES}")


def demo_connections() -> tuple[str, ...]:
    """Return the names of the connections that the shipped agencies need."""
    return tuple(sorted({agency.connection for agency in demo_agencies() if agency.connection}))


def write_directory(authority: Authority, folder: Path) -> tuple[Path, Path, Path]:
    """Write agencies.csv, signers.csv and seals.csv for `axis directory import`.

    Args:
        authority: whose certificates the directory is to know; those of strangers, of
            the impostor and of agencies that are not shipped are left out.
        folder: where to; made if need be.

    Returns:
        The three paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shipped = {agency.code for agency in demo_agencies()}
    identities = [
        who
        for who in authority.record.identities.values()
        if who.part not in UNREGISTERED and who.agency in shipped
    ]
    people = [line for who in identities if who.role is Role.PERSON for line in signer_lines(authority, who)]
    seals = [(authority.fingerprint(who), who.agency) for who in identities if who.role is Role.SEAL]
    agencies, signers, sealing = (folder / f"{name}.csv" for name in ("agencies", "signers", "seals"))
    write_file(agencies, AGENCIES.read_bytes())
    write_file(signers, _csv(SIGNER_COLUMNS, people))
    write_file(sealing, _csv(SEAL_COLUMNS, seals))
    return agencies, signers, sealing


def signer_lines(authority: Authority, who: Identity) -> list[tuple[str, ...]]:
    """Return the lines of signers.csv for one person: one for each mandate."""
    since, until = who.mandate_since, who.mandate_until
    return [
        (
            authority.fingerprint(who),
            who.agency,
            who.full_name,
            who.position,
            competence,
            ";".join(_kinds(who, competence)),
            since.astimezone(UTC).isoformat() if since else "",
            until.astimezone(UTC).isoformat() if until else "",
            who.parent if who.part is Part.DELEGATE else "",
            FIELDS.get(competence, ""),
            BASES.get(competence, ""),
        )
        for competence in competences_of(who.part, collective=who.collective)
    ]


def _kinds(who: Identity, competence: str) -> tuple[str, ...]:
    # By order of the head (TL) only what the working rules list: here, every usual kind.
    if competence == "TL" and "*" in who.kinds:
        return tuple(kind.casefold() for kind in load_policy().kinds)
    return who.kinds


def _csv(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return text.getvalue().encode()
