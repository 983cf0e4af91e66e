"""What ``axis check`` says: four parts, one line of JSON a file, an exit code that means something."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from axis.checks.policy import load_policy
from axis.errors import SetupError
from axis.gate.answers import Judged, Kind
from axis.gate.check import check_paths, exit_code, find_files, judged_result
from axis.reports import FileKind, FileReport, GateReport, Outcome, Part, PdfReport, SignatureReport
from axis.violations import REASONS, Code, Violation
from signing.indications import indication_of
from tests.unit.edxml.packets import ENVELOPE, PDF, packet

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
YES, WAITS, UNJUDGED = (Part(outcome=one) for one in (Outcome.ACCEPTED, Outcome.WAITING, Outcome.NOT_JUDGED))


def no(code):
    return Part(outcome=Outcome.REFUSED, reasons=(Violation(code, "signatures[0]", "why"),))


def pdf(integrity=YES, content=YES, trust=YES):
    signature = SignatureReport(field="Sig1", subfilter="ETSI.CAdES.detached", timestamp=False)
    report = PdfReport(integrity=integrity, content=content, trust=trust, signatures=(signature,))
    return FileReport(content_id="1", name="a.pdf", kind=FileKind.PDF, size=1, sha256="", pdf=report)


def result(*files, kind=Kind.PDF, trust=True, violations=()):
    envelope = ENVELOPE if kind is Kind.PACKET else None
    report = GateReport(envelope=envelope, files=files, violations=violations)
    return judged_result(Path("x"), Judged(kind=kind, report=report), load_policy(), at=NOW, trust=trust)


@pytest.mark.parametrize(
    ("file", "trust", "outcome"),
    [
        (pdf(), True, Outcome.ACCEPTED),
        (pdf(trust=WAITS), True, Outcome.WAITING),
        (pdf(trust=UNJUDGED), False, Outcome.WAITING),
        (pdf(integrity=no(Code.CHANGED_AFTER), trust=UNJUDGED), False, Outcome.REFUSED),
        (pdf(content=no(Code.CONTENT_XFA)), True, Outcome.REFUSED),
        (pdf(trust=no(Code.REVOKED)), True, Outcome.REFUSED),
    ],
)
@pytest.mark.parametrize("kind", [Kind.PDF, Kind.PACKET])
def test_the_whole_is_no_better_than_its_parts(file, trust, outcome, kind):
    """Refused where a part is, else waiting where one is not accepted; authority never counts."""
    found = result(file, kind=kind, trust=trust)
    assert found.outcome is outcome
    assert found.authority.outcome is Outcome.NOT_JUDGED
    assert found.integrity.outcome is file.pdf.integrity.outcome


def test_a_packet_is_all_its_files_and_its_format():
    """One refused PDF refuses the packet; what is wrong with the packet stands under content."""
    found = result(pdf(), pdf(integrity=no(Code.DIGEST_MISMATCH)), kind=Kind.PACKET)
    assert [(one.code, one.rule) for one in found.integrity.reasons] == [(Code.DIGEST_MISMATCH, "G6")]
    assert "files[1]" in found.integrity.reasons[0].detail
    assert len(found.signatures) == 2
    broken = Violation(Code.ELEMENT_MISSING, "From", "")
    found = result(pdf(), kind=Kind.PACKET, violations=(broken,))
    assert (found.integrity.outcome, found.content.outcome) == (Outcome.ACCEPTED, Outcome.REFUSED)
    found = result(kind=Kind.PACKET)
    assert Code.ATTACHMENT_MISSING in {one.code for one in found.content.reasons}
    assert found.integrity.outcome is Outcome.NOT_JUDGED


def test_each_reason_is_told_in_the_words_of_etsi_and_by_which_policy():
    """Beside our own codes stand indication and sub-indication; the verdict names the rules' version."""
    found = result(pdf(integrity=no(Code.DIGEST_MISMATCH), content=no(Code.CONTENT_XFA)))
    (reason,) = found.integrity.reasons
    assert (reason.indication, reason.subindication) == ("TOTAL-FAILED", "HASH_FAILURE")
    (reason,) = found.content.reasons
    assert (reason.indication, reason.subindication) == ("INDETERMINATE", "SIG_CONSTRAINTS_FAILURE")
    assert found.policy == load_policy().rules_version
    assert json.loads(found.line())["policy"] == found.policy
    asked = {code: indication_of(code) for code in Code}
    assert all(all(asked[code]) for code in Code if REASONS[code].rule.startswith("G"))
    assert not any(any(asked[code]) for code in Code if REASONS[code].rule[0] in "FASTKNQD")


