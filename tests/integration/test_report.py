"""`axis check` for people: advice from real judging processes, the report on a terminal and as a page."""

import json
import os
import time
from datetime import UTC, datetime

import msgspec
import pytest

from axis.appearance.grades import SHIPPED, load_standard
from axis.checks.policy import load_policy
from axis.cli import exits, funnel, root
from axis.gate import prison
from axis.gate.check import check_files, check_paths
from axis.gate.viewer import Viewer
from axis.sandbox.directory import demo_agency
from axis.sandbox.identity import Part
from tests.lab.appearances import a_sheet_of, set_with
from tests.lab.authority import lab_authority
from tests.lab.documents import a_packet, the_signed_pdf
from tests.lab.pdfs import sign


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A good PDF, one that looks wrong, one with a secrecy stamp, a packet, and what is no PDF at all."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "good.pdf").write_bytes(the_signed_pdf())
    # People of an agency that the lab's directory knows: other tests of this process judge by it.
    person = lab_authority().person(demo_agency("G12"), Part.HEAD)
    seal = lab_authority().seal(demo_agency("G12"), Part.HEAD)
    wrong = set_with(a_sheet_of(), number="Số: 7/TB-BNV")
    (folder / "wrong.pdf").write_bytes(sign(sign(wrong, person, visible=True), seal, visible=True))
    stamped = set_with(a_sheet_of(), ("frame-widths.at(d.urgency)", "25mm"), urgency="MẬT")
    (folder / "stamped.pdf").write_bytes(sign(sign(stamped, person), seal))
    (folder / "packet.edxml").write_bytes(a_packet())
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    return folder


@pytest.fixture
def axis(monkeypatch, capfd, tmp_path):
    """Run a command; return its exit code and what it printed."""
    monkeypatch.setenv("AXIS_HOME", str(tmp_path))

    def run(*arguments):
        code = funnel.run(root.build(), [str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return code, out

    return run


def trust():
    return lab_authority().folder / "ca.pem"


async def test_advice_comes_with_each_file_and_decides_nothing(files):
    """Good files get none, wrong ones theirs, broken ones no answer; verdicts are the same without."""
    paths = [files / name for name in ("good.pdf", "wrong.pdf", "packet.edxml", "broken.pdf")]
    without = [one async for one in check_paths(paths, processes=1)]
    found = [one async for one in check_paths(paths, processes=1, advice=True)]
    assert [one.outcome for one in found] == [one.outcome for one in without]
    good, wrong, packet, broken = found
    assert good.advice == packet.advice == ()
    assert {one.rule for one in wrong.advice} >= {"V11", "V12"}
    assert broken.advice is None
    line = json.loads(wrong.line())
    names = {"file", "code", "rule", "grade", "page", "box", "found", "wanted", "article"}
    assert set(line["advice"][0]) == names
    assert "advice" not in json.loads(without[0].line())


async def test_a_secrecy_stamp_refuses_before_anything_is_sent(files):
    """Whoever looks at the pages is told T10, and nothing of the document."""
    (one,) = [one async for one in check_paths([files / "stamped.pdf"], processes=1, advice=True)]
    assert [reason.rule for reason in one.content.reasons] == ["T10"]
    assert one.outcome == "refused"


def dies(path, question):
    """End this process as a fault in native code would."""
    os.abort()


def hangs(path, question):
    """Never answer."""
    time.sleep(3600)


@pytest.mark.parametrize("task", [dies, hangs])
async def test_a_process_that_dies_is_no_advice_and_no_verdict(files, task):
    """PDFium is native code: where it ends the process, the next file is looked at all the same."""
    policy = load_policy()
    limits = msgspec.structs.replace(policy.limits, wall_seconds=2)
    viewer = Viewer(1, msgspec.structs.replace(policy, limits=limits), load_standard(), task=task)
    try:
        assert await viewer.see(files / "good.pdf", at=datetime.now(UTC)) is None
        viewer._task, viewer._policy = prison.see, policy
        seen = await viewer.see(files / "good.pdf", at=datetime.now(UTC))
        assert seen is not None
        assert seen.files[0].advice == ()
    finally:
        await viewer.close()


def test_the_report_on_a_terminal(axis, files):
    """What it is, the verdict, the four parts, the signatures' story, advice by page; in either language."""
    code, out = axis("check", files / "wrong.pdf")
    assert code == exits.WAITING
    story = "Chữ ký, theo thứ tự ký", "sau đó thêm"
    for words in ("Kết luận", "1. ✓ Toàn vẹn", *story, "Trang 1", "V11", "NĐ 30/2020"):
        assert words in out
    code, out = axis("check", "--lang", "en", "--trust", trust(), files / "stamped.pdf")
    assert code == exits.REFUSED
    for words in ("Verdict: Refused", "T10 secrecy.marked", "Never send it here", "covers the whole file"):
        assert words in out
    _, out = axis("check", "--no-advice", files / "wrong.pdf")
    assert "V11" not in out


def test_the_report_as_a_page(axis, files, tmp_path):
    """One page with pictures of both files' pages; JSON beside it has advice where it was asked for."""
    page = tmp_path / "report.html"
    code, out = axis("check", "--json", "--html", page, files / "wrong.pdf", files / "packet.edxml")
    assert code == exits.WAITING
    assert [len(json.loads(line)["advice"]) > 0 for line in out.splitlines()] == [True, False]
    html = page.read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") == 2
    assert "“Số: 7/TB-BNV”" in html
    assert "<script" not in html


def test_rules_are_switched_by_data(axis, files, tmp_path):
    """Another file of appearance data: a rule that it turns off is silent."""
    standard = json.loads(SHIPPED.read_text(encoding="utf-8"))
    standard["grades"]["advice.number-line"] = "off"
    path = tmp_path / "appearance.json"
    path.write_text(json.dumps(standard), encoding="utf-8")
    code, out = axis("check", "--json", "--advice", "--appearance", path, files / "wrong.pdf")
    assert code == exits.WAITING
    rules = {one["rule"] for one in json.loads(out)["advice"]}
    assert "V12" in rules
    assert "V11" not in rules


def test_the_face_for_programs(files):
    """One call, no event loop of one's own."""
    (good,) = check_files([files / "good.pdf"], advice=True)
    assert (good.integrity.outcome, good.advice) == ("accepted", ())


def test_a_folder_of_many_files_gets_a_line_each(axis, tmp_path, files):
    """Beyond ten files nobody looks at pages unless asked to; each file still has its line."""
    for number in range(11):
        (tmp_path / f"{number:02}.pdf").write_bytes((files / "broken.pdf").read_bytes())
    code, out = axis("check", tmp_path)
    assert code == exits.REFUSED
    assert sum(line.startswith("✗ ") for line in out.splitlines()) == 11
    assert "Kết luận" not in out
    assert axis("check", "--html", tmp_path / "r.html", *[tmp_path] * 2)[0] == exits.USAGE
