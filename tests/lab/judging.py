"""Judge packets of the lab without processes, database or network: the same rules in the same order."""

import io
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from axis.checks.policy import load_policy
from axis.desk.judging import Judgement, asked_of_directory, weigh
from axis.directory.reading import read_directory
from axis.directory.tables import Source
from axis.gate.answers import InspectRequest
from axis.gate.inspect import Grounds, inspect_packet
from axis.register import Directory, DirectoryView
from axis.sandbox.directory import demo_agency, demo_connections
from signing.evidence import evidence_of
from signing.trust import load_trust
from tests.lab.authority import all_crls, lab_authority, lab_directory
from tests.lab.documents import SENDER


@cache
def _directory(known: int) -> Directory:
    # `known`: how many the authority has issued; someone new is a new directory.
    del known
    with tempfile.TemporaryDirectory() as folder:
        sources = [Source(name=p.name, data=p.read_bytes()) for p in lab_directory(Path(folder))]
    empty = Directory(agencies=(), signers=(), seals=())
    reading = read_directory(sources, current=empty, connections=demo_connections())
    assert reading.directory is not None, reading.problems
    return reading.directory


def lab_directory_in_force() -> Directory:
    """Return the lab's directory with everyone whom its authority has issued until now."""
    return _directory(len(lab_authority().record.identities))


def lab_view(codes: list[str], fingerprints: list[str]) -> DirectoryView:
    """Return the part of the lab's directory that these codes and certificates ask for."""
    directory = lab_directory_in_force()
    agencies = {
        code: agency for agency in directory.agencies for code in {agency.code, agency.code102} - {""}
    }
    signers = {signer.certificate_sha256: signer for signer in directory.signers}
    seals = {seal.certificate_sha256: seal for seal in directory.seals}
    return DirectoryView(
        version=1,
        agencies={code: agencies[code] for code in codes if code in agencies},
        seals={print_: seals[print_] for print_ in fingerprints if print_ in seals},
        signers={print_: signers[print_] for print_ in fingerprints if print_ in signers},
    )


def judge_packet(packet: bytes, *, sender: str = SENDER, at: datetime | None = None) -> Judgement:
    """Judge a packet as the axis would, with the lab's trust list, fresh CRLs and directory.

    Args:
        packet: edXML.
        sender: the agency whose connection brings it.
        at: moment of judgement; None: now.
    """
    at = at or datetime.now(UTC)
    policy = load_policy()
    trust = load_trust(str(lab_authority().trust_file))
    with tempfile.TemporaryDirectory() as scratch:
        grounds = Grounds(
            policy=policy, trust=trust, evidence=evidence_of(all_crls(), ()), scratch=Path(scratch)
        )
        report = inspect_packet(io.BytesIO(packet), InspectRequest(at=at), grounds).report
    row = cast("Any", SimpleNamespace(intake=SimpleNamespace(connection=demo_agency(sender).connection)))
    office = cast("Any", SimpleNamespace(policy=policy))
    return weigh(office, row, report, lab_view(*asked_of_directory(report)), at=at)