def test_what_no_trust_list_could_mend_is_refused_without_one():
    """G7: a signature that binds no certificate is refused by trust, and the whole with it."""
    found = result(pdf(trust=no(Code.CERTIFICATE_UNBOUND)), trust=False)
    assert (found.integrity.outcome, found.trust.outcome) == (Outcome.ACCEPTED, Outcome.REFUSED)
    assert found.outcome is Outcome.REFUSED


def test_a_limit_stands_under_integrity():
    """What ended the reading of the bytes is told with the bytes, in packets and in PDFs."""
    limit = Violation(Code.LIMIT_CPU, "files[0]", "too long")
    for kind in (Kind.PDF, Kind.PACKET):
        found = result(pdf(UNJUDGED, UNJUDGED, UNJUDGED), kind=kind, violations=(limit,))
        assert [one.code for one in found.integrity.reasons] == [Code.LIMIT_CPU]
        assert found.content.outcome is Outcome.NOT_JUDGED or kind is Kind.PACKET


def test_the_line_has_the_published_form():
    """Names and order of the JSON are those that were published; an unnamed code has its words."""
    line = json.loads(result(pdf(), trust=False).line())
    assert list(line) == [
        *(
            "path",
            "kind",
            "outcome",
            "integrity",
            "content",
            "trust",
            "authority",
            "signatures",
            "elapsed_ms",
            "policy",
        ),
    ]
    assert line["trust"]["outcome"] == "not-judged"
    assert line["trust"]["reasons"][0] == {
        "code": "waiting.trust-not-given",
        "rule": "W3",
        "detail": "No trust list was given to judge by.",
        "indication": "INDETERMINATE",
        "subindication": "NO_CERTIFICATE_CHAIN_FOUND",
    }


def test_exit_codes():
    """1 if something is refused, else 2 if something waits, else 0."""
    a, r, w = Outcome.ACCEPTED, Outcome.REFUSED, Outcome.WAITING
    assert [exit_code(one) for one in ([], [a, a], [a, w], [w, r, a])] == [0, 0, 2, 1]


def test_folders_are_walked_by_name(tmp_path):
    """Files come in a fixed order; hidden ones, and what is no regular file, are passed over."""
    for name in ("b/2.pdf", "b/10.pdf", "a.xml", ".hidden", "b/.git/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    os.mkfifo(tmp_path / "b" / "pipe")
    named = [str(path.relative_to(tmp_path)) for path in find_files([tmp_path, tmp_path / "b" / "2.pdf"])]
    assert named == ["a.xml", "b/10.pdf", "b/2.pdf", "b/2.pdf"]


async def test_judges_a_folder_of_anything(tmp_path):
    """Every file has its line, in order, whatever its bytes and its name are; nothing is raised."""
    (tmp_path / "a.pdf").write_bytes(PDF)
    (tmp_path / "b.edxml").write_bytes(packet())
    (tmp_path / "c").write_bytes(b"\x7fELF")
    (tmp_path / "d.xml").write_bytes(b"<!DOCTYPE x><x/>")
    (tmp_path / "e.pdf").write_bytes(b"")
    (tmp_path / os.fsdecode(b"f\xff.pdf")).write_bytes(PDF)
    results = [one async for one in check_paths([tmp_path], processes=2)]
    assert [one.kind for one in results] == ["pdf", "edxml", "other", "edxml", "pdf", "pdf"]
    assert {one.outcome for one in results} == {Outcome.REFUSED}
    assert all(json.loads(one.line()) for one in results)


async def test_wrong_use_is_one_sentence(tmp_path):
    """A path that is not there, and a trust file that is none, stop before anything is judged."""
    broken = tmp_path / "trust.pem"
    broken.write_text("nothing")
    for paths, trust in (([tmp_path / "none"], []), ([broken], [broken])):
        with pytest.raises(SetupError):
            await anext(check_paths(paths, trust=trust))


def test_needs_no_server():
    """Checking imports nothing of the servers' extra, and the asker does not load the PDF library."""
    code = "import sys, axis.gate.check; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    servers = {"asyncpg", "faust", "prometheus_client", "aiokafka", "fastapi"}
    assert not loaded & {*servers, "pyhanko", "pypdfium2", "pikepdf"}
    assert msgspec.__name__ in loaded
